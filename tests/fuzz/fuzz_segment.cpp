// SPDX-License-Identifier: Apache-2.0
// Posteriors are probabilities, a column lies in one character or none, and what is dropped is what is improbable.
#include "alprcore/segment.hpp"
#include "fuzz.hpp"

using namespace alprcore;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, size);
  const int columns = bytes.number(-1, 60), narrowest = bytes.number(0, 5), widest = bytes.number(0, 20);
  const float least = bytes.byte() < 128 ? 0.0F : float(bytes.byte()) / 255.0F;
  answered([&] {
    StretchScores scores(columns, narrowest, widest);
    for (float& value : scores.values) value = bytes.score();
    std::vector<float> gaps(bytes.byte() == 255 ? columns + 1 : columns);
    for (float& value : gaps) value = bytes.score();
    const Segmentation all = segment(scores, gaps, 0.0F);
    const Segmentation some = segment(scores, gaps, least);
    REQUIRE(std::isfinite(all.log_total) && all.log_total == some.log_total);
    std::vector<double> covered(columns, 0.0);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < all.starts.size(); ++i) {
      const int start = all.starts[i], end = all.ends[i];
      REQUIRE(start >= 0 && end <= columns && end - start >= narrowest && end - start <= widest);
      REQUIRE(all.posteriors[i] >= 0.0F && all.posteriors[i] <= 1.0001F);
      for (int x = start; x < end; ++x) covered[x] += all.posteriors[i];
      if (kept < some.starts.size() && some.starts[kept] == start && some.ends[kept] == end) ++kept;
      else REQUIRE(all.posteriors[i] <= least * 1.0001F);
    }
    REQUIRE(kept == some.starts.size());
    for (const double value : covered) REQUIRE(value <= 1.001);
  });
  return 0;
}
