// SPDX-License-Identifier: Apache-2.0
#include "alprcore/text_lines.hpp"

#include <algorithm>
#include <vector>

#include "alprcore/resample.hpp"
#include "check.hpp"

using namespace alprcore;

namespace {

struct Picture {
  int width, height;
  std::vector<std::uint8_t> pixels;
  Picture(int w, int h, int grey) : width(w), height(h), pixels(static_cast<std::size_t>(w * h), static_cast<std::uint8_t>(grey)) {}
  [[nodiscard]] GrayView view() const { return {pixels.data(), width, height, width}; }
  void set(int x, int y, int grey) {
    if (x >= 0 && y >= 0 && x < width && y < height) pixels[static_cast<std::size_t>(y * width + x)] = static_cast<std::uint8_t>(grey);
  }
};

/// Strokes three wide, nine apart, between two rows that follow `slope`; `lean` shifts them with y.
void draw_strokes(Picture& picture, int top, int bottom, float slope, float lean, int grey) {
  for (int x = 20; x < picture.width - 20; x += 9)
    for (int y = top; y < bottom; ++y)
      for (int k = 0; k < 3; ++k) {
        const int shift = static_cast<int>(std::lround(lean * (static_cast<float>(y) - 0.5F * static_cast<float>(top + bottom))));
        picture.set(x + k + shift, y + static_cast<int>(std::lround(slope * static_cast<float>(x))), grey);
      }
}

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
  CHECK_NEAR(mean / static_cast<double>(line.plane.values.size()), 0.0, 0.4);
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

void strides_are_followed() {
  Picture wide(300, 60, 220);
  draw_strokes(wide, 18, 44, 0.0F, 0.0F, 30);
  const GrayView part{wide.pixels.data() + 50, 180, 60, 300};
  Picture copy(180, 60, 0);
  for (int y = 0; y < 60; ++y)
    for (int x = 0; x < 180; ++x) copy.set(x, y, part.at(x, y));
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
  CHECK_THROWS(line_image(picture.view(), {5.0F, 5.5F, 0.0F, 0.0F, 0.0F}));
  CHECK_THROWS(text_lines(picture.view(), 3, -0.1F));
  CHECK_THROWS(area_resized(picture.view(), 0, 4));
}

void resizing_keeps_the_mean() {
  Picture picture(57, 31, 0);
  for (int y = 0; y < 31; ++y)
    for (int x = 0; x < 57; ++x) picture.set(x, y, (x * 7 + y * 13) % 256);
  double before = 0.0;
  for (const auto value : picture.pixels) before += value;
  before /= 57.0 * 31.0;
  for (const auto& [w, h] : {std::pair{19, 11}, std::pair{114, 62}, std::pair{57, 31}, std::pair{1, 1}}) {
    const Plane plane = area_resized(picture.view(), w, h);
    double after = 0.0;
    for (const float value : plane.values) after += value;
    CHECK_NEAR(after / (w * h), before, 3.0);
  }
}

}  // namespace

int main() {
  finds_a_level_line();
  follows_slope_and_lean();
  proposals_are_distinct_and_ordered();
  flat_and_tiny_crops_have_none();
  line_image_is_normalised_and_upright();
  light_text_is_turned_dark();
  strides_are_followed();
  sizes_are_swept();
  resizing_keeps_the_mean();
  return verdict("text_lines");
}
