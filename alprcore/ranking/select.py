# SPDX-License-Identifier: Apache-2.0
"""Which of the plates that were found and read are reported."""

from __future__ import annotations

from collections.abc import Sequence

from alprcore.finding.search import SAME_PLATE
from alprcore.geometry import cover, distinct
from alprcore.ranking.record import Read
from alprcore.records import Plate

# What a text of a plate's usual length adds to the finder's score if it stands for certain. One of
# another length adds nothing: badges and windows read as one certain letter. What the text says may
# be open: with the probability of the best text alone, 90 of 99 plates of street photographs were
# reported, so 93, both with 7 results on no plate.
READING_WEIGHT = 0.5
# What is taken from the score of a plate on which next to nothing can be read although its
# characters must be 10 pixels wide: windows, signs and grilles repeat like characters.
UNREADABLE_WEIGHT = 0.1
UNREADABLE = 0.05
LEGIBLE_WIDTH = 100.0
# A low-scoring detection counts only if it reads as a plate does: letters with digits, surely
# text. In 2,331 street photographs, most of which the network was trained on, of what it scores
# 0.15 to 0.3 where no plate is sure that holds for 6 plates and for nothing else; letters alone are
# five words, digits alone four plates and three numbers. Beside a sure plate it holds for 3 plates
# and for 15 that are none or that nobody labelled.
DOUBTFUL_LEGIBILITY = 0.9


def plausibility(plate: Read | Plate) -> float:
    """Return how much finder and reader together speak for a plate, about 0 to 1.5.

    Notes
    -----
    The two err on different things: the finder takes lamps and stickers for plates, on which the
    reader finds nothing; the reader reads shop signs, which the finder scores low.
    """
    box = plate.quad.bounds()
    unreadable = plate.confidence < UNREADABLE and box.width >= LEGIBLE_WIDTH
    reading = READING_WEIGHT * plate.legibility - UNREADABLE_WEIGHT * unreadable
    return plate.detection_score + reading


def select_plates(
    plates: Sequence[Read],
    *,
    min_plausibility: float,
    min_confidence: float = 0.0,
    min_score: float = 0.0,
) -> tuple[int, ...]:
    """Return the indices of the plates to report, in their order.

    Parameters
    ----------
    plates : sequence of Read
    min_plausibility : float
        Plates below it are dropped.
    min_confidence : float
        Plates are dropped whose reading is less probable.
    min_score : float
        Plates that the finder scores lower are doubtful: dropped unless they read as plates do.
    """
    order = sorted(range(len(plates)), key=lambda i: (-plausibility(plates[i]), i))

    def counts(i: int) -> bool:
        plate = plates[i]
        sure = plate.detection_score >= min_score or _reads_as_one(plate)
        return (
            plausibility(plate) >= min_plausibility and plate.confidence >= min_confidence and sure
        )

    def same(i: int, k: int) -> bool:
        return cover(plates[i].quad.bounds(), plates[k].quad.bounds()) > SAME_PLATE

    return tuple(sorted(distinct(filter(counts, order), same)))


def _reads_as_one(plate: Read) -> bool:
    """Whether a plate is surely text, and letters with digits: words and numbers are anywhere."""
    mixed = any(map(str.isdigit, plate.text)) and any(map(str.isalpha, plate.text))
    return mixed and plate.legibility >= DOUBTFUL_LEGIBILITY
