# SPDX-License-Identifier: Apache-2.0
"""The project's pages: what they show, and those parts of them that are made from the code."""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import io
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2

from alprcore.agent.settings import documented as agent_documented
from alprcore.cli import main, parser
from alprcore.cli.alpr import arguments as alpr_arguments
from alprcore.cli.alpr.command import main as alpr
from alprcore.cli.alprvideocli import parser as finder_parser
from alprcore.evaluation.scoring import wilson
from alprcore.resources import sample_path
from alprcore.settings import documented
from alprcore.training.recipe import recipe_names

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
FOLDERS = ("alprcore", "benchmarks", "csrc", "runtime_data", "tests")
PICTURE = ROOT / "alprcore/showing/example.jpg"
# A program or a command line, and the block below it that shows what it prints.
SHOWN = re.compile(r"```(python|sh)\n((?:(?!```).)*)```\n\n```text\n.*?```", re.DOTALL)
FENCED = re.compile(
    r"^(?:<!-- not run: (?P<why>[^>]+) -->\n)?```(?P<kind>\w*)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
# Commands that run until they are stopped, and where they are started in earnest.
LASTING = {"serve": "tests/server", "agent": "tests/agent"}


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a page, and why it is not run."""

    page: Path
    kind: str
    code: str
    why: str

    def __str__(self) -> str:
        first = self.code.strip().split("\n", 1)[0]
        return f"{self.page.relative_to(ROOT)}: {first[:50]}"


def pages() -> list[Path]:
    """Every page of the project."""
    inside = [page for folder in FOLDERS for page in (ROOT / folder).rglob("*.md")]
    return sorted({*ROOT.glob("*.md"), *inside})


def blocks() -> list[Block]:
    """All fenced blocks of all pages."""
    return [
        Block(page, found["kind"], found["code"], found["why"] or "")
        for page in pages()
        for found in FENCED.finditer(page.read_text("utf-8"))
    ]


def commands(code: str) -> Iterator[list[str]]:
    """Yield the words of each command of a shell block; ``|`` and ``&&`` separate commands."""
    for line in code.replace("\\\n", " ").splitlines():
        words: list[str] = []
        for word in shlex.split(line, comments=True):
            if word in {"&&", "|"}:
                yield words
                words = []
            else:
                words.append(word)
        if words:
            yield words


def prepare(folder: Path) -> None:
    """Put what the pages' commands name into `folder`."""
    for name, sample in (("car.jpg", "us.jpg"), ("more.jpg", "eu.jpg")):
        shutil.copy(sample_path(sample), folder / name)
    samples = sample_path("us.jpg").parent
    shutil.copytree(samples, folder / "photos", ignore=shutil.ignore_patterns("kr", "*.md"))
    labels = (folder / "photos" / "truth.csv").read_text("utf-8")
    kept = [line for line in labels.splitlines(keepends=True) if not line.startswith("kr/")]
    (folder / "photos" / "truth.csv").write_text("".join(kept), "utf-8")
    shutil.copytree(samples, folder / "street", ignore=shutil.ignore_patterns("kr", "eu*", "*.*v"))
    picture = cv2.imread(str(sample_path("eu.jpg")))
    fourcc = cv2.VideoWriter.fourcc(*"mp4v")
    clip = cv2.VideoWriter(str(folder / "clip.mp4"), fourcc, 10, picture.shape[1::-1])
    for _ in range(4):
        clip.write(picture)
    clip.release()
    (folder / "plates.key").write_text("0123456789abcdef\n", "utf-8")
    (folder / "openalpr.conf").write_text("topn = 5\n", "utf-8")
    (folder / "my_countries").mkdir()
    page = (ROOT / "runtime_data/countries/README.md").read_text("utf-8")
    country = re.search(r"```toml\n(.*?)```", page, re.DOTALL)[1]
    (folder / "my_countries" / "se.toml").write_text(country, "utf-8")


def run(words: list[str]) -> int:
    """Run ``alprcore`` or ``alpr`` in this process and return the exit code."""
    content, out = b"", None
    for sign in ("<", ">"):
        if sign in words:
            at = words.index(sign)
            name = Path(words[at + 1])
            words = [*words[:at], *words[at + 2 :]]
            if sign == "<":
                content = name.read_bytes()
            else:
                out = name
    before, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(content))
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed if out else sys.stdout):
            code = {"alprcore": main, "alpr": alpr}[words[0]](words[1:])
    finally:
        sys.stdin = before
    if out:
        out.write_text(printed.getvalue(), "utf-8")
    return code


def unknown(words: list[str]) -> str:
    """What of a command that is not run cannot be meant: a module, a program or a flag; or ""."""
    words = [word for word in words if not re.fullmatch(r"[A-Z_]+=.*", word)]
    program = words[0].removeprefix(".venv/bin/")
    if program == "alprvideocli":
        finder_parser().parse_args(words[1:])
    if program == "alprcore" and words[1] != "--help":
        try:
            with contextlib.redirect_stderr(io.StringIO()) as said:
                parser().parse_args(words[1:])
        except SystemExit:
            return said.getvalue()
    if program.startswith("python") and len(words) > 1:
        if words[1] == "-m":
            if words[2] == "alprcore.training" and len(words) > 3:
                return "" if words[3] in recipe_names() else f"no recipe {words[3]}"
            known = importlib.util.find_spec(words[2]) is not None
            return "" if known or words[2] in {"pip", "venv"} else f"no module {words[2]}"
        if words[1].endswith(".py") and not (ROOT / words[1]).exists():
            return f"no file {words[1]}"
    return ""


def printed_by(block: str, kind: str) -> str:
    """What a program or a command line prints, run in the source folder."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.chdir(ROOT):
        if kind == "python":
            exec(compile(block, "README.md", "exec"), {})
        else:
            main(shlex.split(block.rsplit("bin/alprcore", 1)[1]))
    return printed.getvalue()


def with_real_output(readme: str) -> str:
    """The text of a page with every text block replaced by what the block above it prints."""

    def replaced(block: re.Match[str]) -> str:
        return f"```{block[1]}\n{block[2]}```\n\n```text\n{printed_by(block[2], block[1])}```"

    return SHOWN.sub(replaced, readme)


def accuracy_rows() -> str:
    """The rows of README.md's table: the newest of each set in benchmarks/RESULTS.md."""
    results = (ROOT / "benchmarks/RESULTS.md").read_text("utf-8")
    rows = []
    for name, title in (("us", "American"), ("eu", "European"), ("br", "Brazilian")):
        cells = [
            [cell.strip() for cell in line.strip("| ").split("|")]
            for line in results.splitlines()
            if re.match(rf"\| 20[-0-9]+ \| \w+ \| {name} \| {name} \|", line)
        ][-1]
        n, found, strict, interval, folded = cells[4:9]
        rows.append(
            f"| {title}, `{name}` | {n} | {found} % | {strict} % ({interval}) | {folded} % |"
        )
    street = re.search(
        r"whole world, (\d+) plates.*?`auto`.*?(\d+) found, (\d+) strict, (\d+) folded",
        results,
        re.DOTALL,
    )
    n, found, strict, folded = map(int, street.groups())
    low, high = wilson(strict, n)
    rows.append(
        f"| streets of the whole world, `auto` | {n} | {100 * found / n:.1f} % |"
        f" {100 * strict / n:.1f} % ({100 * low:.1f}-{100 * high:.1f}) | {100 * folded / n:.1f} % |"
    )
    return "\n".join(rows) + "\n"


def with_accuracy(readme: str) -> str:
    """The text of README.md with the rows of `accuracy_rows`."""
    return re.sub(
        r"(\| photographs, country .*\n\| ---.*\n)((?:\|.*\n)*)",
        lambda found: found[1] + accuracy_rows(),
        readme,
    )


def settings_page() -> str:
    """The text of alprcore/SETTINGS.md."""
    return f"""# Settings

`Engine(country=…, topn=5, …)` takes these by name; `engine.with_settings(topn=3)` changes some and
shares the loaded networks. Those with a flag are options of `alprcore recognize`, `evaluate` and
`explain`; a flag overrides `--config`. The table is made from `alprcore.Settings` by
`python tests/test_readme.py`.

{documented()}"""


def agent_settings_page() -> str:
    """The text of alprcore/agent/SETTINGS.md."""
    return f"""# Settings of the agent

Keys of `agent.toml` and of `alprd.conf`; what OpenALPR has keeps its name. Cameras are `[[camera]]`
tables, files in `stream.d/`, or `stream` lines. The tables are made from
`alprcore.agent.settings` by `python tests/test_readme.py`.

{agent_documented()}"""


def flags_page() -> str:
    """The text of alprcore/cli/FLAGS.md."""
    parts = [
        "# Flags\n\nMade by `python tests/test_readme.py` from the parsers; `--help` after a"
        " command shows the same.\n",
        *_sections(parser()),
        f"## alpr\n\n```text\n{alpr_arguments.HELP.strip()}\n```\n",
        *_sections(finder_parser(), "OpenALPR's Forensic Plate Finder"),
    ]
    return "\n".join(parts)


def _sections(command: argparse.ArgumentParser, meaning: str = "") -> Iterator[str]:
    """Yield the section of each command that does something."""
    formatter = command._get_formatter()
    rows = []
    for action in command._actions:
        if isinstance(action, argparse._SubParsersAction):
            told = {each.dest: each.help or "" for each in action._choices_actions}
            for name, below in action.choices.items():
                yield from _sections(below, told.get(name, ""))
            return
        if action.help == argparse.SUPPRESS or action.dest == "help":
            continue
        names = ", ".join(f"`{name}`" for name in action.option_strings)
        metavar = action.metavar or ("" if action.nargs == 0 else action.dest.upper())
        value = f" {metavar}" if metavar and action.option_strings else ""
        shown = (names or f"`{metavar or action.dest}`") + value.replace("|", r"\|")
        said = formatter._expand_help(action) if action.help else ""
        rows.append(f"| {shown} | {said.replace('|', chr(92) + '|')} |")
    body = "\n".join(["| | |", "| --- | --- |", *rows])
    yield f"## {command.prog}\n\n{meaning[:1].upper() + meaning[1:]}.\n\n{body}\n"


def made_pages() -> dict[Path, str]:
    """The pages that are made from the code, with the text they should have."""
    return {
        ROOT / "alprcore/SETTINGS.md": settings_page(),
        ROOT / "alprcore/agent/SETTINGS.md": agent_settings_page(),
        ROOT / "alprcore/cli/FLAGS.md": flags_page(),
    }
