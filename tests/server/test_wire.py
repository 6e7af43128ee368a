# SPDX-License-Identifier: Apache-2.0
"""Every way in which programs send a picture gives the same plates, through the real engine."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus, urlencode

import cv2
import numpy as np
import pytest
from server_tools import SAMPLES, call, multipart, post, running

from alprcore import Engine
from alprcore.server.config import Serving

US = (SAMPLES / "us.jpg").read_bytes()
SMALL_US = cv2.imencode(
    ".jpg", cv2.imread(str(SAMPLES / "us.jpg")), [cv2.IMWRITE_JPEG_QUALITY, 60]
)[1].tobytes()
KEY = "sk_DEMODEMODEMODEMODEMODEMO"
FORM = "application/x-www-form-urlencoded"
BLANK = cv2.imencode(".png", np.zeros((200, 300, 3), np.uint8))[1].tobytes()


@pytest.fixture(scope="module")
def engine():
    return Engine()


@pytest.fixture(scope="module")
def port(engine):
    with running(Serving(threads=1), load=lambda _: engine) as port:
        yield port


def plates(results):
    """A list of plates without what differs from call to call."""
    return [{k: v for k, v in plate.items() if k != "processing_time_ms"} for plate in results]


@pytest.fixture(scope="module")
def expected(engine):
    twin = engine.with_settings(country=("us",))
    found = plates(twin.recognize(SMALL_US).to_dict()["results"])
    for plate in found:
        plate.pop("vehicle_region", None)
    assert found
    return found


def v1_forms():
    """Name, target, body and type of every wire form of version 1."""
    b64 = base64.b64encode(SMALL_US).decode()
    urlsafe = base64.urlsafe_b64encode(SMALL_US).decode().rstrip("=")
    lines = base64.encodebytes(SMALL_US).decode()
    scalars = {"secret_key": KEY, "tasks": "plate", "country": "us", "return_image": "0"}
    query = f"/v1/recognize?{urlencode(scalars)}"
    bare = query.partition("&tasks")[0]
    yield "python client, file", query, *multipart({}, SMALL_US)
    yield "python client, bytes", query, *multipart({"image_bytes": b64})
    yield "java client", f"{query}&image_bytes={quote_plus(b64)}", b"", ""
    yield "jquery", f"{query}&image_bytes={quote_plus(b64)}", b"undefined", "application/json"
    yield "home assistant", query, urlencode({"image_bytes": b64}).encode(), FORM
    yield "browser form", "/v1/recognize", *multipart(scalars, SMALL_US)
    yield "browser form with bytes", "/v1/recognize", *multipart({**scalars, "image_bytes": b64})
    yield (
        "urlencoded form",
        "/v1/recognize",
        urlencode({**scalars, "image_bytes": b64}).encode(),
        FORM,
    )
    yield "part without a file name", query, *multipart({"image": SMALL_US})
    yield "pluses that are spaces", query, f"image_bytes={b64}".encode(), FORM
    yield "pluses in the query", f"{query}&image_bytes={quote(b64, safe='+/=')}", b"", ""
    yield "lines", query, urlencode({"image_bytes": lines}).encode(), FORM
    yield "lines of CR LF", query, *multipart({"image_bytes": lines.replace("\n", "\r\n")})
    yield "data URL", query, *multipart({"image_bytes": f"data:image/jpeg;base64,{b64}"})
    yield "base64 for URLs", query, *multipart({"image_bytes": urlsafe})
    yield (
        "spaces after commas",
        f"{bare}&tasks=plate%2C%20plate&country=US",
        *multipart({}, SMALL_US),
    )
    yield "repeated tasks", f"{bare}&tasks=plate&tasks=plate&country=us", *multipart({}, SMALL_US)
    yield "booleans", query.replace("image=0", "image=false"), *multipart({}, SMALL_US)
    yield "empty image first", query, *multipart({"image": "", "image_bytes": b64})
    yield "empty image last", query, *multipart({"image_bytes": b64}, b"")
    yield (
        "more than asked for",
        f"{query}&recognize_vehicle=7&x=&y",
        *multipart({"z": b"\xff"}, SMALL_US),
    )
    yield "an image that is none", f"{query}&image=undefined", *multipart({"image_bytes": b64})
    yield "both in query and body", f"{query}&country=us", *multipart({"country": "zz"}, SMALL_US)


@pytest.mark.parametrize(("target", "body", "kind"), [
    pytest.param(*form[1:], id=form[0]) for form in v1_forms()
])  # fmt: skip
def test_every_form_of_a_v1_request_gives_the_same_plates(port, expected, target, body, kind):
    reply = post(port, target, body, kind)
    assert reply.status == 200, reply.body
    assert reply.headers["content-type"] == 'application/json; charset="utf-8"'
    assert plates(reply.json["plate"]["results"]) == expected


def v2_forms():
    b64 = base64.b64encode(SMALL_US)
    query = f"secret_key={KEY}&country=us"
    for kind in ("", "text/plain", FORM, "application/json", "application/octet-stream"):
        yield f"bare base64 as {kind or 'nothing'}", f"recognize_bytes?{query}", b64, kind
        quoted = json.dumps(b64.decode()).encode()
        yield f"quoted base64 as {kind or 'nothing'}", f"recognize_bytes?{query}", quoted, kind
    slashes = b64.replace(b"/", rb"\/")
    yield "escaped slashes", f"recognize_bytes?{query}", b'"%s"\n' % slashes, "application/json"
    yield "lines", f"recognize_bytes?{query}", base64.encodebytes(SMALL_US), "text/plain"
    yield "file", f"recognize?{query}", *multipart({}, SMALL_US)
    yield "form", "recognize", *multipart({"secret_key": KEY, "country": "us"}, SMALL_US)


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize(("target", "body", "kind"), [
    pytest.param(*form[1:], id=form[0]) for form in v2_forms()
])  # fmt: skip
def test_every_form_of_a_later_request_gives_the_same_plates(
    port, expected, version, target, body, kind
):
    reply = post(port, f"/v{version}/{target}", body, kind)
    assert reply.status == 200, reply.body
    assert reply.json["error"] is False
    assert reply.json["version"] == version
    found = plates(reply.json["results"])
    for plate in found:
        assert plate.pop("vehicle_region")["width"] > 0
        assert plate.pop("vehicle_detected", True) in {True, False}
        plate["region"] = plate["region"].removeprefix("us-")
    assert found == expected


@pytest.mark.parametrize(
    "body", [b"no base64 at all!", b"", b'"', b'""', b'{"image_bytes": "AA=="}']
)
def test_a_body_that_is_no_base64(port, body):
    reply = post(port, f"/v2/recognize_bytes?secret_key={KEY}&country=us", body)
    assert (reply.status, reply.error) == (400, "Unable to base64 decode image_bytes body")


def v1(port, picture=SMALL_US, tasks="plate", **parameters):
    query = urlencode({"secret_key": KEY, "tasks": tasks, **parameters})
    return post(port, f"/v1/recognize?{query}", *multipart({}, picture))


@pytest.mark.parametrize("topn", [1, 10, 200])
def test_topn_bounds_the_candidates(port, topn):
    (plate,) = v1(port, country="us", topn=topn).json["plate"]["results"]
    assert plate["requested_topn"] == topn
    assert 1 <= len(plate["candidates"]) <= topn


def test_a_known_state_is_reported_and_matched(port):
    (plate,) = v1(port, country="us", state="PA").json["plate"]["results"]
    assert (plate["region"], plate["region_confidence"]) == ("pa", 0)
    matching = [each for each in plate["candidates"] if each["matches_template"]]
    assert (plate["plate"], plate["matches_template"]) == (matching[0]["plate"], 1)
    reply = post(port, "/v2/recognize?secret_key=a&country=us&state=pa", *multipart({}, SMALL_US))
    assert reply.json["results"][0]["region"] == "us-pa"


def test_an_unknown_state_is_echoed(port):
    (plate,) = v1(port, country="us", state="xyz").json["plate"]["results"]
    assert (plate["region"], plate["matches_template"]) == ("xyz", 0)


def test_countries(port):
    eu = (SAMPLES / "eu.jpg").read_bytes()
    assert v1(port, eu, country="gb").json["plate"]["results"][0]["region"] == "gb"
    assert len(v1(port, eu, country="eu,gb").json["plate"]["results"]) == 1
    unknown = v1(port, eu, country="zz")
    assert (unknown.status, unknown.error) == (
        400,
        "Could not initialize OpenALPR with given parameters",
    )
    assert v1(port, eu, country="eu,zz").status == 400


def test_a_picture_without_a_plate_is_a_success(port):
    reply = v1(port, BLANK, country="us")
    assert reply.status == 200
    assert reply.json["plate"]["results"] == []
    assert (reply.json["img_width"], reply.json["img_height"]) == (300, 200)


def corners(plate):
    return np.array([[corner["x"], corner["y"]] for corner in plate["coordinates"]], float)


def test_prewarp(port, expected):
    identity = v1(port, country="us", prewarp="planar,1280,720,0,0,0,1,1,0,0")
    malformed = v1(port, country="us", prewarp="planar,1280,720")
    turned = v1(port, country="us", prewarp="planar,1280,720,0,0,0.06,1,1,0,0")
    assert plates(malformed.json["plate"]["results"]) == expected
    where = corners(expected[0])
    for reply in (identity, turned):
        (plate,) = reply.json["plate"]["results"]
        assert plate["plate"] == expected[0]["plate"]
        # In the original picture, whatever was turned: within a tenth of the plate's width.
        assert np.abs(corners(plate) - where).max() < 0.1 * np.ptp(where[:, 0])


def test_a_crop_needs_no_search(port, expected):
    where = corners(expected[0])
    (left, top), (right, bottom) = where.min(0).astype(int), where.max(0).astype(int)
    crop = cv2.imread(str(SAMPLES / "us.jpg"))[top:bottom, left:right]
    content = cv2.imencode(".png", crop)[1].tobytes()
    target = "/v3/recognize?secret_key=a&country=us&is_cropped=1"
    (plate,) = post(port, target, *multipart({}, content)).json["results"]
    assert plate["plate"] == expected[0]["plate"]


def test_the_configuration_names_countries_and_labels(port):
    config = call(port, "GET", "/v3/config").json
    assert {"us", "eu"} <= {country["code"] for country in config["countries"]}
    assert all(isinstance(country["name"], str) for country in config["countries"])
    assert set(config["vehicle_labels"]) == {
        "bodytype", "color", "make", "makemodel", "orientation", "year",
    }  # fmt: skip
