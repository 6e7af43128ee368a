# SPDX-License-Identifier: Apache-2.0
"""What the state network learns from: nothing held back, no copies; and its file says the same."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
torch.set_num_threads(1)
pytest.importorskip("onnx")

from alprcore.ranking.region_network import RegionModel  # noqa: E402
from alprcore.training.bank.data import read_labelled  # noqa: E402
from alprcore.training.regions.data import (  # noqa: E402
    Look,
    inked,
    photographed,
    read_crops,
    read_designs,
    without_copies,
)
from alprcore.training.regions.model import RegionNet, export_regions  # noqa: E402
from alprcore.training.regions.train import best_temperature  # noqa: E402

root = Path(__file__).resolve().parents[2]
data = Path(os.environ.get("ALPRCORE_DATA", root.parent / "shared" / "data"))
needs_data = pytest.mark.skipif(not (data / "regions").is_dir(), reason="no shared data")


def picture(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (60, 120, 3)).astype(np.uint8)


def look(seed: int, state: str, text: str, fold: int = 1) -> Look:
    return Look(picture(seed), state, f"{seed}.jpg", text, fold)


def test_plates_of_the_held_back_are_left_out() -> None:
    apart = [look(1, "tx", "AAA111", 0)]
    kept = [look(2, "tx", "BBB222"), look(3, "ny", "AAA111")]
    copies = [look(4, "tx", "AAA111"), look(1, "tx", "AAA1I1")]
    assert without_copies([*kept, *copies], apart) == kept


def test_a_lighter_copy_is_a_copy() -> None:
    lighter = Look((picture(1) // 2 + 90).astype(np.uint8), "tx", "x.jpg", "CCC333", 1)
    assert without_copies([lighter], [look(1, "tx", "AAA111", 0)]) == []


@needs_data
def test_the_held_back_fifth_is_that_of_the_reading() -> None:
    looks = read_crops(data)
    assert {each.fold for each in looks} == {0, 1, 2, 3, 4}
    crops = read_labelled(data / "reading" / "us", "us")
    held = [len(crop.text) for crop in crops if crop.held_back]
    assert held == [len(each.text) for each in looks if each.fold == 0 and len(each.text) > 1]


@needs_data
def test_place_holders_are_no_designs() -> None:
    designs = read_designs(data)
    assert len({design.state for design in designs}) == 51
    assert not [design for design in designs if design.name == "MISSING.jpg"]


def test_the_same_seed_photographs_the_same() -> None:
    shots = [photographed(picture(1), picture(2), np.random.default_rng(5)) for _ in range(2)]
    assert shots[0].shape == (96, 192, 3)
    assert np.array_equal(shots[0], shots[1])
    other = photographed(picture(1), picture(2), np.random.default_rng(6))
    assert not np.array_equal(shots[0], other)


def test_ink_darkens_the_band_alone() -> None:
    plate = np.full((100, 200, 3), 180, np.uint8)
    donor = np.full((100, 200, 3), 230, np.uint8)
    donor[40:60, 50:60] = 10
    out = inked(plate, donor)
    assert np.array_equal(out[:27], plate[:27])
    assert np.array_equal(out[74:], plate[74:])
    assert out[45:55, 52:58].max() < 20
    assert out[45:55, 80:].min() > 170


def test_the_best_temperature_is_the_one_that_was_put_in() -> None:
    generator = torch.Generator().manual_seed(1)
    logits = 2 * torch.randn(4000, 8, generator=generator)
    states = torch.multinomial(logits.softmax(1), 1, generator=generator)[:, 0]
    assert best_temperature(3.0 * logits, states) == pytest.approx(3.0, rel=0.1)
    assert best_temperature(0.5 * logits, states) == pytest.approx(0.5, rel=0.1)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_exported_file_says_what_the_network_says(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = RegionNet(3).eval()
    export_regions(net, ["aa", "bb", "cc"], 0.5, tmp_path / "small.onnx")
    model = RegionModel(lambda _: (tmp_path / "small.onnx").read_bytes())
    assert model.codes == ("aa", "bb", "cc")
    crop = np.random.default_rng(0).integers(0, 256, (96, 192, 3)).astype(np.uint8)
    with torch.no_grad():
        logits = net(torch.from_numpy(crop[None].astype(np.float32)))
        wanted = torch.log_softmax(logits / 0.5, 1)[0].numpy()
    assert np.abs(model.log_probabilities(crop) - wanted).max() < 0.02
