# SPDX-License-Identifier: Apache-2.0
"""The program itself: a camera on loopback, a receiver that fails, kills."""

from __future__ import annotations

import fcntl
import json
import re
import time
import urllib.request
from pathlib import Path

import pytest
from agent_tools import agent, filming, free_port, passing_car, receiving

pytest.importorskip("uvicorn", reason="the extra `agent` is not installed")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    return passing_car(tmp_path_factory.mktemp("clip") / "car.ts")


def config(folder: Path, stream: str, *lines: str) -> str:
    own = "\n".join(lines)
    return f"""
state_location = "{folder}/state"
country = "eu"
company_id = "yard"
camera_buffer_size = 200
plate_groups_time_delta_ms = 600
reconnect_max_seconds = 0.2
{own}
[[camera]]
stream = "{stream}"
camera_id = 204118
camera_name = "North gate"
"""


def test_a_vehicle_of_a_file_is_one_message_with_its_pictures(tmp_path, clip):
    port = free_port()
    with receiving() as receiver:
        lines = [
            f'upload_address = "{receiver.url}"',
            "upload_single_plates = true",
            "plate_group_enable_preview = true",
            "plate_group_preview_min_reads = 2",
            "web_server_enabled = true",
            f"web_server_port = {port}",
            f'json_lines = "{tmp_path}/groups.jsonl"',
        ]
        with agent(tmp_path, config(tmp_path, clip, *lines)) as program:
            program.start()
            assert program.process.wait(120) == 0
        (preview, final) = receiver.of("alpr_group")
        beats, singles = receiver.of("heartbeat"), receiver.of("alpr_results")
    key, body = final
    assert body["best_plate_number"] == "MKV3726"
    assert key == f"{body['best_uuid']}-0"
    assert body["camera_id"] == 204118
    assert body["company_id"] == "yard"
    assert re.fullmatch(r"[A-Z0-9]{40}", body["agent_uid"])
    assert len(body["overview_jpeg"]) > 1000
    assert body["vehicle"]["color"]
    assert preview[0].endswith("-preview")
    assert preview[1]["is_preview"]
    assert preview[1]["best_uuid"] in body["uuids"]
    assert {each["uuid"] for _, each in singles} == set(body["uuids"])
    assert beats[0][1]["video_streams"][0]["camera_name"] == "North gate"
    written = (tmp_path / "groups.jsonl").read_text("utf-8").splitlines()
    assert body in [json.loads(line) for line in written]
    kept = {path.name for path in (tmp_path / "state/plateimages").iterdir()}
    assert {f"{uuid}.jpg" for uuid in body["uuids"]} <= kept
    assert f"{body['best_uuid']}.json" in kept


def test_other_cameras_go_on_when_one_never_starts_and_the_port_answers(tmp_path, clip):
    port = free_port()
    with filming(clip, 2.0) as camera, receiving() as receiver:
        lines = [
            f'upload_address = "{receiver.url}"',
            "web_server_enabled = true",
            f"web_server_port = {port}",
            "camera_timeout_seconds = 2",
            "heartbeat_seconds = 1",
        ]
        text = config(tmp_path, f"http://127.0.0.1:{free_port()}/", *lines)
        text += f'[[camera]]\nstream = "{camera.url}"\n'
        with agent(tmp_path, text) as program:
            program.start()
            program.until(lambda: receiver.of("alpr_group"))
            program.until(
                lambda: any(b["video_streams"][1]["fps"] for _, b in receiver.of("heartbeat"))
            )
            base = f"http://127.0.0.1:{port}"
            uuid = receiver.of("alpr_group")[0][1]["best_uuid"]
            with urllib.request.urlopen(f"{base}/img/{uuid}.jpg", timeout=10) as reply:
                assert reply.read(2) == b"\xff\xd8"
            with urllib.request.urlopen(f"{base}/meta/{uuid}", timeout=10) as reply:
                assert json.load(reply)["best_uuid"] == uuid
            with urllib.request.urlopen(f"{base}/metrics", timeout=10) as reply:
                numbers = reply.read().decode()
            assert program.stop() == 0
        streams = receiver.of("heartbeat")[-1][1]["video_streams"]
    assert [each["is_streaming"] for each in streams] == [False, True]
    assert streams[1]["total_plate_reads"] > 0
    failures = re.search(r'connection_failures_total\{camera="204118"\} (\d+)', numbers)
    assert int(failures[1]) > 0


def test_killed_while_the_receiver_fails_it_loses_and_doubles_nothing(tmp_path, clip):
    """The stream breaks off, too; each group that was on disk arrives, once by its key."""
    with filming(clip, 2.0, rounds=3) as camera:
        port = free_port()
        lines = [f'upload_address = "http://127.0.0.1:{port}/push/"']
        with agent(tmp_path, config(tmp_path, camera.url, *lines)) as program:
            program.start()
            program.until(lambda: len(program.put()) >= 2)  # while the receiver is down
            program.kill()
            program.start()
            answers = lambda n: (500, 200, 0)[n % 3]  # noqa: E731
            with receiving(port, answer=answers) as receiver:
                receiver.delay_s = 0.3
                program.until(lambda: receiver.attempts >= 2)
                program.kill()  # a message is on its way
                receiver.delay_s = 0.0
                program.start()
                count = len(program.put()) + 1
                program.until(lambda: len(program.put()) >= count)
                assert program.stop() == 0
                program.start()
                program.until(
                    lambda: {k for k, _ in receiver.of("alpr_group")} >= set(program.put())
                )
                time.sleep(0.2)
                assert program.stop() == 0
                groups = receiver.of("alpr_group")
    put = program.put()
    assert len(put) == len(set(put))
    keys = [key for key, _ in groups]
    assert set(keys) == set(program.put())
    assert len(keys) - len(set(keys)) <= 2  # one on its way at each kill
    for key, body in groups:
        assert body == dict(groups)[key]
        assert body["best_plate_number"] == "MKV3726"
    first = sorted({key: i for i, key in reversed(list(enumerate(keys)))}.values())
    assert [keys[i] for i in first] == [key for key in put if key in keys]  # in order
    assert len(set(keys)) <= camera.clips + camera.connections
    assert camera.connections >= 3


def test_two_agents_do_not_share_a_spool(tmp_path, clip):
    with agent(tmp_path, config(tmp_path, clip)) as second:
        (tmp_path / "state").mkdir()
        with (tmp_path / "state/lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            second.start()
            assert second.process.wait(60) == 1
    assert any("another agent uses it" in line for line in second.lines())
