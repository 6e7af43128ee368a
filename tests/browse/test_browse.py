# SPDX-License-Identifier: Apache-2.0
"""The page of a case over HTTP: what it answers, to whom, and that it writes nothing."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import shutil
import sqlite3
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest
from archive_tools import add_to, driving_clip, sample
from browse_tools import HOSTILE, answer, asked, hostile_case, serving

pytest.importorskip("uvicorn")
import alprcore.browse
from alprcore.archive import Case, Filters
from alprcore.browse.pictures import stored_crop
from alprcore.cli import main
from alprcore.errors import CaseError

FOLDER = Path(alprcore.browse.__file__).parent


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    return hostile_case(tmp_path_factory.mktemp("browse"))


@pytest.fixture(scope="module")
def port(case):
    with serving(case) as number:
        yield number


def files(folder):
    return {
        path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(("-shm", "-wal"))
    }


def test_the_summary_has_the_counts_of_the_case(port, case):
    about = answer(port, "/case")
    with Case.open(case) as opened:
        status = opened.status()
    assert about["name"] == "case"
    for name in ("sources", "reads", "duplicates", "unreadable"):
        assert about[name] == status[name]
    ((place, reason),) = about["unreadable_list"]
    assert place.endswith("broken.jpg")
    assert reason.startswith("the JPEG file")
    assert about["colors"]
    assert about["places"] == 1


def test_a_search_gives_what_the_library_gives(port, case):
    reply = answer(port, "/reads?q=LM%3F4*")
    with Case.open(case) as opened:
        expected = opened.search("LM?4*").hits
    assert [hit["id"] for hit in reply["hits"]] == [hit.read.id for hit in expected]
    assert reply["hits"][0]["text"] == "LMR4827"
    assert reply["hits"][0]["probability"] == pytest.approx(100 * expected[0].probability, abs=1e-5)
    assert answer(port, "/reads?q=LMR4927&edit=1")["hits"][0]["text"] == "LMR4827"
    assert answer(port, "/reads?q=LMR4927")["total"] == 0


def test_without_a_pattern_all_reads_come_the_latest_first(port, case):
    reply = answer(port, "/reads")
    with Case.open(case) as opened:
        assert reply["total"] == len(list(opened.reads()))
    times = [hit["time"] for hit in reply["hits"]]
    assert times[0] is not None
    timed = [each for each in times if each is not None]
    assert len(timed) == 2
    assert times == sorted(timed, reverse=True) + [None] * (len(times) - 2)
    assert answer(port, f"/reads?offset={reply['total']}")["hits"] == []


@pytest.mark.parametrize(
    ("words", "filters"),
    [
        ("since=2024-05-01", Filters(since=1714521600.0)),
        ("until=2024-04-01", Filters(until=1711929600.0)),
        ("near=52.5,13.4,1", Filters(near=(52.5, 13.4, 1.0))),
        ("near=0,0,1", Filters(near=(0.0, 0.0, 1.0))),
        ("region=us", Filters(region="us")),
        ("color=white", Filters(color="white")),
        ("make=none", Filters(make="none")),
    ],
)
def test_filters_limit_reads_and_hits(port, case, words, filters):
    with Case.open(case) as opened:
        expected = {hit.read.id for hit in opened.search("*[A-Z]*", filters=filters).hits}
        inside = {read.id for read in opened.reads()}
        from alprcore.archive.filters import allowed_ids

        allowed = set(allowed_ids(opened, filters).tolist()) & inside
    found = answer(port, f"/reads?{words}")
    assert {hit["id"] for hit in found["hits"]} == allowed
    hits = answer(port, f"/reads?q=*%5BA-Z%5D*&{words}")["hits"]
    assert {hit["id"] for hit in hits} == expected


def test_the_timeline_counts_every_read_with_a_time(port):
    reply = answer(port, "/reads")
    line = reply["timeline"]
    timed = [hit for hit in reply["hits"] if hit["time"]]
    assert sum(line["counts"]) == len(timed)
    assert line["untimed"] == reply["total"] - len(timed)


def test_spans_of_the_timeline_hold_their_reads():
    from alprcore.browse.answers import BINS, timeline

    moments = np.array([0.0, 50.0, 99.9, 100.0, np.nan])
    line = timeline(moments)
    assert len(line["counts"]) <= BINS
    for at, count in enumerate(line["counts"]):
        low, high = at * line["step"], (at + 1) * line["step"]
        last = at == len(line["counts"]) - 1
        assert count == sum(low <= each < high or (last and each >= high) for each in moments[:4])
    assert timeline(np.array([np.nan]))["counts"] == []
    assert timeline(np.array([5.0, 5.0]))["counts"] == [2]


def test_a_read_comes_with_its_source_and_all_plates_of_it(port, case):
    (one, *_) = [hit for hit in answer(port, "/reads")["hits"] if hit["path"].endswith("side.jpg")]
    read = answer(port, f"/reads/{one['id']}")
    assert len(read["plates"]) == 2
    assert read["source"]["places"] == [read["row"]["path"]]
    assert "pictures.zip!in/side.jpg" in read["source"]["places"][0]
    assert [glyph["text"] for glyph in read["glyphs"]] == list(read["text"])
    assert answer(port, f"/reads/{one['id']}/links")["total"] == len(
        answer(port, f"/reads/{one['id']}/links")["hits"]
    )


def test_links_find_the_same_plate_in_another_source(port):
    reads = answer(port, "/reads")["hits"]
    (first,) = [hit for hit in reads if hit["path"].endswith("again.png.txt")]
    (second,) = [hit for hit in reads if "onerror" in hit["path"]]
    assert first["text"] == second["text"]
    linked = answer(port, f"/reads/{first['id']}/links")["hits"]
    assert second["id"] in {hit["id"] for hit in linked}
    assert first["id"] not in {hit["id"] for hit in linked}


def test_crops_and_sources_are_pictures_of_the_case(port, case):
    hits = answer(port, "/reads")["hits"]
    with Case.open(case) as opened:
        for hit in hits:
            read = opened.read(hit["id"])
            status, headers, content = asked(port, f"/reads/{hit['id']}/crop")
            assert (status, headers["content-type"]) == (200, "image/jpeg")
            assert content == (case / read.crop).read_bytes()
            status, headers, content = asked(port, f"/reads/{hit['id']}/picture")
            assert (status, headers["content-type"]) == (200, "image/jpeg")
            picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
            # The plate stands where the read says, so its crop looks the same.
            x, y = read.crop_x, read.crop_y
            crop = cv2.imread(str(case / read.crop))
            there = picture[y : y + crop.shape[0], x : x + crop.shape[1]]
            assert there.shape == crop.shape
            assert np.abs(there.astype(int) - crop).mean() < 6


def test_a_large_source_is_shrunk_unless_all_of_it_is_asked_for(tmp_path):
    from alprcore.browse.pictures import LONGEST_SIDE, source_jpeg

    path = tmp_path / "large.png"
    cv2.imwrite(str(path), np.full((300, 2 * LONGEST_SIDE, 3), 99, np.uint8))
    wanted = ([(os.fsencode(path), b"")], hashlib.sha256(path.read_bytes()).hexdigest(), None)
    for full, side in ((False, LONGEST_SIDE), (True, 2 * LONGEST_SIDE)):
        content = np.frombuffer(source_jpeg(wanted, full=full), np.uint8)
        assert cv2.imdecode(content, cv2.IMREAD_COLOR).shape[1] == side


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_the_selection_is_exported(port, kind):
    hits = answer(port, "/reads?q=*%5BA-Z%5D*")["hits"]
    chosen = [hit["id"] for hit in hits][::-1][:2]
    body = {"format": kind, "reads": chosen, "pattern": "*[A-Z]*"}
    status, headers, content = asked(port, "/export", method="POST", body=body)
    assert status == 200
    assert headers["content-disposition"] == f'attachment; filename="case-selection.{kind}"'
    text = content.decode()
    rows = (
        list(csv.DictReader(io.StringIO(text)))
        if kind == "csv"
        else [json.loads(line) for line in text.splitlines()]
    )
    assert [int(row["id"]) for row in rows] == chosen
    by_id = {hit["id"]: hit for hit in hits}
    for row in rows:
        shown = by_id[int(row["id"])]
        assert float(row["probability"]) == pytest.approx(shown["probability"] / 100, abs=1e-6)
        assert row["plate"] == shown["text"].replace("\n", "")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"[" * 100_000,
        b'{"format": "csv"}',
        {"format": "exe", "reads": [1]},
        {"format": "csv", "reads": []},
        {"format": "csv", "reads": ["1"]},
        {"format": "csv", "reads": [1.5]},
        {"format": "csv", "reads": [-1]},
        {"format": "csv", "reads": [2**70]},
        {"format": "csv", "reads": [10**9]},
        {"format": 3, "reads": [1]},
        {"format": "csv", "reads": [1], "pattern": "["},
    ],
)
def test_a_wrong_export_is_a_clear_error(port, body):
    status, _, content = asked(port, "/export", method="POST", body=body)
    assert status in {400, 404}
    assert json.loads(content)["error"]


@pytest.mark.parametrize(
    "path",
    [
        "/reads?q=%5B",
        "/reads?q=" + "*" * 16,
        "/reads?q=" + "A" * 100,
        "/reads?since=yesterday",
        "/reads?since=9999999-01-01",
        "/reads?near=1,2",
        "/reads?near=nan,1,1",
        "/reads?offset=-1",
        "/reads?offset=99999999999999999999",
    ],
)
def test_a_wrong_question_is_a_clear_error(port, path):
    status, _, content = asked(port, path)
    assert status == 400, content
    assert json.loads(content)["error"]


@pytest.mark.parametrize(
    "path",
    [
        "/reads/999999",
        "/reads/999999/crop",
        "/reads/999999/picture",
        f"/reads/{10**30}",
        "/reads/0",
    ],
)
def test_a_read_that_is_not_there_is_not_found(port, path):
    assert asked(port, path)[0] == 404


@pytest.mark.parametrize(
    "path",
    [
        "/../case.sqlite",
        "/%2e%2e/case.sqlite",
        "/crops/../log.jsonl",
        "/reads/..%2f..%2fcase.sqlite/crop",
        "/page.css/../app.py",
        "/app.py",
        "/reads/1/crop/../../../case.sqlite",
    ],
)
def test_no_path_leads_to_a_file(port, path):
    assert asked(port, path)[0] == 404


def test_it_answers_to_its_own_address_only(port):
    for host in (f"127.0.0.1:{port}", f"localhost:{port}", f"LOCALHOST:{port}", f"[::1]:{port}"):
        assert asked(port, "/case", Host=host)[0] == 200, host
    for host in ("evil.example", f"evil.example:{port}", "127.0.0.1", f"127.0.0.1:{port + 1}",
                 f"127.0.0.1.evil.example:{port}", f"localhost:{port}@evil.example"):  # fmt: skip
        for path in ("/", "/case", "/reads/1/crop"):
            assert asked(port, path, Host=host)[0] == 403, host


def test_other_pages_may_not_ask_it(port):
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"},
                    {"Origin": f"http://localhost:{port + 1}"},
                    {"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"}):  # fmt: skip
        assert asked(port, "/case", **headers)[0] == 403, headers
        assert asked(port, "/reads/1/crop", **headers)[0] == 403, headers
        body = {"format": "csv", "reads": [1]}
        assert asked(port, "/export", method="POST", body=body, **headers)[0] == 403, headers
    own = f"http://127.0.0.1:{port}"
    assert asked(port, "/case", Origin=own, Sec_Fetch_Site="same-origin")[0] == 200
    # A link on another page may open the page itself.
    assert asked(port, "/", Sec_Fetch_Site="cross-site")[0] == 200


def test_every_answer_has_the_headers_that_keep_it_here(port):
    for path in ("/", "/page.js", "/case", "/reads/1/crop", "/nowhere", "/reads/0"):
        _, headers, _ = asked(port, path)
        policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
        assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in headers


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


def test_the_page_names_no_other_place_and_runs_nothing_inline():
    text = "".join((FOLDER / name).read_text("utf-8") for name in
                   ("page.html", "page.css", "page.js"))  # fmt: skip
    assert set(re.findall(r"[a-z]+://[^\s\"'`<>]*", text)) == {"http://www.w3.org/2000/svg"}
    forbidden = r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|url\(|@import"
    assert not re.search(forbidden, text)
    tags = Tags((FOLDER / "page.html").read_text("utf-8")).found
    for tag, attributes in tags:
        assert not [name for name in attributes if name.startswith("on") or name == "style"], tag
        assert attributes.get("src", "page.js") == "page.js"
        assert attributes.get("href", "page.css") in {"page.css", "data:,", "#list"}
    labelled = {attributes.get("for") for tag, attributes in tags if tag == "label"}
    for tag, attributes in tags:
        if tag in {"input", "select"} and attributes.get("type") != "checkbox":
            assert attributes["id"] in labelled or attributes["id"] == "order"


def test_it_writes_nothing_unless_it_is_to(case, port, tmp_path):
    before = files(case)
    answer(port, "/reads?q=LM*")
    asked(port, "/export", method="POST", body={"format": "csv", "reads": [1]})
    assert files(case) == before
    copy = tmp_path / "copy"
    shutil.copytree(case, copy)
    with serving(copy, "--log", "--reason", "case 7") as other:
        answer(other, "/reads?q=LM*&region=us")
        asked(other, "/export", method="POST", body={"format": "csv", "reads": [1]})
    last = [json.loads(line) for line in (copy / "log.jsonl").read_text("utf-8").splitlines()[-2:]]
    assert [line["action"] for line in last] == ["searched", "exported"]
    assert last[0]["data"]["pattern"] == "LM*"
    assert last[0]["data"]["limits"] == {"region": "us"}
    assert {line["data"]["reason"] for line in last} == {"case 7"}


def test_what_was_changed_since_is_not_shown(tmp_path):
    path = tmp_path / "us.jpg"
    path.write_bytes(sample("us.jpg"))
    add_to(tmp_path / "case", path)
    with sqlite3.connect(tmp_path / "case" / "case.sqlite") as store:
        (crop,) = store.execute("SELECT crop FROM reads").fetchone()
    with serving(tmp_path / "case") as number:
        assert asked(number, "/reads/1/picture")[0] == 200
        path.write_bytes(sample("eu.jpg"))
        status, _, content = asked(number, "/reads/1/picture")
        assert (status, "changed since it was read" in content.decode()) == (400, True)
        path.unlink()
        assert "No such file" in asked(number, "/reads/1/picture")[2].decode()
        (tmp_path / "case" / crop).write_bytes(sample("eu.jpg"))
        status, _, content = asked(number, "/reads/1/crop")
        assert (status, "not the one that was stored" in content.decode()) == (400, True)


def test_a_case_of_somebody_else_opens_no_other_file(tmp_path):
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(sample("us.jpg"))
    (tmp_path / "us.jpg").write_bytes(sample("us.jpg"))
    add_to(tmp_path / "case", tmp_path / "us.jpg")
    for name in ("../secret.jpg", str(secret), "crops/../../secret.jpg"):
        with sqlite3.connect(tmp_path / "case" / "case.sqlite") as store:
            store.execute("UPDATE reads SET crop = ?, crop_sha256 = ?",
                          (name, hashlib.sha256(secret.read_bytes()).hexdigest()))  # fmt: skip
        store.close()
        with Case.open(tmp_path / "case") as opened, pytest.raises(CaseError, match="not in the"):
            stored_crop(opened, 1)


def test_names_come_as_they_are_shown_elsewhere(port):
    hits = answer(port, "/reads")["hits"]
    assert any(HOSTILE.replace("\n", "\\n") in hit["path"] for hit in hits)


def test_no_case_is_a_clear_error(tmp_path, capsys):
    assert main(["archive", "serve", str(tmp_path)]) == 1
    assert "no case here" in capsys.readouterr().err


def test_a_taken_port_is_a_clear_error(case, port, capsys):
    assert main(["archive", "serve", str(case), "--port", str(port)]) == 1
    assert "cannot listen" in capsys.readouterr().err


def test_a_frame_of_a_video_is_the_one_that_was_read(tmp_path):
    pytest.importorskip("av")
    add_to(tmp_path / "case", driving_clip(tmp_path / "drive.mkv"))
    with Case.open(tmp_path / "case") as opened:
        (read,) = opened.reads()
    with serving(tmp_path / "case") as number:
        _, _, content = asked(number, "/reads/1/picture")
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    crop = cv2.imread(str(tmp_path / "case" / read.crop))
    x, y = read.crop_x, read.crop_y
    there = picture[y : y + crop.shape[0], x : x + crop.shape[1]]
    # The plate moves by two columns from frame to frame: the one before is further off.
    other = picture[y : y + crop.shape[0], x + 2 : x + 2 + crop.shape[1]]
    assert np.abs(there.astype(int) - crop).mean() < np.abs(other.astype(int) - crop).mean() / 2
