# SPDX-License-Identifier: Apache-2.0
"""What makes a certain text doubtful: another script, and what covers a part of the plate.

A text's probability is that of the line that was read. These two speak of the plate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from alprcore.picture.rectify import rectify
from alprcore.ranking.record import Read
from alprcore.reading.attempts import Reader
from alprcore.reading.glyphs import UNSURE
from alprcore.records import Frame, Quad

# A reading of another script counts only where the look speaks more for that than for the first, it
# is as probable as this, and it has characters of that script in a format of its country: banks of
# other scripts put a stray character before Latin texts.
READABLE = 0.3
# Where the other bank sees its script but reads nothing that counts, the first reading is worth
# what the look gives its script, but no less than this: of Latin plates one in ten looks otherwise.
# Where the other bank sees Latin, too, nothing is doubtful.
DOUBTED = 0.8
# What the readings of a bank are worth: the Chinese one knows 30 of 31 provinces from drawn plates
# alone, and takes some of them for the one that it has seen in photographs.
TRUST = {"Chinese": 0.85}
# A reading less probable than this warns of itself. What may be hidden counts from the second
# probability on, so that a hair of doubt moves nothing; from the third on the plate is marked.
WORTH_A_LOOK = 0.3
COVER_NOTICED = 0.15
OCCLUDED = 0.5


def of_likeliest_script(
    frame: Frame, quad: Quad, reader: Reader, read_by: Callable[[Reader], Read | None]
) -> Read | None:
    """Return the plate as the reader of the script reads it that it most likely carries.

    Parameters
    ----------
    frame : (rows, cols, 3) uint8 array
    quad : Quad
        The plate's corners in frame pixels.
    reader : Reader
        Its own script is read in any case, those of its `others` where the look speaks for them.
    read_by
        Returns the plate as a reader reads it.
    """
    first = read_by(reader)
    if not reader.others or reader.looks is None:
        return first
    crop = rectify(frame, quad, margin=0.0)[0] if first is None else first.crop
    shares = reader.looks.script.shares(crop)
    own = shares[reader.script]
    tried = [
        (shares[other.script], other.script, read_by(other))
        for other in reader.others
        if shares[other.script] > own
    ]
    if not tried:
        return first
    others = [
        (share, TRUST.get(script, 1.0), read)
        for share, script, read in tried
        if read is not None
        and read.matches_template
        and not read.text.isascii()
        and read.confidence >= READABLE
    ]
    spent = sum(read.elapsed_ms for _, _, read in tried if read is not None)
    if others:
        share, trust, best = max(others, key=lambda item: item[0] * item[2].confidence)
        rest = 0.0 if first is None else own * first.confidence
        best = best.less_sure(trust * share * best.confidence / (share * best.confidence + rest))
    elif first is None:
        return None
    elif any(read is not None and not read.text.isascii() for _, _, read in tried):
        best = first.less_sure(max(own, DOUBTED))
    else:
        best = first
    first_ms = 0.0 if first is None else first.elapsed_ms
    return replace(best, elapsed_ms=first_ms + spent)


def as_covered(frame: Frame, read: Read, reader: Reader) -> Read:
    """Return the plate less sure, and marked, where something seems to cover a part of its text."""
    if reader.looks is None or read.whole or read.confidence < WORTH_A_LOOK:
        return read
    if "\n" in read.text:  # it learned from plates of one line and takes others for covered
        return read
    hidden = reader.looks.cover.shares(frame, read.quad)
    share = 1.0 - hidden["nothing"]
    if share < COVER_NOTICED:
        return read
    read = read.less_sure(1.0 - share)
    if share < OCCLUDED:
        return read
    shown, left = read.text_with_unsure, hidden["left"] > max(hidden["right"], hidden["inside"])
    return replace(read, occluded=True, text_with_unsure=UNSURE + shown if left else shown + UNSURE)
