// SPDX-License-Identifier: Apache-2.0
#include "bindings.hpp"

#include "alprcore/match.hpp"

namespace py = pybind11;

namespace alprcore {
namespace {

/// `filters` is a list of ((outputs, inputs, rows, columns) weights, (outputs,) offsets, row stride, column stride).
TemplateBank make_bank(const py::list& filters, const FloatArray& templates, const FloatArray& gap_weights,
                       float gap_offset, const FloatArray& width_bias, int narrowest, const std::string& kernels_name) {
  std::vector<Convolution> convolutions;
  for (const py::handle item : filters) {
    const auto entry = py::cast<py::tuple>(item);
    const auto weights = py::cast<FloatArray>(entry[0]);
    const auto values = span_of(weights, "filters", 4);
    const auto size = [&weights](int axis) { return int(weights.shape(axis)); };
    convolutions.emplace_back(
        KernelShape{size(1), size(0), size(2), size(3), py::cast<int>(entry[2]), py::cast<int>(entry[3])}, values,
        span_of(py::cast<FloatArray>(entry[1]), "offsets"));
  }
  const auto template_weights = span_of(templates, "templates", 3);
  const auto bias = span_of(width_bias, "width_bias", 2);
  if (width_bias.shape(1) < 1) throw std::invalid_argument("template bank: expected at least one class");
  BankShape shape;
  shape.classes = int(width_bias.shape(1));
  shape.templates = int(templates.shape(1) / width_bias.shape(1));
  shape.narrowest = narrowest;
  shape.widest = narrowest + int(width_bias.shape(0)) - 1;
  return {shape,      std::move(convolutions), template_weights,    span_of(gap_weights, "gap_weights"),
          gap_offset, bias,                    kernels(kernels_name)};
}

py::tuple match_arrays(const TemplateBank& bank, const FloatArray& line, float least) {
  const auto values = span_of(line, "line", 2);
  if (std::max(line.shape(0), line.shape(1)) > TemplateBank::longest_side)
    throw std::invalid_argument("line: a side exceeds " + std::to_string(TemplateBank::longest_side) + " pixels");
  Plane plane(int(line.shape(1)), int(line.shape(0)));
  std::copy(values.begin(), values.end(), plane.values.begin());
  Lattice lattice;
  {
    const py::gil_scoped_release release;  // works on its own copy of the line
    lattice = bank.match(plane, least);
  }
  const auto n = py::ssize_t(lattice.starts.size());
  return py::make_tuple(copied<std::int32_t>(lattice.starts), copied<std::int32_t>(lattice.ends),
                        copied<float>(lattice.scores, {n, lattice.classes}),
                        copied<std::int32_t>(lattice.templates, {n, lattice.classes}), copied<float>(lattice.posteriors),
                        copied<float>(lattice.gaps), lattice.log_total);
}

}  // namespace

void register_match(py::module_& module) {
  py::class_<TemplateBank>(module, "TemplateBank", "Learned templates; immutable.")
      .def(py::init(&make_bank), py::arg("filters"), py::arg("templates").noconvert(), py::arg("gap_weights").noconvert(),
           py::arg("gap_offset"), py::arg("width_bias").noconvert(), py::arg("narrowest"), py::arg("kernels") = "")
      .def("match", &match_arrays, py::arg("line").noconvert(), py::arg("least"),
           "starts, ends, scores, templates, posteriors, gaps and log total of a normalised line.")
      .def_property_readonly("column_pixels", &TemplateBank::column_pixels, "How many line pixels wide a column is.")
      .def_property_readonly(
          "kernels", [](const TemplateBank& bank) { return bank.kernels().name; }, "Name of the inner loops in use.");
}

}  // namespace alprcore
