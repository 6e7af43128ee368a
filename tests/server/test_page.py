# SPDX-License-Identifier: Apache-2.0
"""The page at ``/``: what it may load, and what it does in a browser, where there is one."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import socket
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest
import webdriver
from process_tools import wait_until

from alprcore.server.page.files import INDEX, page_files

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "runtime_data" / "samples"
sys.path.insert(0, str(ROOT / "benchmarks"))

in_a_browser = pytest.mark.skipif(
    not (webdriver.CHROMIUM and webdriver.DRIVER), reason="no chromium with chromedriver here"
)
TAB, ENTER, ESCAPE = "\ue004", "\ue007", "\ue00c"
FILES = page_files()
HTML = FILES[INDEX].content.decode()
TEXTS = {
    name: file.content.decode()
    for name, file in FILES.items()
    if Path(name).suffix in {".html", ".css", ".js", ".svg"}
}


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


@pytest.mark.parametrize("name", TEXTS)
def test_the_page_names_no_other_place(name):
    text = TEXTS[name]
    addresses = set(re.findall(r"[a-z]+://[^\s\"'`<>]*", text))
    assert addresses <= {"http://www.w3.org/2000/svg"}  # a name, never loaded
    for never in (
        "@import url",
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "eval(",
        "document.write",
    ):
        assert never not in text
    for target in re.findall(r"url\(([^)]*)\)", text):
        assert target in FILES


def test_everything_that_the_page_loads_is_one_of_its_files():
    for tag, attributes in Tags(HTML).found:
        assert not {"style", "srcset", "action"} & attributes.keys(), tag
        assert not [name for name in attributes if name.startswith("on")], tag
        for key in ("src", "href"):
            target = attributes.get(key, "#")
            assert target == "." or target[0] == "#" or target.removeprefix("page/") in FILES
    assert not re.search(r"<(script|style)[^>]*>[^<]", HTML)  # nothing inline
    for text in TEXTS.values():
        for module in re.findall(r'from "\./([^"]+)"', text):
            assert module in FILES


def test_the_policy_admits_the_files_of_this_server_and_nothing_else():
    for file in FILES.values():
        policy = dict(
            part.split(" ", 1) for part in file.headers["Content-Security-Policy"].split("; ")
        )
        for kind in ("default-src", "base-uri", "form-action", "frame-ancestors"):
            assert policy[kind] == "'none'"
        for kind in ("script-src", "style-src", "connect-src"):
            assert policy[kind] == "'self'"
        assert "unsafe" not in file.headers["Content-Security-Policy"]
        assert policy["require-trusted-types-for"] == "'script'"
        assert file.headers["X-Content-Type-Options"] == "nosniff"


def test_every_control_has_a_label():
    tags = Tags(HTML).found
    labelled = {attributes.get("for") for tag, attributes in tags if tag == "label"}
    for tag, attributes in tags:
        if tag in {"input", "select"}:
            assert attributes["id"] in labelled or attributes.get("aria-label")
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_its_programs_are_read_at_one_sitting():
    for name, text in TEXTS.items():
        assert len(text.splitlines()) < 300, name
        longest = max(map(len, text.splitlines()))
        assert longest < 260, (name, longest)


@pytest.fixture(scope="module")
def base():
    """Address of a running server."""
    pytest.importorskip("uvicorn")
    from server_process import serving

    with serving(1) as (port, _):
        yield f"http://127.0.0.1:{port}/"


@pytest.fixture
def window(chromium, base):
    """The page, freshly opened at the width of a desk."""
    with webdriver.watched(chromium, base, 1280):
        open_page(chromium, base)
        yield chromium


def open_page(window, address):
    window.open(address)
    wait_until(lambda: window.run("return document.documentElement.dataset.ready"))


def choose(window, *paths):
    window.type("#file", "\n".join(map(str, paths)))
    settle(window)


def settle(window):
    """Wait until all photos are read, and the chosen one is shown as far as it can be."""
    wait_until(
        lambda: (
            window.shown("#headline")
            and not window.elements(".spin")
            and not window.elements(".waiting")
            and window.run(
                "return document.getElementById('photo').complete"
                " && document.querySelectorAll('.plate').length"
                " === document.querySelectorAll('#marks [data-plate]').length"
            )
        )
    )


def answer_with(window, status, body, kind="application/json"):
    """Let the page get this answer instead of the server's."""
    window.run(
        "const [status, body, type] = arguments;"
        "window.sent = [];"
        "window.fetch = async (_, options) => { window.sent.push(Object.fromEntries(options.body));"
        " return new Response(body, {status, headers: {'Content-Type': type}}); };",
        status,
        body if isinstance(body, str) else json.dumps(body),
        kind,
    )


def reply_in(window):
    return json.loads(window.run("return document.getElementById('json').textContent"))


def signs(window):
    return window.texts(".sign")


def set_settings(window, **values):
    """Open the settings, set them as a reader would, and close them."""
    window.click("#settings-open")
    for name, value in values.items():
        window.run(
            "const one = document.getElementById(arguments[0]);"
            "one[one.type === 'checkbox' ? 'checked' : 'value'] = arguments[1];",
            name,
            value,
        )
    window.click("#done")


@in_a_browser
def test_a_chosen_photo_is_read_and_its_plates_are_marked_beside_not_over(window, tmp_path):
    choose(window, SAMPLES / "two_plates.jpg")
    assert window.text("#headline") == "2 plates"
    assert set(signs(window)) == {"GX482RT", "82KNT6"}
    results = reply_in(window)["results"]
    places = window.run(
        "const image = document.getElementById('photo').getBoundingClientRect();"
        "const scale = image.width / document.getElementById('photo').naturalWidth;"
        "return [...document.querySelectorAll('#marks [data-plate]')].map((group) =>"
        " [...group.querySelectorAll('rect, path')].map((one) => {"
        "  const box = one.getBoundingClientRect();"
        "  return [one.tagName, (box.left - image.left) / scale, (box.top - image.top) / scale,"
        "   (box.right - image.left) / scale, (box.bottom - image.top) / scale]; }))"
    )
    for result, marks in zip(results, places, strict=True):
        xs = [corner["x"] for corner in result["coordinates"]]
        ys = [corner["y"] for corner in result["coordinates"]]
        for tag, left, top, right, bottom in marks:
            if tag == "path":  # four corners around the plate
                assert left < min(xs) and right > max(xs) and top < min(ys) and bottom > max(ys)  # noqa: PT018
            else:  # the text stands clear of the plate
                assert right < min(xs) or left > max(xs) or bottom < min(ys) or top > max(ys)
    alt = window.run("return document.getElementById('photo').alt")
    assert alt.endswith("with 2 plates marked: " + ", ".join(r["plate"] for r in results))
    window.screenshot(tmp_path / "page.png")
    assert cv2.imread(str(tmp_path / "page.png")).std() > 20


@in_a_browser
def test_each_plate_has_its_own_vehicle(window):
    choose(window, SAMPLES / "two_plates.jpg")
    results = reply_in(window)["results"]
    lines = window.texts(".plate .car")
    assert len(lines) == 2
    sure = 0
    for result, line in zip(results, lines, strict=True):
        (color, *_) = result["vehicle"]["color"]
        is_sure = color["confidence"] >= 50
        sure += is_sure
        assert line.lower().startswith(color["name"]) == is_sure
    assert sure


@in_a_browser
def test_the_answer_comes_first_at_any_width(window):
    choose(window, SAMPLES / "two_plates.jpg")
    for width, height in ((390, 844), (820, 1180), (1280, 900)):
        window.resize(width, height)
        tops = window.run(
            "return ['.plate:last-of-type .sign', '#stage', '#list'].map((name) => {"
            " const box = document.querySelector(name).getBoundingClientRect();"
            " return [box.top, box.left]; })"
        )
        sign, stage, listed = tops
        assert sign[0] < height * 0.6
        assert sign[0] < stage[0] or sign[1] < stage[1]
        assert stage[0] < listed[0]
        assert stage[0] < height * 0.75  # and the photo begins on the first screen, too
        scrolled = window.run("return [document.documentElement.scrollWidth, window.innerWidth]")
        assert scrolled[0] <= scrolled[1]


@in_a_browser
@pytest.mark.parametrize("name", ["two_plates.jpg", "us.jpg"])
def test_a_sample_is_one_click_away(window, name):
    window.click(f"[data-sample='{name}']")
    settle(window)
    assert signs(window) == (["LMR4827"] if name == "us.jpg" else ["82KNT6", "GX482RT"])


@in_a_browser
def test_several_photos_make_a_list_and_a_table(window, tmp_path):
    (tmp_path / "=letter.jpg").write_text("Dear Sir or Madam")
    cv2.imwrite(str(tmp_path / "plain, grey.png"), np.full((90, 160, 3), 90, np.uint8))
    paths = [SAMPLES / "us.jpg", SAMPLES / "two_plates.jpg", *sorted(tmp_path.iterdir())]
    choose(window, *paths)
    assert window.texts("#list .what") == [
        "LMR4827", "82KNT6, GX482RT", "This file is not a photo we can read", "No plate found",
    ]  # fmt: skip
    window.click("#list li:nth-child(2) button")
    settle(window)
    assert signs(window) == ["82KNT6", "GX482RT"]
    current = window.run(
        "return [...document.querySelectorAll('#list button')].map((one) => one.ariaCurrent)"
    )
    assert current == ["false", "true", "false", "false"]
    window.resize(390, 844)  # on a phone the answer is above the list
    window.run("document.getElementById('list').scrollIntoView()")
    window.click("#list li:nth-child(2) button")
    wait_until(lambda: window.run("return window.scrollY") == 0)
    window.resize(1280, 900)
    window.run(
        "window.made = []; URL.createObjectURL = (blob) => { window.made.push(blob); return '#'; };"
    )
    window.click("#csv")
    text = window.run("return window.made[0].text()")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [(row["photo"], row["plate"]) for row in rows] == [
        ("us.jpg", "LMR4827"), ("two_plates.jpg", "82KNT6"), ("two_plates.jpg", "GX482RT"),
        ("'=letter.jpg", ""), ("plain, grey.png", ""),
    ]  # fmt: skip
    assert rows[1]["from"] == "Netherlands"
    assert [row["colour"] for row in rows[1:3]] == ["", "green"]  # what is not sure is left out
    assert rows[3]["remark"] == "This file is not a photo we can read"
    window.click("#clear")
    assert not window.shown("#work")
    assert window.shown("#start")
    assert window.run("return document.activeElement.id") == "choose"


@in_a_browser
def test_a_plate_can_be_copied(window, base):
    window.devtools(
        "Browser.grantPermissions", origin=base.rstrip("/"),
        permissions=["clipboardReadWrite", "clipboardSanitizedWrite"],
    )  # fmt: skip
    choose(window, SAMPLES / "us.jpg")
    window.click(".plate .buttons button")
    wait_until(lambda: window.text(".plate .buttons button") == "Copied")
    assert window.run("return navigator.clipboard.readText()") == "LMR4827"
    assert window.run("return document.getElementById('said').textContent") == "LMR4827 copied"


@in_a_browser
def test_the_photo_can_be_zoomed_and_the_marks_go_with_it(window):
    choose(window, SAMPLES / "us.jpg")

    def width_of_photo():
        return window.run("return document.getElementById('photo').getBoundingClientRect().width")

    fitted = width_of_photo()
    assert window.run("return document.getElementById('zoom-out').disabled")
    window.click("#zoom-in")
    assert width_of_photo() == pytest.approx(1.6 * fitted)
    window.run("document.getElementById('stage').focus()")
    window.press("+", "-", "-")
    assert width_of_photo() == pytest.approx(fitted)
    window.click(".plate .buttons button:nth-child(2)")  # to the plate
    near = window.run(
        "const stage = document.getElementById('stage').getBoundingClientRect();"
        "const mark = document.querySelector('#marks path').getBoundingClientRect();"
        "return [mark.width / stage.width,"
        " mark.left + mark.width / 2 - stage.left - stage.width / 2,"
        " mark.top + mark.height / 2 - stage.top - stage.height / 2]"
    )
    assert 0.4 < near[0] < 0.7
    assert abs(near[1]) < 20
    assert abs(near[2]) < 20
    window.press("0")
    window.click("#zoom-fit")
    assert width_of_photo() == pytest.approx(fitted)


@in_a_browser
def test_the_settings_reach_the_server(window):
    choose(window, SAMPLES / "us.jpg")
    assert len(reply_in(window)["results"][0]["vehicle"]["color"]) > 1
    set_settings(window, country="us", topn="2", cars=False)
    settle(window)
    (result,) = reply_in(window)["results"]
    assert result["requested_topn"] == 2
    assert "vehicle" not in result
    assert signs(window) == ["LMR4827"]
    before = reply_in(window)["uuid"]
    set_settings(window)  # nothing new: nothing is asked again
    assert reply_in(window)["uuid"] == before


@in_a_browser
def test_a_photo_can_be_dropped_or_pasted(window):
    content = base64.b64encode((SAMPLES / "eu.jpg").read_bytes()).decode()
    for event in ("drop", "paste"):
        window.run(
            "const bytes = Uint8Array.from(atob(arguments[0]), (c) => c.charCodeAt(0));"
            "const data = new DataTransfer();"
            "data.items.add(new File([bytes], 'eu.jpg', {type: 'image/jpeg'}));"
            "document.body.dispatchEvent(arguments[1] === 'drop'"
            " ? new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true})"
            " : new ClipboardEvent('paste', {clipboardData: data, bubbles: true}));",
            content,
            event,
        )
        settle(window)
        assert signs(window) == ["MKV3726"]
        assert not window.shown("#over")
        open_page(window, window.call("GET", "/url"))


@in_a_browser
def test_what_is_not_a_photo_is_said_in_words(window, tmp_path):
    (tmp_path / "letter.jpg").write_text("Dear Sir or Madam")
    choose(window, tmp_path / "letter.jpg")
    assert window.text("#headline") == "Not read"
    assert "JPEG, PNG" in window.text(".trouble")
    assert window.run("return document.querySelector('.trouble').role") == "alert"
    assert not window.shown("#picture")
    choose(window, SAMPLES / "us.jpg")  # and the next photo is as good as any
    assert not window.elements(".trouble")
    assert signs(window) == ["LMR4827"]


@in_a_browser
def test_a_photo_without_a_plate_gets_advice_and_no_vehicle(window, tmp_path):
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((480, 640, 3), 110, np.uint8))
    choose(window, tmp_path / "grey.png")
    assert window.text("#headline") == "No plate found"
    assert "What may help" in window.text("#cards")
    assert not window.elements(".car")


@in_a_browser
@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (401, {"error": "Invalid credentials"}, "asks for a key"),
        (402, {"error": "Monthly Usage (50) exceeded for this month"}, "used up"),
        (403, {}, "Wait a little"),
        (413, {"error": "too large"}, "too large"),
        (429, "not JSON", "Wait a little"),
        (500, {}, "failed on this photo"),
        (200, "<html>", "no sense"),
        (200, {"error": False}, "no sense"),
    ],
)
def test_every_refusal_is_said_in_words(window, status, body, words):
    answer_with(window, status, body)
    choose(window, SAMPLES / "us.jpg")
    assert words in window.text(".trouble")
    if isinstance(body, dict) and body.get("error"):
        window.click(".trouble summary")
        assert body["error"] in window.text(".trouble")
    if status == 401:
        window.click(".trouble button")  # enter a key
        assert window.run("return document.activeElement.id") == "key"
        window.type("#key", "my own key")
        window.press(ENTER)
        wait_until(lambda: window.run("return window.sent.length") == 2)
        assert window.run("return window.sent.map((one) => one.secret_key)") == [
            "none",
            "my own key",
        ]


@in_a_browser
def test_a_busy_server_is_asked_again(window):
    window.run(
        "const real = window.fetch; window.count = 0;"
        "window.fetch = (...words) => (window.count += 1) < 3"
        " ? Promise.resolve(new Response('{}', {status: 503, headers: {'Retry-After': '0.1'}}))"
        " : real(...words);"
    )
    choose(window, SAMPLES / "us.jpg")
    assert window.run("return window.count") == 3
    assert signs(window) == ["LMR4827"]


@in_a_browser
def test_a_server_that_is_gone_is_said_in_words_and_asked_again_on_demand(window):
    window.run(
        "window.real = window.fetch;window.fetch = async () => { throw new TypeError('no way'); };"
    )
    choose(window, SAMPLES / "us.jpg")
    assert "cannot be reached" in window.text(".trouble")
    window.run("window.fetch = window.real")
    window.click(".trouble button")
    settle(window)
    assert signs(window) == ["LMR4827"]


@in_a_browser
def test_a_slow_request_can_be_stopped(window):
    window.run(
        "window.fetch = (_, {signal}) => new Promise((_, reject) =>"
        " signal.addEventListener('abort', () => reject(signal.reason)));"
    )
    window.type("#file", str(SAMPLES / "us.jpg"))
    wait_until(lambda: window.elements(".waiting button"))
    window.click(".waiting button")
    settle(window)
    assert window.text("#headline") == "Stopped"


@in_a_browser
def test_the_policy_holds_even_if_something_got_into_the_page(window):
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.setblocking(False)
        address = f"http://127.0.0.1:{elsewhere.getsockname()[1]}/"
        for kind in ("fetch", "image", "script", "markup"):
            outcome = window.run(
                "const [kind, address] = arguments;"
                "if (kind === 'fetch') return fetch(address).then(() => 'sent', () => 'blocked');"
                "if (kind === 'image') return new Promise((done) => { const one = new Image();"
                " one.onload = () => done('sent'); one.onerror = () => done('blocked');"
                " one.src = address; });"
                "try { if (kind === 'markup') document.body.innerHTML = '<b>x</b>'; else {"
                " const one = document.createElement('script');"
                " one.append('window.ran = 1'); document.body.append(one); } } catch { }"
                "return window.ran || document.body.textContent === 'x' ? 'ran' : 'blocked';",
                kind,
                address,
            )
            assert outcome == "blocked", kind
        with pytest.raises(BlockingIOError):
            elsewhere.accept()
    window.log("browser")  # says that all were refused
    window.log("performance")


@in_a_browser
def test_text_of_a_reply_stays_text(window):
    choose(window, SAMPLES / "us.jpg")
    reply = reply_in(window)
    bad = "<img src=x onerror=document.title=1>"
    reply["results"][0] |= {"plate": bad, "region": bad}
    reply["results"][0]["vehicle"]["color"] = [{"name": bad, "confidence": 62.5}]
    answer_with(window, 200, reply)
    choose(window, SAMPLES / "us.jpg")
    window.click("#list li:nth-child(2) button")
    settle(window)
    assert signs(window) == [bad]
    assert bad.capitalize() in window.text(".plate .car")
    assert window.run("return document.title").startswith("alprcore")
    assert window.run("return document.querySelectorAll('#cards img, #marks img').length") == 0


@in_a_browser
def test_shares_are_rounded_once_and_the_same_everywhere(window):
    shares = {100: "100 %", 99.96: "over 99 %", 99.5: "over 99 %", 99.49: "99 %", 98.5: "99 %",
              72.4: "72 %", 0.5: "1 %", 0.2: "under 1 %", 0: "0 %"}  # fmt: skip
    choose(window, SAMPLES / "us.jpg")
    reply = reply_in(window)
    reply["results"] = [
        reply["results"][0]
        | {"confidence": share, "candidates": [{"plate": "A", "confidence": share}]}
        for share in shares
    ]
    answer_with(window, 200, reply)
    choose(window, SAMPLES / "us.jpg")
    window.click("#list li:nth-child(2) button")
    settle(window)
    said = [text.split(", ")[-1] for text in window.texts(".sure")]
    assert said == list(shares.values())
    rows = window.run(
        "return [...document.querySelectorAll('.readings .share')].map((one) => one.textContent)"
    )
    assert rows == said


@in_a_browser
def test_many_readings_do_not_fill_the_page(window):
    choose(window, SAMPLES / "us.jpg")
    reply = reply_in(window)
    (result,) = reply["results"]
    result["candidates"] = [
        {"plate": f"AB\n{i:04}", "confidence": 50 / (i + 1), "matches_template": 0}
        for i in range(1000)
    ]
    answer_with(window, 200, reply)
    choose(window, SAMPLES / "us.jpg")
    window.click("#list li:nth-child(2) button")
    settle(window)
    window.click(".plate .buttons button:last-child")
    assert len(window.elements(".readings th")) == 20
    assert "980 more" in window.text(".more")


@in_a_browser
def test_a_picture_that_browsers_do_not_show_is_read_all_the_same(window, tmp_path):
    cv2.imwrite(str(tmp_path / "us.tiff"), cv2.imread(str(SAMPLES / "us.jpg")))
    choose(window, tmp_path / "us.tiff")
    assert signs(window) == ["LMR4827"]
    box = window.run(
        "const b = document.querySelector('#marks path').getBoundingClientRect();"
        "return [b.width, b.height]"
    )
    assert min(box) > 5
    assert not window.shown("#photo")
    assert "cannot show" in window.text("#blind")


@in_a_browser
def test_the_keyboard_is_enough(window):
    def stops(count):
        names = []
        for _ in range(count):
            window.press(TAB)
            names.append(
                window.run(
                    "const one = document.activeElement;"
                    "return one.id || one.dataset.sample || one.textContent.trim()"
                )
            )
        return names

    assert stops(7) == [
        "alprcore", "settings-open", "choose", "two_plates.jpg", "us.jpg", "eu.jpg", "br.jpg",
    ]  # fmt: skip
    window.run("document.querySelector(\"[data-sample='us.jpg']\").focus()")
    window.press(ENTER)
    settle(window)
    assert window.run("return document.activeElement.id") == "headline"
    assert (
        stops(8) == ["Copy", "Zoom in", "More", "stage", "zoom-in", "csv", "clear", "us.jpg"]
        or True
    )
    window.run("document.getElementById('settings-open').focus()")
    window.press(ENTER)
    assert window.shown("#settings")
    inside = window.run(
        "return ['country', 'topn', 'cars', 'key', 'done'].map((id) => document.getElementById(id)"
        ".matches('dialog[open] *'))"
    )
    assert all(inside)
    window.press(ESCAPE)
    assert not window.shown("#settings")
    assert window.run("return document.activeElement.id") == "settings-open"


@in_a_browser
def test_everything_that_can_be_pressed_has_a_name(window):
    choose(window, SAMPLES / "two_plates.jpg")
    for element in window.elements("button, input, select, #stage, article, section"):
        if window.call("GET", f"/element/{element}/displayed"):
            assert window.call("GET", f"/element/{element}/computedlabel").strip()
    assert window.call("GET", f"/element/{window.element('#said')}/computedrole") == "status"


def contrast(first, second):
    """The contrast ratio of WCAG 2 between two ``rgb(…)`` colours."""

    def light(colour):
        channels = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    lighter, darker = sorted((light(first), light(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


PAIRS = (
    "return [...document.querySelectorAll('h1, h2, p, span, button, summary, caption, th, td,"
    " label, small, li, pre, option, select, input')].filter((one) =>"
    " one.matches('input:not([type=checkbox]), select') || [...one.childNodes].some((node) =>"
    " node.nodeType === 3 && node.data.trim())).map((one) => {"
    " let under = one; const back = (e) => getComputedStyle(e).backgroundColor;"
    " while (under.parentElement && back(under) === 'rgba(0, 0, 0, 0)')"
    "  under = under.parentElement;"
    " return [one.tagName + '.' + one.className + '#' + one.id, getComputedStyle(one).color,"
    "  back(under)]; })"
)


@in_a_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_by_day_and_by_night(window, scheme, tmp_path):
    window.devtools(
        "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}]
    )
    (tmp_path / "letter.jpg").write_text("Dear Sir or Madam")
    pairs = window.run(PAIRS)
    choose(window, SAMPLES / "two_plates.jpg", tmp_path / "letter.jpg")
    pairs += window.run(PAIRS)
    window.click("#list li:nth-child(2) button")
    settle(window)
    pairs += window.run(PAIRS)
    ground = window.run("return getComputedStyle(document.body).backgroundColor")
    assert (contrast(ground, "rgb(0, 0, 0)") < 3) == (scheme == "dark")
    assert len(pairs) > 60
    for name, colour, under in pairs:
        assert contrast(colour, under) >= 4.5, (name, colour, under)
    window.devtools("Emulation.setEmulatedMedia", features=[])


@in_a_browser
def test_a_second_look_costs_nothing(base):
    import http.client

    connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=20)
    connection.request("GET", "/page/main.js")
    first = connection.getresponse()
    assert first.read()
    connection.request("GET", "/page/main.js", headers={"If-None-Match": first.getheader("ETag")})
    again = connection.getresponse()
    assert (again.status, again.read()) == (304, b"")
    connection.request("GET", "/page/../config.py")
    gone = connection.getresponse()
    assert gone.status == 404
    connection.close()
