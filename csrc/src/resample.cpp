// SPDX-License-Identifier: Apache-2.0
#include "alprcore/resample.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace alprcore {
namespace {

/// Which source pixels one destination pixel averages, with their weights.
struct Taps {
  int first = 0;
  std::vector<float> weights;
};

std::vector<Taps> axis_taps(int from, int to) {
  std::vector<Taps> taps(static_cast<std::size_t>(to));
  const float ratio = static_cast<float>(from) / static_cast<float>(to);
  // Growing: a triangle one source pixel wide (linear). Shrinking: a box of `ratio` source pixels (area).
  const float reach = std::max(1.0F, ratio);
  for (int i = 0; i < to; ++i) {
    const float centre = (static_cast<float>(i) + 0.5F) * ratio;
    const int first = std::max(0, static_cast<int>(std::floor(centre - 0.5F * reach - 0.5F)));
    const int last = std::min(from - 1, static_cast<int>(std::ceil(centre + 0.5F * reach + 0.5F)));
    Taps& tap = taps[static_cast<std::size_t>(i)];
    tap.first = first;
    float total = 0.0F;
    for (int k = first; k <= last; ++k) {
      const float distance = std::fabs(static_cast<float>(k) + 0.5F - centre);
      const float weight = ratio > 1.0F ? std::clamp(0.5F * reach + 0.5F - distance, 0.0F, 1.0F)
                                        : std::max(0.0F, 1.0F - distance);
      tap.weights.push_back(weight);
      total += weight;
    }
    if (total <= 0.0F) {  // a centre beyond the last pixel's reach cannot happen inside [0, from)
      std::fill(tap.weights.begin(), tap.weights.end(), 1.0F);
      total = static_cast<float>(tap.weights.size());
    }
    for (float& weight : tap.weights) weight /= total;
  }
  return taps;
}

/// Linear sample at (x, y) in pixel-corner coordinates, the border repeated.
float sample(const Plane& image, float x, float y) {
  const float fx = std::clamp(x - 0.5F, 0.0F, static_cast<float>(image.width - 1));
  const float fy = std::clamp(y - 0.5F, 0.0F, static_cast<float>(image.height - 1));
  const int x0 = static_cast<int>(fx);
  const int y0 = static_cast<int>(fy);
  const int x1 = std::min(x0 + 1, image.width - 1);
  const int y1 = std::min(y0 + 1, image.height - 1);
  const float ax = fx - static_cast<float>(x0);
  const float ay = fy - static_cast<float>(y0);
  const float* upper = image.row(y0);
  const float* lower = image.row(y1);
  return (1.0F - ay) * ((1.0F - ax) * upper[x0] + ax * upper[x1]) + ay * ((1.0F - ax) * lower[x0] + ax * lower[x1]);
}

/// Sums over [0, x) x [0, y) of values and of their squares.
struct Integrals {
  int width;
  std::vector<double> sum, squares;

  explicit Integrals(const Plane& plane)
      : width(plane.width + 1),
        sum(static_cast<std::size_t>(width) * static_cast<std::size_t>(plane.height + 1)),
        squares(sum.size()) {
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
  [[nodiscard]] std::size_t index(int x, int y) const {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x);
  }
  [[nodiscard]] static double box(const std::vector<double>& table, std::size_t a, std::size_t b, std::size_t c,
                                  std::size_t d) {
    return table[d] - table[c] - table[b] + table[a];
  }
};

// Half the width of the normalisation window: 14 px is a little more than one character, so that a shadow
// edge or a coloured band is evened out while a stroke keeps its contrast.
constexpr int kReach = 14;
// Noise floor in grey levels: a flat area must not be blown up into texture.
constexpr double kFloor = 6.0;

Plane contrast_normalised(const Plane& plane) {
  const Integrals integrals(plane);
  Plane out(plane.width, plane.height);
  for (int y = 0; y < plane.height; ++y) {
    const int top = std::max(0, y - kReach);
    const int bottom = std::min(plane.height, y + kReach + 1);
    for (int x = 0; x < plane.width; ++x) {
      const int left = std::max(0, x - kReach);
      const int right = std::min(plane.width, x + kReach + 1);
      const auto a = integrals.index(left, top), b = integrals.index(right, top);
      const auto c = integrals.index(left, bottom), d = integrals.index(right, bottom);
      const double count = static_cast<double>(right - left) * (bottom - top);
      const double mean = Integrals::box(integrals.sum, a, b, c, d) / count;
      const double variance = std::max(0.0, Integrals::box(integrals.squares, a, b, c, d) / count - mean * mean);
      const double value = (plane.row(y)[x] - mean) / (std::sqrt(variance) + kFloor);
      out.row(y)[x] = static_cast<float>(std::clamp(value, -4.0, 4.0));
    }
  }
  return out;
}

/// Ink covers less than half of a line: if the darker side is the more common one, the text is light.
bool is_light_on_dark(const Plane& normalised) {
  double cubes = 0.0;
  for (int y = line_margin; y < line_rows - line_margin; ++y) {
    const float* row = normalised.row(y);
    for (int x = 0; x < normalised.width; ++x) cubes += static_cast<double>(row[x]) * row[x] * row[x];
  }
  return cubes > 0.0;
}

}  // namespace

Plane area_resized(GrayView image, int width, int height) {
  if (image.width < 1 || image.height < 1 || width < 1 || height < 1)
    throw std::invalid_argument("area_resized: sizes must be at least 1");
  const std::vector<Taps> across = axis_taps(image.width, width);
  const std::vector<Taps> down = axis_taps(image.height, height);
  Plane narrow(width, image.height);
  for (int y = 0; y < image.height; ++y) {
    const std::uint8_t* in = image.pixels + y * image.stride;
    float* out = narrow.row(y);
    for (int x = 0; x < width; ++x) {
      const Taps& tap = across[static_cast<std::size_t>(x)];
      float sum = 0.0F;
      for (std::size_t k = 0; k < tap.weights.size(); ++k)
        sum += tap.weights[k] * static_cast<float>(in[tap.first + static_cast<int>(k)]);
      out[x] = sum;
    }
  }
  Plane result(width, height);
  for (int y = 0; y < height; ++y) {
    const Taps& tap = down[static_cast<std::size_t>(y)];
    float* out = result.row(y);
    for (std::size_t k = 0; k < tap.weights.size(); ++k) {
      const float* in = narrow.row(tap.first + static_cast<int>(k));
      for (int x = 0; x < width; ++x) out[x] += tap.weights[k] * in[x];
    }
  }
  return result;
}

LineImage line_image(GrayView crop, const TextLine& line) {
  if (!std::isfinite(line.top) || !std::isfinite(line.bottom) || !std::isfinite(line.slope) || !std::isfinite(line.slant))
    throw std::invalid_argument("line_image: the line must be finite");
  const float text_height = line.bottom - line.top;
  if (!(text_height >= 1.0F)) throw std::invalid_argument("line_image: the line must be at least one pixel high");
  const float zoom = static_cast<float>(line_rows - 2 * line_margin) / text_height;
  const int even_columns = 2 * static_cast<int>(std::lround(0.5F * zoom * static_cast<float>(crop.width)));
  const int columns = std::clamp(even_columns, fewest_line_columns, most_line_columns);
  // The picture is first brought to about the line's own scale (area averages), then sampled linearly.
  const float x_zoom = static_cast<float>(columns) / static_cast<float>(crop.width);
  const int rows = std::clamp(static_cast<int>(std::lround(zoom * static_cast<float>(crop.height))), 1, 512);
  const Plane scaled = area_resized(crop, columns, rows);
  const float y_zoom = static_cast<float>(rows) / static_cast<float>(crop.height);

  LineImage out;
  const float row_step = text_height / static_cast<float>(line_rows - 2 * line_margin);  // crop pixels a line row
  const float middle = 0.5F * static_cast<float>(line_rows) * row_step;
  out.map.ux = 1.0F / x_zoom;
  out.map.uy = line.slope / x_zoom;
  out.map.vx = line.slant * row_step;
  out.map.vy = row_step;
  out.map.x0 = -line.slant * middle;
  out.map.y0 = line.top - static_cast<float>(line_margin) * row_step;
  Plane cut(columns, line_rows);
  for (int v = 0; v < line_rows; ++v) {
    float* row = cut.row(v);
    for (int u = 0; u < columns; ++u) {
      const float fu = static_cast<float>(u) + 0.5F;
      const float fv = static_cast<float>(v) + 0.5F;
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
