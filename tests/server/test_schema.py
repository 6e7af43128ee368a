# SPDX-License-Identifier: Apache-2.0
"""Requests made up from the server's own OpenAPI document: it keeps what the document says."""

from __future__ import annotations

import base64
import sys
from pathlib import Path

import pytest

pytest.importorskip("uvicorn")
pytest.importorskip("schemathesis")
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import hypothesis
import schemathesis
from hypothesis import given, settings
from schemathesis.specs.openapi import checks
from server_process import serving

SAMPLES = Path(__file__).parents[2] / "runtime_data" / "samples"
MODES = schemathesis.GenerationMode
RECOGNISING = [
    "recognize_v1", "recognize_v2", "recognize_bytes_v2", "recognize_v3", "recognize_bytes_v3",
]  # fmt: skip
DOORS = ["plate_reader", "plate_reader_bare", "vision_alpr"]
# Unknown parameters are ignored and numbers come as text: wrong by the document, and accepted
# on purpose. Random bytes are no picture: right by the document, and refused.
NOT_ASKED = [checks.negative_data_rejection, checks.positive_data_acceptance]


@pytest.fixture(scope="module")
def operations():
    """What the server offers, by the names of its document."""
    with serving(1) as (port, _):
        schema = schemathesis.openapi.from_url(f"http://127.0.0.1:{port}/openapi.json")
        found = [result.ok() for result in schema.get_all_operations()]
        yield {operation.definition.raw["operationId"]: operation for operation in found}


def check_each(strategy, check, number):
    """Call `check` with `number` requests out of `strategy`, the same ones each time."""
    bounded = settings(
        max_examples=number,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[hypothesis.Phase.generate],  # shrinking would take minutes of requests
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    bounded(given(strategy)(check))()


@pytest.mark.parametrize("mode", list(MODES))
def test_any_request_gets_an_answer_that_the_document_knows(operations, mode):
    def check(case):
        case.call_and_validate(excluded_checks=NOT_ASKED)

    assert {*RECOGNISING, *DOORS} < operations.keys()
    for operation in operations.values():
        if mode == MODES.POSITIVE or operation.definition.raw.get("parameters"):
            check_each(operation.as_strategy(generation_mode=mode), check, 8)


@pytest.mark.parametrize("name", RECOGNISING)
def test_a_right_request_with_a_picture_is_answered_as_the_document_says(operations, name):
    picture = (SAMPLES / "us.jpg").read_bytes()
    statuses = []

    def check(case):
        text = base64.b64encode(picture).decode()
        parts = case.body if isinstance(case.body, dict) else {}
        if case.path.endswith("_bytes"):
            case.body = text
        elif case.media_type == "application/x-www-form-urlencoded":
            case.body = {**parts, "image_bytes": text}
        else:
            case.media_type = "multipart/form-data"
            case.body = {**parts, "image": picture}
        if case.query:  # the query's count before the body's
            case.query.pop("image_bytes", None)
        case.query = {**(case.query or {}), "secret_key": "k", "country": "us", "topn": 3}
        if case.path.startswith("/v1"):
            case.query["tasks"] = "plate,color"
        response = case.call()
        case.validate_response(response, excluded_checks=NOT_ASKED)
        assert response.status_code == 200, response.text
        statuses.append(response.status_code)

    strategy = operations[name].as_strategy(generation_mode=MODES.POSITIVE)
    check_each(strategy, check, 8)
    assert len(statuses) >= 4
