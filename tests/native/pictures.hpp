// SPDX-License-Identifier: Apache-2.0
// Pictures with a known answer, for the native tests.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "alprcore/image_view.hpp"

struct Picture {
  int width, height;
  std::vector<std::uint8_t> pixels;

  Picture(int w, int h, int grey) : width(w), height(h), pixels(std::size_t(w) * h, std::uint8_t(grey)) {}
  [[nodiscard]] alprcore::GrayView view() const { return {pixels.data(), width, height, width}; }
  void set(int x, int y, int grey) {
    if (x >= 0 && y >= 0 && x < width && y < height) pixels[std::size_t(y) * width + x] = std::uint8_t(grey);
  }
};

inline Picture random_picture(int width, int height, unsigned seed) {
  Picture picture(width, height, 0);
  std::mt19937 engine(seed);
  for (std::uint8_t& pixel : picture.pixels) pixel = std::uint8_t(engine() >> 24);
  return picture;
}

/// Strokes three wide, nine apart, between two rows that follow `slope`; `lean` shifts them with y.
inline void draw_strokes(Picture& picture, int top, int bottom, float slope, float lean, int grey) {
  for (int x = 20; x < picture.width - 20; x += 9)
    for (int y = top; y < bottom; ++y)
      for (int k = 0; k < 3; ++k) {
        const int shift = int(std::lround(lean * (float(y) - 0.5F * float(top + bottom))));
        picture.set(x + k + shift, y + int(std::lround(slope * float(x))), grey);
      }
}
