# SPDX-License-Identifier: Apache-2.0
"""Imports go one way, room by room; this keeps it so."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import alprcore

PACKAGE = Path(__file__).parents[1] / "alprcore"

# A room imports only rooms before it, and itself. `showing` and `wire` stand before `engine`
# because `Recognition`, what the engine returns, draws itself and carries its own wire form.
ORDER = [
    "errors",
    "records",
    "_channel",
    "_native",
    "_readings",
    "geometry",
    "settings",
    "resources",
    "network",
    "picture",
    "countries",
    "finding",
    "reading",
    "ranking",
    "vehicles",
    "showing",
    "wire",
    "running",
    "engine",
    "evaluation",
    "video",
    "redaction",
    "archive",
    "scale",
    "agent",
    "bridge",
    "openalpr",
    "server",
    "browse",
    "cli",
    "__main__",
]
RANK = {name: number for number, name in enumerate(ORDER)}
FREE = {"__init__", "training"}  # the public names; offline tools that import anything
PROGRAMS = {"cli", "server", "video", "archive", "scale", "agent", "browse", "__main__"}
MOST_LOOSE = 9  # modules outside a room, `__init__` and `__main__` among them


def module_of(path: Path) -> str:
    return ".".join(["alprcore", *path.relative_to(PACKAGE).with_suffix("").parts])


SOURCES = sorted(PACKAGE.rglob("*.py"))
MODULES = {module_of(path) for path in SOURCES} | {
    f"alprcore.{name}" for name in ("_channel", "_native", "_readings")
}


@cache
def imports(path: Path) -> set[str]:
    """The full names of our own modules that `path` imports, also inside functions."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative import"
            inner = {f"{node.module}.{alias.name}" for alias in node.names} & MODULES
            names |= inner or {node.module}
    return {name for name in names if name.split(".")[0] == "alprcore"}


def room(module: str) -> str:
    pieces = module.split(".")
    return pieces[1] if len(pieces) > 1 else "__init__"


def test_every_module_has_its_place():
    assert {room(module_of(path)) for path in SOURCES} <= RANK.keys() | FREE


def test_few_modules_stand_outside_a_room():
    assert len(list(PACKAGE.glob("*.py"))) <= MOST_LOOSE


def test_a_room_imports_only_rooms_before_it():
    for path in SOURCES:
        own = room(module_of(path))
        if own in FREE:
            continue
        for name in imports(path) - {"alprcore"}:
            assert RANK[room(name)] <= RANK[own], f"{module_of(path)} imports {name}"


def test_nothing_imports_training():
    for path in SOURCES:
        if room(module_of(path)) != "training":
            assert "training" not in {room(name) for name in imports(path)}, path.name


def test_only_programs_import_the_package_itself():
    for path in SOURCES:
        if room(module_of(path)) not in FREE | PROGRAMS:
            assert "alprcore" not in imports(path), path.name


def modules_within(path: Path, seen: frozenset[Path]) -> None:
    """Follow a module's imports inside its own room; a circle is an error."""
    assert path not in seen, f"{module_of(path)} imports itself in a circle"
    for name in imports(path):
        target = PACKAGE.joinpath(*name.split(".")[1:]).with_suffix(".py")
        if target.exists() and room(name) == room(module_of(path)) != "training":
            modules_within(target, seen | {path})


def test_modules_of_a_room_import_one_another_without_circles():
    for path in SOURCES:
        modules_within(path, frozenset())


def test_the_package_shows_its_public_names():
    assert {"Engine", "Recognition"} <= set(alprcore.__all__)
    for name in alprcore.__all__:
        assert getattr(alprcore, name) is not None
