# SPDX-License-Identifier: Apache-2.0
"""Rows that somebody else wrote: whatever stands in them is a clear message, never a crash."""

from __future__ import annotations

import shutil
import sqlite3

import pytest
from archive_tools import add_to, sample

from alprcore.archive import Case
from alprcore.cli import main
from alprcore.errors import CaseError

CHANGES = (
    "reads SET candidates = '{'", "reads SET candidates = '[1]'", "reads SET candidates = NULL",
    "reads SET glyphs = 'x'", "reads SET glyphs = '[{}]'", "reads SET x1 = 'abc'",
    "reads SET confidence = 'NaN'", "reads SET lattice = x'00'", "reads SET slots = x'00'",
    "reads SET crop = '/etc/passwd'", "setups SET description = '{'",
    "setups SET description = '{}'", "setups SET alphabet = 'A'", "runs SET paths = 'x'",
    "runs SET host = '[]'", "sources SET notices = 'x'", "sources SET time = 'yesterday'",
    "sources SET time = 5",
    "reads SET time_base = '1/0', pts = 3, start_pts = 0, frame = 1, stream = 0, seconds = 1.0",
)  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("damaged")
    (folder / "us.jpg").write_bytes(sample("us.jpg"))
    add_to(folder / "case", folder / "us.jpg")
    return folder / "case"


@pytest.mark.parametrize("change", CHANGES)
def test_a_damaged_row_is_a_clear_message_to_every_command(whole, tmp_path, change, capsys):
    case = shutil.copytree(whole, tmp_path / "case")
    store = sqlite3.connect(case / "case.sqlite")
    table, _, rest = change.partition(" SET ")
    try:
        store.execute(f"UPDATE {table} SET {rest}")
    except sqlite3.IntegrityError:
        store.close()
        return  # the schema itself refuses it
    store.commit()
    store.close()
    for words in (
        ["search", case, "LMR*"], ["status", case], ["sightings", case, "LMR4827"],
        ["report", case, "--out", tmp_path / "r"], ["export", case, "--out", tmp_path / "x.csv"],
    ):  # fmt: skip
        code = main(["archive", *map(str, words)])
        said = capsys.readouterr().err
        assert code == 0 or (code == 1 and said.startswith("alprcore: ")), (words, said)
    code = main(["archive", "verify", str(case), "--sample", "3", "--no-sources"])
    assert code in {0, 2}
    if table in {"reads", "sources"}:
        assert code == 2


def test_the_message_names_the_read(whole, tmp_path):
    case = shutil.copytree(whole, tmp_path / "case")
    store = sqlite3.connect(case / "case.sqlite")
    store.execute("UPDATE reads SET glyphs = '[{}]'")
    store.commit()
    store.close()
    with Case.open(case) as opened, pytest.raises(CaseError, match="read 1 is damaged"):
        opened.read(1)
