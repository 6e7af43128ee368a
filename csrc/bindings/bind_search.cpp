// SPDX-License-Identifier: Apache-2.0
#include "bindings.hpp"

#include <algorithm>
#include <stdexcept>

#include "alprcore/automaton.hpp"
#include "alprcore/scan.hpp"

namespace py = pybind11;

namespace alprcore {
namespace {

using SketchArray = py::array_t<std::uint64_t, py::array::c_style>;

ScanPattern scan_pattern(const ByteArray& places, const ByteArray& runs, int edits) {
  const auto cells = span_of(places, "places", 2);
  const auto flags = span_of(runs, "runs");
  if (places.shape(1) != 256) throw std::invalid_argument("places: expected 256 columns");
  ScanPattern pattern;
  pattern.places.resize(static_cast<std::size_t>(places.shape(0)));
  for (std::size_t i = 0; i < pattern.places.size(); ++i)
    std::copy_n(cells.begin() + static_cast<std::ptrdiff_t>(256 * i), 256, pattern.places[i].begin());
  pattern.runs.assign(flags.begin(), flags.end());
  pattern.edits = edits;
  return pattern;
}

std::span<const SlotRecord> slot_records(const ByteArray& records) {
  const auto bytes = span_of(records, "records", 2);
  if (records.shape(1) != sizeof(SlotRecord)) throw std::invalid_argument("records: expected 64 bytes a row");
  return {reinterpret_cast<const SlotRecord*>(bytes.data()), bytes.size() / sizeof(SlotRecord)};
}

SketchArray sketches_of(const ByteArray& records) {
  const auto slots = slot_records(records);
  SketchArray sketches(static_cast<py::ssize_t>(slots.size()));
  std::transform(slots.begin(), slots.end(), sketches.mutable_data(), sketch_of);
  return sketches;
}

py::tuple scan_records(const ByteArray& records, const SketchArray& sketches, const ByteArray& places,
                       const ByteArray& runs, int edits, float least) {
  const auto slots = slot_records(records);
  const auto first = span_of(sketches, "sketches");
  const ScanPattern pattern = scan_pattern(places, runs, edits);
  ScanHits hits;
  {
    const py::gil_scoped_release release;  // the caller holds the records
    hits = scan(slots, first, pattern, least);
  }
  py::array_t<std::int64_t> rows(static_cast<py::ssize_t>(hits.rows.size()));
  std::copy(hits.rows.begin(), hits.rows.end(), rows.mutable_data());
  py::array_t<float> scores(static_cast<py::ssize_t>(hits.scores.size()));
  std::copy(hits.scores.begin(), hits.scores.end(), scores.mutable_data());
  return py::make_tuple(rows, scores);
}

double accepted(const IntArray& starts, const IntArray& ends, const FloatArray& scores, const FloatArray& gaps,
                double log_total, const IntArray& steps, const IntArray& groups, const ByteArray& accepting) {
  const LatticeView lattice = lattice_view(starts, ends, scores, gaps, log_total);
  const auto automaton =
      TextAutomaton::of_table(span_of(steps, "steps", 2), span_of(groups, "groups"), span_of(accepting, "accepting"));
  const py::gil_scoped_release release;  // the caller holds the arrays
  return log_accepted(lattice, automaton);
}

}  // namespace

void register_search(py::module_& module) {
  module.def("sketches", &sketches_of, py::arg("records").noconvert(),
             "What a scan looks at first of (n, 64) slot records: (n,) uint64.");
  module.def("scan", &scan_records, py::arg("records").noconvert(), py::arg("sketches").noconvert(),
             py::arg("places").noconvert(), py::arg("runs").noconvert(), py::arg("edits"), py::arg("least"),
             "Rows of (n, 64) slot records that may have a pattern, and their scores.");
  module.def("log_accepted", &accepted, py::arg("starts").noconvert(), py::arg("ends").noconvert(),
             py::arg("scores").noconvert(), py::arg("gaps").noconvert(), py::arg("log_total"), py::arg("steps").noconvert(),
             py::arg("groups").noconvert(), py::arg("accepting").noconvert(),
             "Natural log of the probability that a line reads as a text that an automaton accepts.");
}

}  // namespace alprcore
