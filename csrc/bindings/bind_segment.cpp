// SPDX-License-Identifier: Apache-2.0
#include "bindings.hpp"

#include "alprcore/line_image.hpp"
#include "alprcore/segment.hpp"

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
  FloatArray out({py::ssize_t(lines.size()), py::ssize_t{5}});
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
  const LineMap& m = image.map;
  return py::make_tuple(to_array(image.plane), copied<float>(std::vector{m.x0, m.y0, m.ux, m.uy, m.vx, m.vy}),
                        image.inverted);
}

py::tuple segment_arrays(const FloatArray& scores, const FloatArray& gaps, int narrowest, float least) {
  const auto values = span_of(scores, "scores", 2);
  if (narrowest < 1 || scores.shape(0) > 65535 || scores.shape(1) > 65535 || scores.shape(1) < 1)
    throw std::invalid_argument("segment: expected widths of at least one column");
  StretchScores stretches(int(scores.shape(0)), narrowest, narrowest + int(scores.shape(1)) - 1);
  std::copy(values.begin(), values.end(), stretches.values.begin());
  const Segmentation found = segment(stretches, span_of(gaps, "gaps"), least);
  return py::make_tuple(copied<std::int32_t>(found.starts), copied<std::int32_t>(found.ends),
                        copied<float>(found.posteriors), found.log_total);
}

}  // namespace

void register_segment(py::module_& module) {
  module.attr("LINE_ROWS") = line_rows;
  module.attr("LINE_MARGIN") = line_margin;
  module.def("text_lines", &text_lines_array, py::arg("crop").noconvert(), py::arg("most"), py::arg("steepest"),
             "(n, 5) float32 of top, bottom, slope, slant, score; best first.");
  module.def("line_image", &line_image_arrays, py::arg("crop").noconvert(), py::arg("top"), py::arg("bottom"),
             py::arg("slope"), py::arg("slant"),
             "The normalised (LINE_ROWS, w) float32 line, its (6,) map, and whether it was inverted.");
  module.def("segment", &segment_arrays, py::arg("scores").noconvert(), py::arg("gaps").noconvert(),
             py::arg("narrowest"), py::arg("least"),
             "starts, ends and posteriors of the stretches that may be characters, and the log total of all paths.");
}

}  // namespace alprcore
