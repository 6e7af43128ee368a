// SPDX-License-Identifier: Apache-2.0
#include "alprcore/text_lines.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

#include "alprcore/resample.hpp"

namespace alprcore {
namespace {

// Profiles are taken on a crop of this many rows: characters of a one-line plate are then about 20-40
// rows high, so that one row is 3-5 % of a character, finer than what the reader tolerates (10 %).
constexpr int kRows = 48;
constexpr int kMostColumns = 160;  // strokes of a long plate are still two columns wide
// Slopes tried are this far apart: neighbours differ by one row in 50 columns.
constexpr float kSlopeStep = 0.02F;
// What the steepest slope costs a band, as a share of its score: corners and frames of a plate look like
// steep bands, and steep lines are rare once a crop is upright.
constexpr float kSteepCost = 0.25F;
// A main line fills at least a fifth of the crop (two-line plates, loose boxes) and may fill all of it.
constexpr int kLowest = 9;
// Edges stronger than this share of all edges count the same: a frame must not outweigh the text.
constexpr float kClipQuantile = 0.9F;
// Two proposals are the same line when they overlap by more than this (intersection over union).
constexpr float kSameLine = 0.72F;
// Strokes of rectified plates lean by less than 0.24 (13 degrees).
constexpr int kSlants = 13;
constexpr float kMostSlant = 0.24F;

/// Absolute horizontal differences, clipped, tapered towards the left and right edge of the crop.
/// Transposed: row x of the result is column x of the crop, so that a column is contiguous.
Plane stroke_edges(const Plane& grey) {
  Plane edges(grey.height, grey.width);
  std::vector<float> sorted;
  sorted.reserve(edges.values.size());
  for (int y = 0; y < grey.height; ++y) {
    const float* in = grey.row(y);
    for (int x = 1; x + 1 < grey.width; ++x) {
      const float edge = std::fabs(in[x + 1] - in[x - 1]);
      edges.row(x)[y] = edge;
      sorted.push_back(edge);
    }
  }
  if (sorted.empty()) return edges;
  const auto rank = static_cast<std::ptrdiff_t>(kClipQuantile * static_cast<float>(sorted.size() - 1));
  std::nth_element(sorted.begin(), sorted.begin() + rank, sorted.end());
  const float clip = std::max(sorted[static_cast<std::size_t>(rank)], 1.0F);
  for (int x = 0; x < grey.width; ++x) {
    const float from_edge = static_cast<float>(std::min(x, grey.width - 1 - x)) / static_cast<float>(grey.width);
    const float taper = std::min(1.0F, 0.25F + from_edge * 6.0F);
    float* column = edges.row(x);
    for (int y = 0; y < grey.height; ++y) column[y] = taper * std::min(column[y], clip) / clip;
  }
  return edges;
}

/// Mean edge strength along each row of lines with `slope`; rows are named by their y at the middle column.
std::array<float, kRows> row_profile(const Plane& edges, float slope) {
  std::array<float, kRows> sum{};
  std::array<float, kRows> count{};
  const int columns = edges.height;
  const float middle = 0.5F * static_cast<float>(columns);
  for (int x = 0; x < columns; ++x) {
    const int shift = static_cast<int>(std::lround(slope * (static_cast<float>(x) + 0.5F - middle)));
    const float* column = edges.row(x) + shift;
    const int last = std::min(kRows, kRows - shift);
    for (int y = std::max(0, -shift); y < last; ++y) {
      sum[static_cast<std::size_t>(y)] += column[y];
      count[static_cast<std::size_t>(y)] += 1.0F;
    }
  }
  for (std::size_t y = 0; y < kRows; ++y) sum[y] = count[y] > 0.0F ? sum[y] / count[y] : 0.0F;
  return sum;
}

struct Band {
  int top, bottom, slope;
  float score;
};

/// Scores every band of one slope: what is inside against the strips just above and below it.
void score_bands(const std::array<float, kRows>& profile, int slope, float weight, std::vector<Band>& bands) {
  std::array<float, kRows + 1> sums{};
  for (std::size_t y = 0; y < kRows; ++y) sums[y + 1] = sums[y] + profile[y];
  const auto mean = [&sums](int from, int to) {
    return (sums[static_cast<std::size_t>(to)] - sums[static_cast<std::size_t>(from)]) / static_cast<float>(to - from);
  };
  for (int top = 0; top + kLowest <= kRows; ++top) {
    for (int bottom = top + kLowest; bottom <= kRows; ++bottom) {
      const int strip = std::max(2, (bottom - top) / 7);
      const float inside = mean(top, bottom);
      // Outside the crop nothing is known: half of the inside, so that tight crops keep their full band.
      const float above = top >= 1 ? mean(std::max(0, top - strip), top) : 0.5F * inside;
      const float below = bottom < kRows ? mean(bottom, std::min(kRows, bottom + strip)) : 0.5F * inside;
      // Rows at the rim of the band must be text too, else bands grow into the blank strip around it.
      const float rim = std::min(mean(top, top + 2), mean(bottom - 2, bottom));
      const float height = static_cast<float>(bottom - top) / kRows;
      const float contrast = inside - 0.5F * (above + below) + 0.5F * (rim - inside);
      bands.push_back({top, bottom, slope, weight * contrast * std::sqrt(height)});
    }
  }
}

float overlap(const Band& a, const Band& b) {
  const int both = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
  const int either = std::max(a.bottom, b.bottom) - std::min(a.top, b.top);
  return static_cast<float>(std::max(0, both)) / static_cast<float>(either);
}

/// Takes the best band, drops its likes, and goes on: at most `most` scans, where a sort cost ten times that.
std::vector<Band> distinct_bands(std::vector<Band> bands, int most) {
  std::vector<Band> kept;
  while (static_cast<int>(kept.size()) < most && !bands.empty()) {
    const auto best = std::max_element(bands.begin(), bands.end(),
                                       [](const Band& a, const Band& b) { return a.score < b.score; });
    if (best->score <= 0.0F) break;
    kept.push_back(*best);
    const Band& found = kept.back();
    bands.erase(std::remove_if(bands.begin(), bands.end(),
                               [&found](const Band& band) { return overlap(found, band) > kSameLine; }),
                bands.end());
  }
  return kept;
}

/// The rows of a band, its slope taken out.
Plane levelled(const Plane& edges, const Band& band, float slope) {
  const int columns = edges.height;
  const float middle = 0.5F * static_cast<float>(columns);
  Plane level(columns, band.bottom - band.top);
  for (int x = 0; x < columns; ++x) {
    const int top = band.top + static_cast<int>(std::lround(slope * (static_cast<float>(x) + 0.5F - middle)));
    const float* column = edges.row(x);
    for (int dy = std::max(0, -top); dy < std::min(level.height, kRows - top); ++dy) level.row(dy)[x] = column[top + dy];
  }
  return level;
}

/// The lean at which the strokes of a levelled band stack up into the sharpest column profile.
float stroke_slant(const Plane& level) {
  const float middle = 0.5F * static_cast<float>(level.height);
  const int reach = static_cast<int>(std::ceil(kMostSlant * middle));
  std::vector<float> profile(static_cast<std::size_t>(level.width + 2 * reach));
  float best = 0.0F;
  float sharpest = -1.0F;
  for (int k = 0; k < kSlants; ++k) {
    const float slant = kMostSlant * (2.0F * static_cast<float>(k) / (kSlants - 1) - 1.0F);
    std::fill(profile.begin(), profile.end(), 0.0F);
    for (int y = 0; y < level.height; ++y) {
      const float* row = level.row(y);
      float* to = profile.data() + reach - std::lround(slant * (static_cast<float>(y) + 0.5F - middle));
      for (int x = 0; x < level.width; ++x) to[x] += row[x];
    }
    float sharpness = 0.0F;
    for (const float value : profile) sharpness += value * value;
    // Upright wins ties within 1 %: most plates are, and the measure is noisy on short texts.
    sharpness *= 1.0F - 0.01F * std::fabs(slant) / kMostSlant;
    if (sharpness > sharpest) {
      sharpest = sharpness;
      best = slant;
    }
  }
  return best;
}

}  // namespace

std::vector<TextLine> text_lines(GrayView crop, int most, float steepest) {
  if (!(steepest >= 0.0F && steepest <= 1.0F)) throw std::invalid_argument("text_lines: steepest must be 0 to 1");
  if (crop.width < 8 || crop.height < 6 || most < 1) return {};
  const float scale = static_cast<float>(kRows) / static_cast<float>(crop.height);
  const int columns = std::clamp(static_cast<int>(std::lround(static_cast<float>(crop.width) * scale)), 16, kMostColumns);
  const Plane edges = stroke_edges(area_resized(crop, columns, kRows));
  std::vector<Band> bands;
  const int reach = static_cast<int>(std::ceil(steepest / kSlopeStep));
  std::vector<float> slopes(static_cast<std::size_t>(2 * reach + 1), 0.0F);
  for (int k = 0; k <= 2 * reach; ++k) {
    const float share = reach > 0 ? static_cast<float>(k - reach) / static_cast<float>(reach) : 0.0F;
    slopes[static_cast<std::size_t>(k)] = steepest * share;
    score_bands(row_profile(edges, steepest * share), k, 1.0F - kSteepCost * share * share, bands);
  }
  const float x_scale = static_cast<float>(columns) / static_cast<float>(crop.width);
  std::vector<TextLine> lines;
  for (const Band& band : distinct_bands(std::move(bands), most)) {
    const float slope = slopes[static_cast<std::size_t>(band.slope)];
    const float at_left = -slope * 0.5F * static_cast<float>(columns);
    lines.push_back({(static_cast<float>(band.top) + at_left) / scale, (static_cast<float>(band.bottom) + at_left) / scale,
                     slope * x_scale / scale, stroke_slant(levelled(edges, band, slope)) * scale / x_scale, band.score});
  }
  return lines;
}

}  // namespace alprcore
