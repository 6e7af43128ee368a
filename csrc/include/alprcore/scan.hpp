// SPDX-License-Identifier: Apache-2.0
// First step of a search: which of millions of readings may have a pattern, by 64 bytes of each.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
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

/// What a scan looks at first, 8 bytes a reading: bits 0 to 35 are set for the symbols 0 to 9 and A to Z that its slots
/// hold, 36 to 58 for all others, by their code mod 23; bit 59 for a reading that does not fit; bits 60 to 63 are `rest`.
std::uint64_t sketch_of(const SlotRecord& record);

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

/// Returns the rows that have the pattern with at least the score `least`, in their order. `sketches` are those of the
/// records; they decide for most of them, so that a scan reads an eighth of the memory. `kernels_name` is as for
/// `kernels`; all sets give the same scores.
ScanHits scan(std::span<const SlotRecord> records, std::span<const std::uint64_t> sketches, const ScanPattern& pattern,
              float least, std::string_view kernels_name = {});

}  // namespace alprcore
