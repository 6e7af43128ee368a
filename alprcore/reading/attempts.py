# SPDX-License-Identifier: Apache-2.0
"""A plate's corners to its texts: read as often as is asked for, and once more where unsure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from alprcore.countries.file import LATIN
from alprcore.countries.fit import CountrySet
from alprcore.geometry import Matrix
from alprcore.picture.rectify import rectify
from alprcore.reading.bank import Bank, load_bank, read_bank
from alprcore.reading.glyphs import read_glyphs
from alprcore.reading.looks import Looks
from alprcore.reading.match import Reading
from alprcore.reading.order import as_seen, as_spoken, spoken_order
from alprcore.reading.read import STEEPEST, has_two_line_shape, read_plate
from alprcore.reading.repeat import mean_texts, nudged, parallelogram
from alprcore.records import Detection, Frame, Glyph, GrayImage, Quad
from alprcore.settings import Settings

# A reading of a sure plate below this probability gets a second look, at the parallelogram nearest
# to its corners: one corner that is off is the commonest fault of a crop. The mean of both counts.
# Of 385 plates in photographs 34 % were looked at again; the logarithm of the probability of what
# they say rose by 5 %. A wider margin or more looks did no better.
SECOND_LOOK = 0.7
# Seen from the side, a plate is so narrow that its characters match nothing. One whose text is less
# probable than this and whose crop is narrower than the first aspect is widened to the second, at
# most so many times, and that reading stays where it is so many times likelier, as a logarithm. Of
# 379 crops squeezed to 0.45 of their width 343 are read right so, for 56 without, and 359 as they
# are, for 351 (`benchmarks/side_view.py`).
WIDEN_BELOW = 0.85
WIDE_ENOUGH, WIDENED, MOST_STRETCH = 2.9, 3.5, 2.5
LIKELIER = 10.0
# How much likelier than none the text may be before: with more the plate is seen well enough. On a
# place that may be no plate it must be something. Of 202 crops that widening makes right 198 are
# widened still, of 130 tries on 151 photographs with plates seen from the front 31.
ENOUGH_EVIDENCE, TEXT_EVIDENCE, UNSURE_EVIDENCE = 60.0, 15.0, 4.0
LEAST_TEXTS = 20  # read of every plate, however few are wanted


@dataclass(frozen=True, slots=True)
class Reader:
    """All that reading a plate takes but the plate.

    Attributes
    ----------
    bank, countries, settings
    script
        What the countries' plates carry.
    others
        Readers of other scripts that plates may carry.
    looks
        The networks that look at a plate without reading it; None where nothing asks for them.
    """

    bank: Bank
    countries: CountrySet
    settings: Settings
    script: str = LATIN
    others: tuple[Reader, ...] = ()
    looks: Looks | None = None

    @property
    def alphabet(self) -> str:
        """All characters that may be read: those of its own bank, then what the others add."""
        return "".join(dict.fromkeys("".join(one.bank.alphabet for one in self.all_scripts)))

    @property
    def all_scripts(self) -> tuple[Reader, ...]:
        """The reader itself and those of other scripts."""
        return (self, *self.others)

    def with_settings(self, settings: Settings) -> Reader:
        """Return the reader, and those of other scripts, with these settings."""
        others = tuple(replace(other, settings=settings) for other in self.others)
        return replace(self, settings=settings, others=others)


def load_reader(
    settings: Settings,
    countries: CountrySet,
    known: Mapping[str, Bank],
    looks: Looks | None = None,
) -> Reader:
    """Return the reader of the countries' first script, with those of the others.

    `known` are banks that are loaded already, by script. A user's own bank reads all countries.
    """
    if settings.bank:
        script = countries.scripts[0]
        bank = known.get(script) or read_bank(settings.bank)
        return Reader(bank, countries, settings, script, looks=looks)
    readers = [
        Reader(
            known.get(script) or load_bank(script),
            countries.of_script(script),
            settings,
            script,
        )
        for script in countries.scripts
    ]
    return replace(readers[0], others=tuple(readers[1:]), looks=looks)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One reading of a plate; `matrix` maps crop pixels to frame pixels.

    `widened` says that the crop is wider than the plate is seen, so that its shape is not known.
    """

    crop: GrayImage
    matrix: Matrix
    reading: Reading
    widened: bool = False


def read_attempts(frame: Frame, detection: Detection, reader: Reader, count: int) -> list[Attempt]:
    """Return the readings of a plate: as many as are asked for, one more where one is unsure.

    Each has `count` texts.
    """
    settings = reader.settings
    sure = detection.score >= settings.sure_plate_score
    quads = nudged(detection.quad, settings.analysis_count)
    attempts = [_attempt(frame, quad, reader, count, sure=sure) for quad in quads]
    if reader.script != LATIN and _evidence(attempts[0].reading) < UNSURE_EVIDENCE:
        return attempts  # a bank of many characters sees nothing: lamps and grilles have no script
    if len(attempts) == 1 and _likeliest(attempts[0].reading) < WIDEN_BELOW:
        wide = _widened(frame, detection.quad, reader, attempts[0], count, sure=sure)
        if wide is not None:
            return [wide]
    if sure and len(attempts) == 1 and _likeliest(attempts[0].reading) < SECOND_LOOK:
        other = parallelogram(detection.quad)
        if other != detection.quad:  # a whole area is one already
            attempts.append(_attempt(frame, other, reader, count, sure=sure))
    return attempts


def _likeliest(reading: Reading) -> float:
    return reading.texts[0][1] if reading.texts else 0.0


def _widened(
    frame: Frame, quad: Quad, reader: Reader, seen: Attempt, count: int, *, sure: bool
) -> Attempt | None:
    """Return the reading of a plate that is seen from the side, widened; None where it is none."""
    aspect = seen.crop.shape[1] / seen.crop.shape[0]
    evidence = _evidence(seen.reading)
    if aspect > WIDE_ENOUGH or evidence > ENOUGH_EVIDENCE or not seen.reading.lines:
        return None
    if not sure and evidence < UNSURE_EVIDENCE:
        return None
    stretch = min(MOST_STRETCH, WIDENED / aspect)
    # Where there is hardly any text yet, the first proposals show whether it pays: most of these
    # are lamps and grilles, on which all of the effort takes ten times as long.
    likely = sure and evidence >= TEXT_EVIDENCE
    wide = _attempt(frame, quad, reader, count, sure=likely, stretch=stretch)
    if _evidence(wide.reading) <= evidence + LIKELIER:
        return None
    if likely == sure:
        return wide
    return _attempt(frame, quad, reader, count, sure=sure, stretch=stretch)


def _evidence(reading: Reading) -> float:
    return sum(line.evidence for line in reading.lines)


def _attempt(
    frame: Frame, quad: Quad, reader: Reader, count: int, *, sure: bool, stretch: float = 1.0
) -> Attempt:
    crop, matrix = rectify(frame, quad, margin=reader.settings.plate_margin, stretch=stretch)
    reading = read_upright(
        crop, reader.bank, reader.countries, reader.settings, count=count, sure=sure
    )
    return Attempt(crop, matrix, reading, widened=stretch > 1.0)


def read_upright(
    crop: GrayImage,
    bank: Bank,
    countries: CountrySet,
    settings: Settings,
    *,
    count: int = LEAST_TEXTS,
    sure: bool = True,
    steepest: float = STEEPEST,
) -> Reading:
    """Return the texts of an upright crop, (h, w) uint8, with the effort that the settings ask for.

    `count` is how many texts; `sure` says whether it is likely to be a plate; `steepest` is as for
    `read_plate`.

    Notes
    -----
    A crop of two-line shape gets all of the effort whatever its score: with two proposals and no
    look beside the first line, half of a motorcycle's plate read as a whole one at 0.97 to 0.99.
    """
    sure = sure or (countries.two_lines and has_two_line_shape(crop.shape))
    return read_plate(
        crop,
        bank,
        count=count,
        proposals=settings.line_proposals if sure else settings.unsure_line_proposals,
        more_proposals=settings.more_line_proposals if sure else 0,
        two_lines=countries.two_lines,
        steepest=steepest,
        has_format=countries.has_format,
    )


def joint_texts(
    attempts: Sequence[Attempt], reader: Reader, count: int
) -> tuple[tuple[str, float], ...]:
    """Return the texts of all attempts together, without those with too faint a character.

    They are in the order in which they are spoken (`reading.order`).
    """
    texts = attempts[0].reading.texts
    if len(attempts) > 1:
        texts = mean_texts([attempt.reading.texts for attempt in attempts], count)
    if (least := reader.settings.min_character_confidence) > 0:
        texts = tuple(
            (text, value)
            for text, value in texts
            for source in [likeliest_attempt(text, attempts)]
            for glyphs in [read_glyphs(source.reading, text, reader.bank, source.matrix)]
            if min(glyph.confidence for glyph in glyphs) >= least
        )
    return tuple((as_spoken(text), value) for text, value in texts)


def likeliest_attempt(text: str, attempts: Sequence[Attempt]) -> Attempt:
    """Return the attempt in which a text, as it is seen, is the most probable."""
    return max(attempts, key=lambda attempt: dict(attempt.reading.texts).get(text, 0.0))


def glyphs_of(text: str, attempts: Sequence[Attempt], bank: Bank) -> tuple[Attempt, list[Glyph]]:
    """Return the attempt that shows a text best, and the text's glyphs in its order."""
    seen = as_seen(text)
    best = likeliest_attempt(seen, attempts)
    glyphs = read_glyphs(best.reading, seen, bank, best.matrix)
    order = spoken_order(seen.replace("\n", ""))
    return best, [glyphs[i] for i in order if i < len(glyphs)]
