// SPDX-License-Identifier: Apache-2.0
#include "alprcore/line_image.hpp"

#include <limits>

#include "check.hpp"
#include "pictures.hpp"

using namespace alprcore;

namespace {

double clamped(double value, double high) { return std::min(std::max(value, 0.0), high); }

/// The grey value at (x, y) in pixel-corner coordinates, the border repeated.
double grey_at(const Picture& picture, double x, double y) {
  const double fx = clamped(x - 0.5, picture.width - 1), fy = clamped(y - 0.5, picture.height - 1);
  const int x0 = int(fx), y0 = int(fy);
  const int x1 = std::min(x0 + 1, picture.width - 1), y1 = std::min(y0 + 1, picture.height - 1);
  const auto row0 = picture.view().row(y0), row1 = picture.view().row(y1);
  const double ax = fx - x0, ay = fy - y0;
  return (1 - ay) * ((1 - ax) * row0[x0] + ax * row0[x1]) + ay * ((1 - ax) * row1[x0] + ax * row1[x1]);
}

/// A line 24 pixels high is cut at its own scale: no resizing comes before the sampling, so that the definition can be
/// written out in a few lines.
void agrees_with_the_definition(const TextLine& line) {
  const Picture picture = random_picture(90, 70, 3);
  const LineImage got = line_image(picture.view(), line);
  CHECK(got.plane.width == 90 && got.plane.height == line_rows);
  // Where line pixel (u, v) lies: the middle row of the line keeps its x, and strokes lean about it.
  std::vector<double> grey(90 * line_rows);
  for (int v = 0; v < line_rows; ++v)
    for (int u = 0; u < 90; ++u) {
      const double x = u + 0.5 + line.slant * (v + 0.5 - line_rows / 2.0);
      const double y = line.top - line_margin + (v + 0.5) + line.slope * (u + 0.5);
      grey[std::size_t(v) * 90 + u] = grey_at(picture, x, y);
    }
  const double sign = got.inverted ? -1.0 : 1.0;
  for (int v = 0; v < line_rows; ++v)
    for (int u = 0; u < 90; ++u) {
      double sum = 0.0, squares = 0.0;
      int count = 0;
      for (int y = std::max(0, v - 14); y <= std::min(line_rows - 1, v + 14); ++y)
        for (int x = std::max(0, u - 14); x <= std::min(89, u + 14); ++x, ++count) {
          sum += grey[std::size_t(y) * 90 + x];
          squares += grey[std::size_t(y) * 90 + x] * grey[std::size_t(y) * 90 + x];
        }
      const double mean = sum / count;
      const double value = (grey[std::size_t(v) * 90 + u] - mean) / (std::sqrt(squares / count - mean * mean) + 6.0);
      CHECK_NEAR(got.plane.row(v)[u], sign * std::min(4.0, std::max(-4.0, value)), 1e-3);
    }
}

void line_image_is_normalised_and_upright() {
  Picture picture(200, 60, 220);
  draw_strokes(picture, 18, 44, 0.0F, 0.0F, 30);
  const LineImage line = line_image(picture.view(), {18.0F, 44.0F, 0.0F, 0.0F, 1.0F});
  CHECK(line.plane.height == line_rows);
  CHECK(line.plane.width % 2 == 0);
  CHECK(!line.inverted);
  double mean = 0.0;
  for (const float value : line.plane.values) {
    CHECK(std::isfinite(value));
    CHECK(std::fabs(value) <= 4.0F);
    mean += value;
  }
  CHECK_NEAR(mean / double(line.plane.values.size()), 0.0, 0.4);
  // The middle of the line image is the middle of the line in the crop.
  const float v = 0.5F * line_rows;
  CHECK_NEAR(line.map.y0 + v * line.map.vy, 31.0F, 0.01F);
}

void light_text_is_turned_dark() {
  Picture dark(200, 60, 30);
  draw_strokes(dark, 18, 44, 0.0F, 0.0F, 220);
  Picture light(200, 60, 220);
  draw_strokes(light, 18, 44, 0.0F, 0.0F, 30);
  const TextLine band{18.0F, 44.0F, 0.0F, 0.0F, 1.0F};
  const LineImage a = line_image(dark.view(), band);
  const LineImage b = line_image(light.view(), band);
  CHECK(a.inverted);
  for (std::size_t k = 0; k < a.plane.values.size(); ++k) CHECK_NEAR(a.plane.values[k], b.plane.values[k], 0.05F);
}

void lines_far_off_are_empty() {
  const Picture picture = random_picture(20, 20, 5);
  for (const TextLine& line : {TextLine{5.0F, 15.0F, 3e38F, -3e38F, 0.0F}, TextLine{-3e38F, 3e38F, 0.1F, 3e38F, 0.0F}})
    for (const float value : line_image(picture.view(), line).plane.values) CHECK(std::isfinite(value));
}

void lines_of_no_picture_are_refused() {
  const Picture picture(20, 20, 0);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinite = std::numeric_limits<float>::infinity();
  CHECK_THROWS(line_image(picture.view(), {5.0F, 5.5F, 0.0F, 0.0F, 0.0F}));
  CHECK_THROWS(line_image(picture.view(), {nan, 15.0F, 0.0F, 0.0F, 0.0F}));
  CHECK_THROWS(line_image(picture.view(), {5.0F, infinite, 0.0F, 0.0F, 0.0F}));
  CHECK_THROWS(line_image(picture.view(), {5.0F, 15.0F, 0.0F, nan, 0.0F}));
  CHECK_THROWS(line_image(GrayView{}, {5.0F, 15.0F, 0.0F, 0.0F, 0.0F}));
}

}  // namespace

int main() {
  agrees_with_the_definition({20.0F, 44.0F, 0.0F, 0.0F, 0.0F});
  agrees_with_the_definition({18.5F, 42.5F, 0.05F, 0.0F, 0.0F});
  agrees_with_the_definition({23.25F, 47.25F, -0.07F, 0.2F, 0.0F});
  agrees_with_the_definition({-3.0F, 21.0F, 0.0F, -0.15F, 0.0F});
  line_image_is_normalised_and_upright();
  light_text_is_turned_dark();
  lines_far_off_are_empty();
  lines_of_no_picture_are_refused();
  return verdict("line_image");
}
