// SPDX-License-Identifier: Apache-2.0
#include "alprcore/features.hpp"

#include <random>
#include <vector>

#include "check.hpp"

using namespace alprcore;

namespace {

std::vector<float> random_values(std::size_t count, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(engine);
  return values;
}

FeatureMap random_map(int channels, int height, int width, unsigned seed) {
  FeatureMap map(channels, height, width);
  const auto values = random_values(static_cast<std::size_t>(channels * height * width), seed);
  std::size_t k = 0;
  for (int c = 0; c < channels; ++c)
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x) map.row(c, y)[x] = values[k++];
  return map;
}

/// The definition, written out.
float reference(const FeatureMap& in, const KernelShape& s, const std::vector<float>& weights, float offset, int o, int y, int x) {
  double sum = offset;
  for (int i = 0; i < s.inputs; ++i)
    for (int ky = 0; ky < s.rows; ++ky)
      for (int kx = 0; kx < s.columns; ++kx) {
        const int from_y = y * s.row_stride + ky - s.rows / 2;
        const int from_x = x * s.column_stride + kx - s.columns / 2;
        if (from_y < 0 || from_y >= in.height() || from_x < 0 || from_x >= in.width()) continue;
        const auto at = static_cast<std::size_t>(((o * s.inputs + i) * s.rows + ky) * s.columns + kx);
        sum += static_cast<double>(weights[at]) * in.row(i, from_y)[from_x];
      }
  return static_cast<float>(sum);
}

void agrees_with_the_definition(const KernelShape& shape, int height, int width, const Kernels& set) {
  const auto weights = random_values(static_cast<std::size_t>(shape.inputs * shape.outputs * shape.rows * shape.columns), 1);
  const auto offsets = random_values(static_cast<std::size_t>(shape.outputs), 2);
  const FeatureMap in = random_map(shape.inputs, height, width, 3);
  const FeatureMap out = Convolution(shape, weights, offsets).apply(in, false, set);
  const FeatureMap clipped = Convolution(shape, weights, offsets).apply(in, true, set);
  CHECK(out.height() == (height + shape.row_stride - 1) / shape.row_stride);
  CHECK(out.width() == (width + shape.column_stride - 1) / shape.column_stride);
  for (int o = 0; o < shape.outputs; ++o)
    for (int y = 0; y < out.height(); ++y) {
      for (int x = 0; x < out.width(); ++x) {
        const float expected = reference(in, shape, weights, offsets[std::size_t(o)], o, y, x);
        CHECK_NEAR(out.row(o, y)[x], expected, 2e-4F);
        CHECK_NEAR(clipped.row(o, y)[x], std::max(0.0F, expected), 2e-4F);
      }
      // What kernels may read beyond the width must be zero.
      for (int x = out.width(); x < out.row_end(); ++x) CHECK(out.row(o, y)[x] == 0.0F);
    }
}

void bad_sizes_are_refused() {
  const std::vector<float> weights(9), offsets(1);
  CHECK_THROWS(Convolution({1, 1, 3, 3, 1, 3}, weights, offsets));
  CHECK_THROWS(Convolution({1, 1, 3, 3, 1, 1}, std::vector<float>(8), offsets));
  CHECK_THROWS(Convolution({1, 1, 3, 3, 1, 1}, weights, std::vector<float>(2)));
  CHECK_THROWS(Convolution({0, 1, 3, 3, 1, 1}, weights, offsets));
  const Convolution good({1, 1, 3, 3, 1, 1}, weights, offsets);
  CHECK_THROWS(good.apply(FeatureMap(2, 4, 4), false, kernels()));
}

}  // namespace

int main() {
  for (const Kernels& set : available_kernels()) {
    agrees_with_the_definition({1, 8, 5, 5, 2, 2}, 32, 50, set);
    agrees_with_the_definition({3, 5, 3, 3, 1, 1}, 7, 9, set);
    agrees_with_the_definition({4, 16, 3, 3, 2, 1}, 8, 33, set);
    agrees_with_the_definition({12, 21, 1, 1, 1, 1}, 1, 17, set);
    agrees_with_the_definition({1, 1, 3, 3, 2, 2}, 1, 1, set);
    agrees_with_the_definition({2, 3, 5, 5, 2, 2}, 5, 3, set);
  }
  bad_sizes_are_refused();
  return verdict("features");
}
