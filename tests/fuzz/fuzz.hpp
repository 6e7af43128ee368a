// SPDX-License-Identifier: Apache-2.0
// What the native fuzz targets share: values out of bytes, and checks that stop the program.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <vector>

#define REQUIRE(condition)                                                  \
  do {                                                                      \
    if (!(condition)) {                                                     \
      std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                         \
    }                                                                       \
  } while (false)

/// Takes values from the front of the input; zeros once it is used up.
class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : data_(data), left_(size) {}

  [[nodiscard]] bool empty() const { return left_ == 0; }
  std::uint8_t byte() {
    if (left_ == 0) return 0;
    --left_;
    return *data_++;
  }
  /// A whole number from `low` to `high`, both included.
  int number(int low, int high) { return low + int(unsigned(byte() << 8 | byte()) % unsigned(high - low + 1)); }
  /// Mostly small, sometimes large, rarely not finite.
  float real() {
    const int kind = byte();
    if (kind == 255) return std::numeric_limits<float>::quiet_NaN();
    if (kind == 254) return std::numeric_limits<float>::infinity();
    if (kind == 253) return -3e38F;
    if (kind >= 240) return float(number(-30000, 30000)) * 1e6F;
    return float(number(-32000, 32000)) / 1000.0F;
  }
  /// Always finite.
  float score() { return float(number(-32000, 32000)) / 1000.0F; }
  std::vector<std::uint8_t> pixels(std::size_t count) {
    std::vector<std::uint8_t> values(count);
    // A short input repeats: long runs of zeros would leave most of a picture flat.
    const std::size_t whole = std::max<std::size_t>(left_, 1);
    for (std::size_t i = 0; i < count; ++i) values[i] = left_ == 0 ? 0 : data_[i % whole];
    return values;
  }

 private:
  const std::uint8_t* data_;
  std::size_t left_;
};

/// Runs `work`, for which std::invalid_argument is an answer and anything else that is thrown is not.
template <typename Work>
void answered(const Work& work) {
  try {
    work();
  } catch (const std::invalid_argument&) {
  }
}
