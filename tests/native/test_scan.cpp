// SPDX-License-Identifier: Apache-2.0
#include "alprcore/scan.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "alprcore/automaton.hpp"
#include "check.hpp"

using namespace alprcore;

namespace {

/// A record whose slots spell `text`, all else in each slot at `level`.
SlotRecord record_of(const std::string& text, int level) {
  SlotRecord record{};
  record.slots = static_cast<std::uint8_t>(text.size());
  record.rest = static_cast<std::uint8_t>(level);
  for (std::size_t i = 0; i < text.size(); ++i) {
    record.symbols[i] = static_cast<std::uint8_t>(text[i]);
    record.others[i] = static_cast<std::uint8_t>(level);
  }
  return record;
}

/// A pattern of characters, `?` for any one and `*` for any run.
ScanPattern pattern_of(const std::string& text, int edits = 0) {
  ScanPattern pattern;
  pattern.runs.push_back(0);
  pattern.edits = edits;
  for (const char character : text) {
    if (character == '*') {
      pattern.runs.back() = 1;
      continue;
    }
    SymbolSet place{};
    if (character == '?')
      place.fill(1);
    else
      place[static_cast<unsigned char>(character)] = 1;
    pattern.places.push_back(place);
    pattern.runs.push_back(0);
  }
  return pattern;
}

ScanHits scan(const std::vector<SlotRecord>& records, const ScanPattern& pattern, float least) {
  std::vector<std::uint64_t> sketches;
  for (const SlotRecord& record : records) sketches.push_back(sketch_of(record));
  return alprcore::scan(records, sketches, pattern, least);
}

void scans_what_matches() {
  const std::vector<SlotRecord> records{record_of("ABC123", 0), record_of("ABD123", 0), record_of("123", 0)};
  CHECK(scan(records, pattern_of("ABC123"), 0.5F).rows == std::vector<std::int64_t>{0});
  CHECK(scan(records, pattern_of("AB?123"), 0.5F).rows == (std::vector<std::int64_t>{0, 1}));
  CHECK(scan(records, pattern_of("*123"), 0.5F).rows == (std::vector<std::int64_t>{0, 1, 2}));
  CHECK(scan(records, pattern_of("ABX123", 1), 0.5F).rows == (std::vector<std::int64_t>{0, 1}));
  CHECK(scan(records, pattern_of("AB123", 1), 0.5F).rows == (std::vector<std::int64_t>{0, 1}));
  CHECK(scan(records, pattern_of("ABCC123", 1), 0.5F).rows == std::vector<std::int64_t>{0});
}

void counts_what_other_characters_may_be() {
  const std::vector<SlotRecord> records{record_of("ABC123", 8)};
  const auto hits = scan(records, pattern_of("XBC123"), 1e-5F);
  CHECK(hits.rows.size() == 1);
  CHECK_NEAR(hits.scores[0], std::ldexp(1.0F, 8 - 15), 1e-3F);
  CHECK(scan(records, pattern_of("XYC123"), 1e-3F).rows.empty());
}

void lets_through_what_does_not_fit() {
  SlotRecord record{};
  record.flags = 1;
  CHECK(scan(std::vector<SlotRecord>{record}, pattern_of("ABC"), 0.5F).rows.size() == 1);
}

void refuses_what_makes_no_sense() {
  const std::vector<SlotRecord> records{record_of("A", 0)};
  auto pattern = pattern_of("A");
  CHECK_THROWS(scan(records, pattern, 0.0F));
  pattern.edits = 2;
  CHECK_THROWS(scan(records, pattern, 0.1F));
  pattern.edits = 0;
  pattern.runs.pop_back();
  CHECK_THROWS(scan(records, pattern, 0.1F));
  CHECK_THROWS(alprcore::scan(records, {}, pattern_of("A"), 0.1F));
}

void scans_more_than_a_block() {
  std::vector<SlotRecord> records(10'000, record_of("ZZZ", 0));
  for (const std::size_t row : {0U, 4095U, 4096U, 9999U}) records[row] = record_of("ABC123", 0);
  CHECK(scan(records, pattern_of("A?C*"), 0.5F).rows == (std::vector<std::int64_t>{0, 4095, 4096, 9999}));
}

void takes_patterns_of_every_length() {
  for (std::size_t places = 1; places <= 40; ++places) {
    const std::string text = std::string(std::min<std::size_t>(places, 12), 'A'), more(places - text.size(), '?');
    CHECK(scan({record_of(text, 0)}, pattern_of(text + more), 0.5F).rows.size() == (more.empty() ? 1U : 0U));
    CHECK(scan({record_of(text, 0)}, pattern_of("*" + text), 0.5F).rows.size() == 1);
  }
  CHECK_THROWS(scan({record_of("A", 0)}, pattern_of(std::string(41, 'A')), 0.5F));
}

/// Two symbols that share a bit of the sketch are told apart by the record.
void tells_symbols_of_one_bit_apart() {
  SlotRecord record{};
  record.slots = 1;
  record.symbols[0] = 130;
  ScanPattern pattern{{SymbolSet{}}, {0, 0}, 0};
  pattern.places[0][130 + 23] = 1;
  CHECK(sketch_of(record) == std::uint64_t{1} << (36 + 130 % 23));
  CHECK(scan({record}, pattern, 1e-3F).rows.empty());
}

/// Two columns: one stretch over both (A or B), or a gap and a stretch, or gaps.
void sums_over_all_paths() {
  const std::vector<std::int32_t> starts{0, 1}, ends{2, 2};
  const std::vector<float> scores{1.0F, 0.0F, 0.5F, -1.0F}, gaps{0.0F, 0.0F};
  const double a = std::exp(1.0) + std::exp(0.5), b = 1.0 + std::exp(-1.0);
  const LatticeView lattice{starts, ends, scores, {}, gaps, 2, std::log(a + b + 1.0)};
  const std::vector<std::int32_t> steps{1, -1, -1, -1}, groups{0, 1};
  const std::vector<std::uint8_t> accepting{0, 1}, empty{1, 0};
  CHECK_NEAR(std::exp(log_accepted(lattice, TextAutomaton::of_table(steps, groups, accepting))), a / (a + b + 1.0), 1e-6);
  CHECK_NEAR(std::exp(log_accepted(lattice, TextAutomaton::of_table(steps, groups, empty))), 1.0 / (a + b + 1.0), 1e-6);
  const std::vector<std::int32_t> outside{0, 7}, nowhere{1, -1, 2, -1};
  CHECK_THROWS(log_accepted(lattice, TextAutomaton::of_table(steps, outside, accepting)));
  CHECK_THROWS(log_accepted(lattice, TextAutomaton::of_table(nowhere, groups, accepting)));
  CHECK_THROWS(TextAutomaton::of_table(steps, groups, {}));
}

}  // namespace

int main() {
  scans_what_matches();
  counts_what_other_characters_may_be();
  lets_through_what_does_not_fit();
  refuses_what_makes_no_sense();
  scans_more_than_a_block();
  takes_patterns_of_every_length();
  tells_symbols_of_one_bit_apart();
  sums_over_all_paths();
  return verdict("scan");
}
