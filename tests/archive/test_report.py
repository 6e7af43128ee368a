# SPDX-License-Identifier: Apache-2.0
"""A report: what it says of the case, of each read, and of how far that is to be trusted."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from archive_tools import add_to, small_tree

from alprcore.archive import Case
from alprcore.archive.html import count_of, moment, percents, text_of
from alprcore.archive.origin import CONFIDENCES
from alprcore.archive.pictures import Templates, explained_glyphs
from alprcore.archive.report import masked, write_report
from alprcore.cli import main
from alprcore.reading.bank import load_bank


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    add_to(folder / "case", small_tree(folder / "tree"))
    return folder / "case"


@pytest.fixture
def case(whole, tmp_path):
    """A copy to do harm to."""
    return shutil.copytree(whole, tmp_path / "case")


def change(case, sql, *values):
    store = sqlite3.connect(case / "case.sqlite")
    store.execute(sql, values)
    store.commit()
    store.close()


def reported(case, folder, *words):
    assert main(["archive", "report", str(case), "--out", str(folder), *words]) == 0
    return (folder / "report.html").read_text("utf-8")


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


def test_it_says_what_was_searched_how_and_by_what(case, tmp_path):
    words = ["archive", "search", str(case), "LM?4*", "--since", "2024-05-01", "--reason", "file 7"]
    assert main(words) == 0
    page = reported(case, tmp_path)
    with Case.open(case) as opened:
        (setup,) = opened.setups().values()
        _, head = opened.log_head()
    assert "<td>picture, JPEG<td class=n>3<td class=n>3<td class=n>0" in page
    assert re.search(r"LM\?4\*</bdi><td>since 2024-05-01 00:00:00 UTC<td class=n>1<td>file 7", page)
    assert setup["key"] in page
    for path, sha256 in setup["description"]["files"].items():
        if path.endswith((".onnx", ".npz")):
            assert path in page
            assert sha256 in page
    for name in setup["description"]["settings"]:
        assert name == "country" or f"{name} " in page
    assert "kernel" in page
    assert head not in page  # the report itself is a step by now; what it shows is the one before
    assert "Last hash of the case's log" in page
    assert "1 place could not be read" in page


def test_every_link_in_it_leads_to_a_read_and_nothing_leads_out(whole, tmp_path):
    page = reported(whole, tmp_path)
    tags = Tags(page).found
    ids = {attributes["id"] for _, attributes in tags if "id" in attributes}
    for tag, attributes in tags:
        assert tag not in {"script", "link", "iframe", "object"}
        assert attributes.get("src", "data:image/").startswith("data:image/")
        if "href" in attributes:
            assert attributes["href"].removeprefix("#") in ids
    assert "url(" not in page
    assert "@import" not in page


def test_a_character_that_is_unsure_is_a_question_mark(case, tmp_path):
    with Case.open(case) as opened:
        read = next(iter(opened.reads()))
    glyphs = [dict(glyph) for glyph in read.glyphs]
    glyphs[2]["confidence"] = 0.4
    change(case, "UPDATE reads SET glyphs = ? WHERE id = ?", json.dumps(glyphs), read.id)
    expected = read.text[:2] + "?" + read.text[3:]
    assert f"<h3><bdi>{expected}</bdi>" in reported(case, tmp_path)
    assert f"<h3><bdi>{read.text}</bdi>" in reported(case, tmp_path, "--unsure", "0.3")


def test_the_two_lines_of_a_plate_keep_their_marks():
    class Two:
        text = "AB\n12"
        glyphs = tuple({"confidence": value} for value in (0.9, 0.2, 0.9, 0.1))

    assert masked(Two, 0.5) == "A?\n1?"
    assert text_of("A?\n1?") == "<bdi>A?</bdi> / <bdi>1?</bdi>"


def test_texts_of_others_stay_text(case, tmp_path):
    bad = "<script>alert(1)</script>"
    change(case, "UPDATE reads SET text = ?, plate = ?, region = ?, color = ?", bad, bad, bad, bad)
    change(
        case, "UPDATE sources SET path = ?, camera = ?, notices = ?", bad, bad, json.dumps([bad])
    )
    change(case, "UPDATE unreadable SET path = ?, reason = ?", bad, bad)
    change(case, "UPDATE runs SET paths = ?", json.dumps([bad]))
    page = reported(case, tmp_path)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") > 10


def test_a_template_is_shown_only_when_it_is_the_one_that_was_matched(case):
    with Case.open(case) as opened:
        read = next(iter(opened.reads()))
        bank = Templates(opened).bank(read)
        assert np.array_equal(bank.portraits, load_bank("Latin").portraits)
        shown = list(explained_glyphs(case, read, bank))
        assert all(seen and template for _, seen, template in shown)
        chinese = Templates(opened).bank(replace(read, country="cn"))
        assert chinese.alphabet == load_bank("Chinese").alphabet != bank.alphabet
        blank = replace(bank, portraits=np.zeros_like(bank.portraits))
        assert all(template is None for _, _, template in explained_glyphs(case, read, blank))
        (setup,) = opened.setups().values()
    setup["description"]["files"]["banks/latin.npz"] = "0" * 64
    change(case, "UPDATE setups SET description = ?", json.dumps(setup["description"]))
    with Case.open(case) as opened:
        assert Templates(opened).bank(read) is None


def test_a_missing_crop_is_said_and_nothing_else_stops(case, tmp_path):
    with Case.open(case) as opened:
        first, *_ = opened.reads()
    (case / first.crop).unlink()
    page = reported(case, tmp_path)
    assert page.count("The crop is missing.") == 1
    assert page.count("alt='crop of the plate'") > 1


def test_it_says_how_many_reads_are_left_out(whole, tmp_path):
    with Case.open(whole) as opened:
        count = len(list(opened.reads()))
        assert write_report(opened, tmp_path, most=1) == 1
    page = (tmp_path / "report.html").read_text("utf-8")
    assert f"{count - 1} more are left out" in page


def test_it_has_a_table_of_how_far_confidences_hold(whole, tmp_path):
    page = reported(whole, tmp_path)
    for span, number, right in CONFIDENCES:
        assert right <= number
        assert f"<tr><td>{span}<td class=n>{number}<td class=n>{right}" in page


def test_times_and_places_are_plotted_where_there_are_any(whole, case, tmp_path):
    page = reported(whole, tmp_path)
    assert "when plates were seen" in page
    assert "where plates were seen" in page
    change(case, "UPDATE sources SET time = NULL, latitude = NULL")
    page = reported(case, tmp_path)
    assert "Times and places" not in page


def test_percents_are_neither_all_nor_nothing():
    assert [percents(value) for value in (0, 1e-9, 0.5, 0.999999, 1)] == [
        "0.00 %", "&lt; 0.01 %", "50.00 %", "&gt; 99.99 %", "100.00 %",
    ]  # fmt: skip
    assert percents(0.9999, 1) == "&gt; 99.9 %"


def test_times_and_numbers_are_for_people():
    assert moment("2024-05-01T10:30:00.000Z") == "2024-05-01 10:30:00 UTC"
    assert moment("2024-05-01T10:30:00") == "2024-05-01 10:30:00"
    assert moment(None) == ""
    assert (count_of(1, "read"), count_of(2000, "read")) == ("1 read", "2,000 reads")
