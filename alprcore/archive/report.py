# SPDX-License-Identifier: Apache-2.0
"""A case as one HTML file that opens offline and prints: what was read, how, and how sure it is."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from html import escape
from importlib import metadata
from pathlib import Path

from alprcore.archive.defaults import UNSURE
from alprcore.archive.html import STYLE, count_of, moment, percents, region_of, table, text_of
from alprcore.archive.log import now
from alprcore.archive.origin import confidence_part, provenance_part
from alprcore.archive.pictures import Templates, crop_picture, explained_glyphs
from alprcore.archive.plots import places_plot, timeline
from alprcore.archive.provenance import user
from alprcore.archive.rows import Read
from alprcore.archive.searched import searched_part
from alprcore.archive.store import Case
from alprcore.errors import CaseError
from alprcore.reading.bank import Bank
from alprcore.wire.archive import percent

MOST_READS = 2000
"""Reads of one report: beyond that no browser is quick, and nobody reads it."""


_HOW = (
    "Each read has the picture of its plate with the corners that were found; the likeliest texts,"
    " with <em>format</em> where one is written as its region or country writes plates; and each"
    " character as it was seen, beside the template that it matched, with its probability. Below a"
    " character stand others that look like it, with their probabilities by appearance alone, in"
    " percent."
)


def write_report(
    case: Case,
    folder: Path,
    *,
    plates: Iterable[str] | None = None,
    unsure: float = UNSURE,
    most: int = MOST_READS,
) -> int:
    """Write ``report.html`` into a folder; return how many reads are in it.

    Parameters
    ----------
    case : Case
    folder : Path
        Made if needed.
    plates : iterable of str, optional
        Readings that are wanted, all when None.
    unsure : float
        Characters less probable than this, in [0, 1], are shown as ``?``.
    most : int
        Reads at most; the report says how many are left out.

    Raises
    ------
    CaseError
        If the report cannot be written.
    """
    wanted = None if plates is None else {_folded(each) for each in plates}
    reads = [read for read in case.reads() if wanted is None or _folded(read.plate) in wanted]
    templates = Templates(case)
    shown = reads[:most]
    parts = [
        _head(case, reads, shown, wanted),
        searched_part(case),
        _overview(reads, unsure),
        _when_and_where(reads),
        f"<h2>Reads</h2><p class=meta>{_HOW}</p>",
        *(_read(case, read, templates.bank(read), unsure) for read in shown),
        confidence_part(),
        provenance_part(case),
    ]
    page = (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width'>"
        f"<title>Report on {escape(case.folder.name)}</title><style>{STYLE}</style>"
        f"<body>{''.join(parts)}</body></html>\n"
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "report.html").write_text(page, "utf-8")
    except OSError as error:
        raise CaseError(f"{folder}: the report cannot be written: {error.strerror}") from error
    return len(shown)


def _folded(plate: str) -> str:
    return plate.upper().replace(" ", "").replace("-", "")


def masked(read: Read, unsure: float) -> str:
    """Return the reading with ``?`` for each character that is less probable than `unsure`."""
    shares = iter([glyph["confidence"] for glyph in read.glyphs])
    return "".join(
        "?" if each != "\n" and next(shares, 1.0) < unsure else each for each in read.text
    )


def _head(case: Case, reads: list[Read], shown: list[Read], wanted: set[str] | None) -> str:
    status = case.status()
    _, head = case.log_head()
    limits = "" if wanted is None else f", limited to {escape(', '.join(sorted(wanted)))}"
    left_out = len(reads) - len(shown)
    more = f" {left_out} more are left out: limit the report with --plates." if left_out else ""
    return (
        f"<h1>Number plates in {escape(case.folder.resolve().name)}</h1>"
        f"<p class=meta>Report made {moment(now())} by alprcore {metadata.version('alprcore')},"
        f" user {escape(user())}.</p>"
        f"<p>{count_of(status['sources'], 'source')} at {count_of(status['places'], 'place')},"
        f" {status['duplicates']} of these with the content of another;"
        f" {count_of(status['reads'], 'read')}; {count_of(status['unreadable'], 'place')} could not"
        f" be read. This report has {count_of(len(shown), 'read')}{limits}.{more}</p>"
        "<p class=lead>Readings are leads, not identifications. Each has a probability, and others"
        " that are possible beside it: compare the picture of the plate before acting on one.</p>"
        f"<p class=meta>Last hash of the case's log: <code>{head}</code></p>"
    )


def _overview(reads: list[Read], unsure: float) -> str:
    by_plate: dict[str, list[Read]] = {}
    for read in reads:
        by_plate.setdefault(masked(read, unsure), []).append(read)
    rows = [
        f"<tr><td class=t><a href='#r{each[0].id}'>{text_of(text)}</a><td class=n>{len(each)}"
        f"<td class=n>{percents(max(read.confidence for read in each), 1)}"
        f"<td>{region_of(each[0])}"
        f"<td class=t>{moment(min((r.time for r in each if r.time), default=''))}"
        f"<td class=t>{moment(max((r.time for r in each if r.time), default=''))}"
        for text, each in sorted(by_plate.items())
    ]
    titles = ["reading", "reads", "best confidence", "region", "first seen", "last seen"]
    return (
        f"<h2>Plates</h2>{table(titles, rows, numbers=frozenset({1, 2}))}"
        f"<p class=meta>? is a character less probable than {percent(unsure):.0f} %. A time without"
        " UTC is what the camera's clock showed, its zone unknown.</p>"
    )


def _when_and_where(reads: list[Read]) -> str:
    plots = [timeline(reads), places_plot(reads)]
    if not any(plots):
        return ""
    return "<h2>Times and places</h2>" + "".join(plots)


def _read(case: Case, read: Read, bank: Bank | None, unsure: float) -> str:
    crop = crop_picture(case.folder, read)
    image = (
        f"<img alt='crop of the plate' src='{_data(crop)}'>"
        if crop is not None
        else "<p class=meta>The crop is missing.</p>"
    )
    rows = [
        f"<tr><td class=t>{text_of(text)}<td class=n>{percents(value)}"
        f"<td>{'format' if fits else ''}"
        for text, value, fits in read.candidates[:6]
    ]
    listed = table(["candidate", "probability", ""], rows, numbers=frozenset({1}))
    return (
        f"<div class=read id=r{read.id}><h3>{text_of(masked(read, unsure))} <small>"
        f"{percents(read.confidence)} &middot; {region_of(read)} &middot;"
        f" #{read.id}</small></h3><div class=sides><div>{image}</div>{listed}</div>"
        f"{_glyphs(case.folder, read, bank, unsure)}{_facts(case, read)}</div>"
    )


def _facts(case: Case, read: Read) -> str:
    flags = [
        *(["may go on beyond the border"] if read.truncated else []),
        *(["barely legible"] if read.legibility < 0.2 else []),
    ]
    zone = ", by the camera's clock" if read.time_source == "exif without zone" else ""
    place = "" if read.latitude is None else f"{read.latitude:.5f}, {read.longitude:.5f}"
    vehicle = " ".join(filter(None, (read.color, read.make_model or read.make)))
    seen = f"{moment(read.time)}{zone}" if read.time else "no time known"
    facts = "; ".join(filter(None, (seen, place, read.camera or "", vehicle, *flags)))
    corners = " ".join(f"({x:.0f}, {y:.0f})" for x, y in read.quad.to_points().tolist())
    return (
        f"<p class=meta>{escape(facts)}<br>{escape(read.path)}{_frame(case, read)}<br>SHA-256"
        f" <code>{read.sha256}</code>; corners in pixels {corners}</p>"
    )


def _frame(case: Case, read: Read) -> str:
    """Return which frame of a video a read is of, and what all frames of the vehicle say."""
    if read.seconds is None:
        return ""
    at = (
        f", frame {read.frame} at {read.seconds:.3f} s (time stamp {read.pts} x {read.time_base} s)"
    )
    groups = case.rows("SELECT * FROM groups WHERE id = ?", (read.group_id or 0,))
    return at + "".join(
        f"<br>All frames of this vehicle together, {row['seconds_start']:.2f} to"
        f" {row['seconds_end']:.2f} s, {count_of(row['reads'], 'reading')}: {text_of(row['text'])},"
        f" {percents(row['confidence'])}"
        for row in groups
    )


def _glyphs(folder: Path, read: Read, bank: Bank | None, unsure: float) -> str:
    cells = []
    without = 0
    for glyph, seen, template in explained_glyphs(folder, read, bank):
        without += template is None
        others = ", ".join(
            f"<bdi>{escape(text)}</bdi> {percent(share):.1f}"
            for text, share in glyph["alternatives"][:4]
            if text != glyph["text"] and share >= 0.01
        )
        weak = " weak" if glyph["confidence"] < unsure else ""
        pictures = "".join(
            f"<img alt='{name}' title='{name}' src='{_data(picture)}'> "
            for name, picture in (("as seen", seen), ("template", template))
            if picture is not None
        )
        cells.append(
            f"<div class='glyph{weak}'>{pictures}<br><b><bdi>{escape(glyph['text'])}</bdi></b>"
            f" {percents(glyph['confidence'], 1)}<br>{others}</div>"
        )
    note = "<p class=meta>The template bank has no pictures of some of these templates.</p>"
    return f"<div class=glyphs>{''.join(cells)}</div>{note if without else ''}"


def _data(picture: bytes) -> str:
    kind = "png" if picture.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode('ascii')}"
