# SPDX-License-Identifier: Apache-2.0
"""Teaching a bank something of one's own: back from its file, a short run, and wrong input."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from alprcore import cli
from alprcore.errors import ImageError, ResourceError, SettingsError
from alprcore.reading.bank import parse_bank, read_bank
from alprcore.resources import bank_bytes

torch = pytest.importorskip("torch")

from alprcore.training.bank import custom as train_bank  # noqa: E402
from alprcore.training.bank import train as bank  # noqa: E402
from alprcore.training.bank.data import Crop  # noqa: E402
from alprcore.training.bank.export import export_bank  # noqa: E402
from alprcore.training.bank.importing import model_of_bank  # noqa: E402
from alprcore.training.bank.tuning import (  # noqa: E402
    SHARES,
    TuningPlan,
    blended,
    farthest_harmless,
    mean_value,
    native_bank,
    right_readings,
    tune,
)
from alprcore.training.drawing.faces import Face, plain_words, stroke_face  # noqa: E402


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six lines a step instead of 48."""
    monkeypatch.setattr(bank, "BATCH", 6)


@pytest.fixture(scope="module")
def content() -> bytes:
    return bank_bytes("latin.npz")


@pytest.fixture(scope="module")
def plates() -> list[Crop]:
    return train_bank.drawn_plates(train_bank.general_faces(None), 24, 5)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, plates: list[Crop]) -> Path:
    """Labelled crops as a user would have them."""
    folder = tmp_path_factory.mktemp("mine")
    with (folder / "truth.csv").open("w", newline="", encoding="utf-8-sig") as file:
        rows = csv.writer(file)
        rows.writerow(("image", "plate"))
        for number, crop in enumerate(plates):
            cv2.imwrite(str(folder / f"{number}.png"), crop.image)
            rows.writerow((f"{number}.png", crop.text))
    return folder


def test_a_bank_comes_back_from_its_file_bit_for_bit(content: bytes, tmp_path: Path) -> None:
    with np.load(io.BytesIO(content)) as arrays:
        export_bank(model_of_bank(content), tmp_path / "again.npz", arrays["portraits"])
        with np.load(tmp_path / "again.npz") as again:
            assert set(again.files) == set(arrays.files)
            for name in arrays.files:
                assert again[name].dtype == arrays[name].dtype
                assert np.array_equal(again[name], arrays[name]), name


def test_the_model_of_a_bank_scores_as_the_native_one(content: bytes) -> None:
    line = np.random.default_rng(2).normal(0, 1, (32, 60)).astype(np.float32)
    with torch.no_grad():
        scores, gaps = model_of_bank(content)(torch.from_numpy(line)[None, None])
    native = parse_bank(content).templates.match(line, 0.0)
    starts, ends, got, _, _, got_gaps, _ = native
    np.testing.assert_allclose(got, scores[0].numpy()[starts, ends - starts - 2], atol=1e-2)
    np.testing.assert_allclose(got_gaps, gaps[0].numpy(), atol=1e-2)


def test_a_bank_of_another_shape_cannot_be_trained_on(content: bytes) -> None:
    with np.load(io.BytesIO(content)) as file:
        arrays = {name: file[name] for name in file.files}
    arrays["alphabet"] = np.array(str(arrays["alphabet"])[::-1])
    out = io.BytesIO()
    np.savez(out, **arrays)
    with pytest.raises(ResourceError, match="cannot be trained on"):
        model_of_bank(out.getvalue())


def test_training_moves_the_weights_and_repeats_itself(content: bytes, plates: list[Crop]) -> None:
    states = []
    for _ in range(2):
        model = model_of_bank(content)
        torch.manual_seed(1)
        tune(model, plates[:12], plates[12:], TuningPlan(4, 3), say=lambda _: None)
        states.append(model.state_dict())
    before = model_of_bank(content).state_dict()
    assert all(torch.equal(states[0][name], states[1][name]) for name in before)
    assert not torch.equal(states[0]["templates.weight"], before["templates.weight"])
    # The statistics of the normalisations mean nothing in a bank that comes from a file.
    assert torch.equal(states[0]["features.1.running_var"], before["features.1.running_var"])


def test_weights_are_blended_and_a_harmful_bank_is_not_taken(
    content: bytes, plates: list[Crop]
) -> None:
    before, after = model_of_bank(content), model_of_bank(content)
    with torch.no_grad():
        after.templates.weight.zero_()
    half = blended(before.state_dict(), after.state_dict(), 0.5)
    torch.testing.assert_close(half["templates.weight"], 0.5 * before.templates.weight.detach())
    control = train_bank.degraded_lines(plates[:8])
    model, share = farthest_harmless(before, after, [control])
    assert share < 1.0
    assert mean_value(model, control) >= mean_value(before, control)
    same, all_the_way = farthest_harmless(before, model_of_bank(content), [control, control[:2]])
    assert all_the_way == max(SHARES)
    assert torch.equal(same.gap.weight, before.gap.weight)


def test_a_model_reads_as_a_bank(content: bytes, plates: list[Crop]) -> None:
    portraits = parse_bank(content).portraits
    again = native_bank(model_of_bank(content), portraits)
    assert right_readings(again, plates) == right_readings(parse_bank(content), plates) > 0


def test_the_command_writes_a_bank_the_engine_reads_with(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(train_bank, "CONTROL_PLATES", 6)
    monkeypatch.setattr(train_bank, "REPORTED_PLATES", 6)
    out = tmp_path / "mine.npz"
    words = ["train-bank", "--crops", str(folder), "--out", str(out), "--steps", "4"]
    assert cli.main([*words, "--rendered", "12"]) in {0, 2}
    printed = capsys.readouterr().out
    assert f"{folder.name}, held back" in printed
    assert "before" in printed
    assert "after" in printed
    assert read_bank(str(out)).alphabet == parse_bank(bank_bytes("latin.npz")).alphabet


def test_a_face_is_learned_from_a_font(tmp_path: Path) -> None:
    fonts = sorted(Path(__file__).parents[2].glob("training_data/fonts/plate/barlow/*.woff"))
    if not fonts:
        pytest.skip("no font here")
    face = train_bank.face_of(fonts[0])
    assert face.has("ABCXYZ0189")
    faces = train_bank.FontSet((face,), (face,), {}, plain_words())
    crops = train_bank.photographed_plates(faces, 3, 1)
    assert all(crop.image.size and crop.text for crop in crops)


def test_a_face_that_draws_o_and_0_alike_is_told_from_one_that_does_not() -> None:
    face = stroke_face(3)
    twin = Face("twin", face.fields | {"0": face.fields["O"], "I": face.fields["O"]})
    assert train_bank.drawn_alike(twin, "O", "0")
    assert not train_bank.drawn_alike(twin, "I", "1")


def test_held_back_crops_are_never_learned_from(folder: Path) -> None:
    crops = train_bank.labelled_crops(folder)
    assert any(crop.held_back for crop in crops)
    chosen = cli.parser().parse_args(["train-bank", "--crops", str(folder), "--out", "x.npz"])
    learn, decide, tests = train_bank.gathered(chosen)
    assert len(learn) + len(decide) + len(tests[0].crops) == len(crops)
    assert not any(crop.held_back for crop in learn + decide)
    assert all(crop.held_back for crop in tests[0].crops)


@pytest.mark.parametrize(
    ("truth", "message"),
    [
        (None, "expected a truth.csv"),
        ("picture,text\n1.png,AB\n", "column 'plate' is missing"),
        ("image,plate\n1.png,AB123\n", "at least 10"),
    ],
)
def test_unusable_crops_are_refused(tmp_path: Path, truth: str | None, message: str) -> None:
    if truth is not None:
        (tmp_path / "truth.csv").write_text(truth)
    with pytest.raises(ImageError, match=message):
        train_bank.labelled_crops(tmp_path)


def test_a_file_that_is_no_font_is_refused(tmp_path: Path) -> None:
    (tmp_path / "no.ttf").write_bytes(b"not a font")
    with pytest.raises(ResourceError, match="cannot be read as a font"):
        train_bank.face_of(tmp_path / "no.ttf")


@pytest.mark.parametrize(
    "words",
    [
        ["--out", "x.npz"],
        ["--out", "x.npz", "--crops", "nowhere"],
        ["--out", "x.npz", "--crops", ".", "--steps", "0"],
        ["--out", "x.npz", "--font", "nowhere.ttf"],
    ],
)
def test_wrong_commands_exit_with_1(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["train-bank", *words]) == 1
    assert capsys.readouterr().err.startswith("alprcore: ")


def test_a_missing_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "alprcore.training.bank.custom")
    monkeypatch.setitem(sys.modules, "torch", None)
    assert cli.main(["train-bank", "--crops", ".", "--out", "x.npz"]) == 1
    assert "pip install 'alprcore[training]'" in capsys.readouterr().err


def test_crops_in_hangul_go_on_from_the_bank_that_has_it(tmp_path: Path) -> None:
    def crops(text: str) -> list[Crop]:
        return [Crop(np.zeros((20, 60), np.uint8), text, "mine", np.zeros((1, 4), np.float32))]

    latin, hangul = bank_bytes("latin.npz"), bank_bytes("hangul.npz")
    assert train_bank.start_bank(None, crops("AB12o")) == latin
    assert train_bank.start_bank(None, crops("12가3456")) == hangul
    given = tmp_path / "mine.npz"
    given.write_bytes(latin)
    assert train_bank.start_bank(given, crops("AB12")) == latin
    with pytest.raises(SettingsError, match="has no 가"):
        train_bank.start_bank(given, crops("12가3456"))


def test_the_hangul_bank_comes_back_from_its_file(tmp_path: Path) -> None:
    content = bank_bytes("hangul.npz")
    model = model_of_bank(content)
    with np.load(io.BytesIO(content)) as arrays:
        assert model.alphabet == str(arrays["alphabet"])
        export_bank(model, tmp_path / "again.npz", arrays["portraits"])
        with np.load(tmp_path / "again.npz") as again:
            assert all(np.array_equal(again[name], arrays[name]) for name in arrays.files)
