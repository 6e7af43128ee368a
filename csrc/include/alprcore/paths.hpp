// SPDX-License-Identifier: Apache-2.0
// What sums along the paths of a lattice share.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "alprcore/lattice.hpp"

namespace alprcore {

inline constexpr double impossible = -std::numeric_limits<double>::infinity();

inline double log_add(double a, double b) {
  if (a < b) std::swap(a, b);
  return b == impossible ? a : a + std::log1p(std::exp(b - a));
}

/// The stretches that end at each column, in their order.
class Arrivals {
 public:
  explicit Arrivals(const LatticeView& lattice) : first_(lattice.gaps.size() + 2, 0), stretches_(lattice.ends.size()) {
    for (const int end : lattice.ends) ++first_[end + 1];
    for (std::size_t x = 1; x < first_.size(); ++x) first_[x] += first_[x - 1];
    std::vector<int> next(first_.begin(), first_.end() - 1);
    for (std::size_t i = 0; i < lattice.ends.size(); ++i) stretches_[next[lattice.ends[i]]++] = int(i);
  }
  [[nodiscard]] std::span<const int> at(std::size_t column) const {
    return {stretches_.data() + first_[column], stretches_.data() + first_[column + 1]};
  }

 private:
  std::vector<int> first_;
  std::vector<int> stretches_;
};

/// Log-sums of the paths that reach each (column, state); all of them begin in the state `initial`.
class PathSums {
 public:
  PathSums(std::size_t columns, std::size_t states, std::size_t initial)
      : states_(states), values_((columns + 1) * states, impossible) {
    values_[initial] = 0.0;
  }
  [[nodiscard]] double* at(std::size_t column) { return values_.data() + column * states_; }
  /// Goes from the column before to `column` without a character.
  void pass(std::size_t column, double gap) {
    const double* from = at(column - 1);
    double* to = at(column);
    for (std::size_t s = 0; s < states_; ++s) to[s] = from[s] + gap;
  }

 private:
  std::size_t states_;
  std::vector<double> values_;
};

/// A share of the total; its logarithm comes out above 0 by rounding alone, `log_total` being a float.
inline double share_of(double sum, const LatticeView& lattice) { return std::min(0.0, sum - lattice.log_total); }

}  // namespace alprcore
