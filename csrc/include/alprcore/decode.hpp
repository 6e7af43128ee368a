// SPDX-License-Identifier: Apache-2.0
// Decoding: the most probable texts of a lattice, and how probable a given text is; see pattern.hpp for patterns.
// A text's probability is the sum over every way to cut the line into its characters.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "alprcore/lattice.hpp"

namespace alprcore {

/// A text as the class of each character.
struct DecodedText {
  std::vector<int> classes;
  double log_probability = 0.0;
};

/// How far a search goes.
struct SearchLimits {
  int count = 1;       ///< texts wanted
  int beam = 32;       ///< texts kept at each column
  double least = 0.0;  ///< a character of a stretch is followed when it is at least so probable
};

/// Returns the most probable texts, the best first. Texts that meet in a column with different cuts are one (Graves
/// 2006, section 3.2), so their sums are exact but for what the beam and `least` left out. Longer texts than fit 63
/// bits are left out: with 36 classes they are of more than twelve characters.
std::vector<DecodedText> decode(const LatticeView& lattice, const SearchLimits& limits);

/// Returns the stretch of each character of a text on its best path; empty when the text has no path.
std::vector<int> best_stretches(const LatticeView& lattice, std::span<const std::int32_t> text);

/// Returns the natural logarithm of the probability that the line reads as these classes, one per character; minus
/// infinity when no path spells them. An empty text is a line of gaps.
double log_probability(const LatticeView& lattice, std::span<const std::int32_t> text);

}  // namespace alprcore
