# SPDX-License-Identifier: Apache-2.0
"""Paths of other plate readers: their requests as clients send them, their replies as clients read.

A recorded request is the bytes that a client wrote on the wire, its boundary and all.
"""

from __future__ import annotations

import base64
import json

import pytest
from server_tools import PICTURE, PLATE, FakeEngine, call, post, running

from alprcore.server.accounts.file import Accounts
from alprcore.server.config import Serving
from alprcore.server.doors.plate_recognizer import _countries

TOKEN = {"Authorization": "Token 0123456789abcdef"}
READER, VISION = "/v1/plate-reader/", "/v1/vision/alpr"


@pytest.fixture(scope="module")
def engine():
    return FakeEngine()


@pytest.fixture(scope="module")
def port(engine):
    with running(Serving(threads=2), engine=engine) as port:
        yield port


def form(fields: list[tuple[str, str]], name: str, picture: bytes = PICTURE) -> tuple[bytes, dict]:
    """A multipart body as python-requests writes it: fields first, then the file."""
    mark = b"--9f3c2b1d4e5a6978"
    parts = [
        mark + f'\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in fields
    ]
    head = f'\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n\r\n'
    body = b"".join(parts) + mark + head.encode() + picture + b"\r\n" + mark + b"--\r\n"
    return body, {"Content-Type": "multipart/form-data; boundary=9f3c2b1d4e5a6978"}


def snapshot(port, *fields: tuple[str, str], path: str = READER, **options):
    body, kind = form(list(fields), "upload", **options)
    return call(port, "POST", path, body, {**kind, **TOKEN})


def test_a_snapshot_is_answered_in_its_form(port, engine):
    reply = snapshot(port, ("regions", "us-ca"), ("regions", "de"), ("camera_id", "gate 1"))
    assert reply.status == 201
    body = reply.json
    assert list(body) == [
        "processing_time", "results", "filename", "version", "camera_id", "timestamp", "usage",
    ]  # fmt: skip
    assert body["camera_id"] == "gate 1"
    assert body["timestamp"].endswith("Z")
    (result,) = body["results"]
    assert result["plate"] == "klm482"
    assert result["score"] == 0.912
    assert result["dscore"] == 0.9
    assert result["box"] == {"xmin": 30, "ymin": 20, "xmax": 80, "ymax": 35}
    assert result["region"] == {"code": "us-md", "score": 0.0}
    assert result["candidates"] == [
        {"score": 0.95, "plate": "kim482"}, {"score": 0.912, "plate": "klm482"},
    ]  # fmt: skip
    assert result["vehicle"]["type"] == "Unknown"
    assert set(result["vehicle"]["box"]) == {"xmin", "ymin", "xmax", "ymax"}
    assert "model_make" not in result
    assert engine.calls[-1].country == ("us", "eu")


@pytest.mark.parametrize("path", ["/v1/plate-reader", READER])
def test_a_slash_makes_no_difference(port, path):
    assert snapshot(port, path=path).status == 201


def test_make_model_and_colour_come_with_mmc(port):
    (result,) = snapshot(port, ("mmc", "true")).json["results"]
    assert set(result) >= {"model_make", "color", "orientation"}


@pytest.mark.parametrize(
    ("config", "count"),
    [
        ('{"threshold_o": 0.9}', 1), ('{"threshold_o": 0.95}', 0), ('{"threshold_d": 0.91}', 0),
        ('{"region": "strict"}', 1), ('{"mode": "fast", "detection_mode": "vehicle"}', 1),
    ],
)  # fmt: skip
def test_config_is_heeded(port, config, count):
    assert len(snapshot(port, ("config", config)).json["results"]) == count


@pytest.mark.parametrize("config", ["[1]", "{", '{"threshold_d": "x"}', '{"threshold_d": NaN}'])
def test_a_wrong_config_is_said(port, config):
    reply = snapshot(port, ("config", config))
    assert reply.status == 400
    assert reply.json["detail"].startswith("config: ")


def test_pictures_come_as_base64_and_in_json_too(port):
    text = base64.b64encode(PICTURE).decode()
    for value in (text, f"data:image/png;base64,{text}"):
        body = json.dumps({"upload": value, "regions": ["gb"], "camera_id": 7}).encode()
        reply = call(port, "POST", READER, body, {"Content-Type": "application/json", **TOKEN})
        assert reply.status == 201, reply.body
        assert reply.json["camera_id"] == "7"
        assert reply.json["results"][0]["plate"] == "klm482"


@pytest.mark.parametrize("body", [b"{", b"[]", b"[" * 100_000, b'{"upload": "%%%"}', b"{}"])
def test_a_body_that_is_none_is_said(port, body):
    reply = call(port, "POST", READER, body, {"Content-Type": "application/json", **TOKEN})
    assert reply.status == 400
    assert reply.json["status_code"] == 400


def test_urls_keep_the_rules_of_the_server(port):
    body = b'{"upload_url": "http://127.0.0.1/car.jpg"}'
    reply = call(port, "POST", READER, body, {"Content-Type": "application/json", **TOKEN})
    assert reply.status == 400
    assert "not enabled" in reply.json["detail"]


def test_a_snapshot_without_a_token_is_refused_in_its_form(port):
    body, kind = form([], "upload")
    reply = call(port, "POST", READER, body, kind)
    assert reply.status == 403
    assert reply.json == {
        "detail": "Authentication credentials were not provided.", "status_code": 403,
    }  # fmt: skip


def test_a_picture_that_is_none_is_said(port):
    assert snapshot(port, picture=b"\xff\xd8 no picture").status == 400


@pytest.mark.parametrize(
    ("regions", "countries"),
    [
        ("us-ca,us-ny", ("us",)), ("fr", ("fr",)), ("de, pl", ("eu",)), ("uk", ("gb",)),
        ("jp", ()), ("xx,", ()), ("", ()),
    ],
)  # fmt: skip
def test_regions_are_our_countries_and_unknown_ones_are_ignored(regions, countries):
    assert _countries(regions) == countries


def vision(port, *fields: tuple[str, str], name: str = "upload", **options):
    body, kind = form(list(fields), name, **options)
    return call(port, "POST", VISION, body, kind)


@pytest.mark.parametrize("name", ["upload", "image"])
def test_predictions_are_in_their_form(port, name):
    reply = vision(port, ("min_confidence", "0.5"), name=name)
    assert reply.status == 200
    body = reply.json
    assert body["success"] is True
    assert body["predictions"] == [
        {
            "confidence": round(PLATE.confidence, 6), "label": "Plate: KLM482", "plate": "KLM482",
            "x_min": 30, "y_min": 20, "x_max": 80, "y_max": 35,
        }
    ]  # fmt: skip
    assert (body["count"], body["code"], body["command"]) == (1, 200, "alpr")
    assert {"inferenceMs", "processMs", "analysisRoundTripMs", "moduleId"} <= body.keys()


def test_predictions_below_the_least_are_left_out(port):
    body = vision(port, ("min_confidence", "0.95")).json
    assert (body["predictions"], body["count"], body["success"]) == ([], 0, True)
    assert vision(port, ("min_confidence", "high")).json["success"] is False


def test_a_failure_is_in_their_form(port):
    reply = vision(port, picture=b"\x00 no picture at all")
    assert reply.status == 400
    assert (reply.json["success"], reply.json["code"]) == (False, 400)
    assert post(port, VISION).json["error"] == "upload: no picture"


def test_accounts_are_charged_and_strangers_refused_at_both(tmp_path, engine):
    path = tmp_path / "accounts.db"
    accounts = Accounts(path, create=True)
    key = accounts.add("shop", credits_a_month=2)
    accounts.close()
    with running(Serving(threads=1, accounts=path), engine=engine) as port:
        body, kind = form([], "upload")
        known = {**kind, "Authorization": f"Token {key}"}
        reply = call(port, "POST", READER, body, known)
        assert (reply.status, reply.json["usage"]) == (201, {"calls": 1, "max_calls": 2})
        assert call(port, "POST", READER, body, {**kind, **TOKEN}).status == 403
        assert call(port, "POST", VISION, body, kind).status == 401
        assert call(port, "POST", f"{VISION}?secret_key={key}", body, kind).status == 200
        reply = call(port, "POST", READER, body, known)
        assert reply.status == 403  # no credits
