# SPDX-License-Identifier: Apache-2.0
"""The page of a case in a browser, where there is one."""

from __future__ import annotations

import csv
import re

import pytest
import webdriver
from browse_tools import HOSTILE, hostile_case, serving
from process_tools import wait_until

pytest.importorskip("uvicorn")
pytestmark = pytest.mark.skipif(
    not (webdriver.CHROMIUM and webdriver.DRIVER), reason="no chromium with chromedriver here"
)
DOWN, ENTER, ESCAPE = "\ue015", "\ue007", "\ue00c"


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    with serving(hostile_case(tmp_path_factory.mktemp("browse"))) as port:
        yield f"http://127.0.0.1:{port}/"


@pytest.fixture
def window(chromium, base):
    """The page, freshly opened at the width of a desk."""
    with webdriver.watched(chromium, base, 1440):
        chromium.open(base)
        wait_until(lambda: chromium.elements("#list .read"))
        yield chromium


def plates(window):
    return window.run(  # at once: the list may be replaced meanwhile
        "return [...document.querySelectorAll('#list .plate')].map(one => one.textContent)"
    )


def search(window, pattern):
    window.run("document.getElementById('q').value = ''; window.marker = now.reply")
    window.type("#q", pattern + ENTER)
    wait_until(lambda: window.run("return now.reply !== window.marker || !error.hidden"))


def opened(window):
    wait_until(lambda: window.elements("#detail .sheet"))
    wait_until(lambda: window.run("return !document.querySelector('.view .wait')"))


def open_read(window, words):
    """Open the read whose card has these words."""
    window.run(
        "[...document.querySelectorAll('#list .read')].find(one =>"
        " one.textContent.includes(arguments[0])).querySelector('button').click()",
        words,
    )


def test_a_search_shows_crops_with_probabilities(window):
    search(window, "LM?4*")
    assert plates(window) == ["LMR4827"]
    assert "1 read may match LM?4*" in window.text("#status")
    share = window.text("#list .share")
    assert re.fullmatch(r"(> )?\d+\.\d %", share)
    wait_until(lambda: window.run("return document.querySelector('.crop').naturalWidth") > 20)
    search(window, "LM?9*")
    assert plates(window) == []
    assert "Nothing matches" in window.text("#status")


def test_one_edit_is_a_tick(window):
    search(window, "LMR4927")
    assert plates(window) == []
    window.click("#edit")
    wait_until(lambda: plates(window) == ["LMR4827"])


def test_a_read_is_shown_in_its_picture_with_every_plate_drawn(window):
    open_read(window, "side.jpg")
    opened(window)
    assert window.run("return document.querySelectorAll('.view polygon.tone').length") == 2
    sizes = window.run(
        "const p = document.querySelector('polygon.own').getBoundingClientRect(),"
        " v = document.querySelector('.view').getBoundingClientRect();"
        "return [p.width, p.height, p.left >= v.left, p.right <= v.right, p.bottom <= v.bottom]"
    )
    assert min(sizes[:2]) > 5
    assert all(sizes[2:])
    before = sizes[0]
    window.click(".acts button")
    after = window.run("return document.querySelector('polygon.own').getBoundingClientRect().width")
    assert after > 1.5 * before
    heads = window.texts("#detail h2")
    assert [head.split("\n")[0].split(" ")[0] for head in heads] == [
        "Candidates", "Characters", "Facts", "Seen",
    ]  # fmt: skip
    assert "SHA-256" in window.text("#detail .pairs")


def test_a_filter_and_the_timeline_limit_the_reads(window):
    everything = len(plates(window))
    window.run("filters.open = true")
    window.run(
        "const one = document.getElementById('region'); one.value = 'us';"
        "one.dispatchEvent(new Event('change'))"
    )
    wait_until(lambda: 0 < len(plates(window)) < everything)
    assert "(1 set)" in window.text("#active")
    assert "region=us" in window.run("return location.search")
    window.click("#clear")
    wait_until(lambda: len(plates(window)) == everything)
    assert window.text("#untimed") == f"{everything - 2} without a time"
    window.click(".bin:not(:disabled)")
    wait_until(lambda: plates(window) == ["LMR4827"])
    assert window.run("return since.value").startswith("2024-05-01T10:30")
    window.click("#clear")
    wait_until(lambda: len(plates(window)) == everything)


def test_an_error_is_said_and_nothing_stale_stays(window):
    search(window, "[")
    assert "expected a set" in window.text("#error")
    assert plates(window) == []
    search(window, "LM*")
    assert plates(window) == ["LMR4827"]
    assert not window.shown("#error")


def test_the_selection_is_saved_as_a_file(window, tmp_path):
    window.devtools("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    assert window.run("return csv.disabled")
    window.click("#list .read input")
    assert window.text("#allsays") == "1 read selected"
    window.click("#csv")
    path = tmp_path / "case-selection.csv"
    wait_until(path.exists)
    wait_until(lambda: path.stat().st_size > 0)
    (row,) = csv.DictReader(path.read_text("utf-8").splitlines())
    assert row["plate"] == plates(window)[0]
    window.click("#all")
    wait_until(lambda: window.text("#allsays") == f"{len(plates(window))} reads selected")


def test_names_of_files_stay_text(window):
    assert window.run("return document.title") == "case: number plates"
    shown = window.run(
        "return [...document.querySelectorAll('#list .small')].map(one => one.title).join(' ')"
    )
    assert HOSTILE.replace("\n", "\\n") in shown
    open_read(window, "onerror")
    opened(window)
    assert HOSTILE.replace("\n", "\\n") in window.text("#detail .pairs")
    assert window.run("return document.querySelectorAll('[onerror], img[src=x]').length") == 0


def test_the_keyboard_is_enough(window):
    window.press("/")
    assert window.run("return document.activeElement.id") == "q"
    window.run("document.activeElement.blur()")
    window.press(DOWN)
    first = window.run("return Number(document.activeElement.closest('.read').dataset.id)")
    window.press("x")
    assert window.text("#allsays") == "1 read selected"
    window.press(ENTER)
    opened(window)
    assert window.run("return now.open") == first
    window.run("document.querySelector('#list .read button').focus()")
    window.press(DOWN)
    wait_until(lambda: window.run("return now.open") != first)
    window.press(ESCAPE)
    assert window.run("return now.open") is None
    for selector in ("#q", "#edit", "#since", "#region", "#near", "#order", "#all"):
        window.run("filters.open = true; tools.hidden = orderline.hidden = false")
        label = window.call("GET", f"/element/{window.element(selector)}/computedlabel")
        assert label.strip(), selector


def test_back_and_reload_keep_what_was_asked(window, base):
    search(window, "LM*")
    window.click("#list .read button")
    opened(window)
    window.call("POST", "/refresh")
    opened(window)
    assert plates(window) == ["LMR4827"]
    window.call("POST", "/back")
    wait_until(lambda: window.run("return now.open") is None)
    assert plates(window) == ["LMR4827"]
    window.call("POST", "/back")
    wait_until(lambda: len(plates(window)) > 1)


@pytest.mark.parametrize(("width", "height"), [(390, 844), (820, 1180), (1440, 900)])
def test_nothing_overflows_and_a_phone_shows_one_thing_at_a_time(window, width, height):
    window.resize(width, height)
    window.click("#list .read button")
    opened(window)
    inside = "return document.documentElement.scrollWidth <= innerWidth"
    assert window.run(inside)
    assert window.run("return detail.scrollWidth <= detail.clientWidth")
    if width < 1000:
        assert window.run("return detail.getBoundingClientRect().width") == width
        window.click("#detail .head button")
        assert not window.shown("#detail")
    assert window.shown("#list .plate")


def contrast(first, second):
    """The contrast ratio of WCAG 2 between two ``rgb(…)`` colours."""

    def light(colour):
        channels = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    lighter, darker = sorted((light(first), light(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_by_day_and_by_night(window, scheme):
    window.devtools(
        "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}]
    )
    window.click("#list .read button")
    opened(window)
    window.run("error.hidden = false; error.textContent = 'words'; csv.disabled = false")
    pairs = window.run(
        "return ['h1', '#counts', '.main', '#how', '.status', '.error', '.plate', '.small', '#csv',"
        " '#detail .plate', 'td.text', '.glyph', '.pairs dt', '.pairs dd', 'kbd', 'summary',"
        " 'figcaption', 'h2 .soft'].map((name) => {"
        " const one = document.querySelector(name); if (!one) return null; let under = one;"
        " const back = (e) => getComputedStyle(e).backgroundColor;"
        " while (under.parentElement && back(under) === 'rgba(0, 0, 0, 0)')"
        "  under = under.parentElement;"
        " return [name, getComputedStyle(one).color, back(under)]; }).filter(Boolean)"
    )
    assert len(pairs) > 15
    ground = window.run("return getComputedStyle(document.body).backgroundColor")
    assert (contrast(ground, "rgb(0, 0, 0)") < 3) == (scheme == "dark")
    for name, colour, under in pairs:
        assert contrast(colour, under) >= 4.5, (name, colour, under)
    window.devtools("Emulation.setEmulatedMedia", features=[])
