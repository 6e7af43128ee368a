# SPDX-License-Identifier: Apache-2.0
"""What makes a certain text doubtful: another script, a line beside it, a cover, being on no plate.

A text's probability is that of the line that was read. These four speak of the plate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from alprcore.picture.rectify import rectify
from alprcore.ranking.record import Read
from alprcore.reading.attempts import Reader
from alprcore.reading.glyphs import UNSURE
from alprcore.reading.read import CENTRED, has_two_line_shape, read_plate
from alprcore.reading.segment import off_middle
from alprcore.records import Frame, Quad

# The banks of other scripts read where the look gives theirs this share of what it gives the first.
# Of Latin crops that nothing learned from 2 % are read once more for it; with 0.1 it is 6 %, and no
# more are right.
WORTH_READING = 0.2
# Nor do they read what the look takes for no plate: windows and grilles have no script, and a bank
# of many characters takes 10 ms to find that out.
PLATE = 0.5
# A reading of another script counts only where it is as probable as this and has characters of it
# in a format of its country: banks of other scripts put a stray character before Latin texts.
READABLE = 0.3
# Where the look speaks for another script and its bank reads nothing that counts, the first reading
# is worth what the look gives its script, but no less than this: 2 of 548 Latin crops look
# otherwise, and of 120 of other scripts that read as Latin at 0.9 or more, 108 do.
DOUBTED = 0.5
# What the readings of a bank are worth: the Chinese one knows 30 of 31 provinces from drawn plates
# alone, and takes some of them for the one that it has seen in photographs.
TRUST = {"Chinese": 0.95}
# A reading less probable than this warns of itself. What may be hidden counts from the second
# probability on, so that a hair of doubt moves nothing; from the third on the plate is marked.
WORTH_A_LOOK = 0.3
COVER_NOTICED = 0.15
OCCLUDED = 0.5
# Where the countries have plates of one line, a plate of two is read in half. Its line is this far
# off the middle, as a share of the height, and another line of text beside it: so are 40 of 40
# Vietnamese plates that are told `us`, and none of 213 American ones. What is read is then worth
# next to nothing.
OFF_MIDDLE = CENTRED + 0.05
HALF = 0.1
OTHER_LINES = 4, 7  # proposals, first and more
# What looks more like a plate than like other lettering is one. Of 1,520 pictures without a plate
# 12 have a result at 80 % or more so, 100 without. To ask more of what the finder doubts changes
# none of these.
LETTERING = 0.5


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
    seen = reader.looks.script.shares(crop)
    if (plate := sum(seen.values())) < PLATE:
        return first
    shares = {script: share / plate for script, share in seen.items()}
    own = shares[reader.script]
    if first is not None and first.matches_template:
        # Where a plate says the same in two scripts, the look may speak for either.
        own += shares.get(reader.countries.script_beside(first.country), 0.0)
    tried = [
        (shares[other.script], other.script, read_by(other))
        for other in reader.others
        if shares[other.script] > WORTH_READING * own
    ]
    if not tried:
        return first
    others = [
        (share * read.confidence, TRUST.get(script, 1.0), read)
        for share, script, read in tried
        if read is not None
        and read.matches_template
        and not read.text.isascii()
        and read.confidence >= READABLE
    ]
    spent = sum(read.elapsed_ms for _, _, read in tried if read is not None)
    if others:
        weight, trust, best = max(others, key=lambda item: item[0])
        rest = 0.0 if first is None else own * first.confidence
        if first is not None and rest > weight:
            best = first.less_sure(max(rest / (weight + rest), DOUBTED))
        else:
            best = best.less_sure(trust * weight / (weight + rest))
    elif first is None:
        return None
    elif max(share for share, _, _ in tried) > own:
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


def as_half(read: Read, reader: Reader) -> Read:
    """Return the plate less sure, and marked, where a line of it was not read."""
    if reader.countries.two_lines or "\n" in read.text or read.confidence < WORTH_A_LOOK:
        return read
    lines, shape = read.reading.lines, read.crop.shape
    if not lines or not has_two_line_shape(shape) or off_middle(lines[0].line, shape) < OFF_MIDDLE:
        return read
    first, more = OTHER_LINES
    both = read_plate(
        read.crop, read.bank, count=1, proposals=first, more_proposals=more, two_lines=True
    ).lines
    if len(both) < 2:
        return read
    known = float(lines[0].line[0])
    above = abs(float(both[0].line[0]) - known) > abs(float(both[-1].line[0]) - known)
    missing = UNSURE * len(both[0 if above else -1].texts[0][0])
    shown = [missing, read.text_with_unsure] if above else [read.text_with_unsure, missing]
    return replace(read.less_sure(HALF), text_with_unsure="\n".join(shown))


def as_lettering(frame: Frame, read: Read, reader: Reader) -> Read:
    """Return the plate less sure where what was read looks like lettering that is on no plate.

    Nor does such a text speak for a plate: its legibility goes down as well.
    """
    if reader.looks is None or read.whole or read.confidence < WORTH_A_LOOK:
        return read
    share = reader.looks.plate.share(frame, read.quad) / LETTERING
    if share >= 1.0:
        return read
    return replace(read.less_sure(share), legibility=share * read.legibility)
