# SPDX-License-Identifier: Apache-2.0
"""A network of layers in whole numbers of eight bits.

All layers but the last have bytes for inputs and seven-bit weights, and their sums are whole
numbers that fit in 24 bits: a processor with other instructions gets the same ones. So does the
last layer, each network's own (see `Form`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from alprcore.records import Frame
from alprcore.training.finding.graph import MICROSOFT, Graph, met_by, rounded_after
from alprcore.training.finding.layers import Flow, Layer, equalised, flow_of, layers_of, summed
from alprcore.training.finding.rounding import LARGEST_VALUE, Real, Scale, rounded, scales_for

SIDE_BY_SIDE = 4  # pixels that the first layer takes as one with 12 channels: three are slow
LARGEST_BIAS = 2**22  # in whole numbers

Numbers = tuple[NDArray[np.int8], NDArray[np.float32], Real]  # weights, their units, bias


@dataclass(frozen=True, slots=True)
class Shown:
    """A trained network, and what it is shown."""

    model: onnx.ModelProto
    looks: Sequence[Frame]


Last = Callable[[Graph, Layer, Scale, Shown, str], list[int | str]]
"""Adds the last layer, whose input has this scale; returns the sides of what comes out."""


@dataclass(frozen=True, slots=True)
class Form:
    """What a network takes and gives.

    Attributes
    ----------
    output
        Name of what comes out.
    last
        Adds the last layer.
    grey
        The border of the picture; what a pixel is taken less of.
    before
        Rows above and columns left of the picture that the first layer sees, 1 or 0.
    mended
        Whether layers make good what rounding has changed before them.
    """

    output: str
    last: Last
    grey: int
    before: int
    mended: bool


def shrunk_to_bytes(model: onnx.ModelProto, looks: Sequence[Frame], form: Form) -> onnx.ModelProto:
    """Return a trained network in eight bits, scales and rounding from what it is shown."""
    pads = (form.before, form.before, 1, 1)
    alike = equalised(model, layers_of(model, pads), looks)
    layers = layers_of(alike, pads)
    flow = flow_of(alike, layers, looks, form.grey)
    small = in_eight_bits(layers, flow, form, Shown(alike, looks))
    helper.set_model_props(small, {each.key: each.value for each in model.metadata_props})
    return small


def in_eight_bits(layers: list[Layer], flow: Flow, form: Form, shown: Shown) -> onnx.ModelProto:
    """Return the network of the layers in eight bits, its sizes as `flow` asks."""
    graph, scales = Graph(), tensor_scales(layers, flow)
    _first(graph, layers[0], flow, scales, form)
    for layer in layers[1:-1]:
        source = layer.inputs[0]
        if layer.kind == "Conv":
            if form.mended:
                met = met_by(layer, scales[source], graph, shown.model, shown.looks)
                numbers = rounded_after(layer, met, least_units(layer, scales[source]))
            else:
                numbers = _numbers(layer, flow, scales[source])
            _conv(graph, source, layer.output, scales, numbers, _options(layer))
        elif layer.kind == "Add":
            other = layer.inputs[1]
            terms = [source, *graph.scale(source, scales[source])]
            terms += [other, *graph.scale(other, scales[other])]
            terms += graph.scale(layer.output, scales[layer.output])
            graph.node("QLinearAdd", terms, layer.output, domain=MICROSOFT)
        else:
            twice = graph.constant("twice", np.array([1, 2, 2, 1], np.float32))
            how = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
            graph.node("Resize", [source, "", twice], layer.output, mode="nearest", **how)
    sides = form.last(graph, layers[-1], scales[layers[-1].inputs[0]], shown, form.output)
    return graph.model(form.output, sides)


def tensor_scales(layers: list[Layer], flow: Flow) -> dict[str, Scale]:
    """Return the scale of each tensor, those of one sum a power of two apart."""
    head = summed(list(layers))
    limits = {each.output: each.limit for each in layers if each.limit is not None}
    groups: dict[str, list[str]] = defaultdict(list)
    for name in flow.spreads:
        if name not in limits:
            groups[head[name]].append(name)
    scales: dict[str, Scale] = {}
    for names in groups.values():
        found = scales_for([flow.spreads[name] for name in names])
        scales.update(zip(names, found, strict=True))
    for name, limit in limits.items():  # the largest byte is where values are cut off
        scales[name] = Scale(np.float32(limit / LARGEST_VALUE), 0)
    for layer in layers:
        if layer.kind == "Resize":
            scales[layer.output] = scales[layer.inputs[0]]
    return scales


def _numbers(layer: Layer, flow: Flow, source: Scale) -> Numbers:
    """Return the weights of a layer as whole numbers, their units, and the bias."""
    rows, moments = layer.weights.reshape(len(layer.weights), -1), flow.moments[layer.output]
    least = least_units(layer, source)
    if layer.by_channel:
        parts = zip(rows[:, None], moments, least[:, None], strict=True)
        found = [rounded(*part) for part in parts]
        whole, units = (np.concatenate(each) for each in zip(*found, strict=True))
    else:
        whole, units = rounded(rows, moments, least)
    return whole.reshape(layer.weights.shape), units, layer.bias


def least_units(layer: Layer, source: Scale) -> Real:
    """Return what the units of a layer are at least.

    Channels that are never used have a bias and hardly any weights; it must fit all the same.
    """
    return np.maximum(np.abs(layer.bias) / (float(source.unit) * LARGEST_BIAS), 1e-8)


def _options(layer: Layer) -> dict[str, Any]:
    """Return how a convolution goes over the map."""
    size = layer.weights.shape[2]
    options: dict[str, Any] = {"pads": list(layer.pads), "strides": [layer.stride] * 2}
    options["kernel_shape"] = [size] * 2
    if layer.dilation > 1:
        options["dilations"] = [layer.dilation] * 2
    if layer.by_channel:
        options["group"] = len(layer.weights)
    return options


def _first(graph: Graph, layer: Layer, flow: Flow, scales: dict[str, Scale], form: Form) -> None:
    """Add the first layer, on groups of four pixels; what lies beyond the picture is grey."""
    scales["pixels"], scales["pairs"] = Scale(np.float32(1), form.grey), scales[layer.output]
    whole, units, bias = _numbers(layer, flow, scales["pixels"])
    weights = side_by_side(whole, form.before)
    bias = bias + form.grey * layer.weights.sum(axis=(1, 2, 3))
    groups = graph.constant("groups", np.array([1, 0, -1, 3 * SIDE_BY_SIDE]))
    graph.node("Reshape", ["image", groups], "pixels")
    behind = 1 - form.before
    pads = [form.before, form.before, behind, behind]
    options = {"pads": pads, "strides": [2, 1], "kernel_shape": [3, 2]}
    numbers = (weights, np.tile(units, 2), np.tile(bias, 2))
    _conv(graph, "pixels", "pairs", scales, numbers, options)
    channels = graph.constant("channels", np.array([1, 0, -1, len(bias)]))
    graph.node("Reshape", ["pairs", channels], layer.output)


def side_by_side(weights: NDArray[np.int8], before: int) -> NDArray[np.int8]:
    """Return a 3x3 convolution with stride 2 as one over groups of four pixels.

    (n, 3, 3, 3) weights become (2 n, 12, 3, 2): two columns come out of each group, which is seen
    together with the one on its left, or, without a column `before` the first, on its right.
    """
    outputs = len(weights)
    wide = np.zeros((2, outputs, SIDE_BY_SIDE, 3, 3, 2), weights.dtype)
    for column in range(2):
        for step in range(3):
            place = 2 * column - before + step + before * SIDE_BY_SIDE
            group, pixel = divmod(place, SIDE_BY_SIDE)
            wide[column, :, pixel, :, :, group] = weights[:, :, :, step]
    return wide.reshape(2 * outputs, 3 * SIDE_BY_SIDE, 3, 2)


def _conv(
    graph: Graph,
    source: str,
    output: str,
    scales: dict[str, Scale],
    numbers: Numbers,
    options: dict[str, Any],
) -> None:
    """Add a convolution. It rectifies where its output's offset is 0: bytes have no sign."""
    weights, units, bias = numbers
    steps = np.round(bias / (np.float64(scales[source].unit) * units)).astype(np.int32)
    inputs = [
        source,
        *graph.scale(source, scales[source]),
        graph.constant(f"{output}.weights", weights),
        graph.constant(f"{output}.units", units),
        graph.constant(f"{output}.middles", np.zeros(len(units), np.int8)),
        *graph.scale(output, scales[output]),
        graph.constant(f"{output}.bias", steps),
    ]
    graph.node("QLinearConv", inputs, output, channels_last=1, domain=MICROSOFT, **options)
