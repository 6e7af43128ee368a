// SPDX-License-Identifier: Apache-2.0
// First step of a search: which of millions of readings may have a pattern, by 64 bytes of each.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace alprcore {

/// The 64 bytes of a reading, slot by slot from left to right. A slot holds its three most probable symbols; the
/// first has what the others leave. Probabilities are levels k of 4 bits: at most 2^(k - 15).
struct SlotRecord {
  static constexpr int most_slots = 12;

  std::uint8_t slots;                               ///< used, from the left
  std::uint8_t flags;                               ///< 1: the reading does not fit, everything may match it
  std::uint8_t rest;                                ///< low half: the highest level of `others`
  std::uint8_t second_line;                         ///< slot that begins the second line; 0 for one line
  std::array<std::uint8_t, 3 * most_slots> symbols; ///< first of all slots, then second, then third; 0 for none
  std::array<std::uint8_t, most_slots> levels;      ///< of the second symbol (low half) and the third
  std::array<std::uint8_t, most_slots> others;      ///< of all other symbols together (low half) and of no character
};
static_assert(sizeof(SlotRecord) == 64);

/// One place of a pattern: the symbols that may stand there.
using SymbolSet = std::array<std::uint8_t, 256>;

struct ScanPattern {
  std::vector<SymbolSet> places;   ///< not 0 where the symbol may stand
  std::vector<std::uint8_t> runs;  ///< one more than places: not 0 where any run may stand before the place, or at the end
  int edits = 0;                   ///< 0, or 1: a character too many, missing or another
};

struct ScanHits {
  std::vector<std::int64_t> rows;
  std::vector<float> scores;  ///< about the probability that the reading has the pattern; rarely below it
};

/// Returns the rows that have the pattern with at least the score `least`, in their order.
ScanHits scan(std::span<const SlotRecord> records, const ScanPattern& pattern, float least);

}  // namespace alprcore
