// SPDX-License-Identifier: Apache-2.0
#include "alprcore/resample.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace alprcore {
namespace {

/// Which source pixels one destination pixel averages, with their weights.
struct Taps {
  int first = 0;
  std::vector<float> weights;
};

std::vector<Taps> axis_taps(int from, int to) {
  std::vector<Taps> taps(to);
  const float ratio = float(from) / to;
  // Growing: a triangle one source pixel wide (linear). Shrinking: a box of `ratio` source pixels (area).
  const float reach = std::max(1.0F, ratio);
  for (int i = 0; i < to; ++i) {
    const float centre = (i + 0.5F) * ratio;
    const int first = std::max(0, int(std::floor(centre - 0.5F * reach - 0.5F)));
    const int last = std::min(from - 1, int(std::ceil(centre + 0.5F * reach + 0.5F)));
    Taps& tap = taps[i];
    tap.first = first;
    float total = 0.0F;
    for (int k = first; k <= last; ++k) {
      const float distance = std::fabs(k + 0.5F - centre);
      const float weight = ratio > 1.0F ? std::clamp(0.5F * reach + 0.5F - distance, 0.0F, 1.0F)
                                        : std::max(0.0F, 1.0F - distance);
      tap.weights.push_back(weight);
      total += weight;
    }
    if (total <= 0.0F) {  // a centre beyond the last pixel's reach cannot happen inside [0, from)
      std::fill(tap.weights.begin(), tap.weights.end(), 1.0F);
      total = tap.weights.size();
    }
    for (float& weight : tap.weights) weight /= total;
  }
  return taps;
}

}  // namespace

Plane area_resized(GrayView image, int width, int height) {
  if (image.width < 1 || image.height < 1 || width < 1 || height < 1)
    throw std::invalid_argument("area_resized: sizes must be at least 1");
  const std::vector<Taps> across = axis_taps(image.width, width);
  const std::vector<Taps> down = axis_taps(image.height, height);
  Plane narrow(width, image.height);
  for (int y = 0; y < image.height; ++y) {
    const std::uint8_t* in = image.row(y);
    float* out = narrow.row(y);
    for (int x = 0; x < width; ++x) {
      const Taps& tap = across[x];
      float sum = 0.0F;
      for (std::size_t k = 0; k < tap.weights.size(); ++k) sum += tap.weights[k] * in[tap.first + k];
      out[x] = sum;
    }
  }
  Plane result(width, height);
  for (int y = 0; y < height; ++y) {
    const Taps& tap = down[y];
    float* out = result.row(y);
    for (std::size_t k = 0; k < tap.weights.size(); ++k) {
      const float* in = narrow.row(tap.first + k);
      for (int x = 0; x < width; ++x) out[x] += tap.weights[k] * in[x];
    }
  }
  return result;
}

}  // namespace alprcore
