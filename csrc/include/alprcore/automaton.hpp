// SPDX-License-Identifier: Apache-2.0
// How probable it is that a line reads as any text that a finite automaton accepts.
#pragma once

#include <cstdint>
#include <span>

namespace alprcore {

/// The paths of a lattice: stretches with a score for each class, and a score for each column that is skipped.
struct PathScores {
  std::span<const std::int32_t> starts, ends;  ///< (stretches), half-open, in columns
  std::span<const float> scores;               ///< (stretches, classes)
  std::span<const float> gaps;                 ///< (columns)
  int classes;
  double log_total;  ///< log of the sum over all paths
};

/// Deterministic, so that a text counts once. State 0 is where a text begins; steps to -1 lead nowhere.
struct TextAutomaton {
  std::span<const std::int32_t> steps;     ///< (states, groups)
  std::span<const std::int32_t> groups;    ///< (classes): the group of each class
  std::span<const std::uint8_t> accepting; ///< (states)
};

/// Returns the natural logarithm of the probability; minus infinity when no path spells an accepted text. Throws
/// std::invalid_argument when sizes disagree.
double log_accepted(const PathScores& lattice, const TextAutomaton& automaton);

}  // namespace alprcore
