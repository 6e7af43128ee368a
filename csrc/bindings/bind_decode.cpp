// SPDX-License-Identifier: Apache-2.0
#include "bindings.hpp"

#include "alprcore/decode.hpp"
#include "alprcore/pattern.hpp"

namespace py = pybind11;

namespace alprcore {

LatticeView lattice_view(const IntArray& starts, const IntArray& ends, const FloatArray& scores, const FloatArray& gaps,
                         double log_total, std::span<const float> posteriors) {
  const auto values = span_of(scores, "scores", 2);
  const LatticeView lattice{span_of(starts, "starts"), span_of(ends, "ends"), values, posteriors, span_of(gaps, "gaps"),
                            int(scores.shape(1)), log_total};
  lattice.check();
  return lattice;
}

namespace {

/// Returns the number of characters of each text, the classes of all of them, and the log-probability of each text.
py::tuple decoded_arrays(const IntArray& starts, const IntArray& ends, const FloatArray& scores,
                         const FloatArray& posteriors, const FloatArray& gaps, double log_total, int count, int beam,
                         double least) {
  const LatticeView lattice =
      lattice_view(starts, ends, scores, gaps, log_total, span_of(posteriors, "posteriors"));
  std::vector<int> sizes, classes;
  std::vector<double> values;
  {
    const py::gil_scoped_release release;  // the caller holds the arrays
    for (const DecodedText& text : decode(lattice, {count, beam, least})) {
      sizes.push_back(int(text.classes.size()));
      classes.insert(classes.end(), text.classes.begin(), text.classes.end());
      values.push_back(text.log_probability);
    }
  }
  return py::make_tuple(copied<std::int32_t>(sizes), copied<std::int32_t>(classes), copied<double>(values));
}

std::vector<int> stretches_of_text(const IntArray& starts, const IntArray& ends, const FloatArray& scores,
                                   const FloatArray& gaps, const IntArray& text) {
  return best_stretches(lattice_view(starts, ends, scores, gaps, 0.0), span_of(text, "text"));
}

double text_probability(const IntArray& starts, const IntArray& ends, const FloatArray& scores, const FloatArray& gaps,
                        double log_total, const IntArray& text) {
  const LatticeView lattice = lattice_view(starts, ends, scores, gaps, log_total);
  const auto classes = span_of(text, "text");
  const py::gil_scoped_release release;
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
  const auto starts = py::arg("starts").noconvert(), ends = py::arg("ends").noconvert();
  const auto scores = py::arg("scores").noconvert(), gaps = py::arg("gaps").noconvert();
  const auto text = py::arg("text").noconvert();
  module.def("decode", &decoded_arrays, starts, ends, scores, py::arg("posteriors").noconvert(), gaps, py::arg("log_total"),
             py::arg("count"), py::arg("beam"), py::arg("least"),
             "Lengths, classes one text after the other and log-probabilities of the most probable texts, best first.");
  module.def("best_stretches", &stretches_of_text, starts, ends, scores, gaps, text,
             "The stretch of each character of a text on its best path; empty when it has none.");
  module.def("log_probability", &text_probability, starts, ends, scores, gaps, py::arg("log_total"), text,
             "Natural log of the probability that a line reads as the classes in `text`.");
  module.def("log_pattern_probability", &pattern_probability, starts, ends, scores, gaps, py::arg("log_total"),
             py::arg("admits").noconvert(), py::arg("runs").noconvert(),
             "Natural log of the probability that a line reads as any text with a pattern.");
}

}  // namespace alprcore
