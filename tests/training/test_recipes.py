# SPDX-License-Identifier: Apache-2.0
"""Recipes: what they say is there, and each of them runs, three training steps long."""

from __future__ import annotations

import csv
import importlib.util
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from alprcore.resources import source_records
from alprcore.training.__main__ import main
from alprcore.training.recipe import (
    RecipeError,
    Step,
    changed_data,
    command,
    folder_hash,
    load_recipe,
    parse_recipe,
    recipe_names,
)

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("ALPRCORE_DATA", ROOT.parent / "shared" / "data"))
CHINESE_FONT = Path("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc")
FONTS = Path(os.environ.get("ALPRCORE_FONTS", ROOT / "training_data" / "fonts"))
KEPT = 40  # pictures of each folder in a trial run
# A recipe whose program is in the standard library: it packs a file.
PACKED = """
title = "t"
limits = "l"
[data]
"crops" = "{hash}"
[[step]]
name = "pack"
module = "zipfile"
output = "out.zip"
words = ["-c", "{{output}}", "{{data}}/crops/truth.csv"]
"""


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    """A recipe file beside the data it was written for."""
    (tmp_path / "data" / "crops").mkdir(parents=True)
    (tmp_path / "data" / "crops" / "truth.csv").write_text("image,plate\n")
    recipe = tmp_path / "packed.toml"
    recipe.write_text(PACKED.format(hash=folder_hash(tmp_path / "data" / "crops")))
    return recipe


def run(recipe: Path, *more: str) -> int:
    data, work = recipe.parent / "data", recipe.parent / "work"
    return main([str(recipe), "--data", str(data), "--work", str(work), *more])


def test_a_recipe_runs_its_steps_and_does_not_repeat_them(packed, capfd):
    assert run(packed) == 0
    assert (packed.parent / "work" / "packed" / "out.zip").exists()
    capfd.readouterr()
    assert run(packed) == 0
    assert "is there already" in capfd.readouterr().out
    assert run(packed, "--again") == 0
    assert "is there already" not in capfd.readouterr().out


def test_a_dry_run_prints_the_commands_alone(packed, capfd):
    assert run(packed, "--dry-run") == 0
    assert "python -m zipfile -c" in capfd.readouterr().out
    assert not (packed.parent / "work").exists()


def test_other_data_is_refused_unless_asked_for(packed, capfd):
    (packed.parent / "data" / "crops" / "truth.csv").write_text("image,plate\na.png,ABC\n")
    assert run(packed) == 1
    assert "crops" in capfd.readouterr().err
    assert run(packed, "--changed-data") == 0


def test_missing_data_is_named(packed, capfd):
    shutil.rmtree(packed.parent / "data" / "crops")
    assert run(packed) == 1
    assert "crops: no such folder" in capfd.readouterr().err


def test_a_failed_step_ends_the_run_with_2(packed, capfd):
    packed.write_text(packed.read_text().replace('"-c"', '"--wrong"'))
    assert run(packed) == 2
    assert "step pack ended with" in capfd.readouterr().err


def test_a_missing_parent_is_named(packed, capfd):
    packed.write_text('parents = ["fonts"]\n' + packed.read_text())
    assert run(packed) == 1
    assert "python -m alprcore.training fonts" in capfd.readouterr().err


def test_a_missing_input_says_what_it_is(capfd):
    assert main(["own_bank", "--dry-run"]) == 1
    assert "--set crops=" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title = 1 2", "r: not TOML"),
        ('title = "t"\nlimits = "l"', r"r: expected at least one \[\[step\]\]"),
        ('tilte = "t"\n[[step]]\nname="s"\nmodule="m"\noutput="o"', "r: tilte: unknown key"),
        ('[[step]]\nname="s"\nmodule="m"\noutput="o"\nspeed=1', "r: step s: speed: unknown"),
        ('[[step]]\nname="s"\nmodule="m"', "r: step s: .*output"),
    ],
)
def test_a_mistake_is_reported_with_recipe_and_key(text, message):
    with pytest.raises(RecipeError, match=message):
        parse_recipe(text, "r")


def test_options_become_words():
    options = {"steps": 9, "all": True, "none": False, "crops": ["{data}/a", "b"]}
    step = Step("s", "m", "o", ("{data}",), options, {"steps": 3, "all": False})
    places = {"data": "D"}
    assert command(step, places) == (
        ["m", "D", "--steps", "9", "--all", "--crops", "D/a", "--crops", "b"]
    )
    assert command(step, places, trial=True)[2:4] == ["--steps", "3"]
    assert "--all" not in command(step, places, trial=True)
    with pytest.raises(RecipeError, match="step s"):
        command(Step("s", "m", "o", ("{nowhere}",)), places)


def test_a_folder_without_labels_stands_for_its_names_and_sizes(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.png").write_bytes(b"123")
    before = folder_hash(tmp_path)
    (tmp_path / "a" / "x.png").write_bytes(b"456")
    assert folder_hash(tmp_path) == before
    (tmp_path / "a" / "x.png").write_bytes(b"4567")
    assert folder_hash(tmp_path) != before
    (tmp_path / "truth.csv").write_text("image\n")
    labelled = folder_hash(tmp_path)
    (tmp_path / "a" / "x.png").unlink()
    assert folder_hash(tmp_path) == labelled


def test_the_page_lists_every_recipe():
    page = (ROOT / "alprcore/training/README.md").read_text("utf-8")
    rows = [f"| `{name}` | {load_recipe(name).title} |" for name in recipe_names()]
    assert [row for row in rows if row not in page] == []


def test_the_recipe_of_the_page_can_be_run(tmp_path, capfd):
    page = (ROOT / "alprcore/training/README.md").read_text("utf-8")
    mine = tmp_path / "mine.toml"
    mine.write_text(re.search(r"```toml\n(.*?)```", page, re.DOTALL)[1])
    assert main([str(mine), "--dry-run", "--trial"]) == 0
    assert "--steps 3" in capfd.readouterr().out


@pytest.mark.parametrize("name", recipe_names())
def test_what_a_recipe_names_is_there(name):
    recipe = load_recipe(name)
    shipped = {record.path: record.made_by for record in source_records()}
    outputs = {step.output for step in recipe.steps}
    assert recipe.title
    assert len(recipe.limits) > 40
    assert set(recipe.parents) <= set(recipe_names()) - {name}
    for path, output in recipe.makes.items():
        assert f"python -m alprcore.training {name}" in shipped[path]
        assert len(outputs) > 1 or output in outputs or name == "samples"
    for step in recipe.steps:
        found = importlib.util.find_spec(step.module)
        assert found is not None, step.module
        assert found.origin is not None
        source = Path(found.origin).read_text("utf-8")
        if "alprcore.cli.train_bank" in source:
            source += (ROOT / "alprcore/cli/train_bank.py").read_text("utf-8")
        for option in {**step.options, **step.trial}:
            assert f'"--{option}"' in source, f"{step.module} has no --{option}"


def test_every_trained_file_has_its_recipe():
    named = {
        record.path: re.findall(r"alprcore\.training (\w+)", record.made_by)
        for record in source_records()
        if "alprcore.training" in record.made_by
    }
    assert len(named) > 6
    for path, recipes in named.items():
        assert recipes, path
        assert path in load_recipe(recipes[0]).makes


def boxed(folder: str) -> set[str]:
    """Return the pictures of a folder of which the vehicles' boxes are labelled."""
    with (ROOT / "benchmarks/labels/vehicle_boxes.csv").open(encoding="utf-8", newline="") as file:
        return {row["image"] for row in csv.DictReader(file) if f"plates/{row['set']}" == folder}


def small_copy(data: Path, folder: str, target: Path) -> None:
    """Link some files of a folder of data into `target`, with the labels of these alone.

    Pictures that labels of this repository name are all linked.
    """
    source, made = data / folder, target / folder
    made.mkdir(parents=True, exist_ok=True)
    truth = source / "truth.csv"
    if truth.exists():
        with truth.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        names = sorted({row["image"] for row in rows})
        kept = set(names[:: max(1, len(names) // KEPT)])
        with (made / "truth.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(row for row in rows if row["image"] in kept)
        for name in kept | boxed(folder):
            (made / name).parent.mkdir(parents=True, exist_ok=True)
            (made / name).symlink_to((source / name).resolve())
        return
    for entry in source.iterdir():
        if entry.is_dir():
            (made / entry.name).mkdir(exist_ok=True)
            for path in sorted(entry.iterdir())[:4]:
                (made / entry.name / path.name).symlink_to(path.resolve())
        else:
            (made / entry.name).symlink_to(entry.resolve())


@pytest.fixture(scope="module")
def trial(tmp_path_factory) -> Callable[[str], Path]:
    """Runs a recipe's trial with its parents' and returns the folder of its outputs."""
    pytest.importorskip("torch")
    if not (DATA / "reading").is_dir():
        pytest.skip("no shared data")
    root = tmp_path_factory.mktemp("recipes")
    data, work = root / "data", root / "work"

    def run_trial(name: str) -> Path:
        recipe = load_recipe(name)
        given = {"crops": data / "reading" / "us", "chinese_fonts": root / "chinese_fonts"}
        if "chinese_fonts" in recipe.inputs and not given["chinese_fonts"].is_dir():
            if not (CHINESE_FONT.is_file() and FONTS.is_dir()):
                pytest.skip("no fonts: the recipe `fonts`, and Debian's fonts-wqy-zenhei")
            (given["chinese_fonts"] / "hanzi").mkdir(parents=True)
            (given["chinese_fonts"] / "hanzi" / CHINESE_FONT.name).symlink_to(CHINESE_FONT)
            (given["chinese_fonts"] / "plate").symlink_to(FONTS.resolve())
        if name == "fonts":
            if not FONTS.is_dir():
                pytest.skip("no fonts: `python -m alprcore.training fonts`")
            work.mkdir(exist_ok=True)
            if not (work / name).exists():
                (work / name).symlink_to(FONTS.resolve())
            return work / name
        for parent in recipe.parents:
            run_trial(parent)
        for folder in recipe.data:
            if not (data / folder).exists():
                small_copy(DATA, folder, data)
        sets = [word for key in recipe.inputs for word in ("--set", f"{key}={given[key]}")]
        words = ["--data", str(data), "--work", str(work), *sets, "--changed-data"]
        code = main([name, *words, "--trial"])
        assert code in ({0, 2} if name == "own_bank" else {0})  # 2: three steps gained nothing
        return work / name

    return run_trial


@pytest.mark.parametrize("name", [each for each in recipe_names() if each != "fonts"])
def test_a_recipe_runs_three_steps_long(name, trial):
    recipe = load_recipe(name)
    outputs = [trial(name) / step.output for step in recipe.steps]
    assert all(path.stat().st_size > 0 for path in outputs)


def test_the_hashes_are_of_the_data_that_are_here():
    if not DATA.is_dir():
        pytest.skip("no shared data")
    assert [name for name in recipe_names() if changed_data(load_recipe(name), DATA)] == []
