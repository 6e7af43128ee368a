// SPDX-License-Identifier: Apache-2.0
#include "alprcore/pattern.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <stdexcept>
#include <unordered_map>
#include <vector>

#include "alprcore/paths.hpp"

namespace alprcore {
namespace {

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

}  // namespace

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
