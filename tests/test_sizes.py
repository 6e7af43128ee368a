# SPDX-License-Identifier: Apache-2.0
"""What is read at one sitting stays so: functions under 50 lines, modules under 300."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
FUNCTION, MODULE = 50, 300
# What is longer today, and by no more than this. A line goes when it is shorter; none comes.
LONGER = {
    "alprcore/settings.py": 334,
}


def modules() -> list[Path]:
    python = [path for path in (ROOT / "alprcore").rglob("*.py*") if path.suffix in {".py", ".pyx"}]
    native = [path for path in (ROOT / "csrc").rglob("*.*") if path.suffix in {".cpp", ".hpp"}]
    return sorted(python + native)


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """The functions of a module with their lines, without those of the docstring."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            said = node.body[0] if ast.get_docstring(node, clean=False) is not None else None
            documented = 0 if said is None else (said.end_lineno or said.lineno) - said.lineno + 1
            yield node.name, node.end_lineno - node.lineno + 1 - documented


def too_long() -> dict[str, int]:
    found = {}
    for path in modules():
        name = str(path.relative_to(ROOT))
        lines = len(path.read_text("utf-8").splitlines())
        if lines > MODULE:
            found[name] = lines
        if path.suffix == ".py":
            found |= {f"{name}:{each}": n for each, n in functions(path) if n >= FUNCTION}
    return found


def test_functions_and_modules_are_short():
    longer = {name: lines for name, lines in too_long().items() if lines > LONGER.get(name, 0)}
    assert longer == {}


def test_nothing_is_excused_that_is_short_now():
    assert sorted(LONGER.keys() - too_long().keys()) == []
