# SPDX-License-Identifier: Apache-2.0
"""Training of the vehicle network: what is held back, repainting, variation, the two networks."""

from __future__ import annotations

import warnings

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from alprcore.training.vehicles.data import Augmenter, Example, colours, split  # noqa: E402
from alprcore.training.vehicles.export import (  # noqa: E402
    Exported,
    export,
    shipped_logits,
    store_in_half,
)
from alprcore.training.vehicles.net import VehicleNet  # noqa: E402
from alprcore.training.vehicles.paint import paints, repainted  # noqa: E402
from alprcore.training.vehicles.trust import (  # noqa: E402
    calibration_error,
    class_heat,
    known_weights,
)
from alprcore.vehicles.look import make_evidence  # noqa: E402


def example(name: str, vehicle: int = 0, colour: int = -1) -> Example:
    return Example(name, np.zeros((4, 6, 3), np.uint8), vehicle, colour)


def red_car() -> np.ndarray:
    image = np.full((90, 150, 3), 130, np.uint8)
    cv2.rectangle(image, (15, 20), (135, 70), (25, 25, 190), -1)
    cv2.rectangle(image, (40, 25), (110, 40), (40, 40, 40), -1)
    return image


def test_a_tenth_of_each_class_is_held_back():
    examples = [example(f"{i}.jpg", vehicle=i % 7) for i in range(7 * 40)]
    trained, held = split(examples)
    assert len(held) == 7 * 4
    assert np.bincount([e.vehicle for e in held]).tolist() == 7 * [4]
    assert not {e.name for e in held} & {e.name for e in trained}
    again = split(examples[::-1])[1]
    assert {e.name for e in again} == {e.name for e in held}


def test_small_classes_are_held_back_too():
    assert len(split([example("a.jpg"), example("b.jpg")])[1]) == 1


@pytest.mark.parametrize("paint", sorted(set(paints)))
def test_repainting_changes_paint_alone(paint):
    image = red_car()
    painted = repainted(image, "red", paint, np.random.default_rng(2))
    assert painted is not None
    before, after = image[60, 75].astype(int), painted[60, 75].astype(int)
    assert np.abs(after - before).max() > 40
    np.testing.assert_array_equal(painted[:15], image[:15])
    np.testing.assert_array_equal(painted[30:36, 50:100], image[30:36, 50:100])
    hue, saturation, _ = cv2.cvtColor(painted[60:61, 75:76], cv2.COLOR_BGR2HSV)[0, 0].astype(int)
    if paint == "silver-gray":
        assert saturation < 25
    else:
        low, high = {"orange": (5, 16), "purple": (129, 152), "gold-beige": (10, 24)}[paint]
        assert low <= hue <= high


def test_weak_colours_are_not_repainted():
    rng = np.random.default_rng(2)
    assert repainted(red_car(), "white", "orange", rng) is None
    assert repainted(np.full((60, 90, 3), 128, np.uint8), "red", "orange", rng) is None


def test_variation_depends_on_the_seed_alone():
    red = Example("a.jpg", red_car(), -1, colours.index("red"))
    ground = [np.full((80, 112, 3), 60, np.uint8)]
    made = [Augmenter(ground, np.random.default_rng(7)) for _ in range(2)]
    for _ in range(12):
        (one, paint), (two, same) = (augment(red, (96, 64)) for augment in made)
        assert one.shape == (64, 96, 3)
        assert one.dtype == np.uint8
        assert paint == same
        np.testing.assert_array_equal(one, two)


def test_the_shipped_form_computes_what_was_trained():
    torch.manual_seed(3)
    net = VehicleNet(5, len(colours)).eval()
    for layer in net.modules():  # statistics that folding must respect
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.running_mean.normal_(0, 0.1)
            layer.running_var.uniform_(0.5, 1.5)
    image = np.random.default_rng(1).integers(0, 256, (2, 64, 96, 3), np.uint8)
    with torch.no_grad():
        red_first = torch.from_numpy(image[..., ::-1].copy()).permute(0, 3, 1, 2).float()
        wanted = net(red_first)
        found = Exported(net)(torch.from_numpy(image))
    for ours, its in zip(wanted, found, strict=True):
        torch.testing.assert_close(its, ours, rtol=1e-3, atol=1e-4)


def test_weights_in_half_the_bits_say_the_same(tmp_path):
    torch.manual_seed(3)
    wide, half = tmp_path / "wide.onnx", tmp_path / "half.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch warns of its own way of exporting
        export(VehicleNet(196, len(colours)), wide)
    half.write_bytes(wide.read_bytes())
    store_in_half(half)
    assert half.stat().st_size < 0.55 * wide.stat().st_size
    pictures = [np.random.default_rng(1).integers(0, 256, (128, 192, 3), np.uint8)]
    for ours, its in zip(
        shipped_logits(wide, pictures), shipped_logits(half, pictures), strict=True
    ):
        assert ours.shape[:2] == (1, 2)
        np.testing.assert_allclose(its, ours, atol=2e-3)


def test_heat_undoes_overconfidence():
    rng = np.random.default_rng(4)
    logits = torch.from_numpy(rng.normal(0, 1.5, (4000, 6)))
    labels = torch.multinomial(logits.softmax(1), 1, generator=torch.Generator().manual_seed(1))
    assert class_heat(2 * logits, labels[:, 0]) == pytest.approx(2, rel=0.1)


def test_makes_never_seen_are_doubted():
    rng = np.random.default_rng(5)
    pairs = rng.normal(0, 1, (800, 2, 8))
    pairs[range(400), :, rng.integers(0, 8, 400)] += 9
    makes = np.arange(8)
    x = np.stack([make_evidence(pair, makes, 1.0) for pair in pairs])
    right = np.arange(800) < 400
    weights = known_weights(x[:, 3], right, x, np.full(800, 1 / 800))
    known = x[:, 3] / (1 + np.exp(-x @ weights))
    assert known[:400].mean() > 0.9
    assert known[400:].mean() < 0.1


def test_calibration_error_of_known_gaps():
    sure = np.full(100, 0.95)
    assert calibration_error(sure, np.ones(100, bool)) == pytest.approx(0.05)
    assert calibration_error(sure, np.arange(100) < 45) == pytest.approx(0.5)
