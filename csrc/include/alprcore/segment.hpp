// SPDX-License-Identifier: Apache-2.0
// Segmentation: where text lines may run in a crop, and which stretches of a line may be characters.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "alprcore/image_view.hpp"

namespace alprcore {

/// A straight band of text: y of its top and bottom at x = 0, in crop pixels, both with the same slope.
struct TextLine {
  float top = 0.0F;
  float bottom = 0.0F;
  float slope = 0.0F;  ///< dy / dx of the baseline
  float slant = 0.0F;  ///< dx / dy of the strokes, 0 when they are at right angles to x
  float score = 0.0F;  ///< contrast of the band against what lies above and below; higher is better
};

/// Returns at most `most` distinct proposals with |slope| up to `steepest`, best first; level lines are
/// preferred a little. Empty when the crop is flat or too small.
std::vector<TextLine> text_lines(GrayView crop, int most, float steepest);

/// How well every stretch of a line matches as a character of any class, as natural-log scores.
struct StretchScores {
  static constexpr float impossible = -1e4F;

  StretchScores(int columns, int narrowest, int widest);

  /// The score of the stretch from `start` that is `narrowest + k` columns wide.
  [[nodiscard]] float& at(int start, int k) { return values[std::size_t(start) * widths + k]; }
  [[nodiscard]] float at(int start, int k) const { return values[std::size_t(start) * widths + k]; }
  /// How many widths fit between `start` and the end of the line.
  [[nodiscard]] int widths_from(int start) const { return std::clamp(columns - start - narrowest + 1, 0, widths); }

  int columns, narrowest, widths;
  std::vector<float> values;  ///< (columns, widths); what sticks out of the line is never read
};

/// Stretches that are characters with some probability; sums are over all ways to cut the line.
struct Segmentation {
  std::vector<int> starts, ends;  ///< half-open, by start, then end
  std::vector<float> posteriors;
  double log_total = 0.0;  ///< log of the sum over all paths, before any stretch was dropped
};

/// Returns the stretches that are at least as probable as `least`, by the forward-backward sums of a semi-Markov
/// model (Sarawagi and Cohen 2004). `gaps` are the log scores of columns without a character.
Segmentation segment(const StretchScores& scores, std::span<const float> gaps, float least);

}  // namespace alprcore
