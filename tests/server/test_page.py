# SPDX-License-Identifier: Apache-2.0
"""The page at ``/``: what it may load, and what it does in a browser, where there is one."""

from __future__ import annotations

import base64
import hashlib
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

from alprcore.server.page import page

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "runtime_data" / "samples"
sys.path.insert(0, str(ROOT / "benchmarks"))

in_a_browser = pytest.mark.skipif(
    not (webdriver.CHROMIUM and webdriver.DRIVER), reason="no chromium with chromedriver here"
)
TAB, ENTER, SPACE = "\ue004", "\ue007", " "


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


def test_the_page_names_no_other_place():
    text, _ = page()
    addresses = set(re.findall(r"[a-z]+://[^\s\"'`<>]*", text))
    assert addresses == {"http://www.w3.org/2000/svg"}  # a name, never loaded
    for tag, attributes in Tags(text).found:
        assert not {"src", "srcset", "action", "style"} & attributes.keys(), tag
        assert not [name for name in attributes if name.startswith("on")], tag
        assert attributes.get("href", "data:,").startswith("data:"), tag
    assert "@import" not in text
    assert "url(" not in text
    assert "innerHTML" not in text


def test_the_policy_admits_what_is_in_the_page_and_nothing_else():
    text, headers = page()
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert policy["connect-src"] == "'self'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    for tag in ("script", "style"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert policy[f"{tag}-src"] == f"'sha256-{digest}'"
        assert len(re.findall(rf"<{tag}\b", text)) == 1


def test_every_control_has_a_label():
    tags = Tags(page()[0]).found
    labelled = {attributes.get("for") for tag, attributes in tags if tag == "label"}
    for tag, attributes in tags:
        if tag in {"input", "select"} and attributes.get("type") != "checkbox":
            assert attributes["id"] in labelled
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))


@pytest.fixture(scope="module")
def base():
    """Address of a running server."""
    pytest.importorskip("uvicorn")
    from server_process import serving

    with serving(1) as (port, _):
        yield f"http://127.0.0.1:{port}/"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    with webdriver.browser(tmp_path_factory.mktemp("profile")) as window:
        yield window


@pytest.fixture
def window(chromium, base):
    """The page, freshly opened at the width of a desk."""
    chromium.resize(1280, 900)
    chromium.log("browser")
    chromium.log("performance")
    chromium.open(base)
    wait_until(lambda: len(chromium.elements("#country option")) > 1)
    yield chromium
    # Whatever a test did: nothing was blocked, nothing failed, and nobody else was asked.
    said = [
        entry["message"]
        for entry in chromium.log("browser")
        if entry["level"] == "SEVERE" and "status of 4" not in entry["message"]
    ]
    assert not said
    assert requested(chromium) <= {("http", urlsplit(base).netloc), ("blob", ""), ("data", "")}


def requested(window):
    """Scheme and host of all that the browser asked for since the last look."""
    found = set()
    for entry in window.log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            parts = urlsplit(message["params"]["request"]["url"])
            found.add((parts.scheme, parts.netloc))
    return found


def choose(window, path):
    window.type("#file", str(path))
    settle(window)


def settle(window):
    wait_until(
        lambda: (
            window.text("#read") == "Read the picture"
            and (window.text("#status").endswith("back.") or window.shown("#error"))
        )
    )


def answer_with(window, status, body, kind="application/json"):
    """Let the page get this answer instead of the server's."""
    window.run(
        "const [status, body, type] = arguments;"
        "window.fetch = async () => new Response(body, {status, headers: {'Content-Type': type}});",
        status,
        body if isinstance(body, str) else json.dumps(body),
        kind,
    )


def reply_in(window):
    return json.loads(window.run("return document.getElementById('json').textContent"))


@in_a_browser
def test_a_chosen_picture_is_read_and_drawn_over(window, tmp_path):
    choose(window, SAMPLES / "two_plates.jpg")
    assert not window.shown("#error")
    assert set(window.texts(".sign")) == {"GX482RT", "82KNT6"}
    assert window.text("#status").startswith("2 plates: ")
    results = reply_in(window)["plate"]["results"]
    drawn = window.run(
        "return [...document.querySelectorAll('#marks [data-plate]')].map((group) =>"
        " [...group.querySelectorAll('polygon')].map((one) => one.getAttribute('points')))"
    )
    corners = [" ".join(f"{c['x']},{c['y']}" for c in r["coordinates"]) for r in results]
    assert drawn == [[points, points] for points in corners]  # a casing and a line
    assert window.run("return document.getElementById('marks').getAttribute('aria-label')") == (
        "Marked: " + ", ".join(result["plate"] for result in results)
    )
    first = window.texts(".plate:first-child td.text")
    assert [row.rstrip(" *") for row in first] == [c["plate"] for c in results[0]["candidates"]]
    window.screenshot(tmp_path / "page.png")
    assert cv2.imread(str(tmp_path / "page.png")).std() > 20


@in_a_browser
def test_the_outlines_lie_on_the_picture_at_any_width(window):
    choose(window, SAMPLES / "us.jpg")
    for width in (390, 768, 1280):
        window.resize(width, 844)
        boxes = window.run(
            "const box = (id) => { const b = document.getElementById(id).getBoundingClientRect();"
            " return [b.x, b.y, b.width, b.height]; };"
            "return [box('picture'), box('marks')]"
        )
        assert np.allclose(boxes[0], boxes[1], atol=1)
        scrolled = window.run("return [document.documentElement.scrollWidth, window.innerWidth]")
        assert scrolled[0] <= scrolled[1]


@in_a_browser
def test_country_readings_and_tasks_reach_the_server(window):
    choose(window, SAMPLES / "us.jpg")
    assert {"plate", "color", "make", "makemodel"} <= reply_in(window).keys()
    window.run(
        "document.getElementById('country').value = 'us';"
        "document.getElementById('topn').value = '2';"
        "for (const box of document.querySelectorAll('[name=task]'))"
        " box.checked = box.value === 'plate';"
    )
    window.click("#read")
    settle(window)
    reply = reply_in(window)
    assert not {"color", "make", "makemodel"} & reply.keys()
    (result,) = reply["plate"]["results"]
    assert result["requested_topn"] == 2
    assert len(result["candidates"]) <= 2
    assert window.texts(".sign") == ["LMR4827"]


@in_a_browser
@pytest.mark.parametrize("version", ["v2", "v3"])
def test_the_later_interfaces_are_understood_too(window, version):
    window.run("document.getElementById('version').value = arguments[0]", version)
    choose(window, SAMPLES / "us.jpg")
    assert window.texts(".sign") == ["LMR4827"]
    reply = reply_in(window)
    assert reply["version"] == int(version[1])
    named = reply["results"][0]["vehicle"]["color"]
    shown = window.texts(".plate table caption")
    assert ("Colour" in shown) == bool(named)


@in_a_browser
def test_a_picture_can_be_dropped_or_pasted(window):
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
        assert window.texts(".sign") == ["MKV3726"]
        window.open(window.call("GET", "/url"))


@in_a_browser
def test_what_is_no_picture_is_said_in_words(window, tmp_path):
    (tmp_path / "letter.jpg").write_text("Dear Sir or Madam")
    choose(window, tmp_path / "letter.jpg")
    assert window.text("#error").startswith("The server could not work with this request. It says:")
    assert not window.shown("#found")
    choose(window, SAMPLES / "us.jpg")  # and the next picture is as good as any
    assert not window.shown("#error")
    assert window.texts(".sign") == ["LMR4827"]


@in_a_browser
@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (401, {"error": "Invalid credentials"}, "wants its key"),
        (402, {"error": "Monthly Usage (50) exceeded for this month"}, "used up"),
        (403, {}, "wait a little"),
        (413, {"error": "too large"}, "too large"),
        (429, "not JSON", "wait a little"),
        (500, {}, "failed on this picture"),
        (503, {"error": "The server is busy"}, "busy"),
        (200, "<html>", "no JSON"),
    ],
)
def test_every_refusal_is_said_in_words(window, status, body, words):
    answer_with(window, status, body)
    choose(window, SAMPLES / "us.jpg")
    assert words in window.text("#error")
    if isinstance(body, dict) and "error" in body:
        assert body["error"] in window.text("#error")
    if status == 401:
        assert window.run("return document.activeElement.id") == "key"


@in_a_browser
def test_a_server_that_is_gone_is_said_in_words(window):
    window.run("window.fetch = async () => { throw new TypeError('no way'); };")
    choose(window, SAMPLES / "us.jpg")
    assert "cannot be reached" in window.text("#error")


@in_a_browser
def test_a_slow_request_can_be_stopped(window):
    window.run(
        "window.fetch = (_, {signal}) => new Promise((_, reject) =>"
        " signal.addEventListener('abort', () => reject(signal.reason)));"
    )
    window.type("#file", str(SAMPLES / "us.jpg"))
    wait_until(lambda: window.text("#read") == "Stop")
    window.click("#read")
    settle(window)
    assert window.text("#error") == "Stopped."


@in_a_browser
def test_the_policy_holds_even_if_something_got_into_the_page(window):
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.setblocking(False)
        address = f"http://127.0.0.1:{elsewhere.getsockname()[1]}/"
        for kind in ("fetch", "image", "script"):
            outcome = window.run(
                "const [kind, address] = arguments;"
                "if (kind === 'fetch') return fetch(address).then(() => 'sent', () => 'blocked');"
                "if (kind === 'image') return new Promise((done) => { const one = new Image();"
                " one.onload = () => done('sent'); one.onerror = () => done('blocked');"
                " one.src = address; });"
                "const one = document.createElement('script');"
                "one.textContent = 'window.ran = 1'; document.body.append(one);"
                "return window.ran ? 'ran' : 'blocked';",
                kind,
                address,
            )
            assert outcome == "blocked", kind
        with pytest.raises(BlockingIOError):
            elsewhere.accept()
    window.log("browser")  # says that all three were refused
    window.log("performance")


@in_a_browser
def test_text_of_a_reply_stays_text(window):
    choose(window, SAMPLES / "us.jpg")
    reply = reply_in(window)
    bad = "<img src=x onerror=document.title=1>"
    reply["plate"]["results"][0] |= {"plate": bad, "region": bad}
    reply["color"] = [{"value": bad, "confidence": 12.5}]
    answer_with(window, 200, reply)
    window.click("#read")
    settle(window)
    assert bad in window.text("#plates")
    assert window.run("return document.title").startswith("alprcore")
    assert window.run("return document.querySelectorAll('#plates img, #marks img').length") == 0


@in_a_browser
def test_many_readings_do_not_fill_the_page(window):
    choose(window, SAMPLES / "us.jpg")
    reply = reply_in(window)
    (result,) = reply["plate"]["results"]
    result["candidates"] = [
        {"plate": f"AB\n{i:04}", "confidence": 50 / (i + 1), "matches_template": 0}
        for i in range(1000)
    ]
    answer_with(window, 200, reply)
    window.click("#read")
    settle(window)
    assert len(window.elements(".plate:first-child td.text")) == 20
    assert "980 more readings" in window.text("#plates")


@in_a_browser
def test_a_picture_that_browsers_do_not_show_is_read_all_the_same(window, tmp_path):
    cv2.imwrite(str(tmp_path / "us.tiff"), cv2.imread(str(SAMPLES / "us.jpg")))
    choose(window, tmp_path / "us.tiff")
    assert window.texts(".sign") == ["LMR4827"]
    box = window.run(
        "const b = document.querySelector('#marks polygon').getBoundingClientRect();"
        "return [b.width, b.height]"
    )
    assert min(box) > 5
    assert not window.run("return document.getElementById('picture').offsetWidth")
    assert "cannot show" in window.text("#name")


@in_a_browser
def test_the_keyboard_is_enough(window):
    for selector in ("#file", "#country", "#topn", "#key", "#version", "#read", "[name=task]"):
        label = window.call("GET", f"/element/{window.element(selector)}/computedlabel")
        assert label.strip(), selector
    names = []
    for _ in range(10):
        window.press(TAB)
        names.append(window.run("const one = document.activeElement; return one.id || one.value"))
    tasks = ["plate", "color", "make", "makemodel"]
    # The button comes last, and not before there is a picture.
    assert [name for name in names if name] == [
        "file", "country", "topn", *tasks, "version", "key",
    ]  # fmt: skip
    choose(window, SAMPLES / "us.jpg")
    window.run("document.getElementById('read').focus()")
    window.run("window.marker = document.querySelector('.sign')")
    window.press(ENTER)
    settle(window)
    wait_until(lambda: window.run("return !document.contains(window.marker)"))
    assert window.texts(".sign") == ["LMR4827"]


def contrast(first, second):
    """The contrast ratio of WCAG 2 between two ``rgb(…)`` colours."""

    def light(colour):
        channels = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    lighter, darker = sorted((light(first), light(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@in_a_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_by_day_and_by_night(window, scheme):
    window.devtools(
        "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}]
    )
    choose(window, SAMPLES / "us.jpg")
    window.run("document.getElementById('error').hidden = false;"
               "document.getElementById('error').textContent = 'words'")  # fmt: skip
    pairs = window.run(
        "return ['h1', 'header p', '.status', '.error', 'legend', '.main-button', '.sign',"
        " '.facts', 'caption', 'td.text', '.hint', 'pre', '.name span', 'option'].map((name) => {"
        " const one = document.querySelector(name); let under = one;"
        " const back = (e) => getComputedStyle(e).backgroundColor;"
        " while (under.parentElement && back(under) === 'rgba(0, 0, 0, 0)')"
        "  under = under.parentElement;"
        " return [name, getComputedStyle(one).color, back(under)]; })"
    )
    ground = window.run("return getComputedStyle(document.body).backgroundColor")
    assert (contrast(ground, "rgb(0, 0, 0)") < 3) == (scheme == "dark")
    for name, colour, under in pairs:
        assert contrast(colour, under) >= 4.5, (name, colour, under)
    window.devtools("Emulation.setEmulatedMedia", features=[])
