// SPDX-License-Identifier: Apache-2.0
// How probable it is that a line reads as some text that has a pattern.
#pragma once

#include <cstdint>
#include <span>

#include "alprcore/lattice.hpp"

namespace alprcore {

/// Positions one after another, and between them places where any run of characters may stand.
struct PatternView {
  static constexpr int most_positions = 62;  // sets of positions are bits of one word

  std::span<const std::uint8_t> admits;  ///< (positions, classes): not 0 where the class may stand
  std::span<const std::uint8_t> runs;    ///< (positions + 1): not 0 where a run may stand before the position, or at the end
};

/// Returns the natural logarithm of the probability that the line reads as any text with the pattern. A text counts
/// once, in however many ways the pattern fits it.
double log_pattern_probability(const LatticeView& lattice, const PatternView& pattern);

}  // namespace alprcore
