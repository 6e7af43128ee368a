// SPDX-License-Identifier: Apache-2.0
#include "alprcore/decode.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <unordered_map>
#include <vector>

namespace alprcore {
namespace {

constexpr double impossible = -std::numeric_limits<double>::infinity();

double log_add(double a, double b) {
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

/// How a pattern reads a text, a state for each set of positions it may be at. Sets are what makes a text count
/// once; they are few, since whoever has reached a run needs to remember nothing from before it.
class Automaton {
 public:
  struct Step {
    int from, to;
  };
  /// Classes between which the pattern sees no difference, and the steps that any of them allows.
  struct Group {
    std::vector<int> classes;
    std::vector<Step> steps;
  };

  Automaton(const PatternView& pattern, int classes)
      : positions_(int(pattern.runs.size()) - 1) {
    for (int i = 0; i <= positions_; ++i)
      if (pattern.runs[i] != 0) {
        runs_ |= bit(i);
        last_run_ = i;
      }
    std::unordered_map<std::uint64_t, std::size_t> known;
    std::vector<std::uint64_t> masks;
    std::uint64_t common = ~std::uint64_t{0};
    for (int c = 0; c < classes; ++c) {
      std::uint64_t mask = 0;
      for (int i = 0; i < positions_; ++i)
        if (pattern.admits[std::size_t(i) * classes + c] != 0) mask |= bit(i);
      common &= mask;
      const auto [found, is_new] = known.try_emplace(mask, groups_.size());
      if (is_new) {
        groups_.emplace_back();
        masks.push_back(mask);
      }
      groups_[found->second].classes.push_back(c);
    }
    find_free(common);
    explore(masks);
    std::erase_if(groups_, [](const Group& group) { return group.steps.empty(); });
  }
  [[nodiscard]] const std::vector<Group>& groups() const { return groups_; }
  [[nodiscard]] int states() const { return int(sets_.size()); }
  /// The state of a text that has the pattern; -1 when none can.
  [[nodiscard]] int accepting() const {
    const auto found = numbers_.find(bit(positions_));
    return found == numbers_.end() ? -1 : found->second;
  }

 private:
  // A pattern such as *A????????????B* has two to the power of its length.
  static constexpr int most_states = 1 << 13;

  static std::uint64_t bit(int position) { return std::uint64_t{1} << position; }

  /// Marks the positions from which any characters lead to a run: texts that got there need no earlier position.
  void find_free(std::uint64_t common) {
    bool open = false;
    for (int i = last_run_; i >= 0; --i) {
      open = (runs_ & bit(i)) != 0 || (open && (common & bit(i)) != 0);
      if (open) free_ |= bit(i);
    }
  }
  [[nodiscard]] std::uint64_t without_dominated(std::uint64_t set) const {
    const std::uint64_t open = set & free_;
    return open == 0 ? set : set & ~(std::bit_floor(open) - 1);
  }
  int number_of(std::uint64_t set) {
    const auto [found, is_new] = numbers_.try_emplace(set, states());
    if (is_new) {
      if (states() == most_states) throw std::invalid_argument("pattern: it fits texts in too many ways");
      sets_.push_back(set);
    }
    return found->second;
  }
  /// Finds all sets that a text may lead to, from the first position on.
  void explore(const std::vector<std::uint64_t>& masks) {
    number_of(bit(0));
    for (int from = 0; from < states(); ++from)
      for (std::size_t g = 0; g < masks.size(); ++g) {
        const std::uint64_t set = sets_[from];
        const std::uint64_t moved = (set & masks[g]) << 1;
        if (last_run_ >= 0 && set == bit(last_run_)) {
          // What follows the last run has one length and ends the text, so that of all characters where it may
          // begin one alone leads to the end: these are not made sets of.
          groups_[g].steps.push_back({from, from});
          if (moved != 0) groups_[g].steps.push_back({from, number_of(moved)});
        } else if (const std::uint64_t next = without_dominated(moved | (set & runs_)); next != 0) {
          groups_[g].steps.push_back({from, number_of(next)});
        }
      }
  }

  int positions_;
  int last_run_ = -1;
  std::uint64_t runs_ = 0, free_ = 0;
  std::vector<Group> groups_;
  std::vector<std::uint64_t> sets_;
  std::unordered_map<std::uint64_t, int> numbers_;
};

/// The log of the sum of the scores of some classes of a stretch.
double group_score(std::span<const float> scores, const std::vector<int>& classes) {
  float highest = scores[classes.front()];
  for (const int c : classes) highest = std::max(highest, scores[c]);
  double sum = 0.0;
  for (const int c : classes) sum += std::exp(double(scores[c]) - highest);
  return highest + std::log(sum);
}

/// A share of the total; its logarithm comes out above 0 by rounding alone, `log_total` being a float.
double share_of(double sum, const LatticeView& lattice) { return std::min(0.0, sum - lattice.log_total); }

}  // namespace

void LatticeView::check() const {
  const auto is_finite = [](float value) { return std::isfinite(value); };
  if (classes < 1) throw std::invalid_argument("lattice: expected at least one class");
  if (ends.size() != starts.size() || scores.size() != starts.size() * std::size_t(classes))
    throw std::invalid_argument("lattice: starts, ends and scores must be of as many stretches");
  for (std::size_t i = 0; i < starts.size(); ++i)
    if (starts[i] < 0 || ends[i] <= starts[i] || std::size_t(ends[i]) > gaps.size())
      throw std::invalid_argument("lattice: a stretch must begin before it ends, within the columns");
  if (!std::all_of(scores.begin(), scores.end(), is_finite) || !std::all_of(gaps.begin(), gaps.end(), is_finite))
    throw std::invalid_argument("lattice: scores and gaps must be finite");
}

double log_probability(const LatticeView& lattice, std::span<const std::int32_t> text) {
  for (const int kind : text)
    if (kind < 0 || kind >= lattice.classes) throw std::invalid_argument("text: a class is not of the lattice");
  const std::size_t columns = lattice.gaps.size();
  const std::size_t size = text.size();
  const Arrivals arrivals(lattice);
  PathSums sums(columns, size + 1, 0);
  for (std::size_t x = 1; x <= columns; ++x) {
    sums.pass(x, lattice.gaps[x - 1]);
    double* to = sums.at(x);
    for (const int i : arrivals.at(x)) {
      const double* from = sums.at(lattice.starts[i]);
      const float* scores = lattice.scores.data() + std::size_t(i) * lattice.classes;
      for (std::size_t k = 0; k < size; ++k)
        if (from[k] != impossible) to[k + 1] = log_add(to[k + 1], from[k] + scores[text[k]]);
    }
  }
  return share_of(sums.at(columns)[size], lattice);
}

double log_pattern_probability(const LatticeView& lattice, const PatternView& pattern) {
  if (pattern.runs.empty() || pattern.runs.size() > PatternView::most_positions + 1)
    throw std::invalid_argument("pattern: expected at most 62 positions");
  if (pattern.admits.size() != (pattern.runs.size() - 1) * std::size_t(lattice.classes))
    throw std::invalid_argument("pattern: its classes are not those of the lattice");
  const Automaton automaton(pattern, lattice.classes);
  if (automaton.accepting() < 0) return impossible;
  const std::size_t columns = lattice.gaps.size();
  const Arrivals arrivals(lattice);
  PathSums sums(columns, automaton.states(), 0);
  for (std::size_t x = 1; x <= columns; ++x) {
    sums.pass(x, lattice.gaps[x - 1]);
    double* to = sums.at(x);
    for (const int i : arrivals.at(x)) {
      const double* from = sums.at(lattice.starts[i]);
      const auto scores = lattice.scores.subspan(std::size_t(i) * lattice.classes, lattice.classes);
      for (const Automaton::Group& group : automaton.groups()) {
        const double score = group_score(scores, group.classes);
        for (const auto [state, next] : group.steps)
          if (from[state] != impossible) to[next] = log_add(to[next], from[state] + score);
      }
    }
  }
  return share_of(sums.at(columns)[automaton.accepting()], lattice);
}

}  // namespace alprcore
