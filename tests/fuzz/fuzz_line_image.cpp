// SPDX-License-Identifier: Apache-2.0
// Any line of any crop gives a finite image of the promised size, or is refused.
#include "alprcore/line_image.hpp"
#include "alprcore/resample.hpp"
#include "fuzz.hpp"

using namespace alprcore;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, size);
  const int width = bytes.number(0, 300), height = bytes.number(0, 120);
  const int other_width = bytes.number(0, 200), other_height = bytes.number(0, 200);
  const TextLine line{bytes.real(), bytes.real(), bytes.real(), bytes.real(), 0.0F};
  const auto pixels = bytes.pixels(std::size_t(width) * height + 1);
  const GrayView crop{pixels.data(), width, height, width};
  answered([&] {
    const LineImage image = line_image(crop, line);
    REQUIRE(image.plane.height == line_rows && image.plane.width % 2 == 0);
    REQUIRE(image.plane.width >= fewest_line_columns && image.plane.width <= most_line_columns);
    for (const float value : image.plane.values) REQUIRE(value >= -4.0F && value <= 4.0F);
  });
  answered([&] {
    const Plane plane = area_resized(crop, other_width, other_height);
    const auto [low, high] = std::minmax_element(pixels.begin(), pixels.end() - 1);
    for (const float value : plane.values) REQUIRE(value >= *low - 0.01F && value <= *high + 0.01F);
  });
  return 0;
}
