# SPDX-License-Identifier: Apache-2.0
"""What README.md shows is what happens; ``python tests/test_readme.py`` brings it up to date."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from pathlib import Path

from alprcore.cli import main

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
# A program or a command line, and the block below it that shows what it prints.
SHOWN = re.compile(r"```(python|sh)\n((?:(?!```).)*)```\n\n```text\n.*?```", re.DOTALL)


def with_real_output(readme: str) -> str:
    """The text of README.md with every text block replaced by what the block above it prints."""

    def replaced(block: re.Match[str]) -> str:
        kind, code = block[1], block[2]
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.chdir(ROOT):
            if kind == "python":
                exec(compile(code, "README.md", "exec"), {})
            else:
                main(shlex.split(code.rsplit("bin/alprcore", 1)[1]))
        return f"```{kind}\n{code}```\n\n```text\n{printed.getvalue()}```"

    return SHOWN.sub(replaced, readme)


def shape(text: str) -> str:
    """The text without times and shares, which differ a little between processors."""
    return re.sub(r" *\d+(\.\d+)? ?(ms|%)", r" … \2", text)


def test_it_shows_what_is_printed():
    readme = README.read_text("utf-8")
    assert [block[0] for block in SHOWN.findall(readme)] == ["python", "sh"]
    assert shape(with_real_output(readme)) == shape(readme)


def test_the_first_program_is_short():
    first = SHOWN.search(README.read_text("utf-8"))
    assert len(first[2].splitlines()) <= 8


def test_the_files_it_names_exist():
    for name in re.findall(r"\]\((?!http)([^)#]+)\)", README.read_text("utf-8")):
        assert (ROOT / name).exists(), name


if __name__ == "__main__":
    README.write_text(with_real_output(README.read_text("utf-8")), "utf-8")
