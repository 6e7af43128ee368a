# SPDX-License-Identifier: Apache-2.0
"""What the state network learns from: nothing held back, no copies; and its file says the same."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")
torch.set_num_threads(1)
onnx = pytest.importorskip("onnx")

from alprcore.network import onnx_session  # noqa: E402
from alprcore.ranking.region_network import levelled  # noqa: E402
from alprcore.training.bank.data import read_labelled  # noqa: E402
from alprcore.training.regions.data import (  # noqa: E402
    Look,
    inked,
    photographed,
    read_crops,
    read_designs,
    without_copies,
)
from alprcore.training.regions.eight_bits import as_layers, looks_at  # noqa: E402
from alprcore.training.regions.model import RegionNet, export_regions  # noqa: E402
from alprcore.training.regions.train import best_temperature  # noqa: E402

root = Path(__file__).resolve().parents[2]
data = Path(os.environ.get("ALPRCORE_DATA", root.parent / "shared" / "data"))
needs_data = pytest.mark.skipif(not (data / "regions").is_dir(), reason="no shared data")


def picture(seed: int, rows: int = 60, cols: int = 120) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (rows, cols, 3)).astype(np.uint8)


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


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[torch.nn.Module, Path]:
    """An untrained network of three states, and its file, with a temperature of a half."""
    torch.manual_seed(0)
    net, path = RegionNet(3).eval(), tmp_path_factory.mktemp("net") / "small.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        export_regions(net, ["aa", "bb", "cc"], 0.5, path)
    return net, path


def logs_of(logits: np.ndarray) -> np.ndarray:
    return logits - np.log(np.exp(logits).sum())


def test_the_exported_file_says_what_the_network_says(small) -> None:
    net, path = small
    session = onnx_session(path.read_bytes(), 1, one_size=True)
    assert session.get_modelmeta().custom_metadata_map["regions"] == "aa,bb,cc"
    with torch.no_grad():
        logits = net(torch.from_numpy(picture(0, 96, 192)[None].astype(np.float32)))[0].numpy()
    (found,) = session.run(None, {"crops": picture(0, 96, 192)[None]})
    assert np.abs(found[0] - logs_of(logits / 0.5)).max() < 0.02


def test_as_layers_it_says_the_same_of_levelled_crops(small) -> None:
    path = small[1]
    layers = as_layers(onnx.load(path))
    assert {p.key: p.value for p in layers.metadata_props} == {"regions": "aa,bb,cc"}
    trained, session = (
        onnx_session(each, 1, one_size=True)
        for each in (path.read_bytes(), layers.SerializeToString())
    )
    for seed, low in ((1, 0), (2, 100), (3, 200)):
        crop = (low + picture(seed, 96, 192) * ((255 - low) / 255)).astype(np.uint8)
        (wanted,) = trained.run(None, {"crops": crop[None]})
        (found,) = session.run(None, {"image": levelled(crop)[None]})
        assert np.abs(logs_of(found.ravel()) - wanted[0]).max() < 0.01


@needs_data
def test_what_the_whole_numbers_come_from_is_not_held_back() -> None:
    looks, again = looks_at(data, 6, 1), looks_at(data, 6, 1)
    assert len(looks) == 6
    assert all(np.array_equal(a, b) for a, b in zip(looks, again, strict=True))
    apart = [crop.image for crop in read_crops(data) if crop.fold == 0]
    held = {
        levelled(
            np.asarray(cv2.resize(k, (192, 96), interpolation=cv2.INTER_AREA), np.uint8)
        ).tobytes()
        for k in apart
    }
    assert not held & {each.tobytes() for each in looks_at(data, 1000, 1)[::2]}
