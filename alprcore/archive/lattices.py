# SPDX-License-Identifier: Apache-2.0
"""Lattices as the bytes of a store, and back.

Layout, version 1, little-endian: a byte ``1``, a byte with the number of lines, and behind them,
compressed by zlib, the lines one after another from top to bottom:

============  ==================  =================================================================
field         type                meaning
============  ==================  =================================================================
stretches     uint16              n
columns       uint16              t
classes       uint16              c, the first ones of the alphabet of the read's settings
log_total     float64             log of the sum over all paths
starts        n x uint16          first column of each stretch
ends          n x uint16          column behind its last one
posteriors    n x float32         probability that a stretch is a character of some class
gaps          t x float32         score of each column without a character
highest       n x float32         score of each stretch's best class
below         2 x n x c uint8     how far each class is below it in steps of 1/4096: first the low
                                  bytes of all, then the high ones, which compress well so
============  ==================  =================================================================

A class 16 or more below the best one, less probable by 10 million, is stored as 16. What that does
to probabilities is measured by ``benchmarks/archive_quality.py``.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from alprcore.errors import CaseError
from alprcore.reading.match import Lattice

VERSION = 1
STEP = 4096.0
_LINE = struct.Struct("<HHHd")
_NO_TEMPLATES = np.zeros((0, 0), np.int32)


def lattice_bytes(lattices: Sequence[Lattice]) -> bytes:
    """Return the lattices of a read's lines as bytes; the layout is in this module's docstring."""
    parts = [_line_bytes(lattice) for lattice in lattices]
    return bytes([VERSION, len(parts)]) + zlib.compress(b"".join(parts), 6)


def read_lattices(content: bytes) -> tuple[Lattice, ...]:
    """Return the lattices of a read's lines; without the matched templates, which are not kept.

    Raises
    ------
    CaseError
        If `content` was not written by `lattice_bytes`.
    """
    if content[:1] != bytes([VERSION]) or len(content) < 2:
        raise CaseError("lattice: expected version 1")
    try:
        body = zlib.decompress(content[2:])
        lines, at = [], 0
        for _ in range(content[1]):
            lattice, at = _read_line(body, at)
            lines.append(lattice)
    except (zlib.error, struct.error, ValueError) as error:
        raise CaseError(f"lattice: the bytes are damaged ({error})") from error
    return tuple(lines)


def in_alphabet(lattice: Lattice, own: str, whole: str) -> Lattice:
    """Return a lattice over the alphabet `own` as one over `whole`, which has its characters.

    One whose own alphabet comes first in the whole stays as it is: its classes are the first ones.
    """
    if whole.startswith(own):
        return lattice
    least = lattice.scores.min(initial=0.0) - 50.0
    scores = np.full((len(lattice.scores), len(whole)), least, np.float32)
    scores[:, [whole.index(char) for char in own]] = lattice.scores
    return replace(lattice, scores=scores)


def joined(lattices: Sequence[Lattice]) -> Lattice:
    """Return one lattice that reads the lines one after another, as if they stood side by side.

    The lines are independent given the pixels, so its texts have the products of their
    probabilities, and patterns may go across the end of a line.
    """
    if len(lattices) == 1:
        return lattices[0]
    columns = np.cumsum([0, *(len(each.gaps) for each in lattices)])
    starts = [each.starts + np.int32(at) for each, at in zip(lattices, columns, strict=False)]
    ends = [each.ends + np.int32(at) for each, at in zip(lattices, columns, strict=False)]
    return Lattice(
        starts=np.concatenate(starts).astype(np.int32),
        ends=np.concatenate(ends).astype(np.int32),
        scores=np.concatenate([each.scores for each in lattices]),
        templates=_NO_TEMPLATES,
        posteriors=np.concatenate([each.posteriors for each in lattices]),
        gaps=np.concatenate([each.gaps for each in lattices]),
        log_total=float(sum(each.log_total for each in lattices)),
    )


def _line_bytes(lattice: Lattice) -> bytes:
    stretches, classes = lattice.scores.shape
    highest = lattice.scores.max(axis=1, initial=-np.inf)
    steps = np.rint((highest[:, None].astype(np.float64) - lattice.scores) * STEP)
    below = np.minimum(steps, 65535).astype("<u2")
    planes = below.view(np.uint8).reshape(stretches * classes, 2).T
    return b"".join(
        (
            _LINE.pack(stretches, len(lattice.gaps), classes, lattice.log_total),
            lattice.starts.astype("<u2").tobytes(),
            lattice.ends.astype("<u2").tobytes(),
            lattice.posteriors.astype("<f4").tobytes(),
            lattice.gaps.astype("<f4").tobytes(),
            highest.astype("<f4").tobytes(),
            np.ascontiguousarray(planes).tobytes(),
        )
    )


def _read_line(body: bytes, at: int) -> tuple[Lattice, int]:
    """Return the line at a place of the body, and where the next one begins."""
    stretches, columns, classes, log_total = _LINE.unpack_from(body, at)
    at += _LINE.size

    def take(kind: str, count: int) -> NDArray[np.generic]:
        nonlocal at
        array = np.frombuffer(body, kind, count, at)
        at += array.nbytes
        return array

    starts, ends = take("<u2", stretches), take("<u2", stretches)
    posteriors, gaps = take("<f4", stretches), take("<f4", columns)
    highest = take("<f4", stretches).astype(np.float32)
    planes = take("u1", 2 * stretches * classes).reshape(2, stretches, classes)
    below = planes[0].astype(np.float32) + planes[1].astype(np.float32) * np.float32(256)
    return Lattice(
        starts=starts.astype(np.int32),
        ends=ends.astype(np.int32),
        scores=highest[:, None] - below / np.float32(STEP),
        templates=_NO_TEMPLATES,
        posteriors=posteriors.astype(np.float32),
        gaps=gaps.astype(np.float32),
        log_total=float(log_total),
    ), at
