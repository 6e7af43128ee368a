// SPDX-License-Identifier: Apache-2.0
#include "alprcore/decode.hpp"
#include "alprcore/pattern.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <string>

#include "check.hpp"
#include "lattices.hpp"

using namespace alprcore;

namespace {

constexpr double impossible = -std::numeric_limits<double>::infinity();
constexpr SearchLimits everything{100000, 100000, 0.0};

void every_text_has_the_sum_of_its_paths() {
  for (unsigned seed = 1; seed < 20; ++seed) {
    const OwnedLattice lattice = random_lattice(1 + int(seed % 6), 2, seed);
    const auto expected = text_sums(lattice);
    const auto got = decode(lattice.view(), everything);
    CHECK(got.size() == expected.size());
    double before = 1.0;
    for (const DecodedText& text : got) {
      CHECK(text.log_probability <= before);
      before = text.log_probability;
      CHECK_NEAR(text.log_probability, expected.at(text.classes) - lattice.log_total, 1e-9);
      CHECK_NEAR(log_probability(lattice.view(), std::vector<std::int32_t>(text.classes)), text.log_probability, 1e-9);
    }
  }
}

void a_text_without_a_path_is_impossible() {
  const OwnedLattice lattice = random_lattice(3, 2, 5);
  CHECK(log_probability(lattice.view(), std::vector<std::int32_t>{0, 0, 0, 0}) == impossible);
  CHECK(best_stretches(lattice.view(), std::vector<std::int32_t>{0, 0, 0, 0}).empty());
}

/// One stretch with two classes, nine to one; the text of the second has a tenth of the stretch's probability.
OwnedLattice one_character(float posterior) {
  OwnedLattice lattice;
  lattice.classes = 2;
  lattice.starts = {0};
  lattice.ends = {1};
  lattice.scores = {std::log(0.9F), std::log(0.1F)};
  lattice.posteriors = {posterior};
  lattice.gaps = {-20.0F};
  return lattice;
}

void a_character_counts_by_its_own_probability_and_its_stretchs() {
  const auto texts = [](float posterior, double least) {
    return decode(one_character(posterior).view(), {10, 10, least}).size();
  };
  CHECK(texts(1.0F, 0.05) == 3);    // both, and the empty text
  CHECK(texts(1.0F, 0.2) == 2);     // 0.1 is too little
  CHECK(texts(0.4F, 0.05) == 2);    // 0.4 * 0.1 too
  CHECK(texts(0.6F, 0.05) == 3);
  CHECK(texts(0.01F, 0.05) == 1);   // nor is 0.01 * 0.9 enough
}

void the_beam_keeps_the_best() {
  const OwnedLattice lattice = random_lattice(9, 3, 11);
  const auto all = decode(lattice.view(), everything);
  const auto some = decode(lattice.view(), {5, 64, 0.0});
  CHECK(some.size() == 5);
  CHECK(some[0].classes == all[0].classes);
  CHECK_NEAR(some[0].log_probability, all[0].log_probability, 0.05);
  for (const DecodedText& text : decode(lattice.view(), {100000, 4, 0.0})) CHECK(text.classes.size() <= 9);
  CHECK(decode(lattice.view(), {100000, 4, 0.0}).size() == 4);
}

void many_texts_meet_without_one_being_lost() {
  // 36 classes over three characters: the table of a column grows several times.
  OwnedLattice lattice;
  lattice.classes = 36;
  for (int s = 0; s < 3; ++s) {
    lattice.starts.push_back(s);
    lattice.ends.push_back(s + 1);
    lattice.posteriors.push_back(1.0F);
    for (int c = 0; c < 36; ++c) lattice.scores.push_back(-0.001F * float(c * (s + 1)));
  }
  lattice.gaps = {-30.0F, -30.0F, -30.0F};
  auto texts = decode(lattice.view(), everything);
  CHECK(texts.size() == 36 * 36 * 36 + 36 * 36 + 36 + 1);  // of three characters, two, one and none
  std::sort(texts.begin(), texts.end(), [](const auto& a, const auto& b) { return a.classes < b.classes; });
  CHECK(std::adjacent_find(texts.begin(), texts.end(), [](const auto& a, const auto& b) { return a.classes == b.classes; }) ==
        texts.end());
}

void the_best_stretches_are_those_of_the_best_path() {
  for (unsigned seed = 1; seed < 20; ++seed) {
    const OwnedLattice lattice = random_lattice(6, 2, 100 + seed);
    for (const Text& text : {Text{0}, Text{0, 1}, Text{1, 1, 0}}) {
      // All ways to place the text, by a search of its own.
      double best = impossible;
      std::vector<int> expected, path;
      const std::function<void(int, std::size_t, double)> go = [&](int at, std::size_t k, double score) {
        if (at == int(lattice.gaps.size())) {
          if (k == text.size() && score > best) {
            best = score;
            expected = path;
          }
          return;
        }
        go(at + 1, k, score + lattice.gaps[at]);
        for (std::size_t s = 0; s < lattice.starts.size() && k < text.size(); ++s)
          if (lattice.starts[s] == at) {
            path.push_back(int(s));
            go(lattice.ends[s], k + 1, score + lattice.scores[s * 2 + text[k]]);
            path.pop_back();
          }
      };
      go(0, 0, 0.0);
      CHECK(best_stretches(lattice.view(), std::vector<std::int32_t>(text)) == expected);
    }
  }
}

/// A pattern over two classes; 'a' and 'b' are these, '?' either, '*' a run.
struct OwnedPattern {
  std::string source;
  std::vector<std::uint8_t> admits, runs{0};

  explicit OwnedPattern(std::string text) : source(std::move(text)) {
    for (const char symbol : source) {
      if (symbol == '*') {
        runs.back() = 1;
        continue;
      }
      admits.push_back(symbol != 'b');
      admits.push_back(symbol != 'a');
      runs.push_back(0);
    }
  }
  [[nodiscard]] PatternView view() const { return {admits, runs}; }
  [[nodiscard]] bool fits(const Text& text, std::size_t i = 0, std::size_t k = 0) const {
    if (i == source.size()) return k == text.size();
    if (source[i] == '*') return fits(text, i + 1, k) || (k < text.size() && fits(text, i, k + 1));
    return k < text.size() && (source[i] == '?' || source[i] == 'a' + text[k]) && fits(text, i + 1, k + 1);
  }
};

void a_pattern_sums_the_texts_that_have_it() {
  std::mt19937 engine(7);
  for (unsigned seed = 1; seed < 300; ++seed) {
    const OwnedLattice lattice = random_lattice(1 + int(seed % 6), 2, seed);
    std::string source;
    for (std::size_t n = engine() % 8; n > 0; --n) source += "ab?**"[engine() % 5];
    const OwnedPattern pattern(source);
    double expected = impossible;
    for (const auto& [text, sum] : text_sums(lattice))
      if (pattern.fits(text)) expected = log_sum_of(expected, sum);
    const double got = log_pattern_probability(lattice.view(), pattern.view());
    if (std::isinf(expected)) CHECK(got == impossible);
    else CHECK_NEAR(got, std::min(0.0, expected - lattice.log_total), 1e-9);
  }
}

void wrong_sizes_are_refused() {
  const OwnedLattice good = random_lattice(4, 2, 3);
  const auto refused = [](const OwnedLattice& lattice) { CHECK_THROWS((lattice.view().check(), 0)); };
  OwnedLattice bad = good;
  bad.ends.back() = 5;
  refused(bad);
  bad = good;
  bad.ends.back() = bad.starts.back();
  refused(bad);
  bad = good;
  bad.starts.front() = -1;
  refused(bad);
  bad = good;
  bad.starts.pop_back();
  refused(bad);
  bad = good;
  bad.scores.pop_back();
  refused(bad);
  bad = good;
  bad.posteriors.pop_back();
  refused(bad);
  bad = good;
  bad.gaps.back() = NAN;
  refused(bad);
  bad = good;
  bad.log_total = INFINITY;
  refused(bad);
  good.view().check();
  CHECK_THROWS(decode(good.view(), {0, 1, 0.0}));
  CHECK_THROWS(decode(good.view(), {1, 0, 0.0}));
  CHECK_THROWS(decode(good.view(), {1, 1, -1.0}));
  CHECK_THROWS(decode(good.view(), {1, 1, double(NAN)}));
  CHECK_THROWS(log_probability(good.view(), std::vector<std::int32_t>{2}));
  CHECK_THROWS(best_stretches(good.view(), std::vector<std::int32_t>{-1}));
  CHECK_THROWS(log_pattern_probability(good.view(), {std::vector<std::uint8_t>(3), std::vector<std::uint8_t>(2)}));
  CHECK_THROWS(log_pattern_probability(good.view(), {}));
  CHECK_THROWS(log_pattern_probability(good.view(), OwnedPattern(std::string(63, '?')).view()));
}

}  // namespace

int main() {
  every_text_has_the_sum_of_its_paths();
  a_text_without_a_path_is_impossible();
  a_character_counts_by_its_own_probability_and_its_stretchs();
  the_beam_keeps_the_best();
  many_texts_meet_without_one_being_lost();
  the_best_stretches_are_those_of_the_best_path();
  a_pattern_sums_the_texts_that_have_it();
  wrong_sizes_are_refused();
  return verdict("decode");
}
