// SPDX-License-Identifier: Apache-2.0
// Feature maps and the one convolution that computes them; a product with templates is the 1x1 case.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "alprcore/image_view.hpp"
#include "alprcore/kernels.hpp"

namespace alprcore {

/// Channels of (height, width) floats; rows are padded with zeros so that kernels may read past both ends.
class FeatureMap {
 public:
  static constexpr int padding = 8;

  FeatureMap(int channels, int height, int width);

  [[nodiscard]] int channels() const { return channels_; }
  [[nodiscard]] int height() const { return height_; }
  [[nodiscard]] int width() const { return width_; }
  /// Pointer to x = 0; x in [-padding, row_end()) may be read, and what is outside the width is zero.
  [[nodiscard]] float* row(int channel, int y) { return values_.data() + offset(channel, y); }
  [[nodiscard]] const float* row(int channel, int y) const { return values_.data() + offset(channel, y); }
  /// The width rounded up to whole vectors.
  [[nodiscard]] int row_end() const { return stride_ - 2 * padding; }

  /// Gives the map (channels * height) channels of one row each; no value moves.
  void flatten_rows();

 private:
  [[nodiscard]] std::size_t offset(int channel, int y) const {
    return (std::size_t(channel) * height_ + y) * stride_ + padding;
  }
  int channels_, height_, width_, stride_;
  std::vector<float> values_;
};

/// Sizes of a convolution; zero padding is `rows / 2` above and below and `columns / 2` on either side.
struct KernelShape {
  int inputs, outputs, rows, columns, row_stride, column_stride;
};

/// A convolution with its weights packed for eight outputs at a time, as the kernels want them.
class Convolution {
 public:
  /// `weights` is (outputs, inputs, rows, columns); throws std::invalid_argument when the sizes disagree.
  Convolution(KernelShape shape, std::span<const float> weights, std::span<const float> offsets);

  [[nodiscard]] const KernelShape& shape() const { return shape_; }
  /// Returns max(0, convolution) when `rectified`, else the convolution.
  [[nodiscard]] FeatureMap apply(const FeatureMap& in, bool rectified, const Kernels& kernels) const;

 private:
  KernelShape shape_;
  std::vector<float> packed_;   // (output block, input, row, column, 8)
  std::vector<float> offsets_;  // padded to whole blocks
};

}  // namespace alprcore
