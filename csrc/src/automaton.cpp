// SPDX-License-Identifier: Apache-2.0
#include "alprcore/automaton.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

namespace alprcore {
namespace {

constexpr double impossible = -std::numeric_limits<double>::infinity();

double log_add(double a, double b) {
  if (a < b) std::swap(a, b);
  return b == impossible ? a : a + std::log1p(std::exp(b - a));
}

std::size_t checked_groups(const PathScores& lattice, const TextAutomaton& automaton) {
  const std::size_t stretches = lattice.starts.size();
  const auto columns = static_cast<std::int64_t>(lattice.gaps.size());
  if (lattice.classes < 1 || lattice.ends.size() != stretches ||
      lattice.scores.size() != stretches * static_cast<std::size_t>(lattice.classes))
    throw std::invalid_argument("lattice: starts, ends and scores must be of as many stretches");
  for (std::size_t i = 0; i < stretches; ++i)
    if (lattice.starts[i] < 0 || lattice.ends[i] <= lattice.starts[i] || lattice.ends[i] > columns)
      throw std::invalid_argument("lattice: a stretch must begin before it ends, within the columns");
  if (automaton.groups.size() != static_cast<std::size_t>(lattice.classes))
    throw std::invalid_argument("automaton: expected a group for each class");
  const std::size_t states = automaton.accepting.size();
  if (states == 0 || automaton.steps.size() % states != 0)
    throw std::invalid_argument("automaton: expected as many steps in each state");
  const std::size_t groups = automaton.steps.size() / states;
  for (const std::int32_t group : automaton.groups)
    if (group < 0 || static_cast<std::size_t>(group) >= groups)
      throw std::invalid_argument("automaton: a class has no group");
  for (const std::int32_t step : automaton.steps)
    if (step < -1 || step >= static_cast<std::int64_t>(states))
      throw std::invalid_argument("automaton: a step leads to no state");
  return groups;
}

/// Scores of each group at each stretch, as the logarithm of the sum over its classes.
std::vector<double> group_scores(const PathScores& lattice, const TextAutomaton& automaton, std::size_t groups) {
  const auto classes = static_cast<std::size_t>(lattice.classes);
  std::vector<double> sums(lattice.starts.size() * groups, 0.0);
  for (std::size_t i = 0; i < lattice.starts.size(); ++i) {
    const auto scores = lattice.scores.subspan(i * classes, classes);
    const float highest = *std::max_element(scores.begin(), scores.end());
    double* row = sums.data() + i * groups;
    for (std::size_t c = 0; c < classes; ++c)
      row[automaton.groups[c]] += std::exp(static_cast<double>(scores[c]) - highest);
    for (std::size_t g = 0; g < groups; ++g) row[g] = std::log(row[g]) + highest;
  }
  return sums;
}

std::vector<std::vector<std::size_t>> arrivals(const PathScores& lattice) {
  std::vector<std::vector<std::size_t>> at(lattice.gaps.size() + 1);
  for (std::size_t i = 0; i < lattice.ends.size(); ++i) at[static_cast<std::size_t>(lattice.ends[i])].push_back(i);
  return at;
}

}  // namespace

double log_accepted(const PathScores& lattice, const TextAutomaton& automaton) {
  const std::size_t groups = checked_groups(lattice, automaton);
  const std::size_t states = automaton.accepting.size(), columns = lattice.gaps.size();
  const std::vector<double> scores = group_scores(lattice, automaton, groups);
  const auto arriving = arrivals(lattice);
  // Sums are kept relative to that over all paths to the same column, so that they are probabilities: products in
  // place of logarithms, 20 times faster with some hundred states.
  std::vector<double> all(columns + 1, 0.0);
  std::vector<double> reached((columns + 1) * states, 0.0);
  reached[0] = 1.0;
  for (std::size_t x = 1; x <= columns; ++x) {
    double total = all[x - 1] + lattice.gaps[x - 1];
    for (const std::size_t i : arriving[x])
      for (std::size_t g = 0; g < groups; ++g)
        total = log_add(total, all[static_cast<std::size_t>(lattice.starts[i])] + scores[i * groups + g]);
    all[x] = total;
    const double passed = std::exp(all[x - 1] + lattice.gaps[x - 1] - total);
    double* to = reached.data() + x * states;
    for (std::size_t s = 0; s < states; ++s) to[s] = reached[(x - 1) * states + s] * passed;
    for (const std::size_t i : arriving[x]) {
      const auto start = static_cast<std::size_t>(lattice.starts[i]);
      const double* from = reached.data() + start * states;
      for (std::size_t g = 0; g < groups; ++g) {
        const double weight = std::exp(all[start] + scores[i * groups + g] - total);
        if (weight == 0.0) continue;
        for (std::size_t s = 0; s < states; ++s)
          if (const std::int32_t next = automaton.steps[s * groups + g]; next >= 0) to[next] += from[s] * weight;
      }
    }
  }
  double sum = 0.0;
  for (std::size_t s = 0; s < states; ++s)
    if (automaton.accepting[s] != 0) sum += reached[columns * states + s];
  // Stretches that were dropped from the lattice are in its total; rounding alone makes a share above 1.
  return sum > 0.0 ? std::min(0.0, std::log(sum) + all[columns] - lattice.log_total) : impossible;
}

}  // namespace alprcore
