// SPDX-License-Identifier: Apache-2.0
// Any arrays are refused or searched; what is found agrees with the exact sums.
#include "alprcore/decode.hpp"
#include "fuzz.hpp"

using namespace alprcore;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, size);
  const int columns = bytes.number(0, 12), classes = bytes.number(0, 4), stretches = bytes.number(0, 14);
  const bool wild = bytes.byte() >= 192;  // anything at all, or arrays that fit one another
  std::vector<std::int32_t> starts, ends;
  for (int i = 0; i < stretches; ++i) {
    const int start = wild ? bytes.number(-3, 20) : bytes.number(0, std::max(0, columns - 1));
    starts.push_back(start);
    ends.push_back(wild ? bytes.number(-3, 20) : bytes.number(start + 1, std::max(start + 1, columns)));
  }
  const auto values = [&](std::size_t count) {
    std::vector<float> found(count);
    for (float& value : found) value = wild ? bytes.real() : bytes.score() / 8.0F;
    return found;
  };
  const auto scores = values(std::size_t(stretches) * classes + (wild ? bytes.byte() % 2 : 0));
  const auto gaps = values(columns);
  std::vector<float> posteriors(stretches, 1.0F);
  if (wild) posteriors = values(stretches + bytes.byte() % 2);
  const SearchLimits limits{bytes.number(0, 40), bytes.number(0, 60), wild ? bytes.real() : 0.0};
  std::vector<std::int32_t> text;
  for (int n = bytes.number(0, 5); n > 0; --n) text.push_back(bytes.number(wild ? -1 : 0, 4));
  LatticeView lattice{starts, ends, scores, posteriors, gaps, classes, 0.0};
  answered([&] {
    lattice.check();
    double before = std::numeric_limits<double>::infinity();
    // No total is known here: one above every sum keeps all logarithms below 0, where they are not cut off.
    lattice.log_total = wild ? 1e12 : 1e5;
    const double rounding = 1e-6 + 1e-14 * lattice.log_total;
    for (const DecodedText& found : decode(lattice, limits)) {
      REQUIRE(found.log_probability <= before);
      before = found.log_probability;
      const std::vector<std::int32_t> spelled(found.classes.begin(), found.classes.end());
      const double exact = log_probability(lattice, spelled);
      REQUIRE(found.log_probability <= exact + rounding);  // the beam may lose paths, never find more
      const std::vector<int> path = best_stretches(lattice, spelled);
      REQUIRE(path.size() == spelled.size());
      for (std::size_t i = 1; i < path.size(); ++i) REQUIRE(starts[path[i]] >= ends[path[i - 1]]);
    }
  });
  answered([&] {
    lattice.check();
    REQUIRE((best_stretches(lattice, text).size() == text.size()) == std::isfinite(log_probability(lattice, text)) ||
            text.empty());
  });
  return 0;
}
