# SPDX-License-Identifier: Apache-2.0
"""Training of the vehicle network: what is held back, repainting, variation, the two networks."""

from __future__ import annotations

import warnings
from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from alprcore.records import Box  # noqa: E402
from alprcore.training.vehicles.data import Augmenter, Example, colours, split  # noqa: E402
from alprcore.training.vehicles.export import (  # noqa: E402
    Exported,
    export,
    shipped_logits,
    store_in_half,
)
from alprcore.training.vehicles.net import VehicleNet  # noqa: E402
from alprcore.training.vehicles.paint import paints, repainted  # noqa: E402
from alprcore.training.vehicles.street_net import StreetNet, load_shipped  # noqa: E402
from alprcore.training.vehicles.trust import (  # noqa: E402
    calibration_error,
    heat_of,
    known_weights,
    shifted,
)
from alprcore.training.vehicles.varied import Varied  # noqa: E402
from alprcore.training.vehicles.worlds import Car, held_back, photo_of  # noqa: E402
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


def street_net(makes: int = 9) -> StreetNet:
    torch.manual_seed(3)
    net = StreetNet(196, makes, len(colours))
    for head in net.heads:
        head.weight.data.normal_(0, 0.05)
    return net.eval()


def exported(net: StreetNet, path: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch warns of its own way of exporting
        export(net, path)
    return path


def test_weights_in_half_the_bits_say_the_same(tmp_path):
    wide, half = exported(street_net(), tmp_path / "wide.onnx"), tmp_path / "half.onnx"
    half.write_bytes(wide.read_bytes())
    store_in_half(half)
    assert half.stat().st_size < 0.55 * wide.stat().st_size
    pictures = [np.random.default_rng(1).integers(0, 256, (128, 192, 3), np.uint8)]
    ours, its = shipped_logits(wide, pictures), shipped_logits(half, pictures)
    for kind, count in (("classes", 196), ("makes", 10), ("colors", 12), ("views", 4)):
        assert getattr(ours, kind).shape == (1, count)
        np.testing.assert_allclose(getattr(its, kind), getattr(ours, kind), atol=2e-3)


def test_training_goes_on_from_what_ships(tmp_path):
    net = street_net()
    path = exported(net, tmp_path / "net.onnx")
    store_in_half(path)
    again = StreetNet(196, 9, len(colours)).eval()
    load_shipped(again, path)
    x = torch.rand(1, 3, 64, 96) * 255
    with torch.no_grad():
        for ours, its in zip(net(x), again(x), strict=True):
            torch.testing.assert_close(its, ours, rtol=1e-2, atol=5e-3)
    with pytest.raises(ValueError, match="layers"):
        load_shipped(again, Path(str(sample_net(tmp_path))))


def sample_net(folder: Path) -> Path:
    path = folder / "other.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            torch.nn.Conv2d(3, 4, 3), (torch.zeros(1, 3, 8, 8),), str(path), dynamo=False
        )
    return path


def car(name: str, **known: int) -> Car:
    image = np.full((60, 90, 3), 120, np.uint8)
    cv2.rectangle(image, (10, 15), (80, 50), (30, 30, 200), -1)
    return Car(name, name, image, (Box(10, 10, 80, 55), Box(20, 20, 70, 50)), **known)


def test_varied_pictures_depend_on_the_seed_alone():
    ground = np.full((80, 112, 3), 90, np.uint8)
    one, two = (Varied([ground], np.random.default_rng(7)) for _ in range(2))
    cars = [car("a", make=1, view=0), car("b", colour=8, view=1), car("c", vehicle=3, make=2)]
    for each in cars * 20:
        (first, paint), (second, same) = one.of_car(each, (96, 64)), two.of_car(each, (96, 64))
        assert first.shape == (64, 96, 3)
        assert paint == same == each.colour
        np.testing.assert_array_equal(first, second)


def test_pictures_of_one_photograph_are_on_one_side():
    names = [f"eg_{i:04d}_{k}.jpg" for i in range(200) for k in range(3)]
    held = {name: held_back(photo_of(name)) for name in names}
    assert all(held[f"{name[:-5]}0.jpg"] == held[name] for name in names)
    assert 0.1 < np.mean(list(held.values())) < 0.3
    assert photo_of("es_train_00095_1.jpg") == "spain/train_00095"


def test_heat_undoes_overconfidence():
    rng = np.random.default_rng(4)
    logits = torch.from_numpy(rng.normal(0, 1.5, (4000, 6)))
    labels = torch.multinomial(logits.softmax(1), 1, generator=torch.Generator().manual_seed(1))
    assert heat_of(2 * logits, labels[:, 0]) == pytest.approx(2, rel=0.1)


def doubted() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The evidence of 400 makes that are seen well, and of 400 that are not."""
    rng = np.random.default_rng(5)
    logits = rng.normal(0, 1, (800, 9))
    logits[range(400), rng.integers(0, 8, 400)] += 9
    chances = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    x = np.stack([make_evidence(one, p) for one, p in zip(logits, chances, strict=True)])
    best = chances[:, :-1].max(1) / chances[:, :-1].sum(1)
    return best, np.arange(800) < 400, x


def test_makes_never_seen_are_doubted():
    best, right, x = doubted()
    weights = known_weights(best, right, x, np.full(800, 1 / 800))
    known = best / (1 + np.exp(-x @ weights))
    assert known[:400].mean() > 0.9
    assert known[400:].mean() < 0.1


def test_trust_is_lowered_until_what_is_said_is_right():
    best, right, x = doubted()
    bold = np.array([9.0, 0, 0, 0, 0, 0])  # believes everything
    weights, shift = shifted(bold, best, right, x)
    sure = best / (1 + np.exp(-x @ weights)) > 0.5
    assert shift > 0
    assert right[sure].mean() >= 0.85
    assert (sure & ~right).mean() <= 0.04


def test_calibration_error_of_known_gaps():
    sure = np.full(100, 0.95)
    assert calibration_error(sure, np.ones(100, bool)) == pytest.approx(0.05)
    assert calibration_error(sure, np.arange(100) < 45) == pytest.approx(0.5)
