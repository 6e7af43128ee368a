# SPDX-License-Identifier: Apache-2.0
"""The trained detector as a list of layers, and what flows through it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from alprcore.finding.detect import find_plates
from alprcore.finding.network import PlateFinder
from alprcore.network import onnx_session
from alprcore.records import Frame
from alprcore.settings import Settings
from alprcore.training.finding.data import folder_weights, held_back, labelled_boxes
from alprcore.training.finding.model import grey
from alprcore.training.finding.rounding import Real, Spread

PEAK_POWER = 16  # a mean of so high a power is nearly the largest value
EQUAL = 0.5  # how far channels are equalised; 0.7 and 0.85 place boxes worse, scores no better
PLACES = 400  # of each look whose inputs count for rounding a layer's weights


@dataclass(frozen=True, slots=True)
class Layer:
    """A convolution, a sum of two tensors, or a tensor twice as large, with what rectifies it.

    Attributes
    ----------
    kind
        ``Conv``, ``Add`` or ``Resize``.
    inputs, output
        Names of tensors.
    weights, bias
        Of a convolution, (outputs, inputs, rows, cols) and (outputs).
    stride
        Of a convolution. Its border is as wide as keeps the size, divided by the stride.
    """

    kind: str
    inputs: tuple[str, ...]
    output: str
    weights: Real
    bias: Real
    stride: int


def layers_of(model: onnx.ModelProto) -> list[Layer]:
    """Return the layers of a detector as `model.export` writes it, the head's last one last."""
    graph = model.graph
    known = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    rectified = {node.input[0]: node.output[0] for node in graph.node if node.op_type == "Relu"}
    found = []
    for node in graph.node:
        if node.op_type == "Identity" and node.input[0] in known:  # constants that are alike
            known[node.output[0]] = known[node.input[0]]
        if node.op_type not in {"Conv", "Add", "Resize"}:
            continue
        output = rectified.get(node.output[0], node.output[0])
        options = {each.name: helper.get_attribute_value(each) for each in node.attribute}
        is_conv = node.op_type == "Conv"
        inputs = node.input if node.op_type == "Add" else node.input[:1]
        weights, bias = (known[name] for name in node.input[1:3]) if is_conv else (np.zeros(0),) * 2
        stride = options["strides"][0] if is_conv else 1
        weights, bias = (np.asarray(each, np.float64) for each in (weights, bias))
        found.append(Layer(node.op_type, tuple(inputs), output, weights, bias, stride))
    return found


def summed(layers: list[Layer]) -> dict[str, str]:
    """Return for each tensor a name that it shares with those that it is added to."""
    head: dict[str, str] = {}
    for layer in layers[:-1]:
        head[layer.output] = layer.output
        if layer.kind != "Conv":
            joined = {head[name] for name in layer.inputs}
            head = {k: layer.output if v in joined else v for k, v in head.items()}
    return head


def equalised(
    model: onnx.ModelProto, layers: list[Layer], looks: Iterable[Frame]
) -> onnx.ModelProto:
    """Return a network that gives the same with its channels more alike.

    All channels of a tensor share a scale. What a channel is divided by, the weights that it meets
    are multiplied with; that goes through rectifying and, where tensors are added, for all of them
    alike. It halves the error of the boxes that eight bits make.
    """
    head, powers = summed(layers), dict[str, Real]()
    for _, values in _seen(model, list(head), looks):
        for name, value in values.items():
            high = (np.abs(value[0]).astype(np.float64) ** PEAK_POWER).mean(axis=(1, 2))
            powers[head[name]] = np.maximum(powers.get(head[name], 0), high)
    factors = {}
    for name, high in powers.items():
        peaks = np.maximum(high ** (1 / PEAK_POWER), 1e-6)
        factors[name] = (peaks / np.exp(np.log(peaks).mean())) ** EQUAL
    made = onnx.ModelProto()
    made.CopyFrom(model)
    made = onnx.ModelProto()
    made.CopyFrom(model)
    convs = [node for node in made.graph.node if node.op_type == "Conv"]
    for node, layer in zip(convs, (each for each in layers if each.kind == "Conv"), strict=True):
        after = factors.get(head.get(layer.output, ""), np.ones(1))
        before = factors.get(head.get(layer.inputs[0], ""), np.ones(1))
        weights = layer.weights * before[None, :, None, None] / after[:, None, None, None]
        for place, value in ((1, weights), (2, layer.bias / after)):
            name = f"{layer.output}.{place}"
            constant = numpy_helper.from_array(value.astype(np.float32), name)
            made.graph.initializer.append(constant)
            node.input[place] = name
    used = {name for node in made.graph.node for name in node.input}
    for constant in [each for each in made.graph.initializer if each.name not in used]:
        made.graph.initializer.remove(constant)
    return made


@dataclass(slots=True)
class Flow:
    """What flows through a network: the values of each tensor, the inputs of each convolution."""

    spreads: dict[str, Spread]
    moments: dict[str, Real]


def flow_of(model: onnx.ModelProto, layers: list[Layer], looks: Iterable[Frame]) -> Flow:
    """Return what flows through the network when it sees `looks`."""
    names = [each.output for each in layers[:-1] if each.kind != "Resize"]
    rng = np.random.default_rng(0)
    flow = Flow({name: Spread() for name in names}, {})
    for look, values in _seen(model, names, looks):
        for name, value in values.items():
            flow.spreads[name].add(value)
        pixels = look.transpose(2, 0, 1)[None].astype(np.float32) - grey
        for layer in layers[:-1]:
            if layer.kind == "Conv":
                seen = _inputs(layer, values.get(layer.inputs[0], pixels)[0], rng)
                flow.moments[layer.output] = flow.moments.get(layer.output, 0) + seen @ seen.T
    return flow


def _seen(
    model: onnx.ModelProto, names: list[str], looks: Iterable[Frame]
) -> Iterator[tuple[Frame, dict[str, NDArray[np.float32]]]]:
    """Yield each look with the tensors of these names."""
    shown = onnx.ModelProto()
    shown.CopyFrom(model)
    shown.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names)
    session = onnx_session(shown.SerializeToString(), 1, one_size=False)
    for look in looks:
        found = session.run(names, {"image": look[None]})
        yield look, dict(zip(names, found, strict=True))


def _inputs(layer: Layer, value: NDArray[np.float32], rng: np.random.Generator) -> Real:
    """Return what the weights of a convolution meet at some places, (weights, places)."""
    size = layer.weights.shape[2]
    around = size // 2
    bordered = np.pad(value, ((0, 0), (around, around), (around, around)))
    row, col = (
        rng.integers(0, side // layer.stride, PLACES) * layer.stride for side in value.shape[1:]
    )
    steps = [(down, right) for down in range(size) for right in range(size)]
    parts = [bordered[:, row + down, col + right] for down, right in steps]
    return np.stack(parts, axis=1).reshape(-1, PLACES).astype(np.float64)


class Recorder(PlateFinder):
    """Keeps what its detector is shown."""

    def __init__(self, detector: bytes) -> None:
        super().__init__(detector, None)
        self.looks: list[Frame] = []

    def heat_map(self, image: Frame) -> NDArray[np.float32]:
        """Return what the network sees."""
        self.looks.append(image)
        return super().heat_map(image)


def looks_at(data: Path, detector: bytes, photos: int, seed: int) -> list[Frame]:
    """Return all looks that the search takes at some photographs to train on."""
    names = [
        data / "plates" / folder / name
        for folder in folder_weights
        for name in labelled_boxes(data / "plates" / folder)
        if folder != "openimages" or not held_back(name)
    ]
    rng, usual = np.random.default_rng(seed), Settings()
    recorder = Recorder(detector)
    for place in rng.permutation(len(names))[:photos]:
        image = cv2.imread(str(names[place]))
        if image is not None:
            find_plates(
                np.asarray(image, np.uint8),
                recorder,
                min_score=usual.min_plate_score,
                doubtful_score=usual.doubtful_plate_score,
                sure_score=usual.sure_plate_score,
                max_plates=usual.max_plates,
                area=usual.detection_pixels,
                tiled=True,
            )
    return recorder.looks
