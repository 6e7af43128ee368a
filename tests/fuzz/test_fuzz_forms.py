# SPDX-License-Identifier: Apache-2.0
"""Whatever a client sends, its request has fields or a status of 400."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import pytest
from fuzz.budget import bounded
from fuzz.mutation import damaged
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("starlette")

from alprcore.server.api.parameters import (
    Parameters,
    ask_of,
    body_source,
    file_source,
    key_of,
    url_source,
    v1_source,
)
from alprcore.server.api.problems import Problem
from alprcore.server.http.body import fields_of
from alprcore.server.http.forms import (
    FieldLimit,
    Fields,
    decoded_base64,
    encoded_base64,
    multipart_fields,
    urlencoded_fields,
)

MOST = 12
KIND = b"multipart/form-data; boundary=Boundary7"
PART = b'--Boundary7\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
FILE = (
    b'--Boundary7\r\nContent-Disposition: form-data; name="image"; filename="a;b\\".jpg"\r\n'
    b"Content-Type: image/jpeg\r\n\r\n\xff\xd8\r\n--Boundary8\r\n\xff\xd9\r\n"
)
MULTIPARTS = [
    PART % (b"tasks", b"plate") + PART % (b"country", b"us") + b"--Boundary7--\r\n",
    b"preamble\r\n" + FILE + PART % (b"topn", b"10") + b"--Boundary7--",
    b"--Boundary7 \t\r\nX: y\r\n\r\nz\r\n--Boundary7--\r\nepilogue",
]
TYPES = [KIND, b'multipart/form-data; charset=utf-8; boundary="Boundary7"']
FORMS = [
    b"secret_key=sk_1&tasks=plate%2Ccolor&country=us&topn=10&image_bytes=AAAA%2BBB%3D",
    b"a=1&&b&=c&%=%&d=%zz&image=x&%69mage=y",
    urlencode(
        {"image_url": "http://127.0.0.1/?a=b&c", "state": "é", "prewarp": "planar,1"}
    ).encode(),
]
NAMES = [
    "secret_key",
    "tasks",
    "country",
    "state",
    "topn",
    "prewarp",
    "return_image",
    "is_cropped",
    "recognize_vehicle",
    "image_url",
    "image_bytes",
    "image",
]
VALUES = st.one_of(
    st.sampled_from([b"plate", b"us", b"1", b"0", b"", b"1e3", "٣".encode(), b"\xff", b"9" * 40]),
    st.binary(max_size=20),
)


def fields_or_400(call, *arguments) -> Fields:
    try:
        fields = call(*arguments)
    except Problem as problem:
        assert problem.status == 400
        return []
    assert len(fields) <= MOST
    for name, value in fields:
        assert isinstance(name, str)
        assert isinstance(value, bytes)
        assert name
    return fields


@bounded(150)
@given(damaged(MULTIPARTS), st.one_of(st.sampled_from(TYPES), damaged(TYPES)))
def test_a_multipart_body_is_fields_or_a_bad_request(body, kind):
    for _, value in fields_or_400(multipart_fields, body, kind, FieldLimit(MOST)):
        assert value in body


@bounded(150)
@given(st.one_of(damaged(FORMS), st.binary(max_size=80)))
def test_an_urlencoded_body_is_fields_or_a_bad_request(body):
    fields = fields_or_400(urlencoded_fields, body, FieldLimit(MOST))
    if body.count(b"&") < MOST:
        wanted = parse_qsl(body.decode("latin-1"), keep_blank_values=True, encoding="latin-1")
        assert [value for _, value in fields] == [
            value.encode("latin-1")
            for name, value in wanted
            if name.encode("latin-1") not in {b"", b"image"}
        ]


@bounded(120)
@given(st.text(max_size=60), damaged(MULTIPARTS + FORMS))
def test_a_body_of_any_type_is_fields_or_a_bad_request(kind, body):
    for content_type in (kind, KIND.decode(), f"multipart/form-data;{kind}"):
        fields_or_400(fields_of, content_type, body, FieldLimit(MOST))


@bounded(150)
@given(st.one_of(st.binary(max_size=60), st.text("AZaz09+/-_= \r\n\t,:;", max_size=40)))
def test_base64_is_a_picture_or_a_bad_request(text):
    content = text.encode() if isinstance(text, str) else text
    for call in (decoded_base64, lambda body: body_source(body).content):
        try:
            found = call(content)
        except Problem as problem:
            assert problem.status == 400
        else:
            assert found
            assert decoded_base64(encoded_base64(found).encode()) == found


@bounded(150)
@given(st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=14), st.integers(1, 3))
def test_parameters_are_an_ask_or_a_bad_request(fields, version):
    parameters = Parameters(fields)
    for call in (
        lambda: key_of(parameters, version=version),
        lambda: ask_of(parameters, version=version),
        lambda: v1_source(parameters),
        lambda: file_source(parameters),
        lambda: url_source(parameters),
    ):
        try:
            assert call()
        except Problem as problem:
            assert problem.status == 400
            assert problem.detail if hasattr(problem, "detail") else str(problem)
