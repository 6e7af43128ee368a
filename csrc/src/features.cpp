// SPDX-License-Identifier: Apache-2.0
#include "alprcore/features.hpp"

#include <algorithm>
#include <stdexcept>

namespace alprcore {
namespace {

constexpr int lanes = 8;  // outputs packed together

/// Even columns first, then odd ones, each a map of half the width: a stride of two becomes a stride of one.
FeatureMap split_columns(const FeatureMap& in) {
  FeatureMap out(in.channels() * 2, in.height(), (in.width() + 1) / 2);
  for (int c = 0; c < in.channels(); ++c)
    for (int y = 0; y < in.height(); ++y) {
      const float* from = in.row(c, y);
      for (int x = 0; x < in.width(); ++x) out.row(2 * c + (x & 1), y)[x / 2] = from[x];
    }
  return out;
}

}  // namespace

FeatureMap::FeatureMap(int channels, int height, int width)
    : channels_(channels),
      height_(height),
      width_(width),
      stride_((width + most_lanes - 1) / most_lanes * most_lanes + 2 * padding),
      values_(std::size_t(channels) * height * stride_) {
  ALPR_ASSERT(channels > 0 && height > 0 && width > 0);
}

void FeatureMap::flatten_rows() {
  channels_ *= height_;
  height_ = 1;
}

Convolution::Convolution(KernelShape shape, std::span<const float> weights, std::span<const float> offsets)
    : shape_(shape) {
  if (shape.inputs < 1 || shape.outputs < 1 || shape.rows < 1 || shape.columns < 1 || shape.row_stride < 1 ||
      shape.column_stride < 1 || shape.column_stride > 2 || shape.columns > 2 * FeatureMap::padding)
    throw std::invalid_argument("convolution: sizes out of range");
  const std::size_t outputs = shape.outputs;
  const std::size_t taps = std::size_t(shape.inputs) * shape.rows * shape.columns;
  if (weights.size() != taps * outputs || offsets.size() != outputs)
    throw std::invalid_argument("convolution: the number of weights does not fit the sizes");
  const std::size_t blocks = (outputs + lanes - 1) / lanes;
  packed_.assign(blocks * taps * lanes, 0.0F);
  offsets_.assign(blocks * lanes, 0.0F);
  for (std::size_t o = 0; o < outputs; ++o) {
    offsets_[o] = offsets[o];
    for (std::size_t k = 0; k < taps; ++k) packed_[(o / lanes * taps + k) * lanes + o % lanes] = weights[o * taps + k];
  }
}

FeatureMap Convolution::apply(const FeatureMap& in, bool rectified, const Kernels& kernels) const {
  const int stride = shape_.column_stride;
  if (in.channels() != shape_.inputs) throw std::invalid_argument("convolution: wrong number of input channels");
  const FeatureMap split = stride == 2 ? split_columns(in) : FeatureMap(1, 1, 1);
  const FeatureMap& source = stride == 2 ? split : in;
  const int half_rows = shape_.rows / 2;
  const int half_columns = shape_.columns / 2;
  FeatureMap out(shape_.outputs, (in.height() + shape_.row_stride - 1) / shape_.row_stride,
                 (in.width() + stride - 1) / stride);
  const int tap_count = shape_.inputs * shape_.rows * shape_.columns;
  std::vector<const float*> taps(tap_count);
  for (int y = 0; y < out.height(); ++y) {
    // The same pointers serve all outputs of a row.
    std::size_t k = 0;
    for (int i = 0; i < shape_.inputs; ++i)
      for (int ky = 0; ky < shape_.rows; ++ky)
        for (int kx = 0; kx < shape_.columns; ++kx, ++k) {
          const int from_y = y * shape_.row_stride + ky - half_rows;
          const int offset = kx - half_columns;
          const int phase = stride == 2 ? offset & 1 : 0;
          taps[k] = from_y < 0 || from_y >= in.height()
                        ? nullptr
                        : source.row(i * stride + phase, from_y) + (offset - phase) / stride;
        }
    for (int first = 0; first < shape_.outputs; first += lanes) {
      float* outs[lanes];
      for (int o = 0; o < lanes; ++o) outs[o] = first + o < shape_.outputs ? out.row(first + o, y) : nullptr;
      kernels.convolve({taps.data(), tap_count, packed_.data() + std::size_t(first) * tap_count, offsets_.data() + first,
                        out.row_end(), rectified, outs});
      for (float* row : outs)
        if (row != nullptr) std::fill(row + out.width(), row + out.row_end(), 0.0F);
    }
  }
  return out;
}

}  // namespace alprcore
