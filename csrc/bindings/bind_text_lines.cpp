// SPDX-License-Identifier: Apache-2.0
#include "bindings.hpp"

#include "alprcore/resample.hpp"
#include "alprcore/text_lines.hpp"

namespace py = pybind11;

namespace alprcore {
namespace {

FloatArray text_lines_array(const GrayArray& crop, int most, float steepest) {
  const GrayView view = gray_view(crop);
  std::vector<TextLine> lines;
  {
    const py::gil_scoped_release release;  // the view stays valid: the caller holds the array
    lines = text_lines(view, most, steepest);
  }
  FloatArray out({static_cast<py::ssize_t>(lines.size()), py::ssize_t{5}});
  float* to = out.mutable_data();
  for (const TextLine& line : lines)
    for (const float value : {line.top, line.bottom, line.slope, line.slant, line.score}) *to++ = value;
  return out;
}

py::tuple line_image_arrays(const GrayArray& crop, float top, float bottom, float slope, float slant) {
  const GrayView view = gray_view(crop);
  LineImage image;
  {
    const py::gil_scoped_release release;
    image = line_image(view, {top, bottom, slope, slant, 0.0F});
  }
  FloatArray map(py::ssize_t{6});
  float* to = map.mutable_data();
  const LineMap& m = image.map;
  for (const float value : {m.x0, m.y0, m.ux, m.uy, m.vx, m.vy}) *to++ = value;
  return py::make_tuple(to_array(image.plane), map, image.inverted);
}

}  // namespace

void register_text_lines(py::module_& module) {
  module.def("text_lines", &text_lines_array, py::arg("crop").noconvert(), py::arg("most"), py::arg("steepest"),
             "(n, 5) float32 of top, bottom, slope, slant, score; best first.");
  module.def("line_image", &line_image_arrays, py::arg("crop").noconvert(), py::arg("top"), py::arg("bottom"),
             py::arg("slope"), py::arg("slant"), "The normalised (32, w) float32 line, its (6,) map, and whether it was inverted.");
}

}  // namespace alprcore
