// SPDX-License-Identifier: Apache-2.0
#include "bindings.hpp"

#include <stdexcept>

#include "alprcore/decode.hpp"

namespace py = pybind11;

namespace alprcore {
namespace {

using IntArray = py::array_t<std::int32_t, py::array::c_style>;
using ByteArray = py::array_t<std::uint8_t, py::array::c_style>;

template <typename Array>
auto span_of(const Array& array, const char* name, int axes = 1) {
  if (array.ndim() != axes)
    throw std::invalid_argument(std::string(name) + ": expected " + std::to_string(axes) + "-D, got " +
                                std::to_string(array.ndim()) + "-D");
  return std::span(array.data(), std::size_t(array.size()));
}

/// The arrays as one checked lattice; they must outlive it.
LatticeView lattice_view(const IntArray& starts, const IntArray& ends, const FloatArray& scores, const FloatArray& gaps,
                         double log_total) {
  LatticeView lattice{span_of(starts, "starts"), span_of(ends, "ends"), span_of(scores, "scores", 2), span_of(gaps, "gaps"),
                      int(scores.shape(1)), log_total};
  lattice.check();
  return lattice;
}

double text_probability(const IntArray& starts, const IntArray& ends, const FloatArray& scores, const FloatArray& gaps,
                        double log_total, const IntArray& text) {
  const LatticeView lattice = lattice_view(starts, ends, scores, gaps, log_total);
  const auto classes = span_of(text, "text");
  const py::gil_scoped_release release;  // the caller holds the arrays
  return log_probability(lattice, classes);
}

double pattern_probability(const IntArray& starts, const IntArray& ends, const FloatArray& scores, const FloatArray& gaps,
                           double log_total, const ByteArray& admits, const ByteArray& runs) {
  const LatticeView lattice = lattice_view(starts, ends, scores, gaps, log_total);
  const PatternView pattern{span_of(admits, "admits", 2), span_of(runs, "runs")};
  const py::gil_scoped_release release;
  return log_pattern_probability(lattice, pattern);
}

}  // namespace

void register_decode(py::module_& module) {
  module.def("log_probability", &text_probability, py::arg("starts").noconvert(), py::arg("ends").noconvert(),
             py::arg("scores").noconvert(), py::arg("gaps").noconvert(), py::arg("log_total"), py::arg("text").noconvert(),
             "Natural log of the probability that a line reads as the classes in `text`.");
  module.def("log_pattern_probability", &pattern_probability, py::arg("starts").noconvert(), py::arg("ends").noconvert(),
             py::arg("scores").noconvert(), py::arg("gaps").noconvert(), py::arg("log_total"), py::arg("admits").noconvert(),
             py::arg("runs").noconvert(), "Natural log of the probability that a line reads as any text with a pattern.");
}

}  // namespace alprcore
