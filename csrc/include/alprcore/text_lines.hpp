// SPDX-License-Identifier: Apache-2.0
// Where the main text lines of a plate may run: proposals from row profiles over many slopes.
#pragma once

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

}  // namespace alprcore
