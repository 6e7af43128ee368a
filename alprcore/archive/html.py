# SPDX-License-Identifier: Apache-2.0
"""Words of a report: texts in either direction, percents, times."""

from __future__ import annotations

from html import escape
from typing import Any

from alprcore.archive.rows import Read
from alprcore.wire.archive import percent

STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; color: #1b1f24; background: #fff; margin: 2em auto;
  max-width: 60em; padding: 0 1em; }
h1 { font-size: 1.7em; margin-bottom: .2em; overflow-wrap: anywhere }
h2 { margin-top: 2em; border-bottom: 1px solid #bbb }
.wide { overflow-x: auto }
table { border-collapse: collapse; margin: .6em 0; font-size: .93em }
td, th { padding: .18em .8em .18em 0; text-align: left; vertical-align: top }
th { font-weight: 600 } td.n, th.n { text-align: right } td.t { white-space: nowrap }
td.p { overflow-wrap: anywhere }
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
@page { margin: 16mm 14mm; @bottom-right { content: counter(page) " / " counter(pages);
  font: 9px system-ui, sans-serif; color: #555 } }
@media print { body { margin: 0; max-width: none; font-size: 11px; padding: 0 }
  .sides { flex-wrap: nowrap } .sides > div:first-child { flex: 0 1 46% }
  .glyph img { height: 32px }
  h2, h3 { break-after: avoid } tr { break-inside: avoid } a { color: inherit } }
"""


def text_of(text: str) -> str:
    """Return a plate's text as HTML, of either direction, its lines parted by a slash."""
    return " / ".join(f"<bdi>{escape(line)}</bdi>" for line in text.split("\n"))


def percents(probability: float, digits: int = 2) -> str:
    """Return a probability in percent; neither all nor nothing where it is only nearly so."""
    value, least = percent(probability), 10.0**-digits
    if probability > 0 and value < least:
        return f"&lt; {least:.{digits}f} %"
    if probability < 1 and value > 100 - least:
        return f"&gt; {100 - least:.{digits}f} %"
    return f"{value:.{digits}f} %"


def moment(time: str | None) -> str:
    """Return a time of the store for people; without a zone it is the camera's own clock."""
    if not time:
        return ""
    shown = time.replace("T", " ").replace(".000", "")
    return shown.replace("Z", " UTC") if shown.endswith("Z") else shown


def region_of(read: Read) -> str:
    """Return country and region of a read."""
    parts = dict.fromkeys(filter(None, (read.country, read.region)))  # one where both are the same
    return escape("-".join(parts))


def count_of(number: int, one: str, more: str = "") -> str:
    """Return a number with its noun."""
    return f"{number:,} {one if number == 1 else more or one + 's'}"


def table(titles: list[str], rows: list[str], *, numbers: frozenset[int] = frozenset()) -> str:
    """Return a table of rows that are HTML already; columns of numbers stand to the right."""
    head = "".join(
        f"<th{' class=n' if i in numbers else ''}>{each}" for i, each in enumerate(titles)
    )
    return f"<div class=wide><table><tr>{head}</tr>{''.join(rows)}</table></div>"


def place_of(row: Any) -> str:
    """Return the name of a place as HTML."""
    return escape(str(row["path"]) + (f"!{row['member']}" if row["member"] else ""))
