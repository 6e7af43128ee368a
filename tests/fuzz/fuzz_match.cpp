// SPDX-License-Identifier: Apache-2.0
// Any line against any small bank gives a lattice that fits itself, the same for every set of inner loops.
#include "alprcore/match.hpp"
#include "fuzz.hpp"

using namespace alprcore;

namespace {

std::vector<float> weights(Bytes& bytes, std::size_t count) {
  std::vector<float> values(count);
  for (float& value : values) value = float(bytes.byte() - 128) / 256.0F;
  return values;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, size);
  const BankShape shape{bytes.number(1, 5), bytes.number(1, 3), bytes.number(0, 3), bytes.number(1, 6)};
  const int inputs = bytes.number(1, 2), stride = bytes.number(1, 3), rows = bytes.number(1, 5);
  const int width = bytes.number(1, 60), height = bytes.number(6, 12);
  const int features = (height + stride - 1) / stride * 2;
  const int widths = shape.widest - shape.narrowest + 1;
  const float least = float(bytes.byte()) / 255.0F, odd = bytes.byte() == 255 ? bytes.real() : 0.0F;
  answered([&] {
    Plane line(width, height);
    for (float& value : line.values) value = float(bytes.byte() - 128) / 32.0F;
    line.values.back() += odd;
    const std::size_t count = std::size_t(shape.classes) * shape.templates;
    const auto filter = weights(bytes, std::size_t(2) * inputs * rows * 3), offsets = weights(bytes, 2);
    const auto templates = weights(bytes, TemplateBank::bins * count * features);
    const auto gap = weights(bytes, features), bias = weights(bytes, std::size_t(std::max(0, widths)) * shape.classes);
    Lattice first;
    for (const Kernels& set : available_kernels()) {
      std::vector<Convolution> filters;
      filters.emplace_back(KernelShape{inputs, 2, rows, 3, stride, stride}, filter, offsets);
      const TemplateBank bank(shape, std::move(filters), templates, gap, 0.1F, bias, set);
      const Lattice lattice = bank.match(line, 0.0F);
      const Lattice kept = bank.match(line, least);
      const LatticeView view{lattice.starts, lattice.ends, lattice.scores, lattice.posteriors, lattice.gaps, lattice.classes,
                             lattice.log_total};
      view.check();
      REQUIRE(lattice.columns == (width + stride - 1) / stride);
      REQUIRE(kept.starts.size() <= lattice.starts.size() && kept.log_total == lattice.log_total);
      for (std::size_t k = 0; k < lattice.templates.size(); ++k) {
        REQUIRE(lattice.templates[k] >= 0 && lattice.templates[k] < int(count));
        REQUIRE(lattice.templates[k] % shape.classes == int(k % shape.classes));
      }
      if (&set == &available_kernels().front()) first = lattice;
      REQUIRE(first.starts == lattice.starts && first.ends == lattice.ends);
      for (std::size_t k = 0; k < first.scores.size(); ++k)
        REQUIRE(std::fabs(first.scores[k] - lattice.scores[k]) <= 1e-3F + 1e-4F * std::fabs(first.scores[k]));
    }
  });
  return 0;
}
