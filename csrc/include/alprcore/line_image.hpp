// SPDX-License-Identifier: Apache-2.0
// A text line cut out of a crop, upright, with its contrast evened out: what templates are matched against.
#pragma once

#include "alprcore/image_view.hpp"
#include "alprcore/segment.hpp"

namespace alprcore {

// A line image is this many rows high; the characters fill the middle ones.
inline constexpr int line_rows = 32;
inline constexpr int line_margin = 4;
// 224 columns hold nine European characters with their gaps; below 48 a line cannot hold a text.
inline constexpr int fewest_line_columns = 48;
inline constexpr int most_line_columns = 224;

/// How a line image was cut: line pixel (u, v) lies at (x0 + u*ux + v*vx, y0 + u*uy + v*vy) of the crop.
struct LineMap {
  float x0 = 0.0F, y0 = 0.0F;
  float ux = 0.0F, uy = 0.0F;
  float vx = 0.0F, vy = 0.0F;
};

/// A text line, upright, local contrast normalised to about zero mean and unit deviation, dark text negative.
struct LineImage {
  Plane plane;
  LineMap map;
  bool inverted = false;  ///< whether the text was light on dark
};

/// Cuts `line` out of the crop. The width follows the line's aspect, even, within the limits above.
LineImage line_image(GrayView crop, const TextLine& line);

}  // namespace alprcore
