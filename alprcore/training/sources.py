# SPDX-License-Identifier: Apache-2.0
"""Check that every shipped file has its row in ``runtime_data/SOURCES.toml``, with its hash.

``python -m alprcore.training.sources`` reports files without a row, rows without a file and hashes
that differ; ``--write`` puts the right hashes in first. What a file is made from is for its maker
to write down.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
import tomllib
from pathlib import Path

records_name = "SOURCES.toml"
row_keys = ("path", "sha256", "made_by", "from", "licence")


def shipped_paths(folder: Path) -> list[str]:
    """Return the files below `folder` that need a row, relative to it, sorted."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in {".py", ".pyc"} and path.name != records_name
    )


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def problems(folder: Path) -> list[str]:
    """Return what is wrong with the records of `folder`, one sentence each."""
    rows = tomllib.loads((folder / records_name).read_text(encoding="utf-8")).get("file", [])
    found = [
        f"{row.get('path', 'a row')}: {key} is missing"
        for row in rows
        for key in row_keys
        if not row.get(key)
    ]
    recorded = [row.get("path", "") for row in rows]
    found += [
        f"{path}: has more than one row" for path in set(recorded) if recorded.count(path) > 1
    ]
    present = shipped_paths(folder)
    found += [f"{path}: has no row" for path in present if path not in recorded]
    for row in rows:
        path, expected = row.get("path", ""), row.get("sha256", "")
        if path not in present:
            found.append(f"{path}: has a row but does not exist")
        elif file_hash(folder / path) != expected:
            found.append(f"{path}: its hash is not the recorded one")
    return found


def with_hashes(text: str, folder: Path) -> str:
    """Return the text of the records with the hashes of the files that exist."""

    def updated(match: re.Match[str]) -> str:
        path = folder / match["path"]
        return f"{match['head']}{file_hash(path) if path.is_file() else match['hash']}"

    row = r'(?P<head>path = "(?P<path>[^"]+)"\nsha256 = ")(?P<hash>[^"]*)'
    return re.sub(row, updated, text)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return 1 when something is wrong."""
    parser = argparse.ArgumentParser(description="check the records of the shipped files")
    parser.add_argument("--data", type=Path, default=Path("runtime_data"))
    parser.add_argument("--write", action="store_true", help="put the right hashes in")
    options = parser.parse_args(arguments)
    records = options.data / records_name
    if options.write:
        text = records.read_text(encoding="utf-8")
        records.write_text(with_hashes(text, options.data), encoding="utf-8")
    found = problems(options.data)
    sys.stdout.write("".join(f"{problem}\n" for problem in found))
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
