# SPDX-License-Identifier: Apache-2.0
"""What is kept, and what the agent's port gives of it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator

import cv2
import numpy as np
import pytest

pytest.importorskip("uvicorn", reason="the extra `agent` is not installed")
pytest.importorskip("starlette", reason="the extra `agent` is not installed")

from alprcore.agent.metrics import COUNTERS, GAUGES, Metrics
from alprcore.agent.pictures import Pictures
from alprcore.agent.port import Port, create_app
from alprcore.agent.settings import AgentSettings, Camera

UID = "A" * 40


def uuid(ms: int) -> str:
    return f"{UID}-7-{ms}"


def halves() -> np.ndarray:
    """A picture, black on the left and white on the right, 200 x 100."""
    image = np.zeros((100, 200, 3), np.uint8)
    image[:, 100:] = 255
    return image


def test_beyond_the_size_the_oldest_go_first(tmp_path):
    metrics = Metrics()
    kept = Pictures(tmp_path, metrics, most_bytes=1000)
    for ms in (5, 1, 3, 4, 2):
        kept.put(uuid(ms), ".jpg", bytes(300))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"{uuid(ms)}.jpg" for ms in (2, 4, 5)
    ]
    assert (kept.size, kept.earliest_ms) == (900, 2)
    assert metrics.get("pictures_deleted_total") == 2


def test_what_is_kept_is_known_after_a_start_and_other_files_stay(tmp_path):
    Pictures(tmp_path, Metrics(), most_bytes=10_000).put(uuid(9), ".jpg", bytes(300))
    (tmp_path / "notes.txt").write_text("mine", "utf-8")
    (tmp_path / "holiday.jpg").write_bytes(bytes(5000))
    kept = Pictures(tmp_path, Metrics(), most_bytes=200)
    assert (kept.size, kept.earliest_ms) == (0, -1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["holiday.jpg", "notes.txt"]


def test_a_picture_that_cannot_be_written_is_counted_and_not_missed(tmp_path):
    metrics = Metrics()
    kept = Pictures(tmp_path / "kept", metrics, most_bytes=1000)
    (tmp_path / "kept").rename(tmp_path / "away")
    kept.put(uuid(1), ".jpg", b"x")
    assert metrics.get("picture_failures_total") == 1
    assert kept.get(uuid(1), ".jpg") is None


@pytest.fixture(scope="module")
def url(tmp_path_factory) -> Iterator[str]:
    kept = Pictures(tmp_path_factory.mktemp("kept"), metrics := Metrics(), most_bytes=10**6)
    kept.put_frame(uuid(1000), halves())
    kept.put(uuid(1000), ".json", b'{"data_type":"alpr_group","version":3}')
    kept.put_frame(uuid(1500), halves())
    metrics.add("frames_total", 12, camera=7)
    settings = AgentSettings((Camera("x", 7),), site_id="<Yard>")
    port = Port(create_app(settings, metrics, kept), "127.0.0.1", 0)
    port.start()
    yield f"http://127.0.0.1:{port.number}"
    port.stop()


def got(url: str) -> tuple[int, str, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=10) as reply:
            return reply.status, reply.headers.get_content_type(), reply.read()
    except urllib.error.HTTPError as error:
        return error.code, "", error.read()


def picture(content: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)


@pytest.mark.parametrize("path", [f"/img/{uuid(1000)}.jpg", f"/img/{uuid(1000)}"])
def test_a_frame_is_found_by_its_uuid(url, path):
    status, kind, content = got(url + path)
    assert (status, kind) == (200, "image/jpeg")
    assert picture(content).shape == (100, 200)


@pytest.mark.parametrize(
    ("path", "shape", "level"),
    [
        (f"/img/{uuid(1500)}.jpg?x=110&y=10&width=80&height=40", (40, 80), 255),
        (f"/img/{uuid(1500)}.jpg?max_width=100", (50, 100), 127),
        (f"/img/{uuid(1500)}.jpg?x=0&y=0&width=90&height=90&max_width=45", (45, 45), 0),
        (f"/crop/{uuid(1500)}?x1=110&y1=0&x2=190&y2=50", (50, 80), 255),
        (f"/crop/{uuid(1500)}?x1=150&y1=50&x2=900&y2=900", (50, 50), 255),
    ],
)
def test_parts_of_it_are_cut_out_and_shrunk(url, path, shape, level):
    status, _, content = got(url + path)
    assert status == 200
    assert picture(content).shape == shape
    assert picture(content).mean() == pytest.approx(level, abs=3)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/img/{uuid(7)}.jpg", 404),
        ("/img/..%2F..%2Fetc%2Fpasswd", 404),
        ("/meta/notes", 404),
        (f"/img/{uuid(1000)}.jpg?x=1", 400),
        (f"/img/{uuid(1000)}.jpg?x=1&y=1&width=a&height=2", 400),
        (f"/crop/{uuid(1000)}?x1=500&y1=0&x2=600&y2=9", 400),
        (f"/crop/{uuid(1000)}?x1=9&y1=9&x2=9&y2=9", 400),
        ("/list?start=-1", 400),
        ("/list?start=5000&end=6000", 404),
        ("/nothing", 404),
    ],
)
def test_what_is_not_there_or_makes_no_sense_is_an_error(url, path, status):
    assert got(url + path)[0] == status


def test_groups_are_listed_by_time_and_their_messages_given(url):
    _, _, content = got(f"{url}/list?start=900&end=1000")
    assert json.loads(content) == [{"time": "1000", "key": uuid(1000)}]
    status, kind, content = got(f"{url}/meta/{uuid(1000)}")
    assert (status, kind) == (200, "application/json")
    assert json.loads(content)["data_type"] == "alpr_group"


def test_the_page_has_what_scrapers_look_for(url):
    page = got(url)[2].decode()
    assert f'href="/meta/{uuid(1000)}"' in page
    assert "Earliest date epoch: 1000" in page
    assert "&lt;Yard&gt;" in page


def test_the_numbers_are_prometheus_text(url):
    text = got(f"{url}/metrics")[2].decode()
    assert 'alprcore_agent_frames_total{camera="7"} 12\n' in text
    for name in COUNTERS | GAUGES:
        assert f"# TYPE alprcore_agent_{name} " in text
