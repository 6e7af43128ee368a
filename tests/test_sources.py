# SPDX-License-Identifier: Apache-2.0
"""Every shipped file has its record, and the tool that keeps the records works."""

from __future__ import annotations

from pathlib import Path

import pytest

from alprcore.training import sources

shipped = Path(__file__).resolve().parent.parent / "runtime_data"

record = '[[file]]\npath = "a.bin"\nsha256 = "{}"\nmade_by = "m"\nfrom = "f"\nlicence = "l"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.bin").write_bytes(b"abc")
    digest = sources.file_hash(tmp_path / "a.bin")
    (tmp_path / sources.records_name).write_text(record.format(digest), encoding="utf-8")
    return tmp_path


def test_every_shipped_file_has_a_row_with_its_hash() -> None:
    assert sources.problems(shipped) == []


def test_right_records_have_no_problems(folder: Path) -> None:
    assert sources.main(["--data", str(folder)]) == 0


def test_a_file_without_a_row_is_reported(folder: Path) -> None:
    (folder / "b.bin").write_bytes(b"")
    assert sources.problems(folder) == ["b.bin: has no row"]


def test_a_row_without_a_file_is_reported(folder: Path) -> None:
    (folder / "a.bin").unlink()
    assert sources.problems(folder) == ["a.bin: has a row but does not exist"]


def test_a_missing_field_is_reported(folder: Path) -> None:
    records = folder / sources.records_name
    records.write_text(records.read_text().replace('licence = "l"\n', ""))
    assert sources.problems(folder) == ["a.bin: licence is missing"]


def test_write_brings_a_changed_hash_up_to_date(folder: Path) -> None:
    (folder / "a.bin").write_bytes(b"changed")
    assert sources.main(["--data", str(folder)]) == 1
    assert sources.main(["--data", str(folder), "--write"]) == 0
