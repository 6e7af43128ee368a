// SPDX-License-Identifier: Apache-2.0
#include "bindings.hpp"

#include <algorithm>
#include <stdexcept>

namespace alprcore {

GrayView gray_view(const GrayArray& array) {
  if (array.ndim() != 2) throw std::invalid_argument("image: expected 2-D, got " + std::to_string(array.ndim()) + "-D");
  if (array.shape(0) < 1 || array.shape(1) < 1) throw std::invalid_argument("image: expected at least one pixel");
  if (array.shape(0) > 65535 || array.shape(1) > 65535) throw std::invalid_argument("image: a side exceeds 65535 pixels");
  if (array.shape(1) > 1 && array.strides(1) != 1)
    throw std::invalid_argument("image: the pixels of a row must be adjacent");
  return {array.data(), static_cast<int>(array.shape(1)), static_cast<int>(array.shape(0)), array.strides(0)};
}

FloatArray to_array(const Plane& plane) {
  FloatArray array({plane.height, plane.width});
  std::copy(plane.values.begin(), plane.values.end(), array.mutable_data());
  return array;
}

}  // namespace alprcore

PYBIND11_MODULE(_native, module) {
  module.doc() = "Text lines, segmentation lattices and template matching; see alprcore.reading.read.";
  alprcore::register_text_lines(module);
  alprcore::register_bank(module);
  alprcore::register_decode(module);
  alprcore::register_search(module);
}
