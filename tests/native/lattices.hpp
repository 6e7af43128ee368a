// SPDX-License-Identifier: Apache-2.0
// Small random lattices with all of their paths, for the native tests.
#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <random>
#include <vector>

#include "alprcore/lattice.hpp"

using Text = std::vector<int>;

inline double log_sum_of(double a, double b) {
  return std::isinf(a) ? b : std::max(a, b) + std::log1p(std::exp(-std::fabs(a - b)));
}

/// Arrays that a `LatticeView` can look at.
struct OwnedLattice {
  int classes = 0;
  std::vector<std::int32_t> starts, ends;
  std::vector<float> scores, posteriors, gaps;
  double log_total = 0.0;

  [[nodiscard]] alprcore::LatticeView view() const { return {starts, ends, scores, posteriors, gaps, classes, log_total}; }
};

/// The log of the sum over all paths from a column on, by text.
inline std::map<Text, double> text_sums(const OwnedLattice& lattice, int at = 0) {
  if (at == int(lattice.gaps.size())) return {{{}, 0.0}};
  std::map<Text, double> sums;
  for (const auto& [text, sum] : text_sums(lattice, at + 1)) sums[text] = lattice.gaps[at] + sum;
  for (std::size_t s = 0; s < lattice.starts.size(); ++s) {
    if (lattice.starts[s] != at) continue;
    for (const auto& [text, sum] : text_sums(lattice, lattice.ends[s]))
      for (int c = 0; c < lattice.classes; ++c) {
        Text longer{c};
        longer.insert(longer.end(), text.begin(), text.end());
        const double value = lattice.scores[s * lattice.classes + c] + sum;
        const auto [found, is_new] = sums.try_emplace(longer, value);
        if (!is_new) found->second = log_sum_of(found->second, value);
      }
  }
  return sums;
}

/// Every stretch of one to three columns, each here with a probability of two in three; posteriors are 1.
inline OwnedLattice random_lattice(int columns, int classes, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal(0.0F, 2.0F);
  OwnedLattice lattice;
  lattice.classes = classes;
  for (int start = 0; start < columns; ++start)
    for (int end = start + 1; end <= std::min(columns, start + 3); ++end) {
      if (engine() % 3 == 0) continue;
      lattice.starts.push_back(start);
      lattice.ends.push_back(end);
      lattice.posteriors.push_back(1.0F);
      for (int c = 0; c < classes; ++c) lattice.scores.push_back(normal(engine));
    }
  for (int x = 0; x < columns; ++x) lattice.gaps.push_back(normal(engine));
  double total = -INFINITY;
  for (const auto& [text, sum] : text_sums(lattice)) total = log_sum_of(total, sum);
  lattice.log_total = total;
  return lattice;
}
