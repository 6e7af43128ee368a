# SPDX-License-Identifier: Apache-2.0
"""The parts of a report that say how the sources were read, and how far that is to be trusted."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from alprcore.archive.html import moment, table
from alprcore.archive.rows import parsed
from alprcore.archive.store import Case
from alprcore.evaluation.scoring import wilson

# Of 151 American, European and Brazilian photographs of development, country `auto`, the plate that
# is labelled in each: confidence, plates, right; made by `benchmarks/archive_confidence.py`.
CONFIDENCES = (
    ("99 % and more", 49, 47),
    ("95-99 %", 43, 43),
    ("80-95 %", 31, 30),
    ("50-80 %", 21, 17),
    ("0-50 %", 7, 5),
)


def confidence_part() -> str:
    """Return how often readings of a confidence are right, as HTML."""
    rows = []
    for span, number, right in CONFIDENCES:
        low, high = wilson(right, number)
        rows.append(
            f"<tr><td>{span}<td class=n>{number}<td class=n>{right}"
            f"<td class=n>{100 * right / number:.1f} %"
            f"<td class=n>{100 * low:.0f}-{100 * high:.0f} %"
        )
    total = sum(number for _, number, _ in CONFIDENCES)
    titles = ["confidence", "plates", "right", "share", "95 % interval"]
    listed = table(titles, rows, numbers=frozenset({1, 2, 3, 4}))
    return (
        "<h2>How far confidences hold</h2><p>A confidence is the probability that the whole text is"
        " right, given the line of text that was seen; it does not know what lies outside of that"
        " line: a second line, an end that is covered, or a sign that is not a plate at all. It"
        " says nothing of how common a plate is.</p><p>Measured by the makers of the program on"
        f" {total} American, European and Brazilian photographs with one labelled plate each. Other"
        " pictures, countries and cameras may do worse; small numbers leave wide intervals.</p>"
        + listed
    )


def provenance_part(case: Case) -> str:
    """Return setups with their files, hashes and settings, and the runs, as HTML."""
    parts = ["<h2>How it was read</h2>"]
    for number, setup in case.setups().items():
        wanted = setup["description"]
        files = "".join(
            f"<tr><td>{escape(name)}<td><code>{sha256}</code>"
            for name, sha256 in {**wanted["files"], **wanted["own_files"]}.items()
            if not name.startswith("countries/") and not name.endswith(".md")
        )
        settings = "; ".join(
            f"{name} {json.dumps(value, ensure_ascii=False)}"
            for name, value in wanted["settings"].items()
            if name != "country"
        )
        countries = ", ".join(wanted["settings"]["country"])
        parts.append(
            f"<h3>Setup {number}</h3><p>alprcore {escape(wanted['version'])}, countries"
            f" {escape(countries)}, tasks {escape(', '.join(wanted['tasks']))}</p><p class=meta>Key"
            f" <code>{setup['key']}</code>, the SHA-256 of all that a reading depends on</p>"
            f"<div class=wide><table><tr><th>model or bank<th>SHA-256</tr>{files}</table></div>"
            f"<p class=meta>Settings: {escape(settings)}</p>"
        )
    parts.append(_runs(case))
    return "".join(parts)


def _runs(case: Case) -> str:
    rows = []
    for row in case.rows("SELECT * FROM runs ORDER BY id"):
        machine: dict[str, Any] = parsed(row, "host", dict)
        paths = ", ".join(map(str, parsed(row, "paths", list)))
        rows.append(
            f"<tr><td class=n>{row['id']}<td class=t>{moment(row['started'])}"
            f"<td>{escape(row['state'])}<td class=p>{escape(paths)}"
            f"<td>{escape(str(machine.get('user', '')))} on {escape(str(machine.get('name', '')))}"
            f"<td>{escape(str(machine.get('processor', '')))}, kernel"
            f" {escape(str(machine.get('kernel', '')))}<td>{escape(_software(machine))}"
        )
    titles = ["run", "started", "state", "paths", "user and machine", "processor", "software"]
    return f"<h3>Runs</h3>{table(titles, rows, numbers=frozenset({0}))}"


def _software(machine: dict[str, Any]) -> str:
    libraries = machine.get("libraries")
    parts = [f"Python {machine.get('python', '')}", str(machine.get("system", ""))]
    if isinstance(libraries, dict):
        parts += [f"{name} {version}" for name, version in libraries.items()]
    return ", ".join(parts)
