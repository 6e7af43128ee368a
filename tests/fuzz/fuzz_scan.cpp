// SPDX-License-Identifier: Apache-2.0
// A scan gives of every record the score of its definition, to the last digit: state by state, without sketches, vectors
// or an early end that is not in the definition.
#include "alprcore/kernels.hpp"
#include "alprcore/scan.hpp"
#include "fuzz.hpp"

using namespace alprcore;

namespace {

float value(int level) { return std::ldexp(1.0F, level - 15); }

struct Slot {
  const SlotRecord& record;
  std::size_t i;

  [[nodiscard]] int symbol(std::size_t k) const { return record.symbols[k * SlotRecord::most_slots + i]; }
  [[nodiscard]] float second() const { return value(record.levels[i] & 15); }
  [[nodiscard]] float third() const { return value(record.levels[i] >> 4); }
  [[nodiscard]] float other() const { return value(record.others[i] & 15); }
  [[nodiscard]] float empty() const { return value(record.others[i] >> 4); }
  [[nodiscard]] float first() const {
    return std::max(0.0625F, 1.0F - 0.5F * (second() + third() + other() + empty()));
  }
  [[nodiscard]] float share(const SymbolSet& place) const {
    const float shares[] = {first(), second(), third()};
    float sum = 0.0F;
    bool listed = false;
    for (std::size_t k = 0; k < 3; ++k)
      if (symbol(k) != 0 && place[std::size_t(symbol(k))] != 0) {
        sum += shares[k];
        listed = true;
      }
    return listed ? sum : other();
  }
};

/// Whether symbols that the pattern names are missing from a record, and the rest cannot make up for it.
bool is_cut(const SlotRecord& record, const ScanPattern& pattern, float least) {
  const float rest = value(record.rest & 15);
  float bound = pattern.edits == 0 ? 1.0F : 1.0F / rest;
  std::vector<long> seen;
  for (const SymbolSet& place : pattern.places) {
    if (std::count(place.begin(), place.end(), 1) != 1) continue;
    const long symbol = std::find(place.begin(), place.end(), 1) - place.begin();
    if (std::count(seen.begin(), seen.end(), symbol) != 0) continue;
    seen.push_back(symbol);
    if (symbol != 0 && std::count(record.symbols.begin(), record.symbols.end(), symbol) != 0) continue;
    bound *= rest;
    if (bound < least) return true;
  }
  return false;
}

float score(const SlotRecord& record, const ScanPattern& pattern, float least) {
  if ((record.flags & 1) != 0) return 1.0F;
  if (is_cut(record, pattern, least)) return 0.0F;
  const std::size_t size = pattern.places.size();
  std::vector<float> row(size + 1), after(size + 1);
  row[0] = 1.0F;
  if (pattern.edits != 0 && size > 0) after[1] = 1.0F;
  for (std::size_t i = 0; i < std::min<std::size_t>(record.slots, SlotRecord::most_slots); ++i) {
    const Slot slot{record, i};
    const float full = std::max(0.0625F, 1.0F - 0.5F * slot.empty());
    std::vector<float> next(size + 1), next_after(size + 1);
    for (std::size_t j = 0; j <= size; ++j) {
      const float stay = pattern.runs[j] != 0 ? 1.0F : slot.empty();
      next[j] = row[j] * stay;
      if (pattern.edits != 0) next_after[j] = after[j] * stay + row[j] * full;
      if (j == 0) continue;
      const float here = slot.share(pattern.places[j - 1]);
      next[j] += row[j - 1] * here;
      if (pattern.edits != 0) next_after[j] += after[j - 1] * here + row[j - 1] * full + next[j - 1];
    }
    row = next;
    after = next_after;
    if (std::max(*std::max_element(row.begin(), row.end()), *std::max_element(after.begin(), after.end())) < least)
      return 0.0F;
  }
  const float sum = row[size] + after[size];
  return sum < least ? 0.0F : std::min(1.0F, sum);
}

SlotRecord record_of(Bytes& bytes, int symbols) {
  SlotRecord record{};
  record.slots = static_cast<std::uint8_t>(bytes.number(0, bytes.byte() % 16 == 0 ? 255 : 12));
  record.flags = bytes.byte() % 16 == 0 ? bytes.byte() : std::uint8_t{0};
  record.rest = bytes.byte();
  for (auto& symbol : record.symbols) symbol = static_cast<std::uint8_t>(bytes.byte() % symbols * 7 + 50);
  for (auto& symbol : record.symbols) symbol = bytes.byte() % 4 == 0 ? std::uint8_t{0} : symbol;
  for (auto& level : record.levels) level = bytes.byte();
  for (auto& level : record.others) level = bytes.byte();
  return record;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, size);
  const int symbols = bytes.number(1, 25);
  ScanPattern pattern;
  pattern.edits = bytes.byte() % 2;
  for (int n = bytes.number(0, bytes.byte() % 4 == 0 ? 40 : 8); n > 0; --n) {
    SymbolSet set{};
    const int kind = bytes.byte() % 4;
    if (kind == 0) set.fill(1);
    for (int k = 0; k < kind; ++k) set[std::size_t(bytes.byte() % symbols * 7 + 50)] = 1;
    pattern.places.push_back(set);
  }
  for (std::size_t j = 0; j <= pattern.places.size(); ++j) pattern.runs.push_back(bytes.byte() % 4 == 0);
  const float least = std::ldexp(1.0F, -bytes.number(1, 20));
  std::vector<SlotRecord> records;
  std::vector<std::uint64_t> sketches;
  for (int n = bytes.number(0, 20); n > 0; --n) {
    records.push_back(record_of(bytes, symbols));
    sketches.push_back(sketch_of(records.back()));
  }
  for (const Kernels& set : available_kernels()) {
    const ScanHits hits = scan(records, sketches, pattern, least, set.name);
    std::size_t k = 0;
    for (std::size_t i = 0; i < records.size(); ++i) {
      const float expected = score(records[i], pattern, least);
      if (expected == 0.0F) continue;
      REQUIRE(k < hits.rows.size() && hits.rows[k] == static_cast<std::int64_t>(i));
      REQUIRE(hits.scores[k] == expected);
      ++k;
    }
    REQUIRE(k == hits.rows.size());
  }
  return 0;
}
