// SPDX-License-Identifier: Apache-2.0
#include "alprcore/automaton.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "alprcore/paths.hpp"

namespace alprcore {
namespace {

/// What the classes of a stretch add up to, by group; exp(highest) is left out of all of it.
struct GroupShares {
  std::vector<double> highest;  ///< (stretches)
  std::vector<double> all;      ///< (stretches): of all classes
  std::vector<double> shares;   ///< (stretches, groups)
};

GroupShares group_shares(const LatticeView& lattice, const TextAutomaton& automaton) {
  const std::size_t stretches = lattice.starts.size(), classes = lattice.classes, groups = automaton.steps.size();
  GroupShares sums{std::vector<double>(stretches), std::vector<double>(stretches),
                   std::vector<double>(stretches * groups)};
  for (std::size_t i = 0; i < stretches; ++i) {
    const auto scores = lattice.scores.subspan(i * classes, classes);
    sums.highest[i] = *std::max_element(scores.begin(), scores.end());
    for (std::size_t c = 0; c < classes; ++c) {
      const double share = std::exp(scores[c] - sums.highest[i]);
      sums.all[i] += share;
      sums.shares[i * groups + automaton.groups[c]] += share;
    }
  }
  return sums;
}

}  // namespace

TextAutomaton TextAutomaton::of_table(std::span<const std::int32_t> table, std::span<const std::int32_t> groups,
                                      std::span<const std::uint8_t> accepting) {
  const std::size_t states = accepting.size();
  if (states == 0 || table.size() % states != 0)
    throw std::invalid_argument("automaton: expected as many steps in each state");
  TextAutomaton automaton{{groups.begin(), groups.end()}, {}, {accepting.begin(), accepting.end()}};
  automaton.steps.resize(table.size() / states);
  for (std::size_t k = 0; k < table.size(); ++k)
    if (table[k] != -1)
      automaton.steps[k % automaton.steps.size()].push_back({std::int32_t(k / automaton.steps.size()), table[k]});
  return automaton;
}

double log_accepted(const LatticeView& lattice, const TextAutomaton& automaton) {
  const std::size_t groups = automaton.steps.size(), states = automaton.accepting.size();
  if (lattice.classes < 1 || automaton.groups.size() != std::size_t(lattice.classes))
    throw std::invalid_argument("automaton: expected a group for each class");
  for (const std::int32_t group : automaton.groups)
    if (group < 0 || std::size_t(group) >= groups) throw std::invalid_argument("automaton: a class has no group");
  const auto is_state = [&](std::int32_t state) { return state >= 0 && std::size_t(state) < states; };
  for (const auto& steps : automaton.steps)
    for (const auto [from, to] : steps)
      if (!is_state(from) || !is_state(to)) throw std::invalid_argument("automaton: a step leads to no state");
  const std::size_t columns = lattice.gaps.size();
  const GroupShares sums = group_shares(lattice, automaton);
  const Arrivals arrivals(lattice);
  // Sums are kept relative to that over all paths to the same column, so that they are probabilities: products in
  // place of logarithms, 20 times faster with some hundred states.
  std::vector<double> all(columns + 1, 0.0);
  std::vector<double> reached((columns + 1) * states, 0.0);
  reached[0] = 1.0;
  for (std::size_t x = 1; x <= columns; ++x) {
    double total = all[x - 1] + lattice.gaps[x - 1];
    for (const int i : arrivals.at(x)) total = log_add(total, all[lattice.starts[i]] + sums.highest[i] + std::log(sums.all[i]));
    all[x] = total;
    const double passed = std::exp(all[x - 1] + lattice.gaps[x - 1] - total);
    double* to = reached.data() + x * states;
    for (std::size_t s = 0; s < states; ++s) to[s] = reached[(x - 1) * states + s] * passed;
    for (const int i : arrivals.at(x)) {
      const double* from = reached.data() + lattice.starts[i] * states;
      const double weight = std::exp(all[lattice.starts[i]] + sums.highest[i] - total);
      for (std::size_t g = 0; g < groups; ++g)
        if (const double share = weight * sums.shares[i * groups + g]; share > 0.0)
          for (const auto [state, next] : automaton.steps[g]) to[next] += from[state] * share;
    }
  }
  double sum = 0.0;
  for (std::size_t s = 0; s < states; ++s)
    if (automaton.accepting[s] != 0) sum += reached[columns * states + s];
  // Stretches that were dropped from the lattice are in its total.
  return sum > 0.0 ? share_of(std::log(sum) + all[columns], lattice) : impossible;
}

}  // namespace alprcore
