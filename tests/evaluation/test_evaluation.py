# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import importlib.util
import json
import random
from pathlib import Path, PurePath

import pytest

from alprcore.evaluation.results import add_rows, today
from alprcore.evaluation.scoring import (
    TABLE_HEAD,
    Label,
    Miss,
    Score,
    clean,
    edit_distance,
    parse_truth,
    score,
    table_row,
    wilson,
    with_row,
)
from alprcore.geometry import overlap
from alprcore.records import Box

REFERENCE = Path(__file__).parents[3] / "shared" / "tools" / "score.py"


def result(text: str, box: tuple[int, int, int, int], *others: str, region: str = "") -> dict:
    left, top, right, bottom = box
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    return {
        "plate": text,
        "region": region,
        "coordinates": [{"x": x, "y": y} for x, y in corners],
        "candidates": [{"plate": candidate} for candidate in (text, *others)],
    }


def reply(*results: dict, ms: float = 1.0) -> dict:
    return {"processing_time_ms": ms, "results": list(results)}


LABELS = {
    "a.jpg": [Label("ABC123", Box(10, 10, 110, 40), "us-md")],
    "b.jpg": [Label("O0I1", Box(10, 10, 110, 40)), Label("XYZ", Box(200, 10, 300, 40))],
    "c.jpg": [Label("NOBOX", None)],
    "d.jpg": [Label("GONE", Box(10, 10, 110, 40))],
    "e.jpg": [Label("", Box(10, 10, 110, 40))],
}
REPLIES = {
    "a.jpg": reply(result("abc-123", (12, 10, 112, 40), region="md"), ms=1),
    "b.jpg": reply(
        result("QQ", (500, 500, 600, 530)), result("00II", (10, 10, 110, 40), "O0I1"), ms=2
    ),
    "c.jpg": reply(result("N0B0X", (0, 0, 5, 5)), ms=3),
    "e.jpg": reply(ms=4),
}


def test_the_counts_of_a_small_set():
    total = score(LABELS, REPLIES)
    assert (total.plates, total.found) == (5, 3)
    assert (total.strict, total.folded, total.top10) == (1, 3, 2)
    assert total.extra == 1
    assert (total.edits, total.letters) == (2 + 3 + 2 + 4, 6 + 4 + 3 + 5 + 4)
    assert (total.regions, total.regions_right) == (1, 1)
    assert total.times_ms == [1, 2, 3, 4]
    assert total.misses == [
        Miss("b.jpg", "O0I1", "00II"),
        Miss("b.jpg", "XYZ", ""),
        Miss("c.jpg", "NOBOX", "N0B0X"),
        Miss("d.jpg", "GONE", ""),
    ]


def random_set(rng: random.Random) -> tuple[list[list], dict[str, dict]]:
    """Rows of a truth.csv and replies, with every case that the counting knows."""
    rows, replies = [], {}
    for number in range(rng.randrange(1, 12)):
        image = f"p{number}.jpg"
        results = []
        for _ in range(rng.randrange(3)):
            text = "".join(rng.choices("AB01OI", k=rng.randrange(3, 6)))
            x, y = rng.randrange(300), rng.randrange(300)
            box = [x, y, rng.randrange(40, 90), rng.randrange(10, 30)]
            if rng.random() < 0.2:
                box = [0, 0, 400, 400] if rng.random() < 0.5 else [""] * 4
            country = rng.choice(["", "us-md", "us-ak", "br"])
            if rng.random() < 0.9:
                rows.append([image, *box, rng.choice([text, text, text.lower(), ""]), country])
            if rng.random() < 0.8:
                dx, dy = rng.randrange(-20, 20), rng.randrange(-5, 5)
                others = ["".join(rng.choices("AB01OI", k=3)) for _ in range(rng.randrange(14))]
                read = rng.choice([text, text.replace("O", "0"), text[1:], "Z" + text])
                at = (x + dx, y + dy, x + dx + 60, y + dy + 20)
                results.append(result(read, at, *others, region=rng.choice(["md", "us-ak", ""])))
        rng.shuffle(results)
        if rng.random() < 0.9:
            replies[image] = reply(*results, ms=rng.random() * 9)
    if not any(row[5] for row in rows):
        rows.append(["last.jpg", 10, 10, 50, 20, "AB1", ""])
    return rows, replies


@pytest.mark.skipif(not REFERENCE.exists(), reason="the reference counter is not here")
def test_the_counts_are_those_of_the_reference_counter(tmp_path):
    spec = importlib.util.spec_from_file_location("reference_score", REFERENCE)
    reference = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reference)
    for seed in range(60):
        rows, replies = random_set(random.Random(seed))
        folder = tmp_path / str(seed)
        folder.mkdir()
        lines = ["image,x,y,w,h,plate,country", *(",".join(map(str, row)) for row in rows)]
        (folder / "truth.csv").write_text("\n".join(lines) + "\n")
        for image, found in replies.items():
            (folder / image.replace(".jpg", ".json")).write_text(json.dumps(found))
        with pytest.warns(ResourceWarning):  # the reference leaves the truth open
            expected, misses = reference.score(folder, folder)
        labels = parse_truth(lines)
        total = score(labels, replies)
        for name in ("plates", "found", "strict", "folded", "top10", "extra"):
            assert getattr(total, name) == expected[name], (seed, name)
        assert round(100 * total.character_error, 2) == expected["character_error_percent"]
        if total.times_ms:
            assert round(total.median_ms, 1) == expected["median_ms"]
        low, high = wilson(total.strict, total.plates)
        assert [round(100 * low, 1), round(100 * high, 1)] == expected["wilson95"]
        if total.regions:
            share = round(100 * total.regions_right / total.regions, 1)
            assert share == expected["region_percent"]
        assert [(m.image, m.want, m.got) for m in total.misses] == misses


def test_a_truth_file_is_read():
    rows = ["image,x,y,w,h,plate,country", "a.jpg,1,2,3,4,ab-12,us-md", "a.jpg,,,,,C3,"]
    rows += ["b.jpg,0.0,0.0,30,20,D4,"]
    assert parse_truth(rows) == {
        "a.jpg": [Label("AB12", Box(1, 2, 4, 6), "us-md"), Label("C3", None)],
        "b.jpg": [Label("D4", None)],
    }


def test_a_truth_file_may_begin_with_a_byte_order_mark():
    assert parse_truth(['\ufeff"image",plate', "a.jpg,AB12"]) == {"a.jpg": [Label("AB12", None)]}
    assert parse_truth(["image,plate", "\ufeffa.jpg,AB12"]).keys() == {"\ufeffa.jpg"}


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([], "no column image, plate"),
        (["image,x", "a.jpg,1"], "no column plate"),
        (["image,w,plate", "a.jpg,1,AB12"], "no column h, x, y"),
        (["image,x,y,w,h,plate", "a.jpg,470,400"], "line 2: too few columns"),
        (["image,plate,x,y,w,h", "a.jpg,AB12,470,400"], "line 2: too few columns"),
        (["image,x,y,w,h,plate", "a.jpg,1,2,3,4,A", "a.jpg,1,2,nan,4,A"], "line 3: expected x,y,"),
        (["image,x,y,w,h,plate", "a.jpg,nan,2,3,4,A"], "line 2: expected x,y,"),
        (["image,x,y,w,h,plate", "a.jpg,1,inf,3,4,A"], "line 2: expected x,y,"),
        (["image,x,y,w,h,plate", "a.jpg,1,2,wide,4,A"], "line 2: expected x,y,"),
        (["image,x,y,w,h,plate", "a.jpg,,,3,4,A"], "line 2: expected x,y,"),
    ],
)
def test_a_malformed_truth_file_is_refused(rows, problem):
    with pytest.raises(ValueError, match=problem):
        parse_truth(rows)


def test_a_row_may_end_before_the_country():
    rows = ["image,x,y,w,h,plate,country", "a.jpg,1,2,3,4,AB12"]
    assert parse_truth(rows) == {"a.jpg": [Label("AB12", Box(1, 2, 4, 6))]}


def test_texts_are_compared_by_letters_and_digits():
    assert clean(" ab-12\nc é") == "AB12C"
    assert clean(None) == ""


def test_the_edit_distance_of_known_pairs():
    assert edit_distance("KITTEN", "SITTING") == 3
    assert edit_distance("", "ABC") == edit_distance("ABC", "") == 3
    assert edit_distance("ABC", "ABC") == 0


def test_the_overlap_of_known_boxes():
    square = Box(0, 0, 2, 2)
    assert overlap(square, square) == 1
    assert overlap(square, Box(1, 0, 3, 2)) == pytest.approx(1 / 3)
    assert overlap(square, Box(2, 0, 4, 2)) == 0
    assert overlap(square, Box(1, 1, 1, 1)) == 0


def test_the_wilson_interval_of_a_published_example():
    # 81 of 263: Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 0) == (0, 1)


def test_the_times_of_a_score():
    total = Score(times_ms=[float(n) for n in range(1, 101)])
    assert (total.median_ms, total.p95_ms) == (50.5, 95.0)
    assert (Score().median_ms, Score().p95_ms, Score().character_error) == (0, 0, 0)


def test_rows_are_added_below_the_table():
    row = table_row(
        score(LABELS, REPLIES), date="2026-01-02", commit="-", folder=PurePath("x/us"), country="us"
    )
    assert row == (
        "| 2026-01-02 | - | us | us | 5 | 60.0 | 20.0 | 3.6-62.4 | 60.0 | 40.0 | 50.00 | 1 | 2.5"
        " | 4.0 |\n"
    )
    once = with_row("", row)
    assert once == TABLE_HEAD + row
    assert with_row(once, row) == TABLE_HEAD + row + row
    assert with_row("# Results\n", row) == "# Results\n\n" + TABLE_HEAD + row
    assert row.count("|") == TABLE_HEAD.splitlines()[0].count("|")


def test_a_row_goes_into_the_table_whose_columns_its_head_names():
    row, head = "| 1 | 2 |\n", "## Sizes\n\nBytes.\n\n| a | b |\n| --- | --- |\n"
    assert with_row("", row, head) == head + row
    both = TABLE_HEAD + "\n" + head + row + "\nMore text.\n"
    assert with_row(both, row, head) == TABLE_HEAD + "\n" + head + row + row + "\nMore text.\n"
    assert with_row(TABLE_HEAD, row, head) == TABLE_HEAD + "\n" + head + row


def test_rows_have_the_date_and_the_commit_in_front(tmp_path):
    file = tmp_path / "new" / "RESULTS.md"
    add_rows(file, [(1, "two")], "| date | commit | n | name |\n| --- | --- | --- | --- |\n")
    add_rows(file, [(3, "four")], "| date | commit | n | name |\n| --- | --- | --- | --- |\n")
    assert file.read_text("utf-8").splitlines()[2:] == [
        f"| {today()} | - | 1 | two |", f"| {today()} | - | 3 | four |",
    ]  # fmt: skip
