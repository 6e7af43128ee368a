// SPDX-License-Identifier: Apache-2.0
// Any crop has at most so many proposals, distinct in place, finite and ordered, whatever its stride.
#include "alprcore/segment.hpp"
#include "fuzz.hpp"

using namespace alprcore;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, size);
  const int width = bytes.number(0, 300), height = bytes.number(0, 120), extra = bytes.number(0, 5);
  const int most = bytes.number(-1, 9);
  const float steepest = bytes.byte() < 200 ? float(bytes.byte()) / 255.0F : bytes.real();
  const auto pixels = bytes.pixels(std::size_t(width + extra) * height + 1);
  answered([&] {
    const auto lines = text_lines({pixels.data(), width, height, width + extra}, most, steepest);
    REQUIRE(steepest >= 0.0F && steepest <= 1.0F);
    REQUIRE(int(lines.size()) <= std::max(0, most));
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const TextLine& line = lines[i];
      REQUIRE(std::isfinite(line.top) && std::isfinite(line.slant) && line.score > 0.0F);
      REQUIRE(line.bottom > line.top && line.bottom - line.top <= float(height) * 1.0001F);
      REQUIRE(std::fabs(line.slope) <= steepest * 100.0F);
      REQUIRE(i == 0 || line.score <= lines[i - 1].score);
    }
  });
  return 0;
}
