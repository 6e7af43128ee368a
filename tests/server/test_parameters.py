# SPDX-License-Identifier: Apache-2.0
"""Each parameter: what is taken, what is refused, and with which status and text."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from server_tools import PICTURE, FakeEngine, call, multipart, post, running

from alprcore.server.api import parameters, schemas
from alprcore.server.api.parameters import Parameters, ask_of
from alprcore.server.api.problems import Problem
from alprcore.server.config import Serving
from alprcore.settings import TASKS, Settings

ENGINE = FakeEngine()
GOOD = {"secret_key": "k", "tasks": "plate", "country": "us"}
NOT_AN_ENGINE = "Could not initialize OpenALPR with given parameters"


@pytest.fixture(scope="module")
def port():
    with running(Serving(threads=2), engine=ENGINE) as port:
        yield port


def ask(path="/v1/recognize", *, picture=PICTURE, **changes):
    fields = {**GOOD, **changes}
    query = urlencode([(name, value) for name, value in fields.items() if value is not None])
    body, kind = multipart({}, picture) if picture is not None else (b"", "")
    return f"{path}?{query}", body, kind


@pytest.mark.parametrize(
    ("changes", "status", "text"),
    [
        ({"tasks": None}, 400, "Missing tasks"),
        ({"tasks": " , "}, 400, "Missing tasks"),
        ({"tasks": None, "secret_key": None}, 400, "Missing tasks"),
        ({"secret_key": None}, 400, "Missing secret_key"),
        ({"secret_key": ""}, 400, "Missing secret_key"),
        ({"secret_key": None, "tasks": "plates"}, 400, "Missing secret_key"),
        ({"tasks": "plates"}, 400, "tasks must be some of plate, color, make, makemodel"),
        ({"tasks": "plate,\0"}, 400, "tasks must be some of plate, color, make, makemodel"),
        ({"country": None}, 400, "Missing country"),
        ({"country": ","}, 400, "Missing country"),
        ({"country": "zz"}, 400, NOT_AN_ENGINE),
        ({"country": "us,zz"}, 400, NOT_AN_ENGINE),
        ({"country": "../us"}, 400, NOT_AN_ENGINE),
        ({"country": "us\0"}, 400, NOT_AN_ENGINE),
        ({"country": "ü"}, 400, NOT_AN_ENGINE),
        ({"country": "u" * 5000}, 400, NOT_AN_ENGINE),
        ({"country": ",".join(f"c{i}" for i in range(50))}, 400, NOT_AN_ENGINE),
        ({"state": "m" * 33}, 400, "state is longer than 32 characters"),
        ({"prewarp": "p" * 401}, 400, "prewarp is longer than 400 characters"),
        ({"return_image": "2"}, 400, "return_image must be 0 or 1"),
        ({"return_image": "maybe"}, 400, "return_image must be 0 or 1"),
        ({"picture": b""}, 400, "Missing image, image_bytes or image_url"),
        ({"picture": None}, 400, "Missing image, image_bytes or image_url"),
        ({"picture": None, "image_bytes": "?"}, 400, "Unable to base64 decode image_bytes body"),
        (
            {"picture": None, "image_url": "http://x/"},
            400,
            "image_url is not enabled on this server",
        ),
        ({"picture": b"no picture"}, 400, None),
        ({"picture": PICTURE[:40]}, 400, None),
    ],
)
def test_what_is_wrong_is_said(port, changes, status, text):
    reply = post(port, *ask(**changes))
    assert reply.status == status
    assert text is None or reply.error == text
    assert reply.error
    assert reply.headers["content-type"] == 'application/json; charset="utf-8"'
    assert reply.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("picture", [b"no picture", PICTURE[:40]])
def test_a_broken_picture_tells_nothing_of_this_machine(port, picture):
    text = post(port, *ask(picture=picture)).error
    assert text.startswith("image: ")
    assert "/" not in text


@pytest.mark.parametrize("version", [2, 3])
def test_what_is_missing_from_later_requests(port, version):
    base = f"/v{version}/recognize"
    assert post(port, base).error == "Missing secret_key"
    assert post(port, f"{base}?secret_key=k").error == "Missing country"
    missing = 'Missing file named "image" in request POST'
    assert post(port, f"{base}?secret_key=k&country=us").error == missing
    assert post(port, f"{base}?secret_key=k&country=us", *multipart({}, b"")).error == missing
    assert post(port, f"{base}?secret_key=k&country=us", *multipart({"a": "b"})).error == missing
    assert post(port, f"{base}_url?secret_key=k&country=us").error == "Missing image_url"
    json = post(port, base, b'{"secret_key": "k", "country": "us"}', "application/json")
    assert (json.status, json.error) == (400, "Missing secret_key")


@pytest.mark.parametrize(
    "topn", ["0", "1001", "-1", "1.5", "1e2", "ten", "٣", "1_0", "0x10", "9" * 400]
)
def test_topn_out_of_range(port, topn):
    reply = post(port, *ask(topn=topn))
    assert (reply.status, reply.error) == (400, "topn must be a whole number from 1 to 1000")


@pytest.mark.parametrize(
    ("topn", "want"), [("", 10), ("1", 1), (" 7 ", 7), ("010", 10), ("1000", 1000)]
)
def test_topn_in_range(port, topn, want):
    reply = post(port, *ask(topn=topn))
    assert reply.json["plate"]["results"][0]["requested_topn"] == want


def test_what_reaches_the_engine(port):
    ENGINE.calls.clear()
    post(port, *ask(country=" US , eu,us", state="MD", topn="5", prewarp="planar,1"))
    post(port, *ask("/v3/recognize", is_cropped="1", state="md", prewarp="planar,1"))
    post(port, *ask("/v2/recognize", is_cropped="1", state="md"))
    first, second, third = ENGINE.calls
    assert (first.country, first.default_region, first.topn) == (("us", "eu"), "md", 5)
    assert (first.prewarp, first.skip_detection) == ("planar,1", False)
    assert (second.skip_detection, second.default_region, second.prewarp) == (True, "", "")
    assert (third.skip_detection, third.default_region) == (False, "md")


@pytest.mark.parametrize(
    ("country", "state", "want"),
    [
        ("us", "us-va", "va"),
        ("us", "US-VA", "va"),
        ("eu,US", "us-va", "va"),
        ("auto", "us-va", "va"),
        ("auto", "zz9-va", "zz9-va"),
        ("eu", "us-va", "us-va"),  # of a country that nobody named: it is echoed as it is
        ("us", "us-", "us-"),
    ],
)
def test_a_region_may_have_its_country_before_it(port, country, state, want):
    ENGINE.calls.clear()
    post(port, *ask(country=country, state=state))
    assert ENGINE.calls[0].default_region == want


def test_the_region_that_a_reply_gives_can_be_asked_for(port):
    for version in (2, 3):
        reply = post(port, *ask("/v2/recognize", state="md")).json
        region = reply["results"][0]["region"]
        assert region == "us-md"
        again = post(port, *ask(f"/v{version}/recognize", state=region)).json
        assert again["results"][0]["region"] == region


def test_the_operators_region_may_have_its_country_before_it():
    engine = FakeEngine()
    serving = Serving(settings=Settings(default_region="us-va"))
    with running(serving, engine=engine) as port:
        post(port, *ask())
    assert engine.calls[0].default_region == "va"


def test_the_tasks_are_those_of_the_engine():
    assert vars(parameters)["TASKS"] is vars(schemas)["TASKS"] is TASKS


def test_what_the_operator_sets_holds_where_requests_do_not_say(port):
    engine = FakeEngine()
    base = Settings(prewarp="planar,2", default_region="ca", skip_detection=True)
    with running(Serving(settings=base), engine=engine) as other:
        post(other, *ask())
        post(other, *ask(prewarp="planar,3", state="md", topn=7))
    first, second = engine.calls
    assert (first.prewarp, first.default_region, first.topn) == ("planar,2", "ca", 10)
    assert (second.prewarp, second.default_region, second.topn) == ("planar,3", "md", 7)
    assert first.skip_detection
    assert second.skip_detection


def test_vehicles_need_no_country(port):
    reply = post(port, *ask(tasks="color,makemodel", country=None))
    assert reply.json["color"][0] == {"value": "blue", "confidence": 70}
    assert (reply.json["credit_cost"], "plate" in reply.json) == (2, False)


@pytest.mark.parametrize(("value", "cost"), [("0", 1), ("1", 2), ("true", 2), ("", 1)])
def test_vehicles_cost_a_credit_more(port, value, cost):
    reply = post(port, *ask("/v2/recognize", recognize_vehicle=value)).json
    assert (reply["credit_cost"], "vehicle" in reply["results"][0]) == (cost, cost == 2)


@pytest.mark.parametrize("value", ["1", "true", "True"])
def test_a_picture_that_is_sent_back(port, value):
    import base64

    reply = post(port, *ask(return_image=value)).json
    assert base64.b64decode(reply["image_bytes"]) == PICTURE


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD", "TRACE", "BREW"])
@pytest.mark.parametrize("path", ["/v1/recognize", "/v2/recognize_url", "/v3/recognize_bytes"])
def test_other_methods(port, method, path):
    reply = call(port, method, path)
    assert reply.status == 405
    assert reply.headers["allow"] == "OPTIONS, POST"
    if method != "HEAD":
        assert reply.error == "Method Not Allowed"


@pytest.mark.parametrize(
    "path", ["/nothing", "/v1", "/v1/recognize/", "/v1//recognize", "/%00", "/../x"]
)
def test_paths_that_are_not_there(port, path):
    reply = call(port, "POST", path)
    assert (reply.status, reply.error) == (404, "Not Found")


def test_browsers_may_ask_first(port):
    asked = {"Origin": "http://a", "Access-Control-Request-Method": "POST"}
    reply = call(port, "OPTIONS", "/v1/recognize", None, asked)
    assert (reply.status, reply.body) == (204, b"")
    assert reply.headers["access-control-allow-origin"] == "*"
    assert "x-requested-with" in reply.headers["access-control-allow-headers"]
    assert "POST" in reply.headers["access-control-allow-methods"]


def test_the_three_headers_of_the_rate(port):
    headers = post(port, *ask()).headers
    rate = [int(headers[f"x-ratelimit-{name}"]) for name in ("limit", "remaining", "reset")]
    assert all(rate)


FIELDS = st.dictionaries(
    st.sampled_from(["tasks", "country", "topn", "state", "prewarp", "return_image", "is_cropped"]),
    st.one_of(st.binary(max_size=20), st.sampled_from([b"plate", b"us", b"1", b"0", b"color"])),
)


@given(FIELDS, st.sampled_from([1, 2, 3]))
def test_no_parameter_makes_anything_but_a_bad_request(fields, version):
    try:
        found = ask_of(Parameters(list(fields.items())), version=version)
    except Problem as problem:
        status = problem.status
    else:
        status = 400
        assert 1 <= found.topn <= 1000
        assert "plate" not in found.tasks or found.countries
    assert status == 400
