# SPDX-License-Identifier: Apache-2.0
"""Fields and pictures out of bodies: against the standard library, and against damage."""

from __future__ import annotations

import base64
import contextlib
import time
from urllib.parse import parse_qsl, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from server_tools import multipart

from alprcore.server.api.problems import Problem
from alprcore.server.http.forms import (
    FieldLimit,
    decoded_base64,
    encoded_base64,
    field_text,
    multipart_fields,
    urlencoded_fields,
)

NAMES = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=12)


@given(st.text("ab=&+%2Bf0A /\n", max_size=40))
def test_urlencoded_fields_are_those_of_the_standard_library(text):
    pairs = parse_qsl(text, keep_blank_values=True, encoding="latin-1")
    want = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs if name]
    found = urlencoded_fields(text.encode(), FieldLimit(100))
    assert found == [(name.decode("utf-8", "replace"), value) for name, value in want]


def test_only_a_multipart_body_holds_files():
    fields = urlencoded_fields(b"image=a&%69mage=b&images=c", FieldLimit(9))
    assert fields == [("images", b"c")]


@given(st.lists(st.tuples(NAMES, st.binary(max_size=80)), min_size=1, max_size=6))
def test_what_was_put_into_an_urlencoded_body_comes_out(fields):
    body = "&".join(f"{name}={quote_plus(value)}" for name, value in fields)
    assert urlencoded_fields(body.encode(), FieldLimit(10)) == fields


@given(st.dictionaries(NAMES, st.binary(max_size=80), min_size=1, max_size=6))
def test_what_was_put_into_a_multipart_body_comes_out(fields):
    body, kind = multipart(fields)
    assert multipart_fields(body, kind.encode(), FieldLimit(10)) == list(fields.items())


@given(st.binary(max_size=300), st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_damaged_multipart_body_is_a_bad_request_or_has_other_fields(noise, begin, end):
    body, kind = multipart({"tasks": "plate", "country": "us"}, b"picture")
    at, to = sorted((begin % len(body), end % len(body)))
    try:
        fields = multipart_fields(body[:at] + noise + body[to:], kind.encode(), FieldLimit(10))
    except Problem as problem:
        statuses = {problem.status}
    else:
        statuses = {400} if all(isinstance(value, bytes) for _, value in fields) else set()
    assert statuses == {400}


def test_every_way_to_cut_a_multipart_body_short_is_noticed():
    body, kind = multipart({"tasks": "plate"}, b"picture")
    for length in range(len(body) - 4):  # without the last dashes and the line's end it is whole
        with pytest.raises(Problem):
            multipart_fields(body[:length], kind.encode(), FieldLimit(10))


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ('Content-Disposition: form-data; name="image"; filename="a;b\\".jpg"', "image"),
        ("content-disposition:form-data;name=image;filename=x", "image"),
        ('X: y\r\nContent-Disposition: form-data; filename="name=1"; name="image"', "image"),
        ('Content-Disposition: attachment; NAME="image"', "image"),
    ],
)
def test_headers_of_parts(head, name):
    body = f"--b\r\n{head}\r\n\r\nabc\r\n--b--".encode()
    assert multipart_fields(body, b"multipart/form-data; boundary=b", FieldLimit(9)) == [
        (name, b"abc")
    ]


@pytest.mark.parametrize("kind", ["", "; boundary=", f"; boundary={'b' * 71}", "; boundry=b"])
def test_a_multipart_body_without_a_boundary(kind):
    with pytest.raises(Problem):
        multipart_fields(
            b"--b\r\n\r\n\r\n--b--", b"multipart/form-data" + kind.encode(), FieldLimit(9)
        )


def test_a_preamble_and_spaces_behind_the_boundary():
    body = b'hello\r\n--b  \r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\nbye'
    assert multipart_fields(body, b'x; boundary="b"', FieldLimit(9)) == [("a", b"1")]


@given(st.binary(min_size=1, max_size=200), st.sampled_from(["", "\n", "\r\n"]), st.booleans())
def test_base64_survives_its_way(content, line_end, padded):
    text = encoded_base64(content)
    assert base64.b64decode(text) == content
    text = line_end.join(text[i : i + 16] for i in range(0, len(text), 16)) + line_end
    text = text if padded else text.replace("=", "")
    for damaged in (
        text,
        text.replace("+", " "),
        text.replace("+", "-").replace("/", "_"),
        f"data:image/jpeg;base64,{text}",
        f"data:image/png;name=a.png;base64,{text}",
    ):
        assert decoded_base64(damaged.encode()) == content


@pytest.mark.parametrize("text", ["", " ", "====", "a", "abc$", "päh", "\0\0\0\0", "AAAA=AAAA"])
def test_what_is_no_base64(text):
    with pytest.raises(Problem, match="Unable to base64 decode image_bytes body"):
        decoded_base64(text.encode())


def test_texts_of_fields():
    assert field_text(b" us \r\n") == "us"
    assert field_text(b"\xff") == "�"


@pytest.mark.parametrize("fields", [10, 11])
def test_too_many_fields(fields):
    query = b"&".join([b"a=1"] * fields)
    body, kind = multipart({f"f{i}": "1" for i in range(fields)})
    for parse in (
        lambda: urlencoded_fields(query, FieldLimit(10)),
        lambda: multipart_fields(body, kind.encode(), FieldLimit(10)),
    ):
        if fields <= 10:
            assert len(parse()) == fields
        else:
            with pytest.raises(Problem, match="More than 10"):
                parse()


def test_parameters_without_a_name_count_too():
    part = b"--b\r\n\r\n\r\n\r\n"
    kind = b"multipart/form-data; boundary=b"
    assert multipart_fields(part * 10 + b"--b--", kind, FieldLimit(10)) == []
    with pytest.raises(Problem, match="More than 10 parameters"):
        multipart_fields(part * 11 + b"--b--", kind, FieldLimit(10))
    assert urlencoded_fields(b"&" * 9, FieldLimit(10)) == []
    with pytest.raises(Problem, match="More than 10 parameters"):
        urlencoded_fields(b"&" * 10, FieldLimit(10))


def test_no_query_is_no_parameter():
    limit = FieldLimit(1)
    assert urlencoded_fields(b"", limit) == []
    assert urlencoded_fields(b"a=1", limit) == [("a", b"1")]


def hostile(size):
    """Bodies that cost more than their size if anything is not linear, with how to parse them."""
    header = b"multipart/form-data; boundary=" + b"-" * 60
    yield lambda: multipart_fields(b"\r\n" + b"-" * size, header, FieldLimit(9))
    yield lambda: multipart_fields(
        b"--b\r\n" + b"\r\n--" * (size // 4), b"x;boundary=b", FieldLimit(9)
    )
    yield lambda: multipart_fields(
        b"--b\r\nContent-Disposition:" + b';a="' * (size // 4), b"x;boundary=b", FieldLimit(9)
    )
    yield lambda: multipart_fields(b"", b"x" + b";a=" * (size // 3), FieldLimit(9))
    yield lambda: urlencoded_fields(b"a=" + b"%41" * (size // 3), FieldLimit(9))
    yield lambda: urlencoded_fields(b"a=" + b"%2B" * (size // 3), FieldLimit(9))
    yield lambda: urlencoded_fields(b"&" * size, FieldLimit(9))
    yield lambda: decoded_base64(b"data:" + b"a/" * (size // 2))
    yield lambda: decoded_base64(b" " * size)


def test_nothing_takes_more_than_linear_time():
    for parse in hostile(1_000_000):
        begin = time.perf_counter()
        with contextlib.suppress(Problem):
            parse()
        # Linear is some milliseconds here; quadratic would be minutes.
        assert time.perf_counter() - begin < 5.0
