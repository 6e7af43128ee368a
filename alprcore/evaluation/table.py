# SPDX-License-Identifier: Apache-2.0
"""A comparison as lines for people, as a table of plates, and as one HTML file."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from alprcore.evaluation.beside import Compared, Labels, Side, agreement, compared, paired, scores
from alprcore.evaluation.forms import KINDS
from alprcore.evaluation.scoring import Score, percent, wilson

Row = tuple[str, ...]

COLUMNS = (
    "image", "plate", "alprcore", "alprcore_confidence", "alprcore_right", "other",
    "other_confidence", "other_right",
)  # fmt: skip
"""Of the table of plates."""

EXPLAINED = (
    ("found", "labelled plates that some result overlaps"),
    ("strict", "read right, letter for letter"),
    ("folded", "the same with O for 0 and I for 1"),
    ("extra results", "results that overlap no labelled plate: false ones, and unlabelled plates"),
    ("95 %", "interval of Wilson's score"),
)
_CERTAIN = 0.05  # a difference that chance makes less often is called one


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sides over the labelled pictures that both have.

    Attributes
    ----------
    labels
        All of them.
    own, other
        The sides.
    plates
        Every labelled plate with both readings.
    """

    labels: Labels
    own: Side
    other: Side
    plates: tuple[Compared, ...]


def comparison(labels: Labels, own: Side, other: Side) -> Comparison:
    """Return the comparison of two sides."""
    return Comparison(labels, own, other, tuple(compared(labels, own, other)))


def rows(found: Comparison, *, topn: int) -> list[Row]:
    """Return what is counted, each with the figures of both sides."""
    own, other = found.own, found.other
    own_score, other_score = scores(found.labels, own, other)
    n = own_score.plates
    top = "top-10" if topn >= 10 else f"top-{topn}"
    lines: list[Row] = []
    for name, what in (("found", "found"), ("strict", "strict"), ("folded", "folded"),
                       (top, "top10")):  # fmt: skip
        lines.append((name, *(_counted(getattr(one, what), n) for one in (own_score, other_score))))
    lines.append(("character error", *(_error(one) for one in (own_score, other_score))))
    lines.append(("extra results", str(own_score.extra), str(other_score.extra)))
    if own_score.regions:
        cells = (_counted(one.regions_right, one.regions) for one in (own_score, other_score))
        lines.append(("region", *cells))
    lines += _times(own, other)
    spent = "not stated" if other.credits is None else str(other.credits)
    lines.append(("credits", "0", spent))
    return lines


def _times(own: Side, other: Side) -> list[Row]:
    """Return the times: a call in process and a request over HTTP are not the same thing."""
    lines: list[Row] = []
    for name, rank in (("median", 0.5), ("95 %", 0.95)):
        lines.append((f"in process, {name}", _quantile(own.latency_ms, rank), "-"))
        over = (_quantile(times, rank) for times in (own.over_http_ms, other.latency_ms))
        lines.append((f"over HTTP, {name}", *over))
    return lines


def verdict(plates: Sequence[Compared]) -> list[str]:
    """Return who reads more plates, and whether that may be chance, as sentences."""
    pair = paired(plates)
    share, low, high = pair.difference()
    p = pair.p_value()
    if p < _CERTAIN:
        better = "alprcore" if pair.first_only > pair.second_only else "the other"
        said = f"{better} reads more of these plates"
    else:
        said = "that may be chance: these plates do not tell the two apart"
    return [
        f"read right by alprcore alone {pair.first_only}, by the other alone {pair.second_only},"
        f" by neither {pair.neither}",
        f"difference {100 * share:+.1f} points (95 %: {100 * low:+.1f} to {100 * high:+.1f}),"
        f" McNemar's exact test p = {p:.3g}: {said}",
    ]


def text(found: Comparison, *, topn: int, differences: bool = False) -> str:
    """Return a comparison as lines for people."""
    pictures = {each.image for each in found.plates}
    lines = [
        f"{len(found.plates)} plates in {len(pictures)} of {len(found.labels)} pictures",
        _line("", "alprcore", "other"),
        *(_line(*row) for row in rows(found, topn=topn)),
        *same_looks(found),
        *verdict(found.plates),
    ]
    if differences:
        lines += [
            f"  {each.image}: {each.label.text}, alprcore {_said(each, 0)}, other {_said(each, 1)}"
            for each in sorted(found.plates, key=lambda each: each.image)
            if not all(each.right)
        ]
    return "\n".join(lines)


def same_looks(found: Comparison) -> list[str]:
    """Return in how many pictures both sides name the same colour, make and model."""
    lines = []
    for kind, _ in KINDS:
        same, both = agreement(found.own, found.other, kind)
        if both:
            counted = f"{same} of {both}, {percent(same, both)} %"
            lines.append(f"{kind.replace('_', ' and ')}: the same in {counted}")
    return lines


def cells(each: Compared) -> list[str]:
    """Return a plate as the cells of a table with `COLUMNS`; confidences in percent."""
    own, other = each.right
    return [
        each.image, each.label.text, each.own.text, f"{each.own.confidence:.2f}", str(int(own)),
        each.other.text, f"{each.other.confidence:.2f}", str(int(other)),
    ]  # fmt: skip


def html(found: Comparison, *, title: str, topn: int) -> str:
    """Return a comparison as one HTML file that opens offline."""
    pictures = {each.image for each in found.plates}
    said = "".join(f"<p>{escape(line[:1].upper() + line[1:])}.</p>" for line in [*same_looks(found),
                                                         *verdict(found.plates)])  # fmt: skip
    counts = "".join(_html_row(row) for row in rows(found, topn=topn))
    plates = "".join(
        _html_row(
            (
                each.image,
                each.label.text,
                _html_reading(each, 0),
                _html_reading(each, 1),
            ),
            raw=2,
        )
        for each in sorted(found.plates, key=lambda each: (sum(each.right), each.image))
    )
    terms = "; ".join(f"<b>{escape(name)}</b>: {escape(meaning)}" for name, meaning in EXPLAINED)
    return _PAGE.format(
        title=escape(title),
        size=f"{len(found.plates)} plates in {len(pictures)} of {len(found.labels)} pictures",
        counts=counts,
        said=said,
        terms=terms,
        plates=plates,
    )


def _html_row(row: Sequence[str], *, raw: int = 99) -> str:
    """Return a row; cells from `raw` on are HTML already."""
    inner = (cell if i >= raw else escape(cell) for i, cell in enumerate(row))
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in inner) + "</tr>"


def _html_reading(each: Compared, side: int) -> str:
    reading = (each.own, each.other)[side]
    kind = "right" if each.right[side] else "wrong"
    words = escape(reading.text) if reading.text else "not found"
    sure = f" <small>{reading.confidence:.1f} %</small>" if reading.text else ""
    return f'<span class="{kind}">{words}</span>{sure}'


def _said(each: Compared, side: int) -> str:
    reading = (each.own, each.other)[side]
    return "(right)" if each.right[side] else reading.text or "(not found)"


def _line(*row: str) -> str:
    name, first, second = row
    return f"{name:20} {first:>30} {second:>30}".rstrip()


def _counted(part: int, whole: int) -> str:
    low, high = wilson(part, whole)
    interval = f" ({100 * low:.1f}-{100 * high:.1f})" if whole else ""
    return f"{part} of {whole}, {percent(part, whole)} %{interval}"


def _error(one: Score) -> str:
    return f"{100 * one.character_error:.2f} %"


def _quantile(times: Sequence[float], rank: float) -> str:
    if len(times) < 2:
        return f"{times[0]:.0f} ms" if times else "not measured"
    return f"{statistics.quantiles(times, n=100, method='inclusive')[round(rank * 100) - 1]:.0f} ms"


_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 1rem }}
table {{ border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums }}
td, th {{ padding: .25rem .8rem .25rem 0; text-align: left; border-bottom: 1px solid #8884 }}
.right {{ color: #0a7a2f }} .wrong {{ color: #b3261e; font-weight: 600 }} small {{ opacity: .7 }}
@media (prefers-color-scheme: dark) {{ .right {{ color: #6fd694 }} .wrong {{ color: #ff8a80 }} }}
</style>
<h1>{title}</h1>
<p>{size}.</p>
<table><thead><tr><th></th><th>alprcore</th><th>other</th></tr></thead><tbody>{counts}</tbody></table>
{said}
<p><small>{terms}.</small></p>
<h2>Plates</h2>
<p>Those that a side misreads come first.</p>
<table><thead><tr><th>picture</th><th>plate</th><th>alprcore</th><th>other</th></tr></thead>
<tbody>{plates}</tbody></table>
</html>
"""
