# SPDX-License-Identifier: Apache-2.0
"""The file that searches scan: it has nothing of its own, and what is wrong in it is left."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest
from archive_tools import QUICK, add_to, small_tree

from alprcore import _native
from alprcore.archive import Case
from alprcore.archive.index import NAME, load_index, write_index


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A case with four reads, and the folder that they come from."""
    tree = small_tree(tmp_path_factory.mktemp("sources"))
    folder = tmp_path_factory.mktemp("cases") / "case"
    add_to(folder, tree)
    return folder, tree


@pytest.fixture
def case_folder(made, tmp_path):
    return shutil.copytree(made[0], tmp_path / "case")


def assert_is_of_the_store(index, folder):
    """What the store says, without the file."""
    with Case.open(folder) as case:
        rows = case.rows("SELECT id, slots FROM reads ORDER BY id")
    assert index.ids.tolist() == [row[0] for row in rows]
    assert [record.tobytes() for record in index.records] == [row[1] for row in rows]
    np.testing.assert_array_equal(index.sketches, _native.sketches(index.records))


def test_a_run_leaves_the_file_and_a_search_uses_it(case_folder, monkeypatch):
    monkeypatch.setattr("alprcore.archive.index._rows", None)  # the store is not gone through
    with Case.open(case_folder) as case:
        index = load_index(case)
        assert index.is_kept
        assert case.search("LMR482?").hits[0].read.plate == "LMR4827"
    assert_is_of_the_store(index, case_folder)


@pytest.mark.parametrize("at", [0, 9, 20, 28, 35, 50, 70, 130, 165, 200, -1])
def test_a_changed_byte_is_noticed_and_the_file_is_made_again(case_folder, at):
    path = case_folder / NAME
    whole = path.read_bytes()
    changed = bytearray(whole)
    changed[at] ^= 0x41
    path.write_bytes(changed)
    with Case.open(case_folder) as case:
        assert_is_of_the_store(load_index(case), case_folder)
        assert path.read_bytes() == changed  # a case that is open for reading is left alone
    with Case.open(case_folder, read_only=False) as case:
        load_index(case)
    assert path.read_bytes() == whole


@pytest.mark.parametrize("size", [0, 1, 127, 128, 300])
def test_a_file_cut_short_is_made_again(case_folder, size):
    path = case_folder / NAME
    path.write_bytes(path.read_bytes()[:size])
    with Case.open(case_folder) as case:
        assert_is_of_the_store(load_index(case), case_folder)


def test_without_the_file_nothing_is_lost(case_folder):
    (case_folder / NAME).unlink()
    with Case.open(case_folder) as case:
        assert_is_of_the_store(load_index(case), case_folder)
    assert not (case_folder / NAME).exists()


def test_reads_that_came_later_are_in_it(made, tmp_path, monkeypatch):
    tree = made[1]
    add_to(tmp_path / "case", tree / "a.jpg")
    with monkeypatch.context() as patch, Case.open(tmp_path / "case", create=True) as case:
        patch.setattr("alprcore.archive.batch.load_index", lambda case: None)
        case.add([tree], settings=QUICK, workers=0)
    with Case.open(tmp_path / "case") as case:
        index = load_index(case)
        assert not index.is_kept
        assert_is_of_the_store(index, tmp_path / "case")
        assert len(index.ids) == 4
        write_index(case, index)
        assert load_index(case).is_kept


def test_of_a_source_with_two_settings_the_last_reads_are_in_it(case_folder, made):
    path = made[1] / "a.jpg"
    with Case.open(case_folder) as case:
        (first,) = [read.id for read in case.reads() if read.plate == "LMR4827"]
    add_to(case_folder, path, settings=replace(QUICK, topn=3))
    with Case.open(case_folder) as case:
        index = load_index(case)
        assert index.is_kept
        assert index.ids.tolist() == [read.id for read in case.reads()]
        assert first not in index.ids
        (case_folder / NAME).unlink()
        np.testing.assert_array_equal(load_index(case).ids, index.ids)


def test_the_file_of_another_case_is_not_taken(case_folder, made, tmp_path):
    add_to(tmp_path / "other", made[1])
    shutil.copyfile(tmp_path / "other" / NAME, case_folder / NAME)
    with Case.open(case_folder) as case:
        index = load_index(case)
    assert not index.is_kept
    assert_is_of_the_store(index, case_folder)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE reads SET slots = zeroblob(64) WHERE id = 2",
        "DELETE FROM reads WHERE id = 1",
        "DELETE FROM reads WHERE id = (SELECT max(id) FROM reads)",
        "UPDATE reads SET id = 99 WHERE id = 1",
    ],
)
def test_a_store_that_was_changed_by_hand_is_what_counts(case_folder, change):
    with Case.open(case_folder, read_only=False) as case:
        case.connection.execute(change)
        index = load_index(case)
    assert_is_of_the_store(index, case_folder)


def test_a_folder_that_cannot_be_written_does_not_stop_a_search(case_folder, monkeypatch):
    (case_folder / NAME).unlink()
    (case_folder / f".{NAME}.part").mkdir()  # stands in the file's way, for root too
    with Case.open(case_folder, read_only=False) as case:
        assert len(load_index(case).ids) == 4
    assert not (case_folder / NAME).exists()
