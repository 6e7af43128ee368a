// SPDX-License-Identifier: Apache-2.0
#include "alprcore/segment.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "alprcore/resample.hpp"

namespace alprcore {
namespace {

// Profiles are taken on a crop of this many rows: characters of a one-line plate are then about 20-40
// rows high, so that one row is 3-5 % of a character, finer than what the reader tolerates (10 %).
constexpr int profile_rows = 48;
constexpr int most_columns = 160;  // strokes of a long plate are still two columns wide
// Slopes tried are this far apart: neighbours differ by one row in 50 columns.
constexpr float slope_step = 0.02F;
// What the steepest slope costs a band, as a share of its score: corners and frames of a plate look like
// steep bands, and steep lines are rare once a crop is upright.
constexpr float steep_cost = 0.25F;
// A main line fills at least a fifth of the crop (two-line plates, loose boxes) and may fill all of it.
constexpr int lowest_band = 9;
// Edges stronger than this share of all edges count the same: a frame must not outweigh the text.
constexpr float clip_quantile = 0.9F;
// Two proposals are the same line when they overlap by more than this (intersection over union).
constexpr float same_line = 0.72F;
// Strokes of rectified plates lean by less than 0.24 (13 degrees).
constexpr int slants_tried = 13;
constexpr float most_slant = 0.24F;

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
  const auto rank = int(clip_quantile * (sorted.size() - 1));
  std::nth_element(sorted.begin(), sorted.begin() + rank, sorted.end());
  const float clip = std::max(sorted[rank], 1.0F);
  for (int x = 0; x < grey.width; ++x) {
    const float from_edge = float(std::min(x, grey.width - 1 - x)) / grey.width;
    const float taper = std::min(1.0F, 0.25F + from_edge * 6.0F);
    float* column = edges.row(x);
    for (int y = 0; y < grey.height; ++y) column[y] = taper * std::min(column[y], clip) / clip;
  }
  return edges;
}

/// Mean edge strength along each row of lines with `slope`; rows are named by their y at the middle column.
std::array<float, profile_rows> row_profile(const Plane& edges, float slope) {
  std::array<float, profile_rows> sum{};
  std::array<float, profile_rows> count{};
  const int columns = edges.height;
  const float middle = 0.5F * columns;
  for (int x = 0; x < columns; ++x) {
    const int shift = std::lround(slope * (x + 0.5F - middle));
    const float* column = edges.row(x);
    const int last = std::min(profile_rows, profile_rows - shift);
    for (int y = std::max(0, -shift); y < last; ++y) {
      sum[y] += column[y + shift];
      count[y] += 1.0F;
    }
  }
  for (int y = 0; y < profile_rows; ++y) sum[y] = count[y] > 0.0F ? sum[y] / count[y] : 0.0F;
  return sum;
}

struct Band {
  int top, bottom, slope;
  float score;
};

/// Scores every band of one slope: what is inside against the strips just above and below it.
void score_bands(const std::array<float, profile_rows>& profile, int slope, float weight, std::vector<Band>& bands) {
  std::array<float, profile_rows + 1> sums{};
  for (int y = 0; y < profile_rows; ++y) sums[y + 1] = sums[y] + profile[y];
  const auto mean = [&sums](int from, int to) { return (sums[to] - sums[from]) / (to - from); };
  for (int top = 0; top + lowest_band <= profile_rows; ++top) {
    for (int bottom = top + lowest_band; bottom <= profile_rows; ++bottom) {
      const int strip = std::max(2, (bottom - top) / 7);
      const float inside = mean(top, bottom);
      // Outside the crop nothing is known: half of the inside, so that tight crops keep their full band.
      const float above = top >= 1 ? mean(std::max(0, top - strip), top) : 0.5F * inside;
      const float below = bottom < profile_rows ? mean(bottom, std::min(profile_rows, bottom + strip)) : 0.5F * inside;
      // Rows at the rim of the band must be text too, else bands grow into the blank strip around it.
      const float rim = std::min(mean(top, top + 2), mean(bottom - 2, bottom));
      const float height = float(bottom - top) / profile_rows;
      const float contrast = inside - 0.5F * (above + below) + 0.5F * (rim - inside);
      bands.push_back({top, bottom, slope, weight * contrast * std::sqrt(height)});
    }
  }
}

float overlap(const Band& a, const Band& b) {
  const int both = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
  const int either = std::max(a.bottom, b.bottom) - std::min(a.top, b.top);
  return float(std::max(0, both)) / either;
}

/// Takes the best band, drops its likes, and goes on: at most `most` scans, where a sort cost ten times that.
std::vector<Band> distinct_bands(std::vector<Band> bands, int most) {
  std::vector<Band> kept;
  while (int(kept.size()) < most && !bands.empty()) {
    const auto best = std::max_element(bands.begin(), bands.end(),
                                       [](const Band& a, const Band& b) { return a.score < b.score; });
    if (best->score <= 0.0F) break;
    kept.push_back(*best);
    const Band& found = kept.back();
    bands.erase(std::remove_if(bands.begin(), bands.end(),
                               [&found](const Band& band) { return overlap(found, band) > same_line; }),
                bands.end());
  }
  return kept;
}

/// The rows of a band, its slope taken out.
Plane levelled(const Plane& edges, const Band& band, float slope) {
  const int columns = edges.height;
  const float middle = 0.5F * columns;
  Plane level(columns, band.bottom - band.top);
  for (int x = 0; x < columns; ++x) {
    const int top = band.top + int(std::lround(slope * (x + 0.5F - middle)));
    const float* column = edges.row(x);
    for (int dy = std::max(0, -top); dy < std::min(level.height, profile_rows - top); ++dy) level.row(dy)[x] = column[top + dy];
  }
  return level;
}

/// The lean at which the strokes of a levelled band stack up into the sharpest column profile.
float stroke_slant(const Plane& level) {
  const float middle = 0.5F * level.height;
  const int reach = std::ceil(most_slant * middle);
  std::vector<float> profile(level.width + 2 * reach);
  float best = 0.0F;
  float sharpest = -1.0F;
  for (int k = 0; k < slants_tried; ++k) {
    const float slant = most_slant * (2.0F * k / (slants_tried - 1) - 1.0F);
    std::fill(profile.begin(), profile.end(), 0.0F);
    for (int y = 0; y < level.height; ++y) {
      const float* row = level.row(y);
      float* to = profile.data() + reach - std::lround(slant * (y + 0.5F - middle));
      for (int x = 0; x < level.width; ++x) to[x] += row[x];
    }
    float sharpness = 0.0F;
    for (const float value : profile) sharpness += value * value;
    // Upright wins ties within 1 %: most plates are, and the measure is noisy on short texts.
    sharpness *= 1.0F - 0.01F * std::fabs(slant) / most_slant;
    if (sharpness > sharpest) {
      sharpest = sharpness;
      best = slant;
    }
  }
  return best;
}

// Terms this far below the greatest are lost in the rounding of a double: exp(-40) is 4e-18.
constexpr double negligible = -40.0;

/// The log of the sum of the exponentials; `terms` holds at least one.
double log_sum(std::span<const double> terms) {
  const double high = *std::max_element(terms.begin(), terms.end());
  double sum = 0.0;
  for (const double term : terms)
    if (term - high > negligible) sum += std::exp(term - high);
  return high + std::log(sum);
}

/// Log-sums over all paths from the left end to each column.
std::vector<double> forward_sums(const StretchScores& scores, std::span<const float> gaps) {
  std::vector<double> sums(scores.columns + 1);
  std::vector<double> terms;
  sums[0] = 0.0;
  for (int end = 1; end <= scores.columns; ++end) {
    terms.assign(1, sums[end - 1] + gaps[end - 1]);
    for (int k = 0; k < scores.widths && end - k - scores.narrowest >= 0; ++k) {
      const int start = end - k - scores.narrowest;
      terms.push_back(sums[start] + scores.at(start, k));
    }
    sums[end] = log_sum(terms);
  }
  return sums;
}

/// Log-sums over all paths from each column to the right end.
std::vector<double> backward_sums(const StretchScores& scores, std::span<const float> gaps) {
  std::vector<double> sums(scores.columns + 1);
  std::vector<double> terms;
  sums[scores.columns] = 0.0;
  for (int start = scores.columns - 1; start >= 0; --start) {
    terms.assign(1, sums[start + 1] + gaps[start]);
    for (int k = 0; k < scores.widths_from(start); ++k)
      terms.push_back(sums[start + k + scores.narrowest] + scores.at(start, k));
    sums[start] = log_sum(terms);
  }
  return sums;
}

}  // namespace

std::vector<TextLine> text_lines(GrayView crop, int most, float steepest) {
  if (!(steepest >= 0.0F && steepest <= 1.0F)) throw std::invalid_argument("text_lines: steepest must be 0 to 1");
  if (crop.width < 8 || crop.height < 6 || most < 1) return {};
  const float scale = float(profile_rows) / crop.height;
  const int columns = std::clamp(int(std::lround(crop.width * scale)), 16, most_columns);
  const Plane edges = stroke_edges(area_resized(crop, columns, profile_rows));
  std::vector<Band> bands;
  const int reach = std::ceil(steepest / slope_step);
  std::vector<float> slopes(2 * reach + 1, 0.0F);
  for (int k = 0; k <= 2 * reach; ++k) {
    const float share = reach > 0 ? float(k - reach) / reach : 0.0F;
    slopes[k] = steepest * share;
    score_bands(row_profile(edges, steepest * share), k, 1.0F - steep_cost * share * share, bands);
  }
  const float x_scale = float(columns) / crop.width;
  std::vector<TextLine> lines;
  for (const Band& band : distinct_bands(std::move(bands), most)) {
    const float slope = slopes[band.slope];
    const float at_left = -slope * 0.5F * columns;
    lines.push_back({(band.top + at_left) / scale, (band.bottom + at_left) / scale,
                     slope * x_scale / scale, stroke_slant(levelled(edges, band, slope)) * scale / x_scale, band.score});
  }
  return lines;
}

StretchScores::StretchScores(int columns, int narrowest, int widest)
    : columns(columns), narrowest(narrowest), widths(widest - narrowest + 1) {
  if (columns < 0 || narrowest < 1 || widest < narrowest)
    throw std::invalid_argument("segment: expected stretches of at least one column");
  values.assign(std::size_t(columns) * widths, impossible);
}

Segmentation segment(const StretchScores& scores, std::span<const float> gaps, float least) {
  if (gaps.size() != std::size_t(scores.columns)) throw std::invalid_argument("segment: expected a gap for each column");
  const std::vector<double> before = forward_sums(scores, gaps);
  const std::vector<double> after = backward_sums(scores, gaps);
  Segmentation found;
  found.log_total = before.back();
  const double log_least = least > 0.0F ? std::log(double(least)) : -std::numeric_limits<double>::infinity();
  for (int start = 0; start < scores.columns; ++start)
    for (int k = 0; k < scores.widths_from(start); ++k) {
      const int end = start + scores.narrowest + k;
      const double log_posterior = before[start] + scores.at(start, k) + after[end] - found.log_total;
      if (log_posterior < log_least) continue;
      found.starts.push_back(start);
      found.ends.push_back(end);
      found.posteriors.push_back(std::exp(log_posterior));
    }
  return found;
}

}  // namespace alprcore
