// SPDX-License-Identifier: Apache-2.0
#include "alprcore/match.hpp"

#include <random>
#include <string>
#include <vector>

#include "check.hpp"
#include "lattices.hpp"

using namespace alprcore;

namespace {

constexpr int classes = 3;
constexpr int templates = 2;
constexpr int narrowest = 2;
constexpr int widest = 4;
constexpr int features = 4;

struct Weights {
  std::vector<float> filters, offsets, templates, gap, widths;
};

Weights random_weights(unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal(0.0F, 0.4F);
  const auto draw = [&](std::size_t n) {
    std::vector<float> values(n);
    for (float& value : values) value = normal(engine);
    return values;
  };
  return {draw(25), draw(1), draw(TemplateBank::bins * classes * templates * features), draw(features),
          draw((widest - narrowest + 1) * classes)};
}

/// One filter map with rows 8 -> 4: four features a column, a line of 8 rows.
TemplateBank make_bank(const Weights& w, std::string_view kernels_name = {}) {
  std::vector<Convolution> filters;
  filters.emplace_back(KernelShape{1, 1, 5, 5, 2, 2}, w.filters, w.offsets);
  return {{classes, templates, narrowest, widest}, std::move(filters), w.templates, w.gap, 0.3F, w.widths, kernels(kernels_name)};
}

Plane random_line(int columns, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal;
  Plane line(2 * columns, 8);
  for (float& value : line.values) value = normal(engine);
  return line;
}

/// The definition of a stretch's score, from the products that the convolutions give.
void scores_are_by_the_definition() {
  const Weights w = random_weights(3);
  const Plane line = random_line(11, 4);
  const Lattice got = make_bank(w).match(line, 0.0F);
  FeatureMap in(1, 8, line.width);
  for (int y = 0; y < 8; ++y) std::copy(line.row(y), line.row(y) + line.width, in.row(0, y));
  FeatureMap columns = Convolution({1, 1, 5, 5, 2, 2}, w.filters, w.offsets).apply(in, true, kernels("portable"));
  columns.flatten_rows();
  const auto product = [&](int bin, int m, int x) {
    double sum = 0.0;
    if (x < 0 || x >= columns.width()) return sum;
    for (int f = 0; f < features; ++f)
      sum += w.templates[(bin * classes * templates + m) * features + f] * columns.row(f, 0)[x];
    return sum;
  };
  for (std::size_t s = 0; s < got.starts.size(); ++s) {
    const int start = got.starts[s], width = got.ends[s] - start;
    for (int c = 0; c < classes; ++c) {
      double score = -INFINITY;
      for (int m = c; m < classes * templates; m += classes) {
        double response = product(0, m, start - 1) + product(TemplateBank::bins - 1, m, start + width) +
                          w.widths[(width - narrowest) * classes + c];
        for (int quarter = 0; quarter < 4 * width; ++quarter)  // quarter columns divide every bin evenly
          response += product(1 + quarter / width, m, start + quarter / 4) / width;
        score = log_sum_of(score, response);
      }
      CHECK_NEAR(got.scores[s * classes + c], score, 1e-4);
    }
  }
}

void total_is_the_sum_over_all_paths() {
  for (unsigned seed = 1; seed < 6; ++seed) {
    const TemplateBank bank = make_bank(random_weights(seed));
    const Lattice got = bank.match(random_line(7, seed), 0.0F);
    CHECK(got.columns == 7);
    CHECK(got.starts.size() == 6 + 5 + 4);
    const OwnedLattice lattice{classes, {got.starts.begin(), got.starts.end()}, {got.ends.begin(), got.ends.end()},
                               got.scores, got.posteriors, got.gaps, 0.0};
    double total = -INFINITY;
    for (const auto& [text, sum] : text_sums(lattice)) total = log_sum_of(total, sum);
    CHECK_NEAR(got.log_total, total, 1e-4);
  }
}

/// Instruction sets differ in the order of their sums alone.
void all_kernels_agree() {
  const Weights w = random_weights(21);
  const Plane line = random_line(40, 22);
  const Lattice one = make_bank(w, "portable").match(line, 0.0F);
  for (const Kernels& set : available_kernels()) {
    const TemplateBank bank = make_bank(w, set.name);
    CHECK(std::string(bank.kernels().name) == set.name);
    const Lattice other = bank.match(line, 0.0F);
    CHECK(one.starts == other.starts && one.ends == other.ends && one.templates == other.templates);
    CHECK_NEAR(one.log_total, other.log_total, 1e-4);
    for (std::size_t i = 0; i < one.posteriors.size(); ++i) CHECK_NEAR(one.posteriors[i], other.posteriors[i], 1e-5);
    for (std::size_t i = 0; i < one.scores.size(); ++i) CHECK_NEAR(one.scores[i], other.scores[i], 1e-5);
  }
}

void geometry_is_the_banks() { CHECK(make_bank(random_weights(1)).column_pixels() == 2); }

void posteriors_are_probabilities() {
  const TemplateBank bank = make_bank(random_weights(7));
  const Lattice lattice = bank.match(random_line(20, 8), 0.0F);
  std::vector<double> covered(20, 0.0);
  for (std::size_t s = 0; s < lattice.starts.size(); ++s) {
    CHECK(lattice.posteriors[s] >= 0.0F && lattice.posteriors[s] <= 1.0F + 1e-5F);
    for (int x = lattice.starts[s]; x < lattice.ends[s]; ++x) covered[x] += lattice.posteriors[s];
  }
  // A column lies in one character or in none.
  for (const double value : covered) CHECK(value <= 1.0 + 1e-4);
}

void pruning_drops_only_the_improbable() {
  const TemplateBank bank = make_bank(random_weights(9));
  const Plane line = random_line(16, 10);
  const Lattice all = bank.match(line, 0.0F);
  const Lattice some = bank.match(line, 0.05F);
  CHECK(some.starts.size() < all.starts.size());
  CHECK_NEAR(some.log_total, all.log_total, 1e-6);
  std::size_t k = 0;
  for (std::size_t s = 0; s < all.starts.size(); ++s) {
    if (all.posteriors[s] < 0.05F) continue;
    CHECK(k < some.starts.size() && some.starts[k] == all.starts[s] && some.ends[k] == all.ends[s]);
    ++k;
  }
  CHECK(k == some.starts.size());
}

void the_best_template_is_named() {
  const TemplateBank bank = make_bank(random_weights(11));
  const Lattice lattice = bank.match(random_line(12, 12), 0.0F);
  for (std::size_t k = 0; k < lattice.templates.size(); ++k) {
    CHECK(lattice.templates[k] >= 0 && lattice.templates[k] < classes * templates);
    CHECK(lattice.templates[k] % classes == static_cast<int>(k % classes));
  }
}

void a_flat_line_gives_finite_scores() {
  const TemplateBank bank = make_bank(random_weights(13));
  const Lattice lattice = bank.match(Plane(64, 8), 0.0F);
  for (const float value : lattice.scores) CHECK(std::isfinite(value));
  CHECK(std::isfinite(lattice.log_total));
}

void wrong_sizes_are_refused() {
  Weights w = random_weights(14);
  w.templates.pop_back();
  CHECK_THROWS(make_bank(w));
  w = random_weights(14);
  w.widths.pop_back();
  CHECK_THROWS(make_bank(w));
  const TemplateBank bank = make_bank(random_weights(15));
  CHECK_THROWS(bank.match(Plane(4, 8), 0.0F));
  CHECK_THROWS(bank.match(Plane(5000, 8), 0.0F));
  CHECK_THROWS(bank.match(Plane(20, 8, NAN), 0.0F));
  CHECK_THROWS(bank.match(Plane(40, 32), 0.0F));  // 16 features a column where the templates have 4
}

}  // namespace

int main() {
  scores_are_by_the_definition();
  total_is_the_sum_over_all_paths();
  all_kernels_agree();
  geometry_is_the_banks();
  posteriors_are_probabilities();
  pruning_drops_only_the_improbable();
  the_best_template_is_named();
  a_flat_line_gives_finite_scores();
  wrong_sizes_are_refused();
  return verdict("match");
}
