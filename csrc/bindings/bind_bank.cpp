// SPDX-License-Identifier: Apache-2.0
#include "bindings.hpp"

#include <algorithm>
#include <stdexcept>

#include "alprcore/template_bank.hpp"

namespace py = pybind11;

namespace alprcore {
namespace {

std::span<const float> span_of(const FloatArray& array) { return {array.data(), static_cast<std::size_t>(array.size())}; }

/// `filters` is a list of ((outputs, inputs, rows, columns) weights, (outputs,) offsets, row stride, column stride).
TemplateBank make_bank(const py::list& filters, const FloatArray& templates, const FloatArray& gap_weights,
                       float gap_offset, const FloatArray& width_bias, int narrowest) {
  std::vector<Convolution> convolutions;
  for (const py::handle item : filters) {
    const auto entry = py::cast<py::tuple>(item);
    const auto weights = py::cast<FloatArray>(entry[0]);
    if (weights.ndim() != 4) throw std::invalid_argument("template bank: filters must be 4-D");
    const auto size = [&weights](int axis) { return static_cast<int>(weights.shape(axis)); };
    convolutions.emplace_back(
        KernelShape{size(1), size(0), size(2), size(3), py::cast<int>(entry[2]), py::cast<int>(entry[3])},
        span_of(weights), span_of(py::cast<FloatArray>(entry[1])));
  }
  if (templates.ndim() != 3 || width_bias.ndim() != 2 || width_bias.shape(1) < 1)
    throw std::invalid_argument("template bank: expected 3-D templates and 2-D width scores");
  BankShape shape;
  shape.classes = static_cast<int>(width_bias.shape(1));
  shape.templates = static_cast<int>(templates.shape(1) / width_bias.shape(1));
  shape.narrowest = narrowest;
  shape.widest = narrowest + static_cast<int>(width_bias.shape(0)) - 1;
  return {shape, std::move(convolutions), span_of(templates), span_of(gap_weights), gap_offset, span_of(width_bias)};
}

template <typename To, typename From>
py::array_t<To> copied(const std::vector<From>& values, std::vector<py::ssize_t> shape) {
  py::array_t<To> array(std::move(shape));
  std::copy(values.begin(), values.end(), array.mutable_data());
  return array;
}

py::tuple lattice_arrays(const TemplateBank& bank, const FloatArray& line, float least) {
  if (line.ndim() != 2) throw std::invalid_argument("line: expected 2-D");
  Plane plane(static_cast<int>(line.shape(1)), static_cast<int>(line.shape(0)));
  std::copy(line.data(), line.data() + line.size(), plane.values.begin());
  Lattice lattice;
  {
    const py::gil_scoped_release release;  // works on its own copy of the line
    lattice = bank.lattice(plane, least);
  }
  const auto n = static_cast<py::ssize_t>(lattice.starts.size());
  const auto classes = static_cast<py::ssize_t>(lattice.classes);
  return py::make_tuple(copied<std::int32_t>(lattice.starts, {n}), copied<std::int32_t>(lattice.ends, {n}),
                        copied<float>(lattice.scores, {n, classes}), copied<std::int32_t>(lattice.templates, {n, classes}),
                        copied<float>(lattice.posteriors, {n}),
                        copied<float>(lattice.gaps, {static_cast<py::ssize_t>(lattice.columns)}), lattice.log_total);
}

}  // namespace

void register_bank(py::module_& module) {
  py::class_<TemplateBank>(module, "TemplateBank", "Learned templates; immutable.")
      .def(py::init(&make_bank), py::arg("filters"), py::arg("templates").noconvert(), py::arg("gap_weights").noconvert(),
           py::arg("gap_offset"), py::arg("width_bias").noconvert(), py::arg("narrowest"))
      .def("lattice", &lattice_arrays, py::arg("line").noconvert(), py::arg("least"),
           "starts, ends, scores, templates, posteriors, gaps and log total of a normalised line.");
}

}  // namespace alprcore
