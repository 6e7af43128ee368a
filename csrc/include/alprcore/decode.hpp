// SPDX-License-Identifier: Apache-2.0
// Decoding: how probable a text is, or any text that has a pattern, summed over every way to cut the line.
#pragma once

#include <cstdint>
#include <span>

namespace alprcore {

/// A lattice in arrays of the caller's; see `Lattice` for what they hold. A path goes from column 0 to the last
/// column by stretches, each one character of one class, and by gaps, each one column without a character.
struct LatticeView {
  std::span<const std::int32_t> starts, ends;  ///< (stretches)
  std::span<const float> scores;               ///< (stretches, classes)
  std::span<const float> gaps;                 ///< (columns)
  int classes = 0;
  double log_total = 0.0;  ///< log of the sum over all paths, those included whose stretches were dropped

  /// Throws std::invalid_argument unless sizes agree, stretches lie within the columns and scores are finite.
  void check() const;
};

/// Returns the natural logarithm of the probability that the line reads as these classes, one a character; minus
/// infinity when no path spells them. An empty text is a line of gaps.
double log_probability(const LatticeView& lattice, std::span<const std::int32_t> text);

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
