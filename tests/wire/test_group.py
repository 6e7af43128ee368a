# SPDX-License-Identifier: Apache-2.0
"""`alpr_group`, `heartbeat` and agents' `alpr_results`, against the description of the messages."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
import pytest

pytest.importorskip("av", reason="the extra `video` is not installed")

from alprcore.errors import SettingsError
from alprcore.records import Box, Candidate, Label, Plate, Quad, VehicleLook
from alprcore.video.group import Group, Vote
from alprcore.video.source import FrameTime
from alprcore.wire.agent_results import agent_results
from alprcore.wire.heartbeat import Heartbeat, VideoStream
from alprcore.wire.orientation import as_degrees, as_sides
from alprcore.wire.results import Recognition
from alprcore.wire.rows import CSV_COLUMNS, csv_row
from alprcore.wire.sender import Sender

# Keys of version 3 in their order, rows 1 to 36 of the description without the signature.
VERSION_3 = [
    "data_type",
    "version",
    "epoch_start",
    "epoch_end",
    "frame_start",
    "frame_end",
    "company_id",
    "agent_uid",
    "agent_version",
    "agent_type",
    "camera_id",
    "gps_latitude",
    "gps_longitude",
    "country",
    "uuids",
    "vehicle_path",
    "plate_indexes",
    "candidates",
    "best_plate",
    "best_confidence",
    "best_plate_number",
    "best_region",
    "best_region_confidence",
    "matches_template",
    "plate_path",
    "vehicle_crop_jpeg",
    "overview_jpeg",
    "best_uuid",
    "best_uuid_epoch_ms",
    "best_image_width",
    "best_image_height",
    "travel_direction",
    "is_parked",
    "is_preview",
    "vehicle",
]
NOT_IN_2 = {"vehicle_path", "plate_path", "overview_jpeg", "best_uuid_epoch_ms"}
UID = "Q7M2ZK4P9XW1T8R5B3N6V0C2L4J7H9G1F3D5S8A0"
START = 1_718_000_001_200


def time_at(ms: int, frame: int) -> FrameTime:
    return FrameTime(0, 90 * ms, Fraction(1, 90_000), 0, frame)


def quad_of(x: int, y: int, w: int, h: int) -> Quad:
    return Quad((x, y), (x + w, y + 2), (x + w, y + h), (x, y + h - 2))


QUADS = (quad_of(744, 432, 96, 22), quad_of(668, 505, 112, 25), quad_of(595, 572, 129, 31))
CANDIDATES = (Candidate("HXK4821", 0.9310442352, True), Candidate("HXK482I", 0.7851000214))
PLATE = Plate(
    text="HXK4821",
    confidence=0.9280113983,
    matches_template=True,
    country="eu",
    region="de",
    region_confidence=0.714,
    quad=QUADS[2],
    detection_score=0.9,
    candidates=(Candidate("HXK4821", 0.9280113983, True),),
    glyphs=(),
    plate_index=0,
    requested_topn=10,
    elapsed_ms=21.40113831,
)
TIMES = (time_at(0, 410), time_at(420, 420), time_at(840, 431))
GROUP = Group(
    number=0,
    text="HXK4821",
    confidence=0.9310442352,
    matches_template=True,
    candidates=CANDIDATES,
    country="eu",
    region="de",
    region_confidence=0.6825,
    votes=tuple(
        Vote(time, "HXK4821", 0.9, quad, 0.99, 0) for time, quad in zip(TIMES, QUADS, strict=True)
    ),
    first=TIMES[0],
    last=TIMES[2],
    best=TIMES[2],
    best_plate=PLATE,
    width=1280,
    height=720,
    plate_image=np.full((40, 140, 3), 128, np.uint8),
    frame_image=np.full((720, 1280, 3), 90, np.uint8),
    vehicle=VehicleLook(color=(Label("blue", 0.8810244751),), make=(Label("skoda", 0.9133),)),
    vehicle_region=Box(402, 300, 962, 740),
    epoch_ms=START,
)
SENDER = Sender(
    company_id="0b1f6a52-7c3e-4d1b-9a55-2f60c4d8e911",
    agent_uid=UID,
    camera_id=204118,
    latitude=52.37310028,
    longitude=9.7382,
)


def sent(group: Group = GROUP, sender: Sender = SENDER, version: int = 3) -> dict:
    return json.loads(group.to_json(sender, version=version))


def test_version_3_has_the_fields_of_the_description_in_their_order():
    assert list(sent()) == VERSION_3
    assert list(sent()["best_plate"]) == [
        "plate",
        "confidence",
        "matches_template",
        "plate_index",
        "region",
        "region_confidence",
        "processing_time_ms",
        "requested_topn",
        "coordinates",
        "plate_crop_jpeg",
        "vehicle_region",
        "vehicle_detected",
        "candidates",
    ]


def test_version_2_lacks_what_came_later():
    group = sent(version=2)
    assert group["version"] == 2
    assert list(group) == [key for key in VERSION_3 if key not in NOT_IN_2]
    assert "vehicle_detected" not in group["best_plate"]


def test_another_version_is_refused():
    with pytest.raises(SettingsError, match="expected version 2 or 3"):
        GROUP.to_json(version=1)


def test_the_example_of_the_description_comes_out():
    group = sent()
    want = {
        "data_type": "alpr_group",
        "version": 3,
        "epoch_start": START,
        "epoch_end": START + 840,
        "frame_start": 410,
        "frame_end": 431,
        "agent_uid": UID,
        "agent_version": "4.1.1",
        "agent_type": "alprd",
        "camera_id": 204118,
        "gps_latitude": 52.37310028,
        "country": "eu",
        "uuids": [f"{UID}-204118-{START + ms}" for ms in (0, 420, 840)],
        "plate_indexes": [0, 0, 0],
        "candidates": [
            {"plate": "HXK4821", "confidence": 93.10442352, "matches_template": 1},
            {"plate": "HXK482I", "confidence": 78.51000214, "matches_template": 0},
        ],
        "best_confidence": 93.10442352,
        "best_plate_number": "HXK4821",
        "best_region": "eu-de",
        "best_region_confidence": 68.25,
        "matches_template": True,
        "plate_path": [
            {"x": 744, "y": 432, "w": 96, "h": 22, "t": 0, "f": 0},
            {"x": 668, "y": 505, "w": 112, "h": 25, "t": 420, "f": 10},
            {"x": 595, "y": 572, "w": 129, "h": 31, "t": 840, "f": 21},
        ],
        "vehicle_path": [{"x": 402, "y": 300, "w": 560, "h": 440, "t": 840, "f": 21}],
        "best_uuid": f"{UID}-204118-{START + 840}",
        "best_uuid_epoch_ms": START + 840,
        "best_image_width": 1280,
        "best_image_height": 720,
        "is_parked": False,
        "is_preview": False,
    }
    assert {key: group[key] for key in want} == want
    best = group["best_plate"]
    assert (best["confidence"], best["region_confidence"]) == (92.80113983, 71)
    assert best["coordinates"] == [
        {"x": 595, "y": 572}, {"x": 724, "y": 574}, {"x": 724, "y": 603}, {"x": 595, "y": 601}
    ]  # fmt: skip
    assert best["vehicle_region"] == {"x": 402, "y": 300, "width": 560, "height": 440}
    assert best["vehicle_detected"] is True


def test_types_are_those_of_the_description():
    group = sent()
    assert type(group["matches_template"]) is bool
    assert type(group["candidates"][0]["matches_template"]) is int
    assert type(group["best_plate"]["region_confidence"]) is int
    assert type(group["best_region_confidence"]) is float
    assert 0 <= group["travel_direction"] < 360


def test_direction_is_0_up_and_90_right():
    def direction(dx: int, dy: int) -> float:
        quads = [quad_of(400 + dx * i, 400 + dy * i, 100, 25) for i in range(3)]
        votes = tuple(replace(v, quad=q) for v, q in zip(GROUP.votes, quads, strict=True))
        return sent(replace(GROUP, votes=votes))["travel_direction"]

    ways = [direction(0, -90), direction(90, 0), direction(0, 90), direction(-90, 0)]
    assert ways == pytest.approx([0, 90, 180, 270], abs=1e-6)
    assert replace(GROUP, votes=GROUP.votes[:1]).direction is None


def test_pictures_are_jpegs_of_the_described_sizes():
    group = sent()

    def size(text: str) -> tuple[int, ...]:
        content = np.frombuffer(base64.b64decode(text, validate=True), np.uint8)
        return cv2.imdecode(content, cv2.IMREAD_COLOR).shape[1::-1]

    assert size(group["overview_jpeg"]) == (560, 315)
    assert size(group["best_plate"]["plate_crop_jpeg"]) == (140, 40)
    assert max(size(group["vehicle_crop_jpeg"])) == 320


def test_a_receiver_finds_no_empty_list_and_no_null():
    bare = replace(GROUP, vehicle=None, vehicle_region=None, plate_image=None, frame_image=None)
    group = sent(bare)
    names = ["color", "make", "make_model", "body_type", "year", "orientation"]
    assert list(group["vehicle"]) == names
    assert all(group["vehicle"][name] == [{"name": "unknown", "confidence": 0}] for name in names)
    assert group["best_plate"]["vehicle_detected"] is False
    assert group["best_plate"]["vehicle_region"]["width"] > 129
    assert base64.b64decode(group["best_plate"]["plate_crop_jpeg"]) == b""
    assert None not in group.values()
    assert "error" not in group


def test_the_side_that_is_seen_is_sent_in_degrees():
    look = VehicleLook(orientation=(Label("front", 0.75), Label("rear", 0.2), Label("side", 0.05)))
    degrees = sent(replace(GROUP, vehicle=look))["vehicle"]["orientation"]
    assert degrees == [
        {"name": "180", "confidence": 75},
        {"name": "0", "confidence": 20},
        {"name": "90", "confidence": 5},
    ]
    assert as_sides(as_degrees(look.orientation)) == look.orientation
    assert as_sides([Label("45", 0.5)]) == (Label("45", 0.5),)


def test_a_preview_shares_its_best_uuid_with_the_final():
    preview = replace(GROUP, votes=GROUP.votes[:2], best=TIMES[1], is_preview=True)
    first, final = sent(preview), sent()
    assert first["is_preview"] is True
    assert first["best_uuid"] in final["uuids"]


def test_labels_and_user_data_come_last_when_given():
    group = sent(sender=replace(SENDER, camera_label="North gate", user_data="yard 4"))
    assert list(group)[-3:] == ["web_server_config", "direction_of_travel_id", "user_data"]
    assert group["web_server_config"] == {"camera_label": "North gate", "agent_label": ""}


def test_json_is_one_line_of_utf_8_with_at_most_eight_decimals():
    line = replace(GROUP, text="粤LQ092V").to_json(SENDER)
    assert "粤" in line
    assert "\n" not in line
    assert max(len(word.split(".")[1]) for word in numbers(line)) <= 8


def numbers(line: str) -> list[str]:
    found: list[str] = []
    json.loads(line, parse_float=lambda text: found.append(text) or 0.0)
    return [word for word in found if "e" not in word]


def test_a_row_says_when_exactly():
    row = json.loads(GROUP.to_row("clip.mp4"))
    assert row["source"] == "clip.mp4"
    assert (row["plate"], row["confidence"]) == ("HXK4821", 93.10442352)
    assert row["last"] == {"seconds": 0.84, "pts": 75600, "time_base": "1/90000", "frame": 431}
    assert [vote["plate"] for vote in row["votes"]] == ["HXK4821"] * 3
    assert len(row["path"]) == 3
    cells = dict(zip(CSV_COLUMNS, csv_row(GROUP, "clip.mp4"), strict=True))
    assert (cells["plate"], cells["confidence"], cells["last_pts"]) == ("HXK4821", "93.10", "75600")


def test_heartbeat_has_the_fields_of_the_description_in_their_order():
    stream = VideoStream(
        204118, "North gate", "rtsp://127.0.0.1/s", 25, is_streaming=True, last_update=1
    )
    beat = Heartbeat(1_718_000_060_003, cpu_usage_percent=37, video_streams=(stream,)).to_dict()
    assert list(beat) == [
        "data_type",
        "timestamp",
        "company_id",
        "agent_uid",
        "agent_type",
        "agent_version",
        "openalpr_version",
        "agent_hostname",
        "os",
        "license_key",
        "license_systemid",
        "license_valid",
        "recording_enabled",
        "system_uptime_seconds",
        "daemon_uptime_seconds",
        "cpu_cores",
        "cpu_last_update",
        "cpu_usage_percent",
        "memory_total_bytes",
        "memory_consumed_bytes",
        "memory_swaptotal_bytes",
        "memory_swapused_bytes",
        "memory_last_update",
        "disk_quota_total_bytes",
        "disk_quota_consumed_bytes",
        "disk_quota_earliest_result",
        "disk_drive_total_bytes",
        "disk_drive_free_bytes",
        "processing_threads_active",
        "processing_threads_configured",
        "beanstalk_queue_size",
        "video_streams",
    ]
    assert beat["data_type"] == "heartbeat"
    assert beat["video_streams"][0]["camera_name"] == "North gate"
    json.dumps(beat)


def test_single_reads_are_sent_as_agents_do():
    found = Recognition(1280, 720, START, 41.20331192, (Box(0, 0, 1280, 720),), (PLATE,))
    message = agent_results(found, SENDER, epoch_ms=START + 420, crops=("/9j/",))
    assert list(message) == [
        "processing_time_ms",
        "data_type",
        "uuid",
        "version",
        "camera_id",
        "results",
        "agent_version",
        "error",
        "company_id",
        "epoch_time",
        "agent_uid",
        "img_width",
        "regions_of_interest",
        "agent_type",
        "img_height",
        "vehicles",
    ]
    assert message["uuid"] == f"{UID}-204118-{START + 420}"
    assert message["error"] is False
    assert list(message["results"][0])[-3:] == ["plate_crop_jpeg", "vehicle_detected", "candidates"]
