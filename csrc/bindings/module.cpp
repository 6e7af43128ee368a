// SPDX-License-Identifier: Apache-2.0
#include "bindings.hpp"

#include "alprcore/kernels.hpp"

namespace py = pybind11;

namespace alprcore {

GrayView gray_view(const GrayArray& array) {
  if (array.ndim() != 2) throw std::invalid_argument("image: expected 2-D, got " + std::to_string(array.ndim()) + "-D");
  if (array.shape(0) < 1 || array.shape(1) < 1) throw std::invalid_argument("image: expected at least one pixel");
  if (array.shape(0) > 65535 || array.shape(1) > 65535) throw std::invalid_argument("image: a side exceeds 65535 pixels");
  if (array.shape(1) > 1 && array.strides(1) != 1)
    throw std::invalid_argument("image: the pixels of a row must be adjacent");
  return {array.data(), int(array.shape(1)), int(array.shape(0)), array.strides(0)};
}

FloatArray to_array(const Plane& plane) { return copied<float>(plane.values, {plane.height, plane.width}); }

}  // namespace alprcore

PYBIND11_MODULE(_native, module) {
  module.doc() = "Segmentation, template matching and decoding of text lines; see csrc/README.md.";
  alprcore::register_segment(module);
  alprcore::register_match(module);
  alprcore::register_decode(module);
  module.def(
      "kernels", [](const std::string& name) { return alprcore::kernels(name).name; }, py::arg("name") = "",
      "The name of the inner loops that a name stands for, the fastest ones when it is empty.");
  module.def(
      "available_kernels",
      [] {
        py::list names;
        for (const alprcore::Kernels& set : alprcore::available_kernels()) names.append(set.name);
        return names;
      },
      "The names of the inner loops that this processor runs, the fastest first.");
  alprcore::register_search(module);
}
