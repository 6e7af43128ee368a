# SPDX-License-Identifier: Apache-2.0
"""Searches, exports, reports and proofs of a case."""

from __future__ import annotations

import csv
import hmac
import json
import shutil
import sqlite3
import subprocess
import zipfile

import pytest
from archive_tools import add_to, small_tree

from alprcore.archive import Case, Filters
from alprcore.archive.bag import write_bag
from alprcore.archive.evidence import verify
from alprcore.archive.filters import parse_near, parse_time
from alprcore.archive.lattices import read_lattices
from alprcore.archive.log import walk
from alprcore.archive.sightings import read_list
from alprcore.cli import main
from alprcore.errors import CaseError
from alprcore.wire.archive import FINDER_GROUPS, FINDER_READS


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return small_tree(tmp_path_factory.mktemp("sources"))


@pytest.fixture(scope="module")
def whole(tree, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cases") / "case"
    add_to(folder, tree)
    return folder


@pytest.fixture
def case(whole, tmp_path):
    """A copy to do harm to."""
    return shutil.copytree(whole, tmp_path / "case")


def found(folder, **options):
    with Case.open(folder) as opened:
        differences = list(verify(opened, **{"sample": 0, **options}))
    return {(each.kind, each.words.split(",")[0][:30]) for each in differences}


@pytest.mark.parametrize(
    ("pattern", "plate"),
    [
        ("LMR4827", "LMR4827"), ("lm?48*", "LMR4827"), ("LXR4827~1", "LMR4827"),
        ("MKV[0-9]726", "MKV3726"), ("*482RT", "GX482RT"), ("82KNT~1", "82KNT6"),
    ],
)  # fmt: skip
def test_a_search_finds_the_plate_with_its_probability(whole, pattern, plate):
    with Case.open(whole) as case:
        result = case.search(pattern)
        assert result.hits[0].read.plate == plate
        assert result.hits[0].probability > 0.5
        listed = sum(1 - hit.probability for hit in result.hits)
        assert result.expected_false == pytest.approx(listed)
        assert (whole / result.hits[0].read.crop).is_file()


def test_filters_limit_a_search(whole):
    with Case.open(whole) as case:
        for filters, count in (
            (Filters(since=parse_time("2024-05-01"), until=parse_time("2024-05-01", end=True)), 1),
            (Filters(since=parse_time("2024-05-02")), 0),
            (Filters(near=parse_near("52.51,13.41,5")), 1),
            (Filters(near=parse_near("48,2,5")), 0),
            (Filters(region="us"), None),
            (Filters(make="bmw"), 0),
        ):
            hits = case.search("LMR4827", filters=filters).hits
            assert count is None or len(hits) == count


@pytest.mark.parametrize("text", ["yesterday", "2024-13-01"])
def test_a_time_that_is_none_is_told(text):
    with pytest.raises(CaseError, match="time: expected"):
        parse_time(text)
    with pytest.raises(CaseError, match="near: expected LAT,LON,KM"):
        parse_near("1,2")


def test_json_rows_have_what_scripts_rely_on(whole, capsys):
    assert main(["archive", "search", str(whole), "LM?4827", "--json", "--reason", "a test"]) == 0
    row = json.loads(capsys.readouterr().out.splitlines()[0])
    assert row["plate"] == "LMR4827"
    assert 50 < row["confidence"] <= 100
    assert 0.5 < row["probability"] <= 1
    assert {"sha256", "path", "region", "time", "crop"} <= row.keys()
    last = list(walk(whole / "log.jsonl"))[-1].entry
    assert (last["action"], last["data"]["reason"]) == ("searched", "a test")


def test_a_list_of_plates_is_searched_for(whole, tmp_path, capsys):
    path = tmp_path / "list.csv"
    path.write_text("Plate Number,Description,State/Province\nMKV-3726,a car,\nNOTHERE,,\n# no\n")
    assert [each.plate for each in read_list(path)] == ["MKV3726", "NOTHERE"]
    assert main(["archive", "search", str(whole), "--list", str(path), "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["wanted"], row["plate"]) for row in rows] == [("MKV3726", "MKV3726")]
    path.write_text("AB[\n")
    with pytest.raises(CaseError, match="line 1: pattern"):
        read_list(path)


def test_sightings_and_links_find_the_plate_again(whole, tree, tmp_path):
    from archive_tools import marked

    folder = tmp_path / "case"
    data = (tree / "a.jpg").read_bytes()
    for number in range(2):
        (tmp_path / f"{number}.jpg").write_bytes(marked(data, str(number)))
    add_to(folder, tmp_path / "0.jpg", tmp_path / "1.jpg")
    with Case.open(folder) as case:
        first, second = case.sightings("LMR4827")
        (other,) = case.links(first.read)
        assert other.read.id == second.read.id
        assert other.probability > 0.8


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet", "xlsx", "finder"])
def test_exports_have_every_read(whole, tmp_path, kind):
    out = tmp_path / f"out.{kind}"
    assert main(["archive", "export", str(whole), "--format", kind, "--out", str(out)]) == 0
    plates = {"LMR4827", "MKV3726", "GX482RT", "82KNT6"}
    if kind == "csv":
        with out.open(encoding="utf-8") as file:
            assert {row["plate"] for row in csv.DictReader(file)} == plates
    elif kind == "jsonl":
        assert {json.loads(line)["plate"] for line in out.read_text().splitlines()} == plates
    elif kind == "parquet":
        pq = pytest.importorskip("pyarrow.parquet")
        rows = pq.read_table(out).to_pylist()
        assert {row["plate"] for row in rows} == plates
        assert all(len(row["slots"]) == 64 and read_lattices(row["lattice"]) for row in rows)
    elif kind == "xlsx":
        book = pytest.importorskip("openpyxl").load_workbook(out)
        header, *rows = book.active.iter_rows(values_only=True)
        assert {row[header.index("plate")] for row in rows} == plates
    else:
        header, *rows = csv.reader((out / "plates.csv").read_text("utf-8").splitlines())
        assert header == list(FINDER_READS)
        assert {row[3] for row in rows} == plates
        groups = (out / "groups.csv").read_text("utf-8").splitlines()
        assert groups == [",".join(FINDER_GROUPS)]


def spelled(content: bytes) -> list[str]:
    """The plates of the case, and readings of them, that a file has in it."""
    texts = ("LMR4827", "LMR4B27", "MKV3726", "MGKV3726", "GX482RT", "GX482RI", "82KNT6")
    return [text for text in texts if text.encode() in content]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet", "xlsx", "finder"])
def test_exports_with_hashed_plates_spell_none(whole, tmp_path, kind):
    key, out = tmp_path / "key", tmp_path / f"out.{kind}"
    key.write_bytes(b"0123456789abcdef")
    words = ["archive", "export", str(whole), "--format", kind, "--out", str(out)]
    assert main([*words, "--hash-plates", str(key)]) == 0
    told = hmac.digest(b"0123456789abcdef", b"LMR4827", "sha256").hex()
    if kind == "parquet":
        rows = pytest.importorskip("pyarrow.parquet").read_table(out).to_pylist()
        assert all(row["slots"] is None and row["lattice"] is None for row in rows)
        content = repr(rows).encode()
    elif kind == "xlsx":
        with zipfile.ZipFile(out) as book:
            content = b"".join(book.read(name) for name in book.namelist())
    elif kind == "finder":
        content = b"".join(path.read_bytes() for path in sorted(out.iterdir()))
    else:
        content = out.read_bytes()
    assert told.encode() in content
    assert spelled(content) == []


@pytest.mark.parametrize(
    "words", [["search", "LM?4*"], ["sightings", "LMR4827"], ["search", "LM?4*", "--json"]]
)
def test_searches_print_hashes(whole, tmp_path, capsys, words):
    key = tmp_path / "key"
    key.write_bytes(b"0123456789abcdef")
    step, text, *more = words
    assert main(["archive", step, str(whole), text, *more, "--hash-plates", str(key)]) == 0
    out = capsys.readouterr().out
    assert hmac.digest(b"0123456789abcdef", b"LMR4827", "sha256").hex() in out
    assert spelled(out.encode()) == []


def test_a_list_is_searched_for_and_answered_in_hashes(whole, tmp_path, capsys):
    key, plates = tmp_path / "key", tmp_path / "plates.csv"
    key.write_bytes(b"0123456789abcdef")
    plates.write_text("Plate Number,Description,State/Province\nlmr 4827,a van,\n")
    words = ["archive", "search", str(whole), "--list", str(plates), "--hash-plates", str(key)]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert out.count(hmac.digest(b"0123456789abcdef", b"LMR4827", "sha256").hex()) == 2
    assert spelled(out.encode()) == []


def test_a_report_is_one_file_without_outside_resources(whole, tmp_path):
    assert main(["archive", "report", str(whole), "--out", str(tmp_path), "--plates",
                 "LMR4827,MKV3726"]) == 0  # fmt: skip
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "http" not in page
    assert page.count("class=read ") == 2
    for words in ("LMR4827", "MKV3726", "broken.jpg", "the JPEG file is truncated", "models/",
                  "2024-05-01 10:30:00 UTC", "99 % and", "alt='template'", "SHA-256"):  # fmt: skip
        assert words in page


def test_a_case_that_was_left_alone_has_no_difference(whole):
    assert found(whole, sample=9) == set()


def test_a_changed_byte_in_a_source_is_found(case, tree, tmp_path):
    original = (tree / "a.jpg").read_bytes()
    try:
        (tree / "a.jpg").write_bytes(original[:-1] + bytes([original[-1] ^ 1]))
        assert {kind for kind, _ in found(case)} == {"source"}
        (tree / "a.jpg").unlink()
        assert found(case) == {("source", "is not there any more")}
    finally:
        (tree / "a.jpg").write_bytes(original)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("UPDATE reads SET plate = 'XXX' WHERE id = 1", "has rows other than those that"),
        ("UPDATE reads SET lattice = x'00' WHERE id = 2", "has rows other than those that"),
        ("DELETE FROM reads WHERE id = 1", "has rows other than those that"),
        ("UPDATE sources SET time = '2001-01-01' WHERE id = 1", "has rows other than those that"),
        ("DELETE FROM readings WHERE source_id = 1", "is in the log and not in the s"),
    ],
)
def test_a_changed_row_is_found(case, change, words):
    database = sqlite3.connect(case / "case.sqlite")
    database.execute(change)
    database.commit()
    database.close()
    assert ("row", words) in found(case)


def test_a_changed_a_missing_and_an_added_crop_are_found(case):
    crops = sorted((case / "crops").rglob("*.jpg"))
    crops[0].write_bytes(crops[0].read_bytes()[:-1] + b"x")
    crops[1].unlink()
    crops[2].with_name("more.jpg").write_bytes(b"x")
    assert sorted(kind for kind, _ in found(case)) == ["crop", "crop", "note"]


def test_a_changed_a_missing_and_a_cut_line_of_the_log_are_found(case):
    log = case / "log.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join([lines[0], lines[1].replace(b"2", b"3", 1), *lines[2:]]))
    assert "log" in {kind for kind, _ in found(case)}
    log.write_bytes(b"".join(lines[:-1]))
    assert [kind for kind, _ in found(case)] == ["log"]


def test_a_sample_that_reads_otherwise_is_found(case, monkeypatch):
    import alprcore.archive.evidence as module

    database = sqlite3.connect(case / "case.sqlite")
    database.execute("UPDATE reads SET text = 'OTHER', confidence = 0.5 WHERE number = 0")
    database.commit()
    database.close()
    monkeypatch.setattr(module, "_rows", lambda *_: iter(()))
    assert {kind for kind, _ in found(case, sample=5)} == {"reading"}


def test_a_bag_is_confirmed_by_sha256sum(whole, tmp_path):
    bag = tmp_path / "bag"
    assert main(["archive", "bag", str(whole), "--out", str(bag), "--with-sources"]) == 0
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        done = subprocess.run(["sha256sum", "-c", manifest], cwd=bag, capture_output=True,
                              check=False)  # fmt: skip
        assert done.returncode == 0, done.stdout
    (bag / "data" / "log.jsonl").write_text("x")
    done = subprocess.run(["sha256sum", "-c", "manifest-sha256.txt"], cwd=bag, capture_output=True,
                          check=False)  # fmt: skip
    assert done.returncode == 1
    with Case.open(whole) as case, pytest.raises(CaseError, match="a folder of its own"):
        write_bag(case, bag)


def test_verify_exits_with_two_where_something_differs(case, capsys):
    assert main(["archive", "verify", str(case), "--sample", "0"]) == 0
    min((case / "crops").rglob("*.jpg")).write_bytes(b"x")
    assert main(["archive", "verify", str(case), "--sample", "0", "--json"]) == 2
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["kind"] == "crop"
