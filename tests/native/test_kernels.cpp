// SPDX-License-Identifier: Apache-2.0
#include "alprcore/kernels.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "check.hpp"

using namespace alprcore;

namespace {

std::vector<float> random_values(std::size_t count, std::mt19937& engine, float deviation = 1.0F) {
  std::normal_distribution<float> normal(0.0F, deviation);
  std::vector<float> values(count);
  for (float& value : values) value = normal(engine);
  return values;
}

/// Sums in double precision, by the definition; every set comes within 1e-5 of what they add up.
void convolutions_agree(const Kernels& set, int tap_count, int columns, bool rectified) {
  std::mt19937 engine(unsigned(tap_count * 100 + columns));
  const auto row = std::size_t(columns);
  const auto inputs = random_values(tap_count * row, engine);
  const auto weights = random_values(std::size_t(tap_count) * 8, engine, 0.3F);
  const auto offsets = random_values(8, engine);
  std::vector<const float*> taps;
  for (int k = 0; k < tap_count; ++k) taps.push_back(k % 5 == 3 ? nullptr : inputs.data() + k * row);
  std::vector<float> out(8 * row, -99.0F);
  float* outs[8];
  for (int o = 0; o < 8; ++o) outs[o] = o == 6 ? nullptr : out.data() + o * row;
  set.convolve({taps.data(), tap_count, weights.data(), offsets.data(), columns, rectified, outs});
  for (int o = 0; o < 8; ++o)
    for (int x = 0; x < columns; ++x) {
      double sum = offsets[o], size = 1.0;
      for (int k = 0; k < tap_count; ++k)
        if (taps[k] != nullptr) {
          sum += double(taps[k][x]) * weights[k * 8 + o];
          size += std::fabs(double(taps[k][x]) * weights[k * 8 + o]);
        }
      if (rectified) sum = std::max(0.0, sum);
      CHECK_NEAR(out[o * row + x], o == 6 ? -99.0 : sum, 1e-5 * size);
    }
}

void responses_agree(const Kernels& set, int count, float deviation) {
  std::mt19937 engine(unsigned(count) + 7);
  const auto values = random_values(std::size_t(count) * 11, engine, deviation);
  const auto part = [&](int i) { return values.data() + i * count; };
  const float* low[] = {part(0), part(1), part(2), part(3)};
  const float* high[] = {part(4), part(5), part(6), part(7)};
  std::vector<float> out(count);
  const float got = set.respond({part(8), part(9), low, high, 4, part(10), 0.4F, count, out.data()});
  double sum = 0.0, highest = -1e9;
  for (int m = 0; m < count; ++m) {
    double inner = 0.0;
    for (int b = 0; b < 4; ++b) inner += double(high[b][m]) - low[b][m];
    const double response = part(8)[m] + part(9)[m] + 0.4 * inner + part(10)[m];
    CHECK_NEAR(out[m], response, 1e-5 * std::max(1.0F, 4 * deviation));
    highest = std::max(highest, double(out[m]));
  }
  for (int m = 0; m < count; ++m) sum += std::exp(out[m] - highest);
  CHECK_NEAR(got, highest + std::log(sum), 1e-5 * std::max(1.0, std::fabs(highest)));
}

void a_name_stands_for_its_set() {
  CHECK(std::string(available_kernels().back().name) == "portable");
  CHECK(&kernels() == &available_kernels().front());
  for (const Kernels& set : available_kernels()) CHECK(&kernels(set.name) == &set);
  CHECK_THROWS(kernels("neon"));
  CHECK_THROWS(kernels("AVX2"));
}

}  // namespace

int main() {
  for (const Kernels& set : available_kernels()) {
    for (const int taps : {1, 9, 25, 400})
      for (const int columns : {16, 32, 48, 112}) {
        convolutions_agree(set, taps, columns, false);
        convolutions_agree(set, taps, columns, true);
      }
    for (const int count : {16, 80, 160})
      for (const float deviation : {0.1F, 3.0F, 40.0F}) responses_agree(set, count, deviation);
  }
  a_name_stands_for_its_set();
  return verdict("kernels");
}
