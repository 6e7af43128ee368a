// SPDX-License-Identifier: Apache-2.0
// The bodies are included once per instruction set. GCC's own function cloning was tried first: it lowers
// vector types for the oldest processor before it clones, and ran 3.1 times slower than this.
#include "alprcore/kernels.hpp"

#include <cmath>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define ALPR_WITH_AVX 1
#else
#define ALPR_WITH_AVX 0
#endif

namespace alprcore {
namespace {

namespace portable {
#define ALPR_LANES 8
#define ALPR_TILES 1  // sixteen registers hold eight accumulators and no second eight
#include "kernels_body.inc"
#undef ALPR_LANES
#undef ALPR_TILES
}  // namespace portable
constexpr Kernels portable_kernels{portable::convolve, portable::respond, "portable"};

#if ALPR_WITH_AVX
#pragma GCC push_options
#pragma GCC target("avx2,fma")
namespace avx2 {
#define ALPR_LANES 8
#define ALPR_TILES 1  // sixteen registers hold eight accumulators and no second eight
#include "kernels_body.inc"
#undef ALPR_LANES
#undef ALPR_TILES
}  // namespace avx2
#pragma GCC pop_options
constexpr Kernels avx2_kernels{avx2::convolve, avx2::respond, "avx2"};

#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,fma")
namespace avx512 {
#define ALPR_LANES 16
#define ALPR_TILES 2
#include "kernels_body.inc"
#undef ALPR_LANES
#undef ALPR_TILES
}  // namespace avx512
#pragma GCC pop_options
constexpr Kernels avx512_kernels{avx512::convolve, avx512::respond, "avx512"};
#endif

}  // namespace

const Kernels& kernels() {
#if ALPR_WITH_AVX
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
    return avx512_kernels;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return avx2_kernels;
#endif
  return portable_kernels;
}

}  // namespace alprcore
