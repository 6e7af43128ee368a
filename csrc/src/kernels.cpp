// SPDX-License-Identifier: Apache-2.0
// The bodies are included once per instruction set. GCC's own function cloning was tried first: it lowers
// vector types for the oldest processor before it clones, and ran 3.1 times slower than this.
#include "alprcore/kernels.hpp"

#include <cmath>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define ALPR_WITH_AVX2 1
#else
#define ALPR_WITH_AVX2 0
#endif

namespace alprcore {
namespace {

namespace portable {
#include "kernels_body.inc"
}  // namespace portable
constexpr Kernels portable_kernels{portable::convolve, portable::respond, "portable"};

#if ALPR_WITH_AVX2
#pragma GCC push_options
#pragma GCC target("avx2,fma")
namespace avx2 {
#include "kernels_body.inc"
}  // namespace avx2
#pragma GCC pop_options
constexpr Kernels avx2_kernels{avx2::convolve, avx2::respond, "avx2"};
#endif

}  // namespace

const Kernels& kernels() {
#if ALPR_WITH_AVX2
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return avx2_kernels;
#endif
  return portable_kernels;
}

}  // namespace alprcore
