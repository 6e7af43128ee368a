// SPDX-License-Identifier: Apache-2.0
// How probable it is that a line reads as any text that a finite automaton accepts.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "alprcore/lattice.hpp"

namespace alprcore {

/// Leads a text to acceptance in one way at most, so that it counts once. State 0 is where a text begins.
struct TextAutomaton {
  struct Step {
    std::int32_t from, to;
  };
  std::vector<std::int32_t> groups;      ///< (classes): classes of a group make the same steps
  std::vector<std::vector<Step>> steps;  ///< (groups)
  std::vector<std::uint8_t> accepting;   ///< (states)

  /// The automaton of a table (states, groups) of next states, -1 where there is none. Throws std::invalid_argument
  /// when sizes disagree.
  static TextAutomaton of_table(std::span<const std::int32_t> table, std::span<const std::int32_t> groups,
                                std::span<const std::uint8_t> accepting);
};

/// Returns the natural logarithm of the probability; minus infinity when no path spells an accepted text, or when all
/// that do are below 1e-300. Throws std::invalid_argument when sizes disagree.
double log_accepted(const LatticeView& lattice, const TextAutomaton& automaton);

}  // namespace alprcore
