# SPDX-License-Identifier: Apache-2.0
"""Plates from their corners to their ranked readings: the order of the reading stages."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from alprcore.picture.rectify import rectify_color
from alprcore.picture.view import Place, View
from alprcore.ranking.doubt import as_covered, as_half, as_lettering, of_likeliest_script
from alprcore.ranking.order import in_order
from alprcore.ranking.rank import Ranking, extended, rank_candidates
from alprcore.ranking.record import Read
from alprcore.ranking.region import is_formatted, named_region, region_probabilities
from alprcore.ranking.region_look import COUNTRY, CROP_SIZE, look_logs
from alprcore.ranking.region_network import RegionModel
from alprcore.ranking.select import select_plates
from alprcore.reading.attempts import (
    LEAST_TEXTS,
    Attempt,
    Reader,
    glyphs_of,
    joint_texts,
    read_attempts,
)
from alprcore.reading.glyphs import mask_unsure, settled_glyphs
from alprcore.reading.legible import legibility
from alprcore.records import Box, Detection, Fit, Frame, Label, Quad

# Where a format is a must, the match may lie far down: of ten texts, the spelling that has a format
# is missing on some plates with two lookalikes, O and I.
MUST_MATCH_TEXTS = 100
ENOUGH_FOR_AN_AREA = 0.7  # a reading of this probability stands, whatever else an area may show


def read_plates(
    view: View, found: Sequence[Detection], reader: Reader, regions: RegionModel
) -> list[tuple[Read, Place]]:
    """Return the plates to report of those found, read, the first to name first, with their places.

    Parameters
    ----------
    view : View
        The frame that was searched, and its way back to the picture.
    found : sequence of Detection
        In pixels of that frame.
    reader : Reader
    regions : RegionModel
        What tells a state from the plate's look.
    """
    settings = reader.settings
    reads = [
        read_detection(view.frame, detection, reader, regions, index=index)
        for index, detection in enumerate(found)
    ]
    readable = [read for read in reads if read is not None]
    chosen = select_plates(
        readable,
        min_plausibility=settings.min_plausibility,
        min_confidence=settings.min_confidence,
        min_score=settings.min_plate_score,
    )
    placed = ((readable[i], readable[i].placed(view)) for i in chosen)
    rows, cols = view.frame.shape[:2]
    known = [(read, place) for read, place in placed if place is not None]
    return in_order(known, view.areas, Box(0, 0, cols, rows))


def read_detection(
    frame: Frame, detection: Detection, reader: Reader, regions: RegionModel, *, index: int
) -> Read | None:
    """Return the plate at `detection`, or None when nothing on it could be text.

    Parameters
    ----------
    frame : (rows, cols, 3) uint8 array
        Blue, green, red.
    detection : Detection
        Where the plate is, in frame pixels; with `Detection.inner` it is an area that shows a plate
        and little else.
    reader : Reader
    regions : RegionModel
        What tells a state from the plate's look.
    index : int
        The plate's number in the picture.
    """
    if detection.inner:
        return _read_area(frame, detection, reader, regions, index)
    return _read_plate(frame, detection, reader, regions, index)


def _read_plate(
    frame: Frame, detection: Detection, reader: Reader, regions: RegionModel, index: int
) -> Read | None:
    """Return the plate between the corners of `detection`, in the script that it carries."""

    def read_by(one: Reader) -> Read | None:
        return _read_script(frame, detection, one, regions, index)

    read = of_likeliest_script(frame, detection.quad, reader, read_by)
    if read is None:
        return None
    covered = as_covered(frame, as_half(read, reader), reader)
    return as_lettering(frame, covered, reader)


def _read_script(
    frame: Frame, detection: Detection, reader: Reader, regions: RegionModel, index: int
) -> Read | None:
    """Return the plate between the corners of `detection`, in the script of `reader`."""
    begin = time.perf_counter()
    settings = reader.settings
    count = MUST_MATCH_TEXTS if settings.must_match_pattern else LEAST_TEXTS
    attempts = read_attempts(frame, detection, reader, count)
    texts = joint_texts(attempts, reader, count)
    fits = reader.countries.fits([text for text, _ in texts], _outline(attempts, detection))
    ranking = _ranked(texts, fits, reader)
    if not ranking.candidates:
        return None
    if settings.topn > count:
        ranking = _with_more(ranking, frame, detection, reader)
    best = ranking.candidates[ranking.chosen]
    source, seen = glyphs_of(best.text, attempts, reader.bank)
    glyphs = settled_glyphs(seen, best.text, ranking.shares)
    look = _look(frame, detection.quad, ranking, reader, regions)
    labels = _regions(ranking, fits, reader, look=look)
    speaks = look is not None or is_formatted(fits[best.text], ranking.country)
    region, region_confidence = _region(ranking, labels, reader, speaks=speaks)
    return Read(
        text=best.text,
        confidence=best.confidence,
        matches_template=best.matches_template,
        country=ranking.country,
        region=region,
        region_confidence=region_confidence,
        regions=labels,
        detection=detection,
        candidates=ranking.candidates,
        glyphs=glyphs,
        index=index,
        elapsed_ms=(time.perf_counter() - begin) * 1e3,
        text_with_unsure=mask_unsure(best.text, glyphs, settings.unsure_below),
        legibility=legibility(ranking.shares[:LEAST_TEXTS], reader.countries.lengths),
        crop=source.crop,
        reading=source.reading,
        bank=reader.bank,
    )


def _read_area(
    frame: Frame, area: Detection, reader: Reader, regions: RegionModel, index: int
) -> Read | None:
    """Return the plate that an area shows, and little else.

    The area is read as it is and with its first corners, and the more probable reading stays. Where
    neither is legible, the second corners are tried; a part of a plate may read as well as all of
    it, so theirs must not be a part of the other reading. Of American plates in areas twice as wide
    and 2.5 times as high, the area as it is reads 60 % right, with the first corners 84 % and with
    all three 91 %; of two-line plates that fill their area 88, 80 and 86 %.
    """
    outer, inner = (replace(area, quad=quad) for quad in area.inner)
    bare = reader.with_settings(replace(reader.settings, plate_margin=0.0))
    readings = [
        _read_plate(frame, area, bare, regions, index),
        _read_plate(frame, outer, reader, regions, index),
    ]
    best = max(filter(None, readings), key=lambda read: read.confidence, default=None)
    if best is None or best.confidence < ENOUGH_FOR_AN_AREA:
        other = _read_plate(frame, inner, reader, regions, index)
        readings.append(other)
        if best is None or (
            other is not None and other.confidence > best.confidence and other.text not in best.text
        ):
            best = other
    if best is None:
        return None
    return replace(best, elapsed_ms=sum(read.elapsed_ms for read in readings if read is not None))


def _ranked(
    texts: Sequence[tuple[str, float]], fits: Mapping[str, Sequence[Fit]], reader: Reader
) -> Ranking:
    settings = reader.settings
    return rank_candidates(
        texts,
        fits,
        topn=settings.topn,
        default_region=settings.default_region,
        must_match_pattern=settings.must_match_pattern,
        only_regions=reader.countries.only_regions,
    )


def _outline(attempts: Sequence[Attempt], detection: Detection) -> Quad | None:
    """Return the plate's outline; None where it was widened, so that its shape says nothing."""
    return None if any(attempt.widened for attempt in attempts) else detection.quad


def _with_more(ranking: Ranking, frame: Frame, detection: Detection, reader: Reader) -> Ranking:
    """Return the ranking with the candidates that are wanted beyond the texts it was made of.

    The chosen text must not depend on `topn`, so the plate is read once more for the candidates
    beyond the first, and only their order is taken from there.
    """
    topn = reader.settings.topn
    attempts = read_attempts(frame, detection, reader, topn)
    texts = joint_texts(attempts, reader, topn)
    fits = reader.countries.fits([text for text, _ in texts], _outline(attempts, detection))
    of_country = {
        text: [fit for fit in each if fit.country == ranking.country] for text, each in fits.items()
    }
    return extended(ranking, _ranked(texts, of_country, reader), topn)


def _regions(
    ranking: Ranking,
    fits: Mapping[str, Sequence[Fit]],
    reader: Reader,
    *,
    look: Mapping[str, float] | None,
) -> tuple[Label, ...]:
    """Return how probable each region of the country is; `look` as in `ranking.region`."""
    of_country = {
        text: fit for text, each in fits.items() for fit in each if fit.country == ranking.country
    }
    weights = reader.countries.weights(ranking.country)
    return region_probabilities(
        ranking.shares, of_country, weights, country_share=ranking.country_share, look=look
    )


def _look(
    frame: Frame, quad: Quad, ranking: Ranking, reader: Reader, regions: RegionModel
) -> dict[str, float] | None:
    """Return what the plate's look says of its region; None when that is given, or not known."""
    if not reader.settings.detect_region or ranking.region or ranking.country != COUNTRY:
        return None
    crop = rectify_color(frame, quad, size=CROP_SIZE)
    return look_logs(crop, regions, reader.countries.weights(COUNTRY))


def _region(
    ranking: Ranking, regions: Sequence[Label], reader: Reader, *, speaks: bool
) -> tuple[str, float]:
    """Return the region to report with its probability, 0 where it was given and not inferred.

    `speaks` is whether text or look said anything.
    """
    if not ranking.region:
        return named_region(regions, speaks=speaks)
    inferred = speaks and ranking.country in reader.countries.only_regions
    return ranking.region, regions[0].confidence if inferred and regions else 0.0
