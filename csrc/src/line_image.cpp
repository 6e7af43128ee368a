// SPDX-License-Identifier: Apache-2.0
#include "alprcore/line_image.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "alprcore/resample.hpp"

namespace alprcore {
namespace {

/// `value` between 0 and `high`; what is not a number is 0, as it is on a line so far off that its place overflows.
float limited(float value, float high) { return std::min(std::max(0.0F, value), high); }

/// Linear sample at (x, y) in pixel-corner coordinates, the border repeated.
float sample(const Plane& image, float x, float y) {
  const float fx = limited(x - 0.5F, image.width - 1.0F);
  const float fy = limited(y - 0.5F, image.height - 1.0F);
  const int x0 = int(fx);
  const int y0 = int(fy);
  const int x1 = std::min(x0 + 1, image.width - 1);
  const int y1 = std::min(y0 + 1, image.height - 1);
  const float ax = fx - x0;
  const float ay = fy - y0;
  const float* upper = image.row(y0);
  const float* lower = image.row(y1);
  return (1.0F - ay) * ((1.0F - ax) * upper[x0] + ax * upper[x1]) + ay * ((1.0F - ax) * lower[x0] + ax * lower[x1]);
}

/// Sums over [0, x) x [0, y) of values and of their squares.
struct Integrals {
  int width;
  std::vector<double> sum, squares;

  explicit Integrals(const Plane& plane)
      : width(plane.width + 1), sum(std::size_t(width) * (plane.height + 1)), squares(sum.size()) {
    for (int y = 0; y < plane.height; ++y) {
      double row_sum = 0.0;
      double row_squares = 0.0;
      for (int x = 0; x < plane.width; ++x) {
        const double value = plane.row(y)[x];
        row_sum += value;
        row_squares += value * value;
        sum[index(x + 1, y + 1)] = sum[index(x + 1, y)] + row_sum;
        squares[index(x + 1, y + 1)] = squares[index(x + 1, y)] + row_squares;
      }
    }
  }
  [[nodiscard]] std::size_t index(int x, int y) const { return std::size_t(y) * width + x; }
  [[nodiscard]] static double box(const std::vector<double>& table, std::size_t a, std::size_t b, std::size_t c,
                                  std::size_t d) {
    return table[d] - table[c] - table[b] + table[a];
  }
};

// Half the width of the normalisation window: 14 px is a little more than one character, so that a shadow
// edge or a coloured band is evened out while a stroke keeps its contrast.
constexpr int window_reach = 14;
// In grey levels: a flat area must not be blown up into texture.
constexpr double noise_floor = 6.0;

Plane contrast_normalised(const Plane& plane) {
  const Integrals integrals(plane);
  Plane out(plane.width, plane.height);
  for (int y = 0; y < plane.height; ++y) {
    const int top = std::max(0, y - window_reach);
    const int bottom = std::min(plane.height, y + window_reach + 1);
    for (int x = 0; x < plane.width; ++x) {
      const int left = std::max(0, x - window_reach);
      const int right = std::min(plane.width, x + window_reach + 1);
      const auto a = integrals.index(left, top), b = integrals.index(right, top);
      const auto c = integrals.index(left, bottom), d = integrals.index(right, bottom);
      const double count = double(right - left) * (bottom - top);
      const double mean = Integrals::box(integrals.sum, a, b, c, d) / count;
      const double variance = std::max(0.0, Integrals::box(integrals.squares, a, b, c, d) / count - mean * mean);
      const double value = (plane.row(y)[x] - mean) / (std::sqrt(variance) + noise_floor);
      out.row(y)[x] = std::clamp(value, -4.0, 4.0);
    }
  }
  return out;
}

/// Ink covers less than half of a line: if the darker side is the more common one, the text is light.
bool is_light_on_dark(const Plane& normalised) {
  double cubes = 0.0;
  for (int y = line_margin; y < line_rows - line_margin; ++y) {
    const float* row = normalised.row(y);
    for (int x = 0; x < normalised.width; ++x) cubes += double(row[x]) * row[x] * row[x];
  }
  return cubes > 0.0;
}

}  // namespace

LineImage line_image(GrayView crop, const TextLine& line) {
  if (crop.width < 1 || crop.height < 1) throw std::invalid_argument("line_image: expected at least one pixel");
  if (!std::isfinite(line.top) || !std::isfinite(line.bottom) || !std::isfinite(line.slope) || !std::isfinite(line.slant))
    throw std::invalid_argument("line_image: the line must be finite");
  const float text_height = line.bottom - line.top;
  if (!(text_height >= 1.0F)) throw std::invalid_argument("line_image: the line must be at least one pixel high");
  const float zoom = (line_rows - 2 * line_margin) / text_height;
  const int even_columns = 2 * int(std::lround(0.5F * zoom * crop.width));
  const int columns = std::clamp(even_columns, fewest_line_columns, most_line_columns);
  // The picture is first brought to about the line's own scale (area averages), then sampled linearly.
  const float x_zoom = float(columns) / crop.width;
  const int rows = std::clamp(int(std::lround(zoom * crop.height)), 1, 512);
  const Plane scaled = area_resized(crop, columns, rows);
  const float y_zoom = float(rows) / crop.height;

  LineImage out;
  const float row_step = text_height / (line_rows - 2 * line_margin);  // crop pixels per line row
  const float middle = 0.5F * line_rows * row_step;
  out.map.ux = 1.0F / x_zoom;
  out.map.uy = line.slope / x_zoom;
  out.map.vx = line.slant * row_step;
  out.map.vy = row_step;
  out.map.x0 = -line.slant * middle;
  out.map.y0 = line.top - line_margin * row_step;
  Plane cut(columns, line_rows);
  for (int v = 0; v < line_rows; ++v) {
    float* row = cut.row(v);
    for (int u = 0; u < columns; ++u) {
      const float fu = u + 0.5F;
      const float fv = v + 0.5F;
      const float x = out.map.x0 + fu * out.map.ux + fv * out.map.vx;
      const float y = out.map.y0 + fu * out.map.uy + fv * out.map.vy;
      row[u] = sample(scaled, x * x_zoom, y * y_zoom);
    }
  }
  out.plane = contrast_normalised(cut);
  out.inverted = is_light_on_dark(out.plane);
  if (out.inverted)
    for (float& value : out.plane.values) value = -value;
  return out;
}

}  // namespace alprcore
