# SPDX-License-Identifier: Apache-2.0
"""Sources into a case: nothing lost, nothing twice, whatever happens."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from archive_tools import QUICK, add_to, marked, rows, sample, small_tree, tar_bytes

from alprcore.archive import schema
from alprcore.archive.batch import add
from alprcore.archive.evidence import verify
from alprcore.archive.filters import Filters
from alprcore.archive.search import search
from alprcore.archive.store import Case
from alprcore.errors import CaseError


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return small_tree(tmp_path_factory.mktemp("sources"))


@pytest.fixture(scope="module")
def made(tree, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cases") / "case"
    return folder, add_to(folder, tree)


def test_everything_is_read_once_by_content(made, tree):
    folder, summary = made
    counts = summary.counts
    assert (counts.read, counts.plates, counts.duplicates) == (3, 4, 1)
    assert counts.other == 1
    assert counts.unreadable == [(str(tree / "broken.jpg"), "the JPEG file is truncated")]
    with Case.open(folder) as case:
        assert {read.plate for read in case.reads()} == {"LMR4827", "MKV3726", "GX482RT", "82KNT6"}
        status = case.status()
        assert (status["sources"], status["places"], status["duplicates"]) == (4, 5, 1)
        assert status["unreadable"] == 1


def test_time_place_and_camera_are_kept(made):
    with Case.open(made[0]) as case:
        read = next(read for read in case.reads() if read.plate == "LMR4827")
        assert (read.time, read.time_source) == ("2024-05-01T10:30:00.000Z", "exif")
        assert (read.latitude, read.longitude, read.camera) == (52.5, 13.4, "Foo Bar 7")


def test_crops_are_files_that_show_the_plate(made):
    import cv2

    with Case.open(made[0]) as case:
        for read in case.reads():
            crop = cv2.imread(str(made[0] / read.crop))
            left, top = read.quad.to_points().min(axis=0)
            assert 0 <= left - read.crop_x <= crop.shape[1]
            assert 0 <= top - read.crop_y <= crop.shape[0]


def test_a_second_run_reads_nothing_and_adds_nothing(made, tree):
    before = rows(made[0])
    counts = add_to(made[0], tree).counts
    assert (counts.read, counts.plates, counts.duplicates) == (0, 0, 0)
    assert counts.known == 5
    assert rows(made[0]) == before


def test_other_settings_are_kept_apart(tree, tmp_path):
    folder = tmp_path / "case"
    add_to(folder, tree / "a.jpg")
    add_to(folder, tree / "a.jpg", settings=replace(QUICK, topn=3))
    with Case.open(folder) as case:
        assert len(list(case.reads(every_setup=True))) == 2
        (latest,) = case.reads()
        assert len(latest.candidates) == 3
        assert case.status()["setups"] == 2


def test_threads_are_no_other_settings(tree, tmp_path):
    add_to(tmp_path / "case", tree / "a.jpg")
    counts = add_to(tmp_path / "case", tree / "a.jpg", settings=replace(QUICK, threads=2)).counts
    assert (counts.read, counts.known) == (0, 1)


def test_a_file_that_changed_is_read_again(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(sample("us.jpg"))
    add_to(tmp_path / "case", path)
    path.write_bytes(sample("eu.jpg"))
    assert add_to(tmp_path / "case", path).counts.read == 1
    with Case.open(tmp_path / "case") as case:
        assert len(list(case.reads())) == 2
        assert case.status()["places"] == 1


def test_workers_leave_the_same_rows_as_one_process(made, tree, tmp_path):
    with Case.open(tmp_path / "case", create=True) as case:
        add(case, [tree], settings=QUICK, workers=2)
    assert rows(tmp_path / "case") == rows(made[0])


def test_a_worker_that_dies_is_told_and_takes_nothing_else_with_it(tree, tmp_path):
    """A picture at which the process that reads it is killed, each time."""
    (tmp_path / "pictures").mkdir()
    for number in range(3):
        (tmp_path / "pictures" / f"{number}.jpg").write_bytes(marked(sample("us.jpg"), str(number)))
    script = tmp_path / "run.py"
    script.write_text(
        "import os, signal, sys\n"
        "import alprcore.archive.recognition as work\n"
        "from archive_tools import QUICK\n"
        "from alprcore.archive.batch import add\n"
        "from alprcore.archive.store import Case\n"
        "real = work.content_of\n"
        "def deadly(place):\n"
        "    if place.path.endswith(b'1.jpg'):\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return real(place)\n"
        "work.content_of = deadly\n"  # in the workers too: they import this file
        "if __name__ == '__main__':\n"
        f"    with Case.open({str(tmp_path / 'case')!r}, create=True) as case:\n"
        f"        done = add(case, [{str(tmp_path / 'pictures')!r}], settings=QUICK, workers=1)\n"
        "    print(done.counts.read, done.counts.unreadable)\n"
    )
    found = run_python(script)
    assert found.stdout.startswith("2 [")
    assert "died 2 times (signal SIGKILL)" in found.stdout


def run_python(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=False,
        **options,  # type: ignore[call-overload]
    )


def test_a_full_disk_ends_the_run_and_loses_nothing(tree, tmp_path):
    """A limit on the size of files stands for the disk: the database cannot grow beyond it."""
    script = tmp_path / "run.py"
    script.write_text(
        "import resource, signal, sys\n"
        "from archive_tools import add_to\n"
        "from pathlib import Path\n"
        "from alprcore.errors import CaseError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "add_to(Path(sys.argv[1]), Path(sys.argv[2]) / 'a.jpg')\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, resource.RLIM_INFINITY))\n"
        "try:\n"
        "    add_to(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "except CaseError as error:\n"
        "    print('told:', error)\n"
    )
    found = run_python(script, tmp_path / "case", tree)
    assert "told:" in found.stdout, found.stderr
    add_to(tmp_path / "case", tree)
    with Case.open(tmp_path / "case") as case:
        assert case.status()["reads"] == 4
        assert not [each for each in verify(case, sample=0) if each.kind != "note"]


def test_a_locked_database_is_told_and_loses_nothing(tree, tmp_path, monkeypatch):
    monkeypatch.setattr("alprcore.archive.connection.PATIENCE", 0.1)
    add_to(tmp_path / "case", tree / "a.jpg")
    other = sqlite3.connect(tmp_path / "case" / "case.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(CaseError, match="another program has been writing"):
        add_to(tmp_path / "case", tree)
    other.execute("ROLLBACK")
    other.close()
    assert add_to(tmp_path / "case", tree).counts.read == 2


def test_a_source_that_vanishes_is_told_and_the_rest_is_read(tree, tmp_path, monkeypatch):
    (tmp_path / "in").mkdir()
    for name in ("a", "b"):
        (tmp_path / "in" / f"{name}.jpg").write_bytes(marked(sample("us.jpg"), name))
    import alprcore.archive.recognition as work

    real = work.content_of

    def vanishing(place):
        (tmp_path / "in" / "a.jpg").unlink(missing_ok=True)
        return real(place)

    monkeypatch.setattr(work, "content_of", vanishing)
    counts = add_to(tmp_path / "case", tmp_path / "in").counts
    assert counts.read == 1
    assert "No such file" in counts.unreadable[0][1]


def test_an_animated_bomb_and_a_bomb_of_pixels_are_told(tmp_path):
    import struct
    import zlib

    def chunk(name, data):
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"x") + chunk(b"IEND", b"")
    (tmp_path / "x.tar").write_bytes(
        tar_bytes({"bomb.png": bomb, "good.jpg": sample("us.jpg")}, "w")
    )
    counts = add_to(tmp_path / "case", tmp_path / "x.tar").counts
    assert counts.read == 1
    assert "30000 x 30000 pixels, more than the limit" in counts.unreadable[0][1]


def test_a_case_of_another_version_is_told(tree, tmp_path):
    add_to(tmp_path / "case", tree / "a.jpg")
    database = sqlite3.connect(tmp_path / "case" / "case.sqlite")
    database.execute("PRAGMA user_version = 99")
    database.commit()
    database.close()
    with pytest.raises(CaseError, match="version 99, this alprcore knows versions up to"):
        Case.open(tmp_path / "case")


def test_an_older_case_is_brought_up_step_by_step_or_not_at_all(tree, tmp_path):
    add_to(tmp_path / "case", tree / "a.jpg")
    connection = sqlite3.connect(tmp_path / "case" / "case.sqlite", isolation_level=None)

    def good(database):
        database.execute("ALTER TABLE sources ADD COLUMN more TEXT")

    def bad(database):
        database.execute("ALTER TABLE reads ADD COLUMN more TEXT")
        raise RuntimeError("no")

    now = schema.VERSION
    with pytest.raises(RuntimeError):
        schema.migrate(connection, to=now + 2, steps={now: good, now + 1: bad})
    assert schema.version_of(connection) == now + 1
    assert "more" not in [row[1] for row in connection.execute("PRAGMA table_info(reads)")]
    assert schema.migrate(connection, to=now + 2, steps={now + 1: good_too}) == [now + 1]
    connection.close()


def good_too(database):
    database.execute("ALTER TABLE reads ADD COLUMN more TEXT")


def test_a_case_without_the_index_of_limits_gets_it(tree, tmp_path):
    add_to(tmp_path / "case", tree / "a.jpg")
    with Case.open(tmp_path / "case", read_only=False) as case:
        case.connection.execute("DROP INDEX reads_limits")
        case.connection.execute("PRAGMA user_version = 1")
    with pytest.raises(CaseError, match="status --upgrade"):
        Case.open(tmp_path / "case")
    with Case.open(tmp_path / "case", read_only=False) as case:
        (read,) = case.reads()
        country = Filters(region=read.country)
        assert [hit.read.id for hit in search(case, read.plate, filters=country).hits] == [read.id]
        assert not search(case, read.plate, filters=Filters(region="zz")).hits
        assert not [each for each in verify(case, sample=0) if each.kind != "note"]
    lines = (tmp_path / "case" / "log.jsonl").read_text("utf-8").splitlines()
    assert json.loads(lines[-1])["action"] == "migrated"


def test_a_damaged_database_and_another_file_are_told(tree, tmp_path):
    folder = tmp_path / "case"
    folder.mkdir()
    (folder / "case.sqlite").write_bytes(b"this is not a database" * 100)
    with pytest.raises(CaseError, match="it is damaged"):
        Case.open(folder)
    (folder / "case.sqlite").unlink()
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(CaseError, match=r"holds 'notes\.txt'"):
        Case.open(folder, create=True)
    with pytest.raises(CaseError, match="no case here"):
        Case.open(tmp_path / "nothing")


def test_ctrl_c_ends_cleanly_and_the_same_command_goes_on(tmp_path):
    pictures = tmp_path / "in"
    pictures.mkdir()
    for number in range(12):
        (pictures / f"{number:02}.jpg").write_bytes(marked(sample("us.jpg"), str(number)))
    command = [sys.executable, "-m", "alprcore", "archive", "add", str(tmp_path / "case"),
               str(pictures), "--country", "us", "--workers", "1"]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env=environment)  # fmt: skip
    database = tmp_path / "case" / "case.sqlite"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and count_of(database) < 1:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=120)
    assert process.returncode in {130, 0}
    assert "run 1 interrupted" in out or "run 1 done" in out
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    with Case.open(tmp_path / "case") as case:
        assert case.status()["reads"] == 12
        assert not [each for each in verify(case, sample=0) if each.kind != "note"]


def count_of(database: Path) -> int:
    if not database.exists():
        return 0
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return int(connection.execute("SELECT count(*) FROM reads").fetchone()[0])
    except sqlite3.Error:
        return 0
    finally:
        connection.close()


def test_settings_come_from_a_file(tree, tmp_path):
    from alprcore.cli import main

    (tmp_path / "s.toml").write_text('country = ["us"]\ntopn = 2\ntilted = false\n')
    arguments = ["archive", "add", str(tmp_path / "case"), str(tree / "a.jpg"), "--quiet",
                 "--workers", "1", "--settings", str(tmp_path / "s.toml")]  # fmt: skip
    assert main(arguments) == 0
    with Case.open(tmp_path / "case") as case:
        (setup,) = case.setups().values()
        wanted = setup["description"]["settings"]
        assert (wanted["country"], wanted["topn"], wanted["tilted"]) == (["us"], 2, False)
    (tmp_path / "s.toml").write_text("topm = 2\n")
    assert main(arguments) == 1


def test_status_prints_the_counts(made, capsys):
    from alprcore.cli import main

    assert main(["archive", "status", str(made[0]), "--json"]) == 0
    status = json.loads(capsys.readouterr().out)
    assert (status["sources"], status["reads"], status["duplicates"]) == (4, 4, 1)
    assert main(["archive", "status", str(made[0]), "--unreadable", "--duplicates"]) == 0
    out = capsys.readouterr().out
    assert "broken.jpg: the JPEG file is truncated" in out
    assert "again.png.txt: the same as" in out or "no_name: the same as" in out


def test_vehicles_are_kept_where_they_are_asked_for(tree, tmp_path):
    add_to(tmp_path / "case", tree / "a.jpg", tasks=("plate", "color", "make"))
    with Case.open(tmp_path / "case") as case:
        (reading,) = case.rows("SELECT vehicles, main_vehicle FROM readings")
        assert isinstance(json.loads(reading["vehicles"]), list)
        (read,) = case.rows("SELECT color, vehicle FROM reads")
        if read["color"] is not None:
            assert json.loads(read["vehicle"])["color"][0][0] == read["color"]
