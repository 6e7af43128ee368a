# SPDX-License-Identifier: Apache-2.0
"""Imports go one way; this keeps it so."""

from __future__ import annotations

import ast
from pathlib import Path

import alprcore

PACKAGE = Path(__file__).parents[1] / "alprcore"

# A module may import modules of its own line's predecessors, and of its own line.
LAYERS = [
    ["errors", "records", "_native", "_readings"],
    [
        "bank",
        "countries",
        "decode",
        "finder",
        "geometry",
        "hangul",
        "image",
        "image_header",
        "image_jpeg",
        "lattice",
        "network",
        "openalpr_config",
        "region_model",
        "pattern",
        "resources",
        "results",
        "series",
        "settings",
        "table",
        "text_lines",
        "vehicle_finder",
        "vehicle_model",
    ],
    ["stages"],
    ["country_set", "examination", "looks", "reader", "search"],
    ["engine"],
    ["drawing", "evaluation", "explain", "openalpr"],
    ["cli", "server", "video", "archive"],
    ["__main__"],
]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
FREE = {"__init__", "training"}  # the public names; offline tools that import anything


def module_of(path: Path) -> str:
    return ".".join(["alprcore", *path.relative_to(PACKAGE).with_suffix("").parts])


SOURCES = sorted(PACKAGE.rglob("*.py"))
MODULES = {module_of(path) for path in SOURCES} | {"alprcore._native", "alprcore._readings"}


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


def part(module: str) -> str:
    pieces = module.split(".")
    return pieces[1] if len(pieces) > 1 else "__init__"


def test_every_module_has_its_place():
    assert {part(module_of(path)) for path in SOURCES} <= LEVEL.keys() | FREE


def test_imports_go_one_way():
    for path in SOURCES:
        own = part(module_of(path))
        if own in FREE:
            continue
        for name in imports(path) - {"alprcore"}:
            assert LEVEL[part(name)] <= LEVEL[own], f"{module_of(path)} imports {name}"


def test_nothing_imports_training():
    for path in SOURCES:
        if part(module_of(path)) != "training":
            assert "training" not in {part(name) for name in imports(path)}, path.name


def test_only_programs_import_the_package_itself():
    for path in SOURCES:
        if part(module_of(path)) not in FREE | {"cli", "server", "video", "archive", "__main__"}:
            assert "alprcore" not in imports(path), path.name


def test_stages_do_not_import_one_another():
    for path in sorted((PACKAGE / "stages").glob("*.py")):
        if path.name != "__init__.py":
            assert "stages" not in {part(name) for name in imports(path)}, path.name


def test_the_package_shows_its_public_names():
    assert {"Engine", "Recognition"} <= set(alprcore.__all__)
    for name in alprcore.__all__:
        assert getattr(alprcore, name) is not None
