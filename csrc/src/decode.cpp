// SPDX-License-Identifier: Apache-2.0
#include "alprcore/decode.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "alprcore/paths.hpp"

namespace alprcore {
namespace {

// The beam. A text is a number in base (classes + 1), its first character the highest digit, so that merging
// hypotheses compares integers: 20 times faster than strings.
struct Hypothesis {
  double log_sum;
  std::uint64_t text;
};

bool better(const Hypothesis& a, const Hypothesis& b) {
  return a.log_sum != b.log_sum ? a.log_sum > b.log_sum : a.text < b.text;
}

/// Texts that meet in a column, each with the log of the sum of its paths: an open-addressed table whose size is a
/// power of two, and the list of places in use. The standard library's map took two thirds of the time of a search.
class MeetingTexts {
 public:
  MeetingTexts() : slots_(1024, {0.0, empty}) {}

  void clear() {
    for (const std::size_t place : used_) slots_[place].text = empty;
    used_.clear();
  }
  void add(std::uint64_t text, double log_sum) {
    const std::size_t place = place_of(text);
    if (slots_[place].text == text) {
      slots_[place].log_sum = log_add(slots_[place].log_sum, log_sum);
      return;
    }
    slots_[place] = {log_sum, text};
    used_.push_back(place);
    if (2 * used_.size() > slots_.size()) grow();
  }
  /// The best `most`, in order.
  [[nodiscard]] std::vector<Hypothesis> best(std::size_t most) const {
    std::vector<Hypothesis> kept;
    kept.reserve(used_.size());
    for (const std::size_t place : used_) kept.push_back(slots_[place]);
    most = std::min(most, kept.size());
    std::partial_sort(kept.begin(), kept.begin() + most, kept.end(), better);
    kept.resize(most);
    return kept;
  }

 private:
  static constexpr std::uint64_t empty = ~std::uint64_t{0};  // no text: the longest are below 1 << 63

  /// Where the text is, or may be put.
  [[nodiscard]] std::size_t place_of(std::uint64_t text) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t place = (text * 0x9E3779B97F4A7C15U) >> 32 & mask;
    while (slots_[place].text != text && slots_[place].text != empty) place = (place + 1) & mask;
    return place;
  }
  void grow() {
    std::vector<Hypothesis> kept;
    for (const std::size_t place : used_) kept.push_back(slots_[place]);
    slots_.assign(2 * slots_.size(), {0.0, empty});
    used_.clear();
    for (const Hypothesis& hypothesis : kept) {
      used_.push_back(place_of(hypothesis.text));
      slots_[used_.back()] = hypothesis;
    }
  }

  std::vector<Hypothesis> slots_;
  std::vector<std::size_t> used_;
};

/// One character that ends where it is kept.
struct Character {
  int start;
  std::uint64_t digit;
  double score;
};

/// Appends the characters of a stretch that are at least as probable as `least`.
void follow(const LatticeView& lattice, int stretch, double least, std::vector<Character>& followed) {
  const float* scores = lattice.scores.data() + std::size_t(stretch) * lattice.classes;
  const double top = *std::max_element(scores, scores + lattice.classes);
  double total = 0.0;
  for (int c = 0; c < lattice.classes; ++c) total += std::exp(scores[c] - top);
  const double floor = top + std::log(least * total / lattice.posteriors[stretch]);
  for (int c = 0; c < lattice.classes; ++c)
    if (scores[c] >= floor) followed.push_back({lattice.starts[stretch], std::uint64_t(c) + 1, scores[c]});
}

std::vector<int> digits_of(std::uint64_t text, std::uint64_t base) {
  std::vector<int> digits;
  for (; text > 0; text /= base) digits.push_back(int(text % base) - 1);
  std::reverse(digits.begin(), digits.end());
  return digits;
}

void check_text(const LatticeView& lattice, std::span<const std::int32_t> text) {
  for (const int kind : text)
    if (kind < 0 || kind >= lattice.classes) throw std::invalid_argument("text: a class is not of the lattice");
}

}  // namespace

void LatticeView::check() const {
  const auto is_finite = [](float value) { return std::isfinite(value); };
  if (classes < 1) throw std::invalid_argument("lattice: expected at least one class");
  if (ends.size() != starts.size() || scores.size() != starts.size() * std::size_t(classes))
    throw std::invalid_argument("lattice: starts, ends and scores must be of as many stretches");
  for (std::size_t i = 0; i < starts.size(); ++i)
    if (starts[i] < 0 || ends[i] <= starts[i] || std::size_t(ends[i]) > gaps.size())
      throw std::invalid_argument("lattice: a stretch must begin before it ends, within the columns");
  if (!posteriors.empty() && posteriors.size() != starts.size())
    throw std::invalid_argument("lattice: starts and posteriors must be of as many stretches");
  if (!std::all_of(scores.begin(), scores.end(), is_finite) || !std::all_of(gaps.begin(), gaps.end(), is_finite) ||
      !std::all_of(posteriors.begin(), posteriors.end(), is_finite) || !std::isfinite(log_total))
    throw std::invalid_argument("lattice: scores, posteriors, gaps and their total must be finite");
}

std::vector<DecodedText> decode(const LatticeView& lattice, const SearchLimits& limits) {
  if (limits.count < 1 || limits.beam < 1 || !(limits.least >= 0.0))
    throw std::invalid_argument("decode: expected a count and a beam of at least 1, and least of at least 0");
  if (lattice.posteriors.size() != lattice.starts.size())
    throw std::invalid_argument("lattice: starts and posteriors must be of as many stretches");
  const std::size_t columns = lattice.gaps.size();
  const std::uint64_t base = std::uint64_t(lattice.classes) + 1;
  const std::uint64_t full = (std::uint64_t{1} << 63) / base;  // one more character would overflow
  std::vector<std::vector<Character>> arriving(columns + 1);
  for (std::size_t i = 0; i < lattice.ends.size(); ++i) follow(lattice, int(i), limits.least, arriving[lattice.ends[i]]);
  std::vector<std::vector<Hypothesis>> nodes(columns + 1);
  MeetingTexts meeting;
  nodes[0] = {{0.0, 0}};
  for (std::size_t x = 1; x <= columns; ++x) {
    const double gap = lattice.gaps[x - 1];
    if (arriving[x].empty()) {
      // Nothing ends here: the hypotheses only move on.
      nodes[x] = nodes[x - 1];
      for (Hypothesis& hypothesis : nodes[x]) hypothesis.log_sum += gap;
      continue;
    }
    meeting.clear();
    for (const Hypothesis& hypothesis : nodes[x - 1]) meeting.add(hypothesis.text, hypothesis.log_sum + gap);
    for (const Character& character : arriving[x])
      for (const Hypothesis& before : nodes[character.start])
        if (before.text < full) meeting.add(before.text * base + character.digit, before.log_sum + character.score);
    nodes[x] = meeting.best(limits.beam);
  }
  const std::vector<Hypothesis>& last = nodes[columns];
  std::vector<DecodedText> texts;
  for (std::size_t h = 0; h < std::min(last.size(), std::size_t(limits.count)); ++h)
    texts.push_back({digits_of(last[h].text, base), last[h].log_sum - lattice.log_total});
  return texts;
}

std::vector<int> best_stretches(const LatticeView& lattice, std::span<const std::int32_t> text) {
  check_text(lattice, text);
  const std::size_t columns = lattice.gaps.size();
  const std::size_t size = text.size();
  const Arrivals arrivals(lattice);
  PathSums best(columns, size + 1, 0);  // here the best path's, not the sum
  std::vector<int> came_by((columns + 1) * (size + 1), -1);
  for (std::size_t x = 1; x <= columns; ++x) {
    best.pass(x, lattice.gaps[x - 1]);
    double* to = best.at(x);
    for (const int i : arrivals.at(x)) {
      const double* from = best.at(lattice.starts[i]);
      const float* scores = lattice.scores.data() + std::size_t(i) * lattice.classes;
      for (std::size_t k = 1; k <= size; ++k)
        if (const double score = from[k - 1] + scores[text[k - 1]]; score > to[k]) {
          to[k] = score;
          came_by[x * (size + 1) + k] = i;
        }
    }
  }
  std::vector<int> path;
  if (best.at(columns)[size] == impossible) return path;
  for (std::size_t x = columns, k = size; x > 0;) {
    const int i = came_by[x * (size + 1) + k];
    if (i < 0) {
      --x;
      continue;
    }
    path.push_back(i);
    x = lattice.starts[i];
    --k;
  }
  std::reverse(path.begin(), path.end());
  return path;
}

double log_probability(const LatticeView& lattice, std::span<const std::int32_t> text) {
  check_text(lattice, text);
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

}  // namespace alprcore
