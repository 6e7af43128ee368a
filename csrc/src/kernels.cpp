// SPDX-License-Identifier: Apache-2.0
// The bodies are included once per instruction set. GCC's own function cloning was tried first: it lowers
// vector types for the oldest processor before it clones, and ran 3.1 times slower than this.
#include "alprcore/kernels.hpp"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "alprcore/targets.hpp"

namespace alprcore {
namespace {

namespace portable {
#define ALPR_LANES 8
#define ALPR_TILES 1  // sixteen registers hold eight accumulators and no second eight
#include "kernels_body.inc"
#undef ALPR_LANES
#undef ALPR_TILES
}  // namespace portable

#if ALPR_WITH_AVX
ALPR_TARGET_BEGIN("avx2,fma")
namespace avx2 {
#define ALPR_LANES 8
#define ALPR_TILES 1
#include "kernels_body.inc"
#undef ALPR_LANES
#undef ALPR_TILES
}  // namespace avx2
ALPR_TARGET_END

ALPR_TARGET_BEGIN("avx512f,avx512dq,avx512bw,avx512vl,fma")
namespace avx512 {
#define ALPR_LANES 16
#define ALPR_TILES 2
#include "kernels_body.inc"
#undef ALPR_LANES
#undef ALPR_TILES
}  // namespace avx512
ALPR_TARGET_END
#endif

std::vector<Kernels> runnable() {
  std::vector<Kernels> sets;
#if ALPR_WITH_AVX
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
    sets.push_back({avx512::convolve, avx512::respond, "avx512"});
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    sets.push_back({avx2::convolve, avx2::respond, "avx2"});
#endif
  sets.push_back({portable::convolve, portable::respond, "portable"});
  return sets;
}

}  // namespace

std::span<const Kernels> available_kernels() {
  static const std::vector<Kernels> sets = runnable();
  return sets;
}

const Kernels& kernels(std::string_view name) {
  std::string known;
  for (const Kernels& set : available_kernels()) {
    if (name.empty() || name == set.name) return set;
    known += known.empty() ? set.name : std::string(", ") + set.name;
  }
  throw std::invalid_argument("kernels: expected one of " + known + " on this processor, got '" + std::string(name) + "'");
}

}  // namespace alprcore
