// SPDX-License-Identifier: Apache-2.0
#include "alprcore/features.hpp"

#include <algorithm>
#include <stdexcept>

#include "alprcore/kernels.hpp"

namespace alprcore {
namespace {

constexpr int kBlock = 8;  // outputs packed together, as the kernels want them

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
      values_(static_cast<std::size_t>(channels) * static_cast<std::size_t>(height) * static_cast<std::size_t>(stride_)) {
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
  const auto taps = static_cast<std::size_t>(shape.inputs) * static_cast<std::size_t>(shape.rows) *
                    static_cast<std::size_t>(shape.columns);
  if (weights.size() != taps * static_cast<std::size_t>(shape.outputs) ||
      offsets.size() != static_cast<std::size_t>(shape.outputs))
    throw std::invalid_argument("convolution: the number of weights does not fit the sizes");
  const auto blocks = (static_cast<std::size_t>(shape.outputs) + kBlock - 1) / kBlock;
  packed_.assign(blocks * taps * kBlock, 0.0F);
  offsets_.assign(blocks * kBlock, 0.0F);
  for (std::size_t o = 0; o < static_cast<std::size_t>(shape.outputs); ++o) {
    offsets_[o] = offsets[o];
    for (std::size_t k = 0; k < taps; ++k)
      packed_[(o / kBlock * taps + k) * kBlock + o % kBlock] = weights[o * taps + k];
  }
}

FeatureMap Convolution::apply(const FeatureMap& in, bool rectified) const {
  const Kernels& kernel = kernels();
  const int stride = shape_.column_stride;
  if (in.channels() != shape_.inputs) throw std::invalid_argument("convolution: wrong number of input channels");
  const FeatureMap split = stride == 2 ? split_columns(in) : FeatureMap(1, 1, 1);
  const FeatureMap& source = stride == 2 ? split : in;
  const int half_rows = shape_.rows / 2;
  const int half_columns = shape_.columns / 2;
  FeatureMap out(shape_.outputs, (in.height() + shape_.row_stride - 1) / shape_.row_stride,
                 (in.width() + stride - 1) / stride);
  const int tap_count = shape_.inputs * shape_.rows * shape_.columns;
  std::vector<const float*> taps(static_cast<std::size_t>(tap_count));
  for (int y = 0; y < out.height(); ++y) {
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
    for (int block = 0; block * kBlock < shape_.outputs; ++block) {
      float* outs[kBlock];
      for (int o = 0; o < kBlock; ++o)
        outs[o] = block * kBlock + o < shape_.outputs ? out.row(block * kBlock + o, y) : nullptr;
      const std::size_t first = static_cast<std::size_t>(block) * kBlock;
      kernel.convolve({taps.data(), tap_count, packed_.data() + first * static_cast<std::size_t>(tap_count),
                       offsets_.data() + first, out.row_end(), rectified, outs});
      for (int o = 0; o < kBlock; ++o)
        if (outs[o] != nullptr) std::fill(outs[o] + out.width(), outs[o] + out.row_end(), 0.0F);
    }
  }
  return out;
}

}  // namespace alprcore
