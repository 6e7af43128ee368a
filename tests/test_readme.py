# SPDX-License-Identifier: Apache-2.0
"""What README.md shows is what happens."""

from __future__ import annotations

import contextlib
import io
import itertools
import re
import shlex
from pathlib import Path

import pytest

from alprcore.cli import main

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


@pytest.fixture(autouse=True)
def checkout(monkeypatch):
    monkeypatch.chdir(ROOT)


def shown_after(kind: str, words: str) -> tuple[str, str]:
    """The block of `kind` that holds `words`, and the text block below it."""
    for (language, code), (after, text) in itertools.pairwise(BLOCKS):
        if language == kind and words in code and after == "text":
            return code, text
    raise AssertionError(f"no {kind} block with {words!r} and a text block below")


def timeless(text: str) -> str:
    return re.sub(r"\d+ ms", "… ms", text)


def test_the_first_program_prints_what_is_shown():
    code, shown = shown_after("python", "from alprcore import Engine")
    assert len(code.splitlines()) <= 8
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "README.md", "exec"), {})
    assert printed.getvalue() == shown


def test_the_first_command_prints_what_is_shown(capsys):
    code, shown = shown_after("sh", "alprcore recognize")
    words = shlex.split(code.rsplit("bin/alprcore", 1)[1])
    assert main(words) == 0
    assert timeless(capsys.readouterr().out) == timeless(shown)


def test_the_files_it_names_exist():
    for name in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / name).exists(), name
