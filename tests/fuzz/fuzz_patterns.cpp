// SPDX-License-Identifier: Apache-2.0
// A pattern's probability is that of the texts that have it, summed one by one; with as many positions as fit it still
// comes to an end.
#include "alprcore/decode.hpp"
#include "alprcore/pattern.hpp"
#include "fuzz.hpp"

using namespace alprcore;

namespace {

struct Pattern {
  std::vector<std::uint8_t> admits, runs{0};
  int classes = 1;

  [[nodiscard]] bool fits(const std::vector<int>& text, std::size_t position = 0, std::size_t k = 0) const {
    if (runs[position] != 0 && k < text.size() && fits(text, position, k + 1)) return true;
    if (position + 1 == runs.size()) return k == text.size();
    return k < text.size() && admits[position * classes + text[k]] != 0 && fits(text, position + 1, k + 1);
  }
};

Pattern pattern_of(Bytes& bytes, int classes, int longest) {
  Pattern pattern;
  pattern.classes = classes;
  for (int n = bytes.number(0, longest); n > 0; --n) {
    pattern.runs.back() = bytes.byte() % 3 == 0;
    const int set = bytes.byte() % 4 == 0 ? 255 : bytes.byte();
    for (int c = 0; c < classes; ++c) pattern.admits.push_back(set >> c & 1);
    pattern.runs.push_back(0);
  }
  pattern.runs.back() = bytes.byte() % 3 == 0;
  return pattern;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, size);
  const int columns = bytes.number(0, 5), classes = bytes.number(1, 3);
  std::vector<std::int32_t> starts, ends;
  std::vector<float> scores, posteriors, gaps;
  for (int start = 0; start < columns; ++start)
    for (int end = start + 1; end <= columns; ++end) {
      if (bytes.byte() % 3 == 0) continue;
      starts.push_back(start);
      ends.push_back(end);
      posteriors.push_back(1.0F);
      for (int c = 0; c < classes; ++c) scores.push_back(bytes.score() / 16.0F);
    }
  for (int x = 0; x < columns; ++x) gaps.push_back(bytes.score() / 16.0F);
  const LatticeView lattice{starts, ends, scores, posteriors, gaps, classes, 100.0};
  lattice.check();
  const Pattern pattern = pattern_of(bytes, classes, 6);
  const double got = log_pattern_probability(lattice, {pattern.admits, pattern.runs});
  double sum = 0.0;
  for (const DecodedText& text : decode(lattice, {100000, 100000, 0.0}))
    if (pattern.fits(text.classes)) sum += std::exp(text.log_probability + 100.0);
  if (sum == 0.0) REQUIRE(got == -std::numeric_limits<double>::infinity());
  else REQUIRE(std::fabs(got + 100.0 - std::log(sum)) < 1e-6);
  // One input in eight: twelve positions and more, as a user may type them. Refused or answered, in time.
  if (bytes.byte() % 8 == 0) {
    const Pattern longer = pattern_of(bytes, classes, 63);
    answered([&] { REQUIRE(log_pattern_probability(lattice, {longer.admits, longer.runs}) <= 0.0); });
  }
  return 0;
}
