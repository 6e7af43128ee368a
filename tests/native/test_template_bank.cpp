// SPDX-License-Identifier: Apache-2.0
#include "alprcore/template_bank.hpp"

#include <random>
#include <vector>

#include "check.hpp"

using namespace alprcore;

namespace {

constexpr int kClasses = 3;
constexpr int kTemplates = 2;
constexpr int kNarrowest = 2;
constexpr int kWidest = 4;
constexpr int kFeatures = 4;

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
  return {draw(25), draw(1), draw(TemplateBank::bins * kClasses * kTemplates * kFeatures), draw(kFeatures),
          draw((kWidest - kNarrowest + 1) * kClasses)};
}

/// One filter map with rows 8 -> 4: four features a column, a line of 8 rows.
TemplateBank make_bank(const Weights& w) {
  std::vector<Convolution> filters;
  filters.emplace_back(KernelShape{1, 1, 5, 5, 2, 2}, w.filters, w.offsets);
  return {{kClasses, kTemplates, kNarrowest, kWidest}, std::move(filters), w.templates, w.gap, 0.3F, w.widths};
}

Plane random_line(int columns, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal;
  Plane line(2 * columns, 8);
  for (float& value : line.values) value = normal(engine);
  return line;
}

double log_add(double a, double b) { return std::max(a, b) + std::log1p(std::exp(-std::fabs(a - b))); }

/// Log-sum over all paths, by trying them all.
double brute_force(const Lattice& lattice, int at) {
  if (at == lattice.columns) return 0.0;
  double sum = lattice.gaps[static_cast<std::size_t>(at)] + brute_force(lattice, at + 1);
  for (std::size_t s = 0; s < lattice.starts.size(); ++s) {
    if (lattice.starts[s] != at) continue;
    const double rest = brute_force(lattice, lattice.ends[s]);
    for (int c = 0; c < kClasses; ++c) sum = log_add(sum, lattice.scores[s * kClasses + static_cast<std::size_t>(c)] + rest);
  }
  return sum;
}

void total_is_the_sum_over_all_paths() {
  for (unsigned seed = 1; seed < 6; ++seed) {
    const TemplateBank bank = make_bank(random_weights(seed));
    const Lattice lattice = bank.lattice(random_line(9, seed), 0.0F);
    CHECK(lattice.columns == 9);
    CHECK(lattice.starts.size() == 8 + 7 + 6);
    CHECK_NEAR(lattice.log_total, brute_force(lattice, 0), 1e-3);
  }
}

void posteriors_are_probabilities() {
  const TemplateBank bank = make_bank(random_weights(7));
  const Lattice lattice = bank.lattice(random_line(20, 8), 0.0F);
  std::vector<double> covered(20, 0.0);
  for (std::size_t s = 0; s < lattice.starts.size(); ++s) {
    CHECK(lattice.posteriors[s] >= 0.0F && lattice.posteriors[s] <= 1.0F + 1e-5F);
    for (int x = lattice.starts[s]; x < lattice.ends[s]; ++x) covered[static_cast<std::size_t>(x)] += lattice.posteriors[s];
  }
  // A column lies in one character or in none.
  for (const double value : covered) CHECK(value <= 1.0 + 1e-4);
}

void pruning_drops_only_the_improbable() {
  const TemplateBank bank = make_bank(random_weights(9));
  const Plane line = random_line(16, 10);
  const Lattice all = bank.lattice(line, 0.0F);
  const Lattice some = bank.lattice(line, 0.05F);
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
  const Lattice lattice = bank.lattice(random_line(12, 12), 0.0F);
  for (std::size_t k = 0; k < lattice.templates.size(); ++k) {
    CHECK(lattice.templates[k] >= 0 && lattice.templates[k] < kClasses * kTemplates);
    CHECK(lattice.templates[k] % kClasses == static_cast<int>(k % kClasses));
  }
}

void a_flat_line_gives_finite_scores() {
  const TemplateBank bank = make_bank(random_weights(13));
  const Lattice lattice = bank.lattice(Plane(64, 8), 0.0F);
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
  CHECK_THROWS(bank.lattice(Plane(4, 8), 0.0F));
  CHECK_THROWS(bank.lattice(Plane(40, 32), 0.0F));  // 16 features a column where the templates have 4
}

}  // namespace

int main() {
  total_is_the_sum_over_all_paths();
  posteriors_are_probabilities();
  pruning_drops_only_the_improbable();
  the_best_template_is_named();
  a_flat_line_gives_finite_scores();
  wrong_sizes_are_refused();
  return verdict("template_bank");
}
