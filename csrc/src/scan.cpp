// SPDX-License-Identifier: Apache-2.0
#include "alprcore/scan.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>

namespace alprcore {
namespace {

constexpr int most_places = 40;
constexpr std::size_t words = 5;  // 64-bit words that hold the 36 symbols, the last of them overlapping

/// 2^(k - 15) for each level.
std::array<float, 16> level_values() {
  std::array<float, 16> values{};
  for (int k = 0; k < 16; ++k) values[static_cast<std::size_t>(k)] = std::ldexp(1.0F, k - 15);
  return values;
}

/// Whether one of the symbols is the one that `repeated` has in all its bytes; looks at eight at a time.
bool may_hold(const SlotRecord& record, std::uint64_t repeated) {
  constexpr std::uint64_t ones = 0x0101010101010101ULL;
  constexpr std::uint64_t tops = 0x8080808080808080ULL;
  std::uint64_t found = 0;
  for (std::size_t i = 0; i < words; ++i) {
    std::uint64_t word = 0;
    std::memcpy(&word, record.symbols.data() + 8 * i - (i == words - 1 ? 4 : 0), sizeof word);
    word ^= repeated;
    found |= (word - ones) & ~word & tops;
  }
  return found != 0;
}

/// A slot with its levels looked up.
struct Slot {
  std::array<std::uint8_t, 3> symbols;
  std::array<float, 3> shares;
  float other, empty;
};

class Scanner {
 public:
  Scanner(const ScanPattern& pattern, float least) : pattern_(pattern), least_(least), levels_(level_values()) {
    if (pattern.runs.size() != pattern.places.size() + 1)
      throw std::invalid_argument("scan: expected one run more than places");
    if (pattern.places.size() > most_places) throw std::invalid_argument("scan: expected at most 40 places");
    if (pattern.edits < 0 || pattern.edits > 1) throw std::invalid_argument("scan: expected 0 or 1 edits");
    for (const SymbolSet& place : pattern.places) {
      const auto count = std::count_if(place.begin(), place.end(), [](std::uint8_t is_in) { return is_in != 0; });
      if (count != 1) continue;
      const auto symbol = static_cast<std::uint64_t>(
          std::find_if(place.begin(), place.end(), [](std::uint8_t is_in) { return is_in != 0; }) - place.begin());
      const std::uint64_t repeated = symbol * 0x0101010101010101ULL;
      if (std::find(needed_.begin(), needed_.end(), repeated) == needed_.end()) needed_.push_back(repeated);
    }
  }

  /// The score of a record, or 0 when it is below the least.
  [[nodiscard]] float score(const SlotRecord& record) const {
    if ((record.flags & 1) != 0) return 1.0F;
    if (cannot_have(record)) return 0.0F;
    return pattern_.edits == 0 ? exact(record) : edited(record);
  }

 private:
  using Row = std::array<float, most_places + 1>;

  /// Whether so many of the needed symbols are missing that the others' share cannot make up for it.
  [[nodiscard]] bool cannot_have(const SlotRecord& record) const {
    const float rest = levels_[record.rest & 15];
    float bound = pattern_.edits == 0 ? 1.0F : 1.0F / rest;  // one symbol may be missing for nothing
    for (const std::uint64_t repeated : needed_)
      if (!may_hold(record, repeated)) {
        bound *= rest;
        if (bound < least_) return true;
      }
    return false;
  }

  [[nodiscard]] Slot slot_of(const SlotRecord& record, std::size_t i) const {
    constexpr std::size_t n = SlotRecord::most_slots;
    Slot slot{{record.symbols[i], record.symbols[n + i], record.symbols[2 * n + i]},
              {0.0F, levels_[record.levels[i] & 15], levels_[record.levels[i] >> 4]},
              levels_[record.others[i] & 15],
              levels_[record.others[i] >> 4]};
    // Levels are rounded up to the next power of two, so that at least half of each is gone from the first.
    slot.shares[0] = std::max(0.0625F, 1.0F - 0.5F * (slot.shares[1] + slot.shares[2] + slot.other + slot.empty));
    return slot;
  }

  [[nodiscard]] static float share(const Slot& slot, const SymbolSet& place) {
    float sum = 0.0F;
    int listed = 0;
    for (std::size_t k = 0; k < 3; ++k)
      if (slot.symbols[k] != 0 && place[slot.symbols[k]] != 0) {
        sum += slot.shares[k];
        ++listed;
      }
    return listed == 0 ? slot.other : sum;
  }

  [[nodiscard]] float exact(const SlotRecord& record) const {
    const std::size_t size = pattern_.places.size();
    Row row{};
    row[0] = 1.0F;
    for (std::size_t i = 0; i < record.slots && i < SlotRecord::most_slots; ++i) {
      const Slot slot = slot_of(record, i);
      float highest = 0.0F;
      for (std::size_t j = size + 1; j-- > 0;) {
        float value = row[j] * (pattern_.runs[j] != 0 ? 1.0F : slot.empty);
        if (j > 0 && row[j - 1] > 0.0F) value += row[j - 1] * share(slot, pattern_.places[j - 1]);
        row[j] = value;
        highest = std::max(highest, value);
      }
      if (highest < least_) return 0.0F;
    }
    return kept(row[size]);
  }

  [[nodiscard]] float edited(const SlotRecord& record) const {
    const std::size_t size = pattern_.places.size();
    Row row{}, after{};  // without an edit so far, and after one
    row[0] = 1.0F;
    if (size > 0) after[1] = 1.0F;  // the first character is missing
    for (std::size_t i = 0; i < record.slots && i < SlotRecord::most_slots; ++i) {
      const Slot slot = slot_of(record, i);
      const float full = std::max(0.0625F, 1.0F - 0.5F * slot.empty);
      Row next{}, next_after{};
      float highest = 0.0F;
      for (std::size_t j = 0; j <= size; ++j) {
        const float stay = pattern_.runs[j] != 0 ? 1.0F : slot.empty;
        next[j] = row[j] * stay;
        next_after[j] = after[j] * stay + row[j] * full;  // a character too many
        if (j > 0) {
          const float here = share(slot, pattern_.places[j - 1]);
          next[j] += row[j - 1] * here;
          next_after[j] += after[j - 1] * here + row[j - 1] * full + next[j - 1];  // another, missing
        }
        highest = std::max({highest, next[j], next_after[j]});
      }
      row = next;
      after = next_after;
      if (highest < least_) return 0.0F;
    }
    return kept(row[size] + after[size]);
  }

  [[nodiscard]] float kept(float score) const { return score < least_ ? 0.0F : std::min(1.0F, score); }

  const ScanPattern& pattern_;
  float least_;
  std::array<float, 16> levels_;
  std::vector<std::uint64_t> needed_;  ///< symbols that must be there, each in all eight bytes
};

}  // namespace

ScanHits scan(std::span<const SlotRecord> records, const ScanPattern& pattern, float least) {
  if (!(least > 0.0F)) throw std::invalid_argument("scan: expected a least score above 0");
  const Scanner scanner(pattern, least);
  ScanHits hits;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const float score = scanner.score(records[i]);
    if (score > 0.0F) {
      hits.rows.push_back(static_cast<std::int64_t>(i));
      hits.scores.push_back(score);
    }
  }
  return hits;
}

}  // namespace alprcore
