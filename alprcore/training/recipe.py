# SPDX-License-Identifier: Apache-2.0
"""Recipes: how each shipped file is trained, as data.

A recipe is a TOML file in `alprcore.training.recipes`: the folders of data it reads with their
hashes, the recipes it builds on, and its steps, each a program of `alprcore.training` with its
options. What can't be remade bit for bit stands in its ``limits``.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from alprcore.errors import AlprError

_FOLDER = "alprcore.training.recipes"
_TRUTH = "truth.csv"


class RecipeError(AlprError, ValueError):
    """A recipe is not well-formed, or what it needs is missing or other than it was."""


@dataclass(frozen=True, slots=True)
class Step:
    """One program of a recipe.

    Attributes
    ----------
    name
        What messages call it.
    module
        The program, for ``python -m``.
    output
        File that it writes, below the recipe's work folder; a step whose output exists is done.
    words
        Arguments before the options.
    options
        Options by name without dashes; true stands for the bare flag, a list repeats it.
    trial
        What a trial run changes, so that the step takes three training steps on little data; false
        takes an option away.
    """

    name: str
    module: str
    output: str
    words: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    trial: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a file is made.

    Attributes
    ----------
    name
        Its file's name without ``.toml``.
    title
        What it makes, in a line.
    limits
        What of it can't be remade bit for bit, and why.
    steps
        Programs in order.
    makes
        Shipped file, relative to ``runtime_data``, and the output that it is a copy of.
    parents
        Recipes whose outputs it takes.
    data
        Folder below the data folder, and its `folder_hash`.
    inputs
        What the user must name with ``--set``, and what it is.
    """

    name: str
    title: str
    limits: str
    steps: tuple[Step, ...]
    makes: Mapping[str, str] = field(default_factory=dict)
    parents: tuple[str, ...] = ()
    data: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)


def recipe_names() -> list[str]:
    """Return the names of the recipes that come with the package, sorted."""
    files = (entry.name for entry in resources.files(_FOLDER).iterdir())
    return sorted(name.removesuffix(".toml") for name in files if name.endswith(".toml"))


def load_recipe(name: str) -> Recipe:
    """Return a recipe of the package, or the one in the TOML file `name`.

    Raises
    ------
    RecipeError
        If there is no such recipe, or it is not well-formed.
    """
    if name.endswith(".toml"):
        try:
            return parse_recipe(Path(name).read_text("utf-8"), Path(name).stem)
        except OSError as error:
            raise RecipeError(f"{name}: cannot be read: {error.strerror}") from error
    if name not in recipe_names():
        raise RecipeError(f"recipe: expected one of {', '.join(recipe_names())}, got {name!r}")
    text = resources.files(_FOLDER).joinpath(f"{name}.toml").read_text("utf-8")
    return parse_recipe(text, name)


def parse_recipe(text: str, name: str) -> Recipe:
    """Return the recipe in a TOML text.

    Raises
    ------
    RecipeError
        If a key is missing or unknown; the message names recipe and key.
    """
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{name}: not TOML: {error}") from error
    listed = values.pop("step", [])
    steps = tuple(_made(Step, each, f"{name}: step {each.get('name', '?')}") for each in listed)
    if not steps:
        raise RecipeError(f"{name}: expected at least one [[step]]")
    return _made(Recipe, {**values, "name": name, "steps": steps}, name)


def _made(kind: Any, values: Mapping[str, Any], where: str) -> Any:
    """Return the dataclass `kind` of a table, lists as tuples."""
    known = kind.__dataclass_fields__
    if unknown := sorted(set(values) - set(known)):
        raise RecipeError(
            f"{where}: {unknown[0]}: unknown key, expected some of {', '.join(known)}"
        )
    try:
        return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})
    except TypeError as error:
        raise RecipeError(f"{where}: {error}") from error


def command(step: Step, places: Mapping[str, str], *, trial: bool = False) -> list[str]:
    """Return the words of ``python -m`` for a step.

    Parameters
    ----------
    step
        The step.
    places
        What stands for ``{name}`` in words and options.
    trial
        Whether it is a trial run.

    Raises
    ------
    RecipeError
        If a place is unknown.
    """
    options = {**step.options, **(step.trial if trial else {})}
    words = [step.module, *(_filled(word, places, step) for word in step.words)]
    for name, value in options.items():
        if value is False:
            continue
        for each in value if isinstance(value, list) else [value]:
            words.append(f"--{name}")
            if each is not True:
                words.append(_filled(each, places, step))
    return words


def _filled(value: Any, places: Mapping[str, str], step: Step) -> str:
    try:
        return str(value).format_map(places)
    except (KeyError, ValueError) as error:
        known = ", ".join(places)
        raise RecipeError(f"step {step.name}: {value!r}: expected places {known}") from error


def folder_hash(folder: Path) -> str:
    """Return the SHA-256 that stands for a folder of data.

    It is that of its ``truth.csv``; of a folder without one, of its files' names and sizes, one
    file per line, sorted.

    Raises
    ------
    RecipeError
        If there is no such folder.
    """
    if not folder.is_dir():
        raise RecipeError(f"{folder}: no such folder")
    truth = folder / _TRUTH
    if truth.is_file():
        return hashlib.sha256(truth.read_bytes()).hexdigest()
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = (f"{path.relative_to(folder).as_posix()} {path.stat().st_size}\n" for path in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def changed_data(recipe: Recipe, data: Path) -> list[str]:
    """Return which folders are not those that the recipe was written for.

    Raises
    ------
    RecipeError
        If one is missing.
    """
    return [name for name, known in recipe.data.items() if folder_hash(data / name) != known]
