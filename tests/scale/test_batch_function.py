# SPDX-License-Identifier: Apache-2.0
"""Batches of sources in, batches of results out, and from them the same case as by processes."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest
from archive_tools import QUICK, add_to, rows, sample, small_tree

from alprcore.archive import Case
from alprcore.archive.evidence import verify
from alprcore.archive.sources import Place, walk
from alprcore.errors import CaseError

pa = pytest.importorskip("pyarrow")

from alprcore.scale import RESULTS, BatchReader, batches, commit  # noqa: E402
from alprcore.scale.objects import is_url, walk_url  # noqa: E402


@pytest.fixture(scope="module")
def reader():
    return BatchReader(QUICK)


@pytest.fixture(scope="module")
def by_processes(tmp_path_factory):
    tree = small_tree(tmp_path_factory.mktemp("sources"))
    folder = tmp_path_factory.mktemp("cases") / "case"
    add_to(folder, tree)
    return tree, folder


@pytest.fixture(scope="module")
def parts(by_processes, reader):
    """Results of all places, two to a batch, by a reader that went through pickle."""
    places = (each for each in walk([by_processes[0]]) if isinstance(each, Place))
    carried = pickle.loads(pickle.dumps(reader))
    return [carried(batch) for batch in batches(places, rows=2)]


def readable(tables):
    """Rows but for those of places that the walk itself refuses, which are no sources."""
    return {name: tables[name] for name in ("sources", "reads", "places", "readings")}


def test_parts_make_the_case_that_processes_make(by_processes, parts, tmp_path):
    with Case.open(tmp_path / "case", create=True) as case:
        summary = commit(case, parts, settings=QUICK)
    assert summary.counts.plates == 4
    assert rows(tmp_path / "case") == rows(by_processes[1])
    with Case.open(tmp_path / "case") as case:
        assert list(verify(case, sample=0)) == []
        assert case.search("LMR482?").hits[0].read.plate == "LMR4827"


def test_parts_that_come_twice_or_in_another_order_change_nothing(by_processes, parts, tmp_path):
    with Case.open(tmp_path / "case", create=True) as case:
        commit(case, [*parts[::-1], *parts], settings=QUICK)
        before = rows(tmp_path / "case")
        assert commit(case, parts, settings=QUICK).counts.plates == 0
    assert rows(tmp_path / "case") == before
    hashes = {row["sha256"] for row in before["sources"]}
    assert hashes == {row["sha256"] for row in rows(by_processes[1])["sources"]}
    assert len(before["reads"]) == 4


def test_the_same_batch_gives_the_same_results(parts, by_processes, reader):
    places = (each for each in walk([by_processes[0]]) if isinstance(each, Place))
    again = [reader(batch) for batch in batches(places, rows=2)]
    assert all(one.equals(other) for one, other in zip(parts, again, strict=True))


def test_bytes_and_a_path_are_enough(reader):
    batch = pa.RecordBatch.from_pylist(
        [
            {"path": "bucket/ä.jpg", "bytes": sample("us.jpg")},
            {"path": "notes", "bytes": b"no picture"},
            {"path": "cut", "bytes": sample("us.jpg")[:3000]},
            {"path": "/nothing/here.jpg", "bytes": None},
        ]
    )
    found = reader(batch)
    assert isinstance(found, pa.RecordBatch)
    assert found.schema == RESULTS
    assert found.column("outcome").to_pylist() == ["read", "other", "unreadable", "unreadable"]
    (read,) = found.column("reads").to_pylist()[0]
    assert (read["plate"], len(read["slots"])) == ("LMR4827", 64)
    assert read["crop_jpeg"].startswith(b"\xff\xd8")
    assert found.column("path").to_pylist()[0] == "bucket/ä.jpg".encode()
    assert "No such file" in found.column("reason").to_pylist()[3]
    assert isinstance(reader(pa.Table.from_batches([batch])), pa.Table)


def test_a_part_of_another_setup_is_refused_and_the_rest_stays(parts, tmp_path):
    other = replace(QUICK, topn=3)
    with (
        Case.open(tmp_path / "case", create=True) as case,
        pytest.raises(CaseError, match="a part was read with"),
    ):
        commit(case, parts, settings=other)
    with pytest.raises(CaseError, match="are not the same"):
        BatchReader(QUICK, setup_key="0" * 64)(pa.RecordBatch.from_pylist([{"path": b"x"}]))


def test_objects_are_found_and_read_by_their_urls(reader, tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "us.jpg").write_bytes(sample("us.jpg"))
    (tmp_path / "a.txt").write_text("no picture")
    assert is_url(b"s3://bucket/key")
    assert not is_url(b"/data/a.jpg")
    places = list(walk_url(f"file://{tmp_path}".encode()))
    assert [place.path for place in places] == [
        f"file://{tmp_path}/{name}".encode() for name in ("a.txt", "b/us.jpg")
    ]
    (batch,) = batches(places)
    found = reader(batch)
    assert found.column("outcome").to_pylist() == ["other", "read"]
    assert found.column("size").to_pylist()[1] == len(sample("us.jpg"))
    (missing,) = walk_url(f"file://{tmp_path}/nothing".encode())
    assert "No such file" in missing.reason
    (unknown,) = walk_url(b"nosuch://bucket/x")
    assert "cannot be listed" in unknown.reason
