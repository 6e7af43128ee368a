# SPDX-License-Identifier: Apache-2.0
"""A case as one HTML file that opens offline and prints: what was read, how, and how sure it is."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from html import escape
from pathlib import Path

from alprcore.archive.defaults import UNSURE
from alprcore.archive.origin import provenance_part
from alprcore.archive.pictures import crop_picture, explained_glyphs
from alprcore.archive.plots import places_plot, timeline
from alprcore.archive.provenance import bank_of
from alprcore.archive.rows import Read
from alprcore.archive.store import Case
from alprcore.errors import AlprError, CaseError
from alprcore.reading.bank import Bank
from alprcore.settings import Settings, changed
from alprcore.wire.archive import percent

MOST_READS = 2000
"""Reads of one report: beyond that no browser is quick, and nobody reads it."""

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; color: #1b1f24; margin: 2em auto; max-width: 60em;
  padding: 0 1em; }
h1 { font-size: 1.7em; margin-bottom: .2em } h2 { margin-top: 2em; border-bottom: 1px solid #bbb }
table { border-collapse: collapse; margin: .6em 0; font-size: .93em }
td, th { padding: .18em .8em .18em 0; text-align: left; vertical-align: top }
th { font-weight: 600 } td.n, th.n { text-align: right }
code { font-size: .88em; overflow-wrap: anywhere }
.lead { background: #fff6dd; border-left: 4px solid #d8a200; padding: .6em 1em }
.read { border-top: 1px solid #ccc; padding: 1em 0; break-inside: avoid }
.read h3 { margin: 0 0 .3em; font-size: 1.35em; letter-spacing: .06em }
.read h3 small { font-size: .62em; letter-spacing: 0; font-weight: 400; color: #555 }
.sides { display: flex; flex-wrap: wrap; gap: 1.5em; align-items: flex-start }
img { image-rendering: auto; max-width: 100%; border: 1px solid #999 }
.glyphs { display: flex; flex-wrap: wrap; gap: .55em; margin-top: .6em }
.glyph { text-align: center; font-size: .8em; line-height: 1.3 }
.glyph img { height: 46px } .glyph b { font-size: 1.25em } .weak b { color: #b00020 }
.meta { color: #555; font-size: .9em; overflow-wrap: anywhere }
svg { max-width: 100%; height: auto } svg text { font: 11px system-ui, sans-serif; fill: #444 }
@media print { body { margin: 0; max-width: none; font-size: 11px } h2 { break-after: avoid } }
"""


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
    banks = _banks(case)
    shown = reads[:most]
    parts = [
        _head(case, reads, shown, wanted),
        _overview(reads, unsure),
        _when_and_where(reads),
        "<h2>Reads</h2>",
        *(_read(case, read, banks.get(read.setup_id), unsure) for read in shown),
        _unreadable(case),
        _confidence(),
        provenance_part(case),
    ]
    page = (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width'>"
        f"<title>Report on {escape(case.folder.name)}</title><style>{_STYLE}</style>"
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


def _banks(case: Case) -> dict[int, Bank]:
    """Return the template banks by setup, of those that this program has."""
    found = {}
    for number, setup in case.setups().items():
        try:
            bank = bank_of(changed(Settings(), setup["description"]["settings"]))
        except AlprError:
            continue
        if setup["alphabet"].startswith(bank.alphabet):
            found[number] = bank
    return found


def masked(read: Read, unsure: float) -> str:
    """Return the reading with ``?`` for each character that is less probable than `unsure`."""
    shares = iter([glyph["confidence"] for glyph in read.glyphs])
    return "".join(
        "?" if each != "\n" and next(shares, 1.0) < unsure else each for each in read.text
    ).replace("\n", " / ")


def _head(case: Case, reads: list[Read], shown: list[Read], wanted: set[str] | None) -> str:
    status = case.status()
    _, head = case.log_head()
    limits = "" if wanted is None else f", limited to {escape(', '.join(sorted(wanted)))}"
    left_out = len(reads) - len(shown)
    more = f" {left_out} more are left out: limit the report with --plates." if left_out else ""
    return (
        f"<h1>Number plates in {escape(case.folder.name)}</h1>"
        f"<p>{status['sources']} sources at {status['places']} places, {status['duplicates']} of"
        f" these duplicates; {status['reads']} reads; {status['unreadable']} places could not be"
        f" read. This report has {len(shown)} reads{limits}.{more}</p>"
        "<p class=lead>Readings are leads, not identifications. Each has a probability, and others"
        " that are possible beside it: compare the picture of the plate before acting on one.</p>"
        f"<p class=meta>Last hash of the case's log: <code>{head}</code></p>"
    )


def _overview(reads: list[Read], unsure: float) -> str:
    by_plate: dict[str, list[Read]] = {}
    for read in reads:
        by_plate.setdefault(masked(read, unsure), []).append(read)
    rows = [
        f"<tr><td><a href='#r{each[0].id}'>{escape(text)}</a><td class=n>{len(each)}"
        f"<td class=n>{percent(max(read.confidence for read in each)):.1f} %"
        f"<td>{escape(each[0].region or each[0].country)}"
        f"<td>{escape(min((r.time for r in each if r.time), default=''))}"
        f"<td>{escape(max((r.time for r in each if r.time), default=''))}"
        for text, each in sorted(by_plate.items())
    ]
    return (
        "<h2>Plates</h2><table><tr><th>reading<th class=n>reads<th class=n>surest<th>region"
        f"<th>first<th>last</tr>{''.join(rows)}</table>"
        f"<p class=meta>? is a character less probable than {percent(unsure):.0f} %.</p>"
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
    rows = "".join(
        f"<tr><td>{escape(text.replace(chr(10), ' / '))}<td class=n>{percent(value):.2f} %"
        f"<td>{'format' if fits else ''}"
        for text, value, fits in read.candidates[:6]
    )
    at = f", at {read.seconds:.3f} s (frame {read.frame})" if read.seconds is not None else ""
    flags = [
        *(["may go on beyond the border"] if read.truncated else []),
        *(["hardly legible"] if read.legibility < 0.2 else []),
    ]
    place = "" if read.latitude is None else f"; {read.latitude:.5f}, {read.longitude:.5f}"
    vehicle = " ".join(filter(None, (read.color, read.make_model or read.make)))
    facts = "; ".join(filter(None, (read.time or "no time", read.camera or "", vehicle, *flags)))
    corners = " ".join(f"({x:.0f}, {y:.0f})" for x, y in read.quad.to_points().tolist())
    return (
        f"<div class=read id=r{read.id}><h3>{escape(masked(read, unsure))} <small>"
        f"{percent(read.confidence):.2f} % &middot; {escape(read.region or read.country)} &middot;"
        f" #{read.id}</small></h3><div class=sides><div>{image}</div>"
        f"<table><tr><th>candidate<th class=n>probability<th></tr>{rows}</table></div>"
        f"{_glyphs(case.folder, read, bank, unsure)}"
        f"<p class=meta>{escape(facts)}{place}<br>{escape(read.path)}{at}<br>SHA-256"
        f" <code>{read.sha256}</code>; corners {corners}</p></div>"
    )


def _glyphs(folder: Path, read: Read, bank: Bank | None, unsure: float) -> str:
    cells = []
    for glyph, seen, template in explained_glyphs(folder, read, bank):
        others = ", ".join(
            f"{escape(text)} {percent(share):.1f}"
            for text, share in glyph["alternatives"]
            if text != glyph["text"] and share >= 0.01
        )
        weak = " weak" if glyph["confidence"] < unsure else ""
        pictures = "".join(
            f"<img alt='{name}' title='{name}' src='{_data(picture)}'> "
            for name, picture in (("as seen", seen), ("template", template))
            if picture is not None
        )
        cells.append(
            f"<div class='glyph{weak}'>{pictures}<br><b>{escape(glyph['text'])}</b>"
            f" {percent(glyph['confidence']):.1f} %<br>{others[:40]}</div>"
        )
    return f"<div class=glyphs>{''.join(cells)}</div>"


def _data(picture: bytes) -> str:
    kind = "png" if picture.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode('ascii')}"


def _unreadable(case: Case) -> str:
    rows = "".join(
        f"<tr><td>{escape(row['path'] + ('!' + row['member'] if row['member'] else ''))}"
        f"<td>{escape(row['reason'])}"
        for row in case.rows("SELECT path, member, reason FROM unreadable")
    )
    table = f"<table><tr><th>place<th>reason</tr>{rows}</table>" if rows else "<p>None.</p>"
    noted = case.rows("SELECT path, notices FROM sources WHERE notices != '[]'")
    notes = "".join(
        f"<li>{escape(row['path'])}: {escape('; '.join(json.loads(row['notices'])))}"
        for row in noted
    )
    return "<h2>Sources that could not be read</h2>" + table + (
        f"<p>Noticed in sources that were read:</p><ul>{notes}</ul>" if notes else ""
    )  # fmt: skip


# Of 151 American, European and Brazilian photographs of development, country `auto`, the plate that
# is labelled in each: confidence, plates, right; made by `benchmarks/archive_confidence.py`.
CONFIDENCES = (
    ("99 % and more", 56, 54),
    ("95-99 %", 39, 39),
    ("80-95 %", 29, 28),
    ("50-80 %", 21, 17),
    ("0-50 %", 6, 5),
)


def _confidence() -> str:
    text = (
        "<h2>How far confidences hold</h2><p>A confidence is the probability that the whole text is"
        " right, given the line of text that was seen; it does not know what lies outside of that"
        " line: a second line, an end that is covered, or a sign that is not a plate at all.</p>"
    )
    rows = "".join(
        f"<tr><td>{span}<td class=n>{n}<td class=n>{right}<td class=n>{100 * right / n:.1f} %"
        for span, n, right in CONFIDENCES
    )
    return (
        f"{text}<p>Measured on photographs with labelled plates:</p><table><tr><th>confidence"
        f"<th class=n>plates<th class=n>right<th class=n>share</tr>{rows}</table>"
    )
