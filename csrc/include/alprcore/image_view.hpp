// SPDX-License-Identifier: Apache-2.0
// A non-owning view of an 8-bit grey picture, and the small owner of float planes the stages share.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <vector>

// Our own mistakes abort in sanitised and debug builds; a caller's mistake throws std::invalid_argument.
#define ALPR_ASSERT(condition) assert(condition)

namespace alprcore {

/// Reads (rows, cols) uint8 pixels whose neighbours in a row are adjacent; rows are `stride` bytes apart.
struct GrayView {
  const std::uint8_t* pixels = nullptr;
  int width = 0;
  int height = 0;
  std::ptrdiff_t stride = 0;

  [[nodiscard]] const std::uint8_t* row(int y) const {
    ALPR_ASSERT(y >= 0 && y < height);
    return pixels + y * stride;
  }
};

/// Owns a dense (height, width) float plane, row-major.
struct Plane {
  int width = 0;
  int height = 0;
  std::vector<float> values;

  Plane() = default;
  Plane(int w, int h, float fill = 0.0F) : width(w), height(h), values(std::size_t(w) * h, fill) {}

  [[nodiscard]] float* row(int y) {
    ALPR_ASSERT(y >= 0 && y < height);
    return values.data() + std::size_t(y) * width;
  }
  [[nodiscard]] const float* row(int y) const {
    ALPR_ASSERT(y >= 0 && y < height);
    return values.data() + std::size_t(y) * width;
  }
};

}  // namespace alprcore
