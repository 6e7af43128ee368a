# SPDX-License-Identifier: Apache-2.0
"""The server's options and keys from the environment; keys in a header; names of requests."""

from __future__ import annotations

import argparse

import pytest

from alprcore.cli import parser
from alprcore.cli.serve import from_environment, keys_in
from alprcore.errors import AlprError
from alprcore.server.api.parameters import Parameters, key_of
from alprcore.server.api.problems import Problem
from alprcore.server.watching.watch import request_id


def chosen(environment: dict[str, str], *words: str) -> argparse.Namespace:
    whole = parser()
    (commands,) = (each for each in whole._actions if each.dest == "command")
    from_environment(commands.choices["serve"], environment)
    return whole.parse_args(["serve", *words])


def test_options_come_from_the_environment_and_the_command_line_overrides_them() -> None:
    environment = {
        "ALPRCORE_PORT": "9000",
        "ALPRCORE_WORKERS": "3",
        "ALPRCORE_ALLOW_URL": "one.example two.example:81",
        "ALPRCORE_LOG_PLATES": "yes",
        "ALPRCORE_DETECT_REGION": "0",
    }
    found = chosen(environment, "--workers", "2")
    assert (found.port, found.workers, found.log_plates) == (9000, 2, True)
    assert found.allow_url == ["one.example", "two.example:81"]
    assert found.detect_region is False
    assert chosen({}).detect_region is None


def test_a_wrong_value_of_the_environment_ends_the_command(capsys) -> None:
    with pytest.raises(SystemExit):
        chosen({"ALPRCORE_PORT": "many"})
    assert "--port: expected 0 to 65535, got 'many'" in capsys.readouterr().err


def test_keys_are_names_and_keys() -> None:
    assert keys_in("a=b  c=d=e\n") == (("a", "b"), ("c", "d=e"))
    assert keys_in("") == ()
    for text in ("a", "=b", "a="):
        with pytest.raises(AlprError, match="ALPRCORE_KEYS"):
            keys_in(text)


@pytest.mark.parametrize("header", ["Bearer K1", "bearer  K1", "Token K1", " TOKEN K1 "])
def test_a_key_may_come_in_the_header(header: str) -> None:
    assert key_of(Parameters([]), version=2, authorization=header) == "K1"
    given = Parameters([("secret_key", b"K2")])
    assert key_of(given, version=2, authorization=header) == "K2"


@pytest.mark.parametrize("header", ["", "K1", "Basic K1", "Bearer", "Bearer "])
def test_another_header_is_no_key(header: str) -> None:
    with pytest.raises(Problem, match="Missing secret_key"):
        key_of(Parameters([]), version=2, authorization=header)


def test_a_request_keeps_its_plain_name() -> None:
    assert request_id({"headers": [(b"x-request-id", b"abc-1.2_3")]}) == "abc-1.2_3"
    for value in (b"", b"a b", b"x" * 65, b"\xff", b'a"b', b"a\n"):
        made = request_id({"headers": [(b"x-request-id", value)]})
        assert len(made) == 32
    assert request_id({"headers": []}) != request_id({"headers": []})
