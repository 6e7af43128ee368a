// SPDX-License-Identifier: Apache-2.0
// The lattice: every way to cut a line into characters, which matching fills and decoding reads.
// A path goes from column 0 to the last column by stretches, each one character of one class, and by
// gaps, each one column without a character. See csrc/README.md for a drawing.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace alprcore {

/// Stretches that may be a character, with the score of every class, and what lies between them.
struct Lattice {
  int columns = 0;                ///< of features
  int classes = 0;
  std::vector<int> starts, ends;  ///< half-open stretches of columns, by start, then end
  std::vector<float> scores;      ///< (stretches, classes): natural-log score of "this stretch is the class"
  std::vector<int> templates;     ///< (stretches, classes): the template that matched best
  std::vector<float> posteriors;  ///< probability that the stretch is a character of some class
  std::vector<float> gaps;        ///< (columns): score of "no character here"
  float log_total = 0.0F;         ///< log of the sum over all paths, those through dropped stretches included
};

/// What decoding needs of a lattice, in arrays of the caller's.
struct LatticeView {
  std::span<const std::int32_t> starts, ends;  ///< (stretches), in any order
  std::span<const float> scores;               ///< (stretches, classes)
  std::span<const float> posteriors;           ///< (stretches); only `decode` asks for them, else they may be empty
  std::span<const float> gaps;                 ///< (columns)
  int classes = 0;
  double log_total = 0.0;

  /// Throws std::invalid_argument unless sizes agree, stretches lie within the columns and numbers are finite.
  void check() const;
};

}  // namespace alprcore
