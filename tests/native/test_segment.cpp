// SPDX-License-Identifier: Apache-2.0
#include "alprcore/segment.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <vector>

#include "alprcore/line_image.hpp"
#include "check.hpp"
#include "lattices.hpp"
#include "pictures.hpp"

using namespace alprcore;

namespace {

void finds_a_level_line() {
  Picture picture(200, 60, 220);
  draw_strokes(picture, 18, 44, 0.0F, 0.0F, 30);
  const auto lines = text_lines(picture.view(), 3, 0.2F);
  CHECK(!lines.empty());
  CHECK_NEAR(lines[0].top, 18.0F, 2.6F);
  CHECK_NEAR(lines[0].bottom, 44.0F, 2.6F);
  CHECK_NEAR(lines[0].slope, 0.0F, 0.011F);
  CHECK_NEAR(lines[0].slant, 0.0F, 0.041F);
}

void follows_slope_and_lean() {
  Picture picture(220, 72, 40);
  draw_strokes(picture, 14, 40, 0.08F, 0.16F, 210);
  const auto lines = text_lines(picture.view(), 1, 0.2F);
  CHECK(lines.size() == 1);
  CHECK_NEAR(lines[0].slope, 0.08F, 0.025F);
  CHECK(lines[0].slant > 0.05F);
}

void proposals_are_distinct_and_ordered() {
  Picture picture(160, 120, 200);
  draw_strokes(picture, 12, 48, 0.0F, 0.0F, 20);
  draw_strokes(picture, 66, 106, 0.0F, 0.0F, 20);
  const auto lines = text_lines(picture.view(), 5, 0.2F);
  CHECK(lines.size() >= 2);
  for (std::size_t k = 1; k < lines.size(); ++k) CHECK(lines[k].score <= lines[k - 1].score);
  const bool upper = std::any_of(lines.begin(), lines.end(), [](const TextLine& l) { return std::fabs(l.top - 12) < 6 && std::fabs(l.bottom - 48) < 6; });
  const bool lower = std::any_of(lines.begin(), lines.end(), [](const TextLine& l) { return std::fabs(l.top - 66) < 6 && std::fabs(l.bottom - 106) < 6; });
  CHECK(upper);
  CHECK(lower);
}

void flat_and_tiny_crops_have_none() {
  CHECK(text_lines(Picture(100, 40, 128).view(), 3, 0.2F).empty());
  CHECK(text_lines(Picture(3, 3, 128).view(), 3, 0.2F).empty());
  CHECK(text_lines(Picture(1, 1, 0).view(), 3, 0.2F).empty());
}

void strides_are_followed() {
  Picture wide(300, 60, 220);
  draw_strokes(wide, 18, 44, 0.0F, 0.0F, 30);
  const GrayView part{wide.pixels.data() + 50, 180, 60, 300};
  Picture copy(180, 60, 0);
  for (int y = 0; y < 60; ++y)
    for (int x = 0; x < 180; ++x) copy.set(x, y, part.row(y)[x]);
  const auto a = text_lines(part, 3, 0.2F);
  const auto b = text_lines(copy.view(), 3, 0.2F);
  CHECK(a.size() == b.size());
  for (std::size_t k = 0; k < std::min(a.size(), b.size()); ++k) CHECK(a[k].top == b[k].top && a[k].bottom == b[k].bottom);
}

void sizes_are_swept() {
  for (int height : {6, 7, 9, 16, 33, 48, 64, 200})
    for (int width : {8, 9, 31, 64, 333, 1200}) {
      Picture picture(width, height, 200);
      draw_strokes(picture, height / 4, height - height / 4, 0.0F, 0.0F, 20);
      for (const TextLine& line : text_lines(picture.view(), 4, 0.2F)) {
        CHECK(line.bottom > line.top);
        if (line.bottom - line.top < 1.0F) continue;
        const LineImage image = line_image(picture.view(), line);
        CHECK(image.plane.width >= fewest_line_columns && image.plane.width <= most_line_columns);
      }
    }
  Picture picture(20, 20, 0);
  CHECK_THROWS(text_lines(picture.view(), 3, -0.1F));
}

/// A crop of 48 rows is not resized, and profiles are taken along whole columns: scores are what they are weighed by.
void steep_lines_count_less() {
  Picture picture(150, 48, 220);
  for (int x = 20; x < 130; x += 9)
    for (int y = 12; y < 36; ++y)
      for (int k = 0; k < 3; ++k) picture.set(x + k, y + int(std::lround(0.1F * (float(x + k) + 0.5F - 75.0F))), 30);
  const auto steepest = text_lines(picture.view(), 1, 0.1F);
  const auto half_as_steep = text_lines(picture.view(), 1, 0.2F);
  CHECK(steepest.size() == 1 && half_as_steep.size() == 1);
  CHECK_NEAR(steepest[0].slope, 0.1F, 1e-4F);
  CHECK_NEAR(half_as_steep[0].slope, 0.1F, 1e-4F);
  // A quarter is taken off at the steepest slope tried, and a quarter of that half-way to it.
  CHECK_NEAR(steepest[0].score / half_as_steep[0].score, 0.75F / 0.9375F, 1e-4F);
}

struct Paths {
  double total = -INFINITY;
  std::map<std::pair<int, int>, double> through;  // log-sums of the paths through each stretch
};

/// All paths of a line, one at a time.
void walk(const StretchScores& scores, std::span<const float> gaps, int at, double score,
          std::vector<std::pair<int, int>>& used, Paths& found) {
  if (at == scores.columns) {
    found.total = log_sum_of(found.total, score);
    for (const auto& stretch : used) {
      const auto [place, is_new] = found.through.try_emplace(stretch, score);
      if (!is_new) place->second = log_sum_of(place->second, score);
    }
    return;
  }
  walk(scores, gaps, at + 1, score + gaps[at], used, found);
  for (int k = 0; k < scores.widths_from(at); ++k) {
    used.emplace_back(at, at + scores.narrowest + k);
    walk(scores, gaps, used.back().second, score + scores.at(at, k), used, found);
    used.pop_back();
  }
}

void posteriors_are_shares_of_all_paths() {
  std::mt19937 engine(1);
  std::normal_distribution<float> normal(0.0F, 3.0F);
  for (int round = 0; round < 40; ++round) {
    StretchScores scores(1 + round % 9, 1 + round % 3, 1 + round % 3 + round % 4);
    for (float& value : scores.values) value = normal(engine);
    std::vector<float> gaps(scores.columns);
    for (float& value : gaps) value = normal(engine);
    std::vector<std::pair<int, int>> used;
    Paths expected;
    walk(scores, gaps, 0, 0.0, used, expected);
    const Segmentation all = segment(scores, gaps, 0.0F);
    CHECK_NEAR(all.log_total, expected.total, 1e-9);
    CHECK(all.starts.size() == expected.through.size());
    for (std::size_t i = 0; i < all.starts.size(); ++i)
      CHECK_NEAR(all.posteriors[i], std::exp(expected.through.at({all.starts[i], all.ends[i]}) - expected.total), 1e-6);
    const Segmentation some = segment(scores, gaps, 0.05F);
    CHECK_NEAR(some.log_total, all.log_total, 0.0);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < all.starts.size(); ++i) {
      if (all.posteriors[i] < 0.05F) continue;
      CHECK(kept < some.starts.size() && some.starts[kept] == all.starts[i] && some.ends[kept] == all.ends[i]);
      ++kept;
    }
    CHECK(kept == some.starts.size());
  }
}

void improbable_terms_are_not_lost() {
  // One stretch against a gap that is 2, 10 and 30 times exp more probable.
  for (const float behind : {2.0F, 10.0F, 30.0F}) {
    StretchScores scores(1, 1, 1);
    scores.at(0, 0) = -behind;
    const Segmentation found = segment(scores, std::vector{0.0F}, 0.0F);
    CHECK_NEAR(found.log_total, std::log1p(std::exp(-double(behind))), 1e-15);
  }
}

void wrong_sizes_are_refused() {
  CHECK_THROWS(StretchScores(4, 0, 2));
  CHECK_THROWS(StretchScores(4, 3, 2));
  CHECK_THROWS(segment(StretchScores(4, 1, 2), std::vector<float>(3), 0.0F));
}

}  // namespace

int main() {
  finds_a_level_line();
  follows_slope_and_lean();
  proposals_are_distinct_and_ordered();
  flat_and_tiny_crops_have_none();
  strides_are_followed();
  sizes_are_swept();
  steep_lines_count_less();
  posteriors_are_shares_of_all_paths();
  improbable_terms_are_not_lost();
  wrong_sizes_are_refused();
  return verdict("segment");
}
