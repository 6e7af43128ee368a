// SPDX-License-Identifier: Apache-2.0
#include "alprcore/pattern.hpp"

#include <bit>
#include <stdexcept>
#include <unordered_map>
#include <utility>
#include <vector>

#include "alprcore/automaton.hpp"

namespace alprcore {
namespace {

/// Makes the automaton of a pattern: a state for each set of positions that a text may be at. They are few, since
/// whoever has reached a run needs to remember nothing from before it.
class Builder {
 public:
  Builder(const PatternView& pattern, int classes)
      : positions_(int(pattern.runs.size()) - 1) {
    for (int i = 0; i <= positions_; ++i)
      if (pattern.runs[i] != 0) {
        runs_ |= bit(i);
        last_run_ = i;
      }
    std::unordered_map<std::uint64_t, std::int32_t> known;
    std::vector<std::uint64_t> masks;
    std::uint64_t common = ~std::uint64_t{0};
    for (int c = 0; c < classes; ++c) {
      std::uint64_t mask = 0;
      for (int i = 0; i < positions_; ++i)
        if (pattern.admits[std::size_t(i) * classes + c] != 0) mask |= bit(i);
      common &= mask;
      const auto [found, is_new] = known.try_emplace(mask, std::int32_t(masks.size()));
      if (is_new) masks.push_back(mask);
      automaton_.groups.push_back(found->second);
    }
    find_free(common);
    explore(masks);
  }
  [[nodiscard]] TextAutomaton automaton() && {
    for (const std::uint64_t set : sets_) automaton_.accepting.push_back(set == bit(positions_));
    return std::move(automaton_);
  }

 private:
  // A pattern such as *A????????????B* has two to the power of its length.
  static constexpr std::int32_t most_states = 1 << 13;

  static std::uint64_t bit(int position) { return std::uint64_t{1} << position; }
  [[nodiscard]] std::int32_t states() const { return std::int32_t(sets_.size()); }

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
  std::int32_t number_of(std::uint64_t set) {
    const auto [found, is_new] = numbers_.try_emplace(set, states());
    if (is_new) {
      if (states() == most_states) throw std::invalid_argument("pattern: it fits texts in too many ways");
      sets_.push_back(set);
    }
    return found->second;
  }
  /// Finds all sets that a text may lead to, from the first position on.
  void explore(const std::vector<std::uint64_t>& masks) {
    automaton_.steps.resize(masks.size());
    number_of(bit(0));
    for (std::int32_t from = 0; from < states(); ++from)
      for (std::size_t g = 0; g < masks.size(); ++g) {
        const std::uint64_t set = sets_[from];
        const std::uint64_t moved = (set & masks[g]) << 1;
        if (last_run_ >= 0 && set == bit(last_run_)) {
          // What follows the last run has one length and ends the text, so that of all characters where it may
          // begin one alone leads to the end: these are not made sets of.
          automaton_.steps[g].push_back({from, from});
          if (moved != 0) automaton_.steps[g].push_back({from, number_of(moved)});
        } else if (const std::uint64_t next = without_dominated(moved | (set & runs_)); next != 0) {
          automaton_.steps[g].push_back({from, number_of(next)});
        }
      }
  }

  int positions_;
  int last_run_ = -1;
  std::uint64_t runs_ = 0, free_ = 0;
  TextAutomaton automaton_;
  std::vector<std::uint64_t> sets_;
  std::unordered_map<std::uint64_t, std::int32_t> numbers_;
};

}  // namespace

double log_pattern_probability(const LatticeView& lattice, const PatternView& pattern) {
  if (pattern.runs.empty() || pattern.runs.size() > PatternView::most_positions + 1)
    throw std::invalid_argument("pattern: expected at most 62 positions");
  if (pattern.admits.size() != (pattern.runs.size() - 1) * std::size_t(lattice.classes))
    throw std::invalid_argument("pattern: its classes are not those of the lattice");
  return log_accepted(lattice, Builder(pattern, lattice.classes).automaton());
}

}  // namespace alprcore
