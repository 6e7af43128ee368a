# SPDX-License-Identifier: Apache-2.0
"""The part of a report that says how the sources were read."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from alprcore.archive.store import Case


def provenance_part(case: Case) -> str:
    """Return setups with their files, hashes and settings, and the runs, as HTML."""
    parts = ["<h2>How it was read</h2>"]
    for number, setup in case.setups().items():
        wanted = setup["description"]
        files = "".join(
            f"<tr><td>{escape(name)}<td><code>{sha256}</code>"
            for name, sha256 in {**wanted["files"], **wanted["own_files"]}.items()
            if not name.startswith("countries/")
        )
        settings = json.dumps(wanted["settings"], ensure_ascii=False)
        parts.append(
            f"<h3>Setup {number}</h3><p>alprcore {escape(wanted['version'])}, tasks"
            f" {escape(', '.join(wanted['tasks']))}, key <code>{setup['key']}</code></p>"
            f"<table>{files}</table><p class=meta><code>{escape(settings)}</code></p>"
        )
    parts.append(_runs(case))
    return "".join(parts)


def _runs(case: Case) -> str:
    rows = []
    for row in case.rows("SELECT * FROM runs ORDER BY id"):
        machine: dict[str, Any] = json.loads(row["host"])
        paths = ", ".join(json.loads(row["paths"]))
        rows.append(
            f"<tr><td class=n>{row['id']}<td>{row['started']}<td>{escape(row['state'])}"
            f"<td>{escape(paths)}<td>{escape(str(machine.get('processor', '')))},"
            f" {escape(str(machine.get('kernel', '')))}"
        )
    return (
        "<h3>Runs</h3><table><tr><th class=n>run<th>started<th>state<th>paths<th>processor and"
        f" kernel</tr>{''.join(rows)}</table>"
    )
