# SPDX-License-Identifier: Apache-2.0
"""A trained network as a list of layers, and what flows through it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from alprcore.network import onnx_session
from alprcore.records import Frame
from alprcore.training.finding.rounding import Real, Spread

PEAK_POWER = 16  # a mean of so high a power is nearly the largest value
EQUAL = 0.5  # how far channels are equalised; 0.7 and 0.85 place boxes worse, scores no better
ROOM = 1.1  # what a channel may have above the largest value seen, where values have a limit
LEAST = 0.05  # of the limit that a channel's largest value is taken for, at least
PLACES = 400  # of each look whose inputs count for rounding a layer's weights

Pads = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Layer:
    """A convolution, a sum of two tensors, or a tensor twice as large, with what rectifies it.

    Attributes
    ----------
    kind
        ``Conv``, ``Add`` or ``Resize``.
    inputs, output
        Names of tensors.
    limit
        Above which what comes out is cut off, or None.
    weights, bias
        Of a convolution, (outputs, inputs, rows, cols) and (outputs). With one input to each of
        several outputs every channel is taken by itself.
    stride, dilation, pads
        Of a convolution; the border is above, left, below and right.
    """

    kind: str
    inputs: tuple[str, ...]
    output: str
    limit: float | None
    weights: Real
    bias: Real
    stride: int = 1
    dilation: int = 1
    pads: Pads = (0, 0, 0, 0)

    @property
    def by_channel(self) -> bool:
        """Whether each channel is taken by itself."""
        return self.kind == "Conv" and self.weights.shape[1] == 1 and len(self.weights) > 1


def layers_of(model: onnx.ModelProto, first_pads: Pads) -> list[Layer]:
    """Return the layers of a network as training writes it, the head's last one last.

    What comes before the first convolution is left out; `first_pads` is the border it has.
    """
    graph, known = model.graph, constants_of(model)
    limits: dict[str, tuple[str, float | None]] = {}
    bordered: dict[str, str] = {}
    for node in graph.node:
        if node.op_type in {"Relu", "Clip"}:
            limit = float(known[node.input[2]]) if node.op_type == "Clip" else None
            limits[node.input[0]] = (node.output[0], limit)
        if node.op_type == "Pad":
            bordered[node.output[0]] = node.input[0]
    found: list[Layer] = []
    for node in graph.node:
        if node.op_type not in {"Conv", "Add", "Resize"}:
            continue
        output, limit = limits.get(node.output[0], (node.output[0], None))
        if node.op_type != "Conv":
            inputs = tuple(node.input if node.op_type == "Add" else node.input[:1])
            found.append(Layer(node.op_type, inputs, output, limit, np.zeros(0), np.zeros(0)))
            continue
        weights, bias = (np.asarray(known[name], np.float64) for name in node.input[1:3])
        options = {each.name: helper.get_attribute_value(each) for each in node.attribute}
        stride, size = options["strides"][0], weights.shape[2]
        pads, source = tuple(options["pads"]), node.input[0]
        if source in bordered:  # as wide as a map of even sides asks for, the rest of it behind
            source, side = bordered[source], (size - stride) // 2
            pads = (side, side, size - stride - side, size - stride - side)
        step = options["dilations"][0]
        pads = pads if found else first_pads
        found.append(Layer("Conv", (source,), output, limit, weights, bias, stride, step, pads))
    return found


def constants_of(model: onnx.ModelProto) -> dict[str, NDArray[Any]]:
    """Return the constants of a network by name, those that are stored in 16 bits in 32."""
    known = {each.name: numpy_helper.to_array(each) for each in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Identity" and node.input[0] in known:  # constants that are alike
            known[node.output[0]] = known[node.input[0]]
        if node.op_type == "Cast" and node.input[0] in known:
            known[node.output[0]] = known[node.input[0]].astype(np.float32)
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            known[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
    return known


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
    alike. It halves the error of the boxes that eight bits make. Where values are cut off at a
    limit, channels that stay far below are made to reach it.
    """
    head, powers, highest = summed(layers), dict[str, Real](), dict[str, Real]()
    for _, values in seen_by(model, list(head), looks):
        for name, value in values.items():
            high = (np.abs(value[0]).astype(np.float64) ** PEAK_POWER).mean(axis=(1, 2))
            powers[head[name]] = np.maximum(powers.get(head[name], 0), high)
            highest[name] = np.maximum(highest.get(name, 0), value[0].max(axis=(1, 2)))
    factors = {}
    for name, high in powers.items():
        peaks = np.maximum(high ** (1 / PEAK_POWER), 1e-6)
        factors[name] = (peaks / np.exp(np.log(peaks).mean())) ** EQUAL
    for layer in layers:
        if layer.limit is not None:
            factors[layer.output] = np.clip(ROOM * highest[layer.output] / layer.limit, LEAST, 1)
    return _scaled(model, layers, {name: factors[each] for name, each in head.items()})


def _scaled(
    model: onnx.ModelProto, layers: list[Layer], factors: dict[str, Real]
) -> onnx.ModelProto:
    """Return the network with the channels of its tensors divided by factors."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    convs = [node for node in made.graph.node if node.op_type == "Conv"]
    for node, layer in zip(convs, (each for each in layers if each.kind == "Conv"), strict=True):
        after = factors.get(layer.output, np.ones(1))
        before = factors.get(layer.inputs[0], np.ones(1))
        along = (slice(None), *[None] * 3) if layer.by_channel else (None, slice(None), None, None)
        weights = layer.weights * before[along] / after[:, None, None, None]
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
    """What flows through a network: the values of each tensor, the inputs of each convolution.

    `moments` are mean products of what a convolution's weights meet, (k, k), for one that takes
    each channel by itself (channels, k, k).
    """

    spreads: dict[str, Spread]
    moments: dict[str, Real]


def flow_of(
    model: onnx.ModelProto, layers: list[Layer], looks: Iterable[Frame], grey: float
) -> Flow:
    """Return what flows through the network when it sees `looks`; its border is `grey`."""
    names = [each.output for each in layers[:-1] if each.kind != "Resize"]
    limited = {each.output for each in layers if each.limit is not None}  # their scale is known
    rng = np.random.default_rng(0)
    flow = Flow({name: Spread() for name in names}, {})
    for look, values in seen_by(model, names, looks):
        for name, value in values.items():
            if name not in limited:
                flow.spreads[name].add(value)
        pixels = look.transpose(2, 0, 1)[None].astype(np.float32) - grey
        for layer in layers[:-1]:
            if layer.kind == "Conv":
                seen = inputs_of(layer, values.get(layer.inputs[0], pixels)[0], rng)
                products = seen @ seen.swapaxes(-1, -2)
                flow.moments[layer.output] = flow.moments.get(layer.output, 0) + products
    return flow


def seen_by(
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


def inputs_of(layer: Layer, value: NDArray[np.float32], rng: np.random.Generator) -> Real:
    """Return what the weights of a convolution meet at some places, (weights, places).

    If it takes each channel by itself, (channels, weights, places).
    """
    size, (top, left, bottom, right) = layer.weights.shape[2], layer.pads
    bordered = np.pad(value, ((0, 0), (top, bottom), (left, right)))
    row, col = (
        rng.integers(0, side // layer.stride, PLACES) * layer.stride for side in value.shape[1:]
    )
    steps = [(down, across) for down in range(size) for across in range(size)]
    step = layer.dilation
    parts = [bordered[:, row + step * down, col + step * across] for down, across in steps]
    seen = np.stack(parts, axis=1).astype(np.float64)
    return seen if layer.by_channel else seen.reshape(-1, PLACES)
