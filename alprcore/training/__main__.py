# SPDX-License-Identifier: Apache-2.0
"""Train by recipe: ``python -m alprcore.training RECIPE --data DIR``; without RECIPE, list them.

Every step is a process of its own and writes its output below ``WORK/RECIPE``; a run that was
stopped goes on with the step that was not finished.
"""

from __future__ import annotations

import argparse
import hashlib
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import alprcore
from alprcore.errors import AlprError
from alprcore.resources import source_records
from alprcore.training.recipe import (
    Recipe,
    RecipeError,
    changed_data,
    command,
    load_recipe,
    recipe_names,
)

_SOURCES = Path(alprcore.__file__).parents[1]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 0, or 1 for a wrong command and 2 for a failed step."""
    chosen = _parser().parse_args(arguments)
    try:
        if chosen.recipe is None:
            print("\n".join(f"{name:<14}{load_recipe(name).title}" for name in recipe_names()))
            return 0
        recipe = load_recipe(chosen.recipe)
        places = _places(recipe, chosen)
        _check(recipe, chosen)
    except AlprError as error:
        print(f"training: {error}", file=sys.stderr)
        return 1
    return _run(recipe, places, chosen)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m alprcore.training", description="make a shipped file by its recipe"
    )
    add = parser.add_argument
    add("recipe", nargs="?", metavar="RECIPE", help="name, or a file of your own (.toml)")
    add("--data", type=Path, default=Path("data"), help="folder of labelled pictures")
    add("--work", type=Path, default=Path("training_data"), help="outputs (default: %(default)s)")
    add("--set", action="append", default=[], metavar="NAME=VALUE", help="an input of the recipe")
    add("--trial", action="store_true", help="three training steps each, to see that it works")
    add("--again", action="store_true", help="run steps whose output exists as well")
    add("--dry-run", action="store_true", help="print the commands only")
    add("--changed-data", action="store_true", help="take data other than the recipe's")
    return parser


def _places(recipe: Recipe, chosen: argparse.Namespace) -> dict[str, str]:
    """Return what stands for each ``{name}`` of the recipe."""
    given = dict(pair.split("=", 1) for pair in chosen.set if "=" in pair)
    if missing := sorted(set(recipe.inputs) - set(given)):
        raise RecipeError(f"{recipe.name}: --set {missing[0]}=… {recipe.inputs[missing[0]]}")
    return {
        "data": str(chosen.data),
        "work": str(chosen.work / recipe.name),
        "labels": str(_SOURCES / "benchmarks" / "labels"),
        "shipped": str(_SOURCES / "runtime_data"),
        **{parent: str(chosen.work / parent) for parent in recipe.parents},
        **given,
    }


def _check(recipe: Recipe, chosen: argparse.Namespace) -> None:
    """Refuse to start without parents or with other data."""
    for name in recipe.parents:
        outputs = [chosen.work / name / step.output for step in load_recipe(name).steps]
        if not chosen.dry_run and not all(path.exists() for path in outputs):
            raise RecipeError(
                f"{recipe.name}: {chosen.work / name} is not complete; first run"
                f" `python -m alprcore.training {name}`"
            )
    if chosen.dry_run or chosen.changed_data:
        return
    if changed := changed_data(recipe, chosen.data):
        raise RecipeError(
            f"{recipe.name}: other data than it was written for: {', '.join(changed)};"
            " --changed-data takes them"
        )


def _run(recipe: Recipe, places: dict[str, str], chosen: argparse.Namespace) -> int:
    work = Path(places["work"])
    if not chosen.dry_run:
        work.mkdir(parents=True, exist_ok=True)
    for step in recipe.steps:
        output = work / step.output
        words = command(step, {**places, "output": str(output)}, trial=chosen.trial)
        print(f"{step.name}: python -m {shlex.join(words)}", flush=True)
        if chosen.dry_run:
            continue
        if output.exists() and not chosen.again:
            print(f"{step.name}: {output} is there already", flush=True)
            continue
        done = subprocess.run([sys.executable, "-m", *words], check=False).returncode
        if done or not output.exists():
            print(f"training: step {step.name} ended with {done}", file=sys.stderr)
            return 2
    for line in _made(recipe, work) if not chosen.dry_run else []:
        print(line)
    return 0


def _made(recipe: Recipe, work: Path) -> list[str]:
    """Return what was made, and whether it is the shipped file."""
    shipped = {record.path: record.sha256 for record in source_records()}
    lines = []
    for path, output in recipe.makes.items():
        found = hashlib.sha256((work / output).read_bytes()).hexdigest()
        verdict = "is" if shipped.get(path) == found else "is not"
        lines.append(f"{work / output}, sha256 {found}: {verdict} runtime_data/{path} bit for bit")
    return lines


if __name__ == "__main__":
    raise SystemExit(main())
