// SPDX-License-Identifier: Apache-2.0
#include "alprcore/scan.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "alprcore/kernels.hpp"
#include "alprcore/targets.hpp"

namespace alprcore {
namespace {

constexpr std::size_t most_places = 40;
constexpr std::size_t block = 4096;  // readings sketched at a time: what is left of them stays in the first cache
constexpr std::size_t ahead = 8;     // records asked for before they are needed; they lie far apart
constexpr std::uint64_t overflow_bit = 1ULL << 59;
constexpr int rest_shift = 60;
constexpr unsigned exact_symbols = 36, shared_bits = 23;

/// The bit of a symbol in a sketch.
constexpr unsigned bit_of(unsigned symbol) {
  if (symbol >= '0' && symbol <= '9') return symbol - '0';
  if (symbol >= 'A' && symbol <= 'Z') return symbol - 'A' + 10;
  return exact_symbols + symbol % shared_bits;
}

constexpr std::array<std::uint64_t, 256> symbol_bits = [] {
  std::array<std::uint64_t, 256> bits{};  // none for 0, which is not a symbol
  for (unsigned symbol = 1; symbol < 256; ++symbol) bits[symbol] = 1ULL << bit_of(symbol);
  return bits;
}();

/// 2^(k - 15) for each level.
constexpr std::array<float, 16> level_values = [] {
  std::array<float, 16> values{};
  for (std::size_t k = 0; k < 16; ++k) values[k] = 1.0F / static_cast<float>(1U << (15 - k));
  return values;
}();

void check(const ScanPattern& pattern) {
  if (pattern.runs.size() != pattern.places.size() + 1)
    throw std::invalid_argument("scan: expected one run more than places");
  if (pattern.places.size() > most_places) throw std::invalid_argument("scan: expected at most 40 places");
  if (pattern.edits < 0 || pattern.edits > 1) throw std::invalid_argument("scan: expected 0 or 1 edits");
}

/// The early cut: whether so many of the symbols that a pattern names are missing from a reading that the share of the
/// characters it does not list cannot make up for them.
class Sieve {
 public:
  Sieve(const ScanPattern& pattern, float least) {
    for (const SymbolSet& place : pattern.places)
      if (std::count_if(place.begin(), place.end(), [](std::uint8_t is_in) { return is_in != 0; }) == 1)
        need(static_cast<std::size_t>(std::find_if(place.begin(), place.end(), [](auto is_in) { return is_in != 0; }) -
                                      place.begin()));
    for (std::size_t k = 0; k < 16; ++k) {
      const float rest = level_values[k];
      float bound = pattern.edits == 0 ? 1.0F : 1.0F / rest;  // one symbol may be missing for nothing
      while (missing_[k] < static_cast<int>(most_places) && bound * rest >= least) {
        bound *= rest;
        ++missing_[k];
      }
    }
  }

  /// Whether a reading may have the pattern, by its sketch; never false where the record would say true.
  [[nodiscard]] bool admits(std::uint64_t sketch) const {
    std::uint64_t missing = needed_ & ~sketch;
    if (missing == 0 || (sketch & overflow_bit) != 0) return true;
    for (int left = missing_[sketch >> rest_shift]; left > 0 && missing != 0; --left) missing &= missing - 1;
    return missing == 0;
  }

  /// The same by the record, for symbols that share a bit of the sketch.
  [[nodiscard]] bool admits(const SlotRecord& record) const {
    if (shared_.empty()) return true;
    int left = missing_[record.rest & 15];
    for (const std::uint8_t symbol : symbols_)
      if (std::find(record.symbols.begin(), record.symbols.end(), symbol) == record.symbols.end() && --left < 0)
        return false;
    return true;
  }

 private:
  void need(std::size_t symbol) {
    const auto code = static_cast<std::uint8_t>(symbol);
    if (std::find(symbols_.begin(), symbols_.end(), code) != symbols_.end()) return;
    symbols_.push_back(code);
    needed_ |= symbol_bits[symbol];
    if (bit_of(code) >= exact_symbols) shared_.push_back(code);
  }

  std::uint64_t needed_ = 0;
  std::vector<std::uint8_t> symbols_, shared_;
  std::array<int, 16> missing_{};  ///< how many may be missing, for each level of the rest
};

/// What two levels in one byte stand for: of the low half, of the high half, and half of both together.
struct Pair {
  float low, high, half;
};

constexpr std::array<Pair, 256> pairs = [] {
  std::array<Pair, 256> values{};
  for (std::size_t k = 0; k < 256; ++k) {
    const float low = level_values[k & 15], high = level_values[k >> 4];
    values[k] = {low, high, 0.5F * (low + high)};
  }
  return values;
}();

constexpr float least_first = 0.0625F;  // a third of the characters of a slot that says nothing have more

namespace portable {
namespace short_rows {
#define ALPR_LANES 8
#include "scan_body.inc"
#undef ALPR_LANES
}  // namespace short_rows
namespace rows {
#define ALPR_LANES 16
#include "scan_body.inc"
#undef ALPR_LANES
}  // namespace rows
namespace long_rows {
#define ALPR_LANES 64
#include "scan_body.inc"
#undef ALPR_LANES
}  // namespace long_rows
}  // namespace portable

#if ALPR_WITH_AVX
// Three times as fast as the portable ones, which have half the width and no instruction to select.
ALPR_TARGET_BEGIN("avx2")
namespace avx2 {
namespace short_rows {
#define ALPR_LANES 8
#include "scan_body.inc"
#undef ALPR_LANES
}  // namespace short_rows
namespace rows {
#define ALPR_LANES 16
#include "scan_body.inc"
#undef ALPR_LANES
}  // namespace rows
}  // namespace avx2
ALPR_TARGET_END
#endif

}  // namespace

std::uint64_t sketch_of(const SlotRecord& record) {
  std::uint64_t sketch = static_cast<std::uint64_t>(record.rest & 15) << rest_shift;
  if ((record.flags & 1) != 0) sketch |= overflow_bit;
  for (const std::uint8_t symbol : record.symbols) sketch |= symbol_bits[symbol];
  return sketch;
}

ScanHits scan(std::span<const SlotRecord> records, std::span<const std::uint64_t> sketches, const ScanPattern& pattern,
              float least, std::string_view kernels_name) {
  if (!(least > 0.0F)) throw std::invalid_argument("scan: expected a least score above 0");
  if (sketches.size() != records.size()) throw std::invalid_argument("scan: expected a sketch for each record");
  check(pattern);
  [[maybe_unused]] const bool is_portable = kernels(kernels_name).name == std::string_view("portable");
  const std::size_t places = pattern.places.size();
#if ALPR_WITH_AVX
  if (!is_portable && places < 8) return avx2::short_rows::scanned(records, sketches, pattern, least);
  if (!is_portable && places < 16) return avx2::rows::scanned(records, sketches, pattern, least);
#endif
  if (places < 8) return portable::short_rows::scanned(records, sketches, pattern, least);
  if (places < 16) return portable::rows::scanned(records, sketches, pattern, least);
  return portable::long_rows::scanned(records, sketches, pattern, least);
}

}  // namespace alprcore
