# SPDX-License-Identifier: Apache-2.0
"""The bridge to Frigate: a real broker, and a recorded form of Frigate's HTTP interface."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from process_tools import wait_until

from alprcore import Engine, sample_path
from alprcore.bridge.event import parsed_event, plate_of
from alprcore.bridge.frigate import BOTH, SUB_LABEL, Frigate, FrigateError
from alprcore.bridge.run import Bridge, Wanted, connected
from alprcore.cli import main
from alprcore.errors import AlprError
from alprcore.records import Box, Plate, Quad

EVENT_ID = "1607123955.475377-mxklsc"


def message(kind: str = "update", **after: object) -> bytes:
    """A message as Frigate 0.16 publishes it, shortened to what its documentation names."""
    now = {
        "id": EVENT_ID, "camera": "front_door", "frame_time": 1607123961.837752,
        "snapshot": {"frame_time": 1607123965.975463, "box": [350, 300, 720, 560],
                     "area": 12096, "region": [6, 0, 1020, 768], "score": 0.546875},
        "label": "car", "sub_label": None, "top_score": 0.958984375, "false_positive": False,
        "start_time": 1607123955.475377, "end_time": None, "score": 0.87890625,
        "box": [360, 310, 710, 550], "area": 11000, "ratio": 2.113207,
        "region": [218, 1, 693, 476], "current_zones": ["driveway"],
        "entered_zones": ["yard", "driveway"], "thumbnail": None, "has_snapshot": True,
        "has_clip": False, "active": True, "stationary": False, "motionless_count": 0,
    }  # fmt: skip
    return json.dumps({"type": kind, "before": now, "after": {**now, **after}}).encode()


class OtherSide:
    """Frigate's interface: a picture of one event; what is written into it is kept."""

    def __init__(self, *, has_plates: bool = True, late: int = 0) -> None:
        self.written: list[tuple[str, dict]] = []
        self.asked: list[str] = []
        self.late = late
        other = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                other.asked.append(self.path)
                here = self.path.startswith(f"/api/events/{EVENT_ID}/snapshot.jpg")
                if not here or len(other.asked) <= other.late:
                    self.answer(404, b'{"success": false, "message": "Event not found"}')
                    return
                self.answer(200, sample_path("us.jpg").read_bytes())

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                name = self.path.rsplit("/", 1)[1]
                if name == "recognized_license_plate" and not has_plates:
                    self.answer(404, b'{"detail": "Not Found"}')
                    return
                other.written.append((name, body))
                self.answer(200, b'{"success": true}')

            def answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(10)


@pytest.fixture
def frigate():
    other = OtherSide()
    yield other
    other.close()


@pytest.fixture(scope="module")
def engine():
    return Engine(country="us", tilted=False)


def bridge_to(other: OtherSide, engine: Engine, **options: object) -> tuple[Bridge, list, list]:
    told, said = [], []
    way = options.pop("way", "plate")
    bridge = Bridge(
        engine, Frigate(other.url, way=way), Wanted(**options), told.append, said.append, 0.01
    )
    return bridge, told, said


def test_a_message_becomes_an_event():
    event = parsed_event(message("end"))
    assert (event.id, event.camera, event.label) == (EVENT_ID, "front_door", "car")
    assert (event.zones, event.has_snapshot, event.ended) == (("yard", "driveway"), True, True)
    assert event.box == Box(350, 300, 720, 560)  # of the picture, not of the moment


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"{}", b"[]", b"null", b"\xff", b"[" * 50_000, message(false_positive=True),
        message(id="../../config"), message(id=7), message(id="a b"), b'{"after": 3}',
    ],
)  # fmt: skip
def test_anything_else_is_no_event(payload):
    assert parsed_event(payload) is None


@pytest.mark.parametrize("box", [None, "x", [1, 2], [5, 5, 1, 1], [0, 0, float("inf"), 1]])
def test_a_box_that_is_none_is_left_out(box):
    event = parsed_event(message(snapshot={"frame_time": 1.0, "box": box}, box=box))
    assert event is None or event.box is None


def plate_at(x: float, text: str, confidence: float) -> Plate:
    corners = Quad((x, 400), (x + 80, 400), (x + 80, 420), (x, 420))
    return Plate(text, confidence, False, "us", "", 0.0, corners, 0.9, (), (), 0, 10, 1.0)


def test_the_plate_is_that_of_the_object_and_the_surest():
    event = parsed_event(message())
    plates = [plate_at(900, "OTHER", 0.99), plate_at(500, "MINE", 0.9), plate_at(400, "LESS", 0.8)]
    assert plate_of(event, plates).text == "MINE"
    assert plate_of(event, plates[:1]) is None


def test_a_reading_is_written_once_per_picture(frigate, engine):
    bridge, told, said = bridge_to(frigate, engine)
    event = parsed_event(message())
    bridge.read(event)
    bridge.read(event)  # the same picture
    bridge.read(parsed_event(message("end", snapshot={"frame_time": 2.0})))  # no surer
    assert [name for name, _ in frigate.written] == ["recognized_license_plate"]
    body = frigate.written[0][1]
    assert body["recognizedLicensePlate"] == "LMR4827"
    assert 0.75 <= body["recognizedLicensePlateScore"] <= 1
    assert len(frigate.asked) == 2
    assert told[0].went == ("plate",)
    assert said == []


def test_a_sub_label_where_it_is_asked_for_or_plates_are_unknown(engine):
    older = OtherSide(has_plates=False)
    try:
        bridge, told, _ = bridge_to(older, engine)
        bridge.read(parsed_event(message()))
        assert [name for name, _ in older.written] == ["sub_label"]
        assert older.written[0][1]["subLabel"] == "LMR4827"
        assert told[0].went == ("sub-label",)
    finally:
        older.close()
    newer = OtherSide()
    try:
        for way, count in ((SUB_LABEL, 1), (BOTH, 2)):
            newer.written.clear()
            bridge, _, _ = bridge_to(newer, engine, way=way)
            bridge.read(parsed_event(message()))
            assert len(newer.written) == count
    finally:
        newer.close()


def test_a_picture_that_comes_late_is_waited_for(engine):
    late = OtherSide(late=2)
    try:
        bridge, told, _ = bridge_to(late, engine)
        bridge.read(parsed_event(message()))
        assert len(told) == 1
        late.late = 1_000
        with pytest.raises(FrigateError, match="status 404"):
            bridge.read(parsed_event(message(snapshot={"frame_time": 3.0})))
    finally:
        late.close()


def test_only_what_is_wanted_is_read(frigate, engine):
    for options in (
        {"labels": ("person",)}, {"cameras": ("back",)}, {"zones": ("street",)},
    ):  # fmt: skip
        bridge, _, _ = bridge_to(frigate, engine, **options)
        bridge.hear(message())
        bridge.stop()
        bridge.run()
    assert frigate.asked == []
    bridge, told, _ = bridge_to(frigate, engine, least=1.0)
    bridge.read(parsed_event(message()))
    assert told == []


def test_a_url_that_is_none_and_a_frigate_that_is_away_are_said():
    with pytest.raises(AlprError, match="expected an http or https URL"):
        Frigate("file:///etc/passwd")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(FrigateError, match="refused"):
        Frigate(f"http://127.0.0.1:{port}").snapshot(EVENT_ID)


@pytest.fixture
def broker(tmp_path):
    """The port of a mosquitto."""
    pytest.importorskip("paho.mqtt.client", reason="the extra `agent` is not installed")
    program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    if program is None:
        pytest.skip("mosquitto is not installed")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    config = tmp_path / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n", "utf-8")
    with subprocess.Popen([program, "-c", config], stderr=subprocess.DEVNULL) as running:
        wait_until(lambda: _listens(port), 20)
        yield port
        running.terminate()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def publish(port: int, payload: bytes) -> None:
    from paho.mqtt import publish

    publish.single("frigate/events", payload, qos=1, hostname="127.0.0.1", port=port)


def test_events_come_through_a_real_broker(broker, frigate, engine):
    bridge, told, said = bridge_to(frigate, engine)
    client = connected(bridge, "127.0.0.1", broker)
    reading = threading.Thread(target=bridge.run)
    reading.start()
    try:
        wait_until(lambda: publish(broker, message("new")) or told, 30)
        assert frigate.written[0][1]["recognizedLicensePlate"] == "LMR4827"
        publish(broker, b"no event")
        assert said == []
    finally:
        bridge.stop()
        reading.join(20)
        client.disconnect()
        client.loop_stop()


def test_the_program_reads_and_ends_on_sigterm(broker, frigate, tmp_path):
    words = ["frigate", frigate.url, "--mqtt", f"127.0.0.1:{broker}", "--country", "us"]
    command = [sys.executable, "-m", "alprcore", *words]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        try:
            assert b"reading frigate/events" in running.stderr.readline()
            wait_until(lambda: publish(broker, message("new")) or frigate.written, 60)
        finally:
            running.send_signal(signal.SIGTERM)
        line = json.loads(running.stdout.readline())
        assert (line["plate"], line["camera"], line["written"]) == (
            "LMR4827", "front_door", ["plate"],
        )  # fmt: skip
        assert running.wait(30) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["http://x", "--mqtt", "host:0"], "--mqtt: expected HOST or HOST:PORT"),
        (["http://x", "--mqtt", "host", "--least", "2"], "--least: expected 0 to 1"),
        (["ftp://x", "--mqtt", "host"], "expected an http or https URL"),
        (["http://x", "--mqtt", "host", "--token", "/nowhere"], "/nowhere: cannot be read"),
        (["http://x", "--mqtt", "127.0.0.1:1"], "broker 127.0.0.1:1: "),
    ],
)
def test_wrong_options_are_said(words, said, capsys):
    assert main(["frigate", *words]) == 1
    assert said in capsys.readouterr().err
