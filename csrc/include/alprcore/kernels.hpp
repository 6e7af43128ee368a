// SPDX-License-Identifier: Apache-2.0
// The two inner loops of matching, compiled once per instruction set and chosen when the program runs.
#pragma once

#include <span>
#include <string_view>

namespace alprcore {

/// Rows and template counts are padded to this many floats, the widest vector of any instruction set.
inline constexpr int most_lanes = 16;

/// What `Kernels::convolve` sums: taps times weights, for eight outputs at a time.
struct ConvolveTask {
  const float* const* taps;  ///< input rows, shifted to each kernel column; nullptr where the kernel is outside
  int tap_count;
  const float* weights;  ///< (tap_count, 8)
  const float* offsets;  ///< (8)
  int columns;           ///< a multiple of `most_lanes`
  bool rectified;
  float* const* outs;  ///< eight rows, nullptr for outputs that do not exist
};

/// What `Kernels::respond` adds up: the six bins of one stretch, for every template.
struct RespondTask {
  const float* left;  ///< (count) outer bin before the stretch
  const float* right;
  const float* const* low;   ///< prefix sums at the left end of each inner bin, (count) each
  const float* const* high;  ///< and at its right end
  int inner_bins;
  const float* bias;
  float share;  ///< one over the width of an inner bin, in columns
  int count;    ///< a multiple of `most_lanes`
  float* out;
};

/// One instruction set's versions. Sets differ in the order of their sums: by less than 1e-5 of what they return.
struct Kernels {
  void (*convolve)(const ConvolveTask& task);
  /// Writes every template's response and returns the log of the sum of their exponentials.
  float (*respond)(const RespondTask& task);
  const char* name;
};

/// The sets this processor runs, the fastest first: "avx512", "avx2", "portable". The last one runs everywhere.
std::span<const Kernels> available_kernels();

/// The set of that name, or the fastest one; throws std::invalid_argument when this processor has none so called.
const Kernels& kernels(std::string_view name = {});

}  // namespace alprcore
