# SPDX-License-Identifier: Apache-2.0
"""Every page: its commands run, its links lead somewhere, and nothing is documented nowhere."""

from __future__ import annotations

import contextlib
import re
from dataclasses import fields

import pages
import pytest
from pages import ROOT, Block, blocks, commands, made_pages

import alprcore
from alprcore import records

TEXT = "\n".join(page.read_text("utf-8") for page in pages.pages())
SHELL = [block for block in blocks() if block.kind == "sh"]
PYTHON = [block for block in blocks() if block.kind in {"python", "py"}]
PUBLIC = [
    getattr(alprcore, name)
    for name in alprcore.__all__
    if hasattr(getattr(alprcore, name), "__dataclass_fields__")
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the pages' commands find what they name."""
    made = tmp_path_factory.mktemp("pages")
    pages.prepare(made)
    return made


def test_there_are_pages_and_commands():
    assert len(pages.pages()) > 8
    assert len(SHELL) > 8
    assert len(PYTHON) >= 4


def test_every_block_says_what_it_is():
    kinds = {"sh", "python", "text", "toml", "json", "cpp", "ini", "yaml", "sql"}
    assert [str(block) for block in blocks() if block.kind not in kinds] == []


@pytest.mark.parametrize("block", [each for each in SHELL if not each.why], ids=str)
def test_every_command_runs(block: Block, folder, capsys):
    if pages.SHOWN.match(f"```sh\n{block.code}```\n\n```text\n```"):
        shown = f"```sh\n{block.code}```\n\n```text\n"
        if shown in block.page.read_text("utf-8"):
            return  # test_readme runs it and compares what it prints
    with contextlib.chdir(folder):
        for words in commands(block.code):
            assert words[0] in {"alprcore", "alpr"}, f"{words}: run it here, or say why not"
            if words[1] in pages.LASTING:
                assert pages.unknown(words) == ""
            else:
                assert pages.run(words) == 0, (words, capsys.readouterr().err)


@pytest.mark.parametrize("block", [each for each in SHELL if each.why], ids=str)
def test_what_is_not_run_exists(block: Block):
    assert [said for words in commands(block.code) if (said := pages.unknown(words))] == []


@pytest.mark.parametrize("block", [each for each in PYTHON if not each.why], ids=str)
def test_every_program_runs(block: Block, folder, capsys):
    with contextlib.chdir(folder):
        exec(compile(block.code, str(block.page), "exec"), {})
    assert capsys.readouterr().out


@pytest.mark.parametrize("page", pages.pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for target, anchor in re.findall(
        r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)", page.read_text("utf-8")
    ):
        there = (page.parent / target).resolve() if target else page
        assert there.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", there.read_text("utf-8"), re.MULTILINE)
            slugs = [re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings]
            assert anchor in slugs, f"{target}#{anchor}"


@pytest.mark.parametrize("page", made_pages(), ids=lambda page: page.name)
def test_pages_that_are_made_from_the_code_are_up_to_date(page):
    assert page.read_text("utf-8") == made_pages()[page], "run `python tests/test_readme.py`"


@pytest.mark.parametrize(
    "kind", [*PUBLIC, records.VehicleLook, records.Label], ids=lambda k: k.__name__
)
def test_every_public_field_is_on_a_page(kind):
    missing = [field.name for field in fields(kind) if f"`{field.name}`" not in TEXT]
    assert missing == []


def test_every_public_name_is_on_a_page():
    names = [name for name in alprcore.__all__ if not name.startswith("_")]
    assert [name for name in names if name not in TEXT] == []


@pytest.mark.parametrize(
    "kind", [alprcore.Engine, alprcore.Recognition, alprcore.Plate], ids=lambda kind: kind.__name__
)
def test_every_public_method_is_on_a_page(kind):
    methods = [name for name in vars(kind) if not name.startswith("_")]
    assert [name for name in methods if not re.search(rf"`{name}\b", TEXT)] == []


def test_every_route_is_on_a_page():
    pytest.importorskip("starlette")
    from alprcore.server.app import create_app
    from alprcore.server.config import Serving

    routes = [route.path for route in create_app(Serving()).routes]
    assert [path for path in routes if f"`{path}`" not in TEXT] == []
    assert len(routes) > 10


def test_every_path_of_the_agent_is_on_a_page():
    pytest.importorskip("starlette")
    pytest.importorskip("uvicorn")
    from alprcore.agent.metrics import Metrics
    from alprcore.agent.port import create_app
    from alprcore.agent.settings import AgentSettings

    routes = [route.path for route in create_app(AgentSettings(), Metrics(), None).routes]
    assert [path for path in routes if f"`{path}`" not in TEXT] == []
    assert len(routes) > 5
