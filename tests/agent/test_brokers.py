# SPDX-License-Identifier: Apache-2.0
"""Messages through a real mosquitto and a real beanstalkd."""

from __future__ import annotations

import base64
import json
import threading

import pytest
from agent_tools import agent, free_port, service
from process_tools import wait_until

from alprcore.agent.courier import Courier, RefusedError, UnreachableError
from alprcore.agent.messages import GROUP, HEARTBEAT, RESULTS, Message
from alprcore.agent.metrics import Metrics
from alprcore.agent.settings import AgentSettings, Camera
from alprcore.agent.sinks.beanstalk import Beanstalk
from alprcore.agent.sinks.mqtt import Mqtt
from alprcore.agent.spool import Spool

JPEG = b"\xff\xd8 not really \xff\xd9"


def group(number: int, *, size: int = 10) -> Message:
    """A message of a vehicle, with what the brokers' forms look at."""
    body = {
        "data_type": GROUP,
        "epoch_start": number,
        "epoch_end": number + 5,
        "best_plate": {"plate_crop_jpeg": base64.b64encode(JPEG).decode()},
        "candidates": [{"plate": f"AB{number}"}, {"plate": f"A8{number}"}],
        "best_plate_number": f"AB{number}",
        "best_confidence": 93.25465393,
        "best_region": "eu-de",
        "travel_direction": 12.5,
        "is_parked": False,
        "is_preview": False,
        "best_uuid": f"u-7-{number}",
        "overview_jpeg": "x" * size,
        "vehicle_crop_jpeg": "y" * 100,
        "vehicle": {"color": [{"name": "blue", "confidence": 88.0}]},
    }
    return Message(f"u-7-{number}-0", GROUP, 7, f"u-7-{number}", json.dumps(body))


class Listener:
    """Subscribes to everything of a broker."""

    def __init__(self, port: int) -> None:
        paho = pytest.importorskip("paho.mqtt.client", reason="the extra `agent` is missing")
        self.got: list[tuple[str, bytes, bool]] = []
        self._ready = threading.Event()
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = lambda _, __, m: self.got.append((m.topic, m.payload, m.retain))
        self._client.connect("127.0.0.1", port)
        self._client.subscribe("#", qos=1)
        self._client.loop_start()
        assert self._ready.wait(10)

    def of(self, topic: str) -> list[bytes]:
        return [payload for name, payload, _ in list(self.got) if name == topic]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def broker(tmp_path):
    pytest.importorskip("paho.mqtt.client", reason="the extra `agent` is not installed")
    port = free_port()
    config = tmp_path / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n", "utf-8")
    return port, ("mosquitto", "-c", str(config))


def mqtt_settings(port: int) -> AgentSettings:
    return AgentSettings(
        (Camera("x", 7, "Gate"),), agent_uid="A" * 40, mqtt_host="127.0.0.1", mqtt_port=port
    )


def test_a_vehicle_is_published_whole_in_short_and_as_a_picture(broker):
    port, words = broker
    with service(*words, port=port):
        listener = Listener(port)
        sink = Mqtt(mqtt_settings(port))
        sink.send(group(1))
        wait_until(lambda: listener.of("alprcore/7/plate"), 10)
        assert json.loads(listener.of("alprcore/7/group")[0])["best_plate_number"] == "AB1"
        short = json.loads(listener.of("alprcore/7/plate")[0])
        assert short["plate"] == "AB1"
        assert short["id"] == "u-7-1-0"
        assert short["vehicle"] == {"color": "blue"}
        assert listener.of("alprcore/7/plate.jpg") == [JPEG]
        assert listener.of("alprcore/status") == [b"online"]
        sink.close()
        wait_until(lambda: len(listener.of("alprcore/status")) == 2, 10)
        assert listener.of("alprcore/status")[1] == b"offline"
        listener.close()


def test_home_assistant_finds_the_camera_by_itself(broker):
    port, words = broker
    with service(*words, port=port):
        sink = Mqtt(mqtt_settings(port))
        sink.send(group(1))
        late = Listener(port)  # what is kept comes to those that ask later
        wait_until(lambda: len(late.got) >= 6, 10)
        found = {topic: payload for topic, payload, kept in late.got if kept}
        node = "homeassistant/sensor/alprcore_aaaaaaaaaaaa_7"
        plate = json.loads(found[f"{node}/plate/config"])
        assert plate["device"]["name"] == "Gate"
        assert json.loads(found[plate["state_topic"]])["plate"] == "AB1"
        assert found[plate["availability_topic"]] == b"online"
        picture = json.loads(found[f"{node.replace('sensor', 'image')}/picture/config"])
        assert found[picture["image_topic"]] == JPEG
        assert len({json.loads(v)["unique_id"] for k, v in found.items() if "config" in k}) == 3
        late.close()
        sink.close()


def test_a_broker_that_goes_away_and_comes_back_gets_everything(broker, tmp_path):
    port, words = broker
    sink = Mqtt(mqtt_settings(port))
    with pytest.raises(UnreachableError):
        sink.send(group(0))
    metrics = Metrics()
    spool = Spool(tmp_path / "spool.db", {sink.name: sink.kinds}, metrics)
    courier = Courier(sink, spool, metrics, most_s=0.1)
    courier.start()
    with service(*words, port=port):
        spool.add(group(1))
        wait_until(lambda: spool.waiting() == 0, 20)
    spool.add(group(2))
    wait_until(lambda: metrics.get("message_failures_total", sink="mqtt") > 0, 30)
    with service(*words, port=port):
        listener = Listener(port)
        wait_until(lambda: listener.of("alprcore/7/group"), 30)
        assert json.loads(listener.of("alprcore/7/group")[0])["best_plate_number"] == "AB2"
        courier.stop()
        courier.join()
        listener.close()
    spool.close()


def test_jobs_are_in_the_tube_in_order_and_too_large_ones_lose_their_pictures():
    greenstalk = pytest.importorskip("greenstalk", reason="the extra `agent` is not installed")
    port = free_port()
    sink = Beanstalk("127.0.0.1", port, "alprd")
    with pytest.raises(UnreachableError):
        sink.send(group(0))
    assert sink.waiting() == -1
    with service("beanstalkd", "-l", "127.0.0.1", "-p", str(port), port=port):
        for number in range(3):
            sink.send(group(number, size=200_000 if number == 1 else 10))
        sink.send(Message("h", HEARTBEAT, 0, "", '{"data_type":"heartbeat"}'))
        with pytest.raises(RefusedError, match="too many"):
            sink.send(Message("r", RESULTS, 7, "", '"' + "z" * 100_000 + '"'))
        sink.send(group(3))
        assert sink.waiting() == 5
        with greenstalk.Client(("127.0.0.1", port), watch="alprd") as consumer:
            bodies = []
            for _ in range(5):
                job = consumer.reserve(timeout=5)
                bodies.append(json.loads(job.body))
                consumer.delete(job)
        kinds = [body.get("best_plate_number", body["data_type"]) for body in bodies]
        assert kinds == ["AB0", "AB1", "AB2", "heartbeat", "AB3"]
        assert bodies[1]["overview_jpeg"] == ""
        assert bodies[1]["vehicle_crop_jpeg"] == "y" * 100
        sink.close()


def test_an_agent_that_cannot_reach_its_brokers_says_so_and_goes_on(tmp_path):
    text = f"""
state_location = "{tmp_path}"
use_beanstalkd = true
beanstalkd_port = {free_port()}
mqtt_host = "127.0.0.1"
mqtt_port = {free_port()}
[[camera]]
stream = "{tmp_path}/none.mp4"
"""
    with agent(tmp_path, text) as program:
        program.start()
        assert program.process.wait(60) == 0
    assert any("none.mp4" in line for line in program.lines())
