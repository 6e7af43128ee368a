# SPDX-License-Identifier: Apache-2.0
"""The trained detector in whole numbers of eight bits.

``python -m alprcore.training.finding.eight_bits --data DIR --model trained.onnx --out FILE`` writes
the network that ships. Nothing is trained: scales and rounding come from what the search shows it
of some training photographs. All layers but the last have bytes for inputs and seven-bit weights,
and their sums are whole numbers that fit in 24 bits: a processor with other instructions gets the
same ones. The last layer is in 32-bit floats whose sums are exact too, and scores are looked up in
a table.
"""

from __future__ import annotations

import argparse
import hashlib
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from alprcore.training.finding.layers import (
    Flow,
    Layer,
    equalised,
    flow_of,
    layers_of,
    looks_at,
    summed,
)
from alprcore.training.finding.model import grey
from alprcore.training.finding.rounding import Real, Scale, rounded, scales_for

MICROSOFT = "com.microsoft"  # ONNX Runtime's own operators: sums of bytes, channels last
SIDE_BY_SIDE = 4  # pixels that the first layer takes as one with 12 channels: three are slow
LAST_BITS = 10  # of the last layer's weights: 32 products with a byte stay below 2 ** 24
STEPS, FARTHEST = 256, 16  # of the table of scores: per unit of the logit, and where it ends


class Graph:
    """An ONNX graph in the making."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self._constants: dict[str, Any] = {}

    def constant(self, name: str, value: Any) -> str:
        """Enter a constant; return its name."""
        self._constants[name] = numpy_helper.from_array(np.asarray(value), name)
        return name

    def scale(self, name: str, scale: Scale) -> tuple[str, str]:
        """Enter the scale of a tensor; return the names of its unit and its offset."""
        unit = self.constant(f"{name}.unit", np.float32(scale.unit))
        return unit, self.constant(f"{name}.offset", np.uint8(scale.offset))

    def node(self, kind: str, inputs: Sequence[str], output: str, **options: Any) -> str:
        """Add an operation; return its output's name."""
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **options))
        return output

    def model(self) -> onnx.ModelProto:
        """Return the finished network."""
        image = helper.make_tensor_value_info("image", TensorProto.UINT8, [1, "rows", "cols", 3])
        plates = helper.make_tensor_value_info("plates", TensorProto.FLOAT, [5, "rows8", "cols8"])
        constants = list(self._constants.values())
        graph = helper.make_graph(self.nodes, "plates", [image], [plates], constants)
        versions = [helper.make_opsetid("", 17), helper.make_opsetid(MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=versions, ir_version=8)


def in_eight_bits(layers: list[Layer], flow: Flow) -> onnx.ModelProto:
    """Return the network of the layers in eight bits, its sizes as `flow` asks."""
    graph, scales = Graph(), tensor_scales(layers, flow)
    _first(graph, layers[0], flow, scales)
    for layer in layers[1:-1]:
        source = layer.inputs[0]
        if layer.kind == "Conv":
            whole, units = rounded(_rows(layer.weights), flow.moments[layer.output])
            around, size = layer.weights.shape[2] // 2, layer.weights.shape[2]
            form = {"pads": [around] * 4, "strides": [layer.stride] * 2, "kernel_shape": [size] * 2}
            weights = whole.reshape(layer.weights.shape)
            _conv(graph, source, layer.output, scales, (weights, units, layer.bias), form)
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
    _last(graph, layers[-1], scales[layers[-1].inputs[0]])
    return graph.model()


def tensor_scales(layers: list[Layer], flow: Flow) -> dict[str, Scale]:
    """Return the scale of each tensor, those of one sum a power of two apart."""
    head = summed(list(layers))
    groups: dict[str, list[str]] = defaultdict(list)
    for name in flow.spreads:
        groups[head[name]].append(name)
    scales: dict[str, Scale] = {}
    for names in groups.values():
        found = scales_for([flow.spreads[name] for name in names])
        scales.update(zip(names, found, strict=True))
    for layer in layers:
        if layer.kind == "Resize":
            scales[layer.output] = scales[layer.inputs[0]]
    return scales


def _first(graph: Graph, layer: Layer, flow: Flow, scales: dict[str, Scale]) -> None:
    """Add the first layer, on groups of four pixels; what lies beyond the picture is grey."""
    whole, units = rounded(_rows(layer.weights), flow.moments[layer.output])
    weights = side_by_side(whole.reshape(layer.weights.shape))
    bias = layer.bias + grey * layer.weights.sum(axis=(1, 2, 3))
    groups = graph.constant("groups", np.array([1, 0, -1, 3 * SIDE_BY_SIDE]))
    graph.node("Reshape", ["image", groups], "pixels")
    scales["pixels"], scales["pairs"] = Scale(np.float32(1), int(grey)), scales[layer.output]
    form = {"pads": [1, 1, 0, 0], "strides": [2, 1], "kernel_shape": [3, 2]}
    numbers = (weights, np.tile(units, 2), np.tile(bias, 2))
    _conv(graph, "pixels", "pairs", scales, numbers, form)
    channels = graph.constant("channels", np.array([1, 0, -1, len(bias)]))
    graph.node("Reshape", ["pairs", channels], layer.output)


def side_by_side(weights: NDArray[np.int8]) -> NDArray[np.int8]:
    """Return a 3x3 convolution with stride 2 as one over groups of four pixels.

    (n, 3, 3, 3) weights become (2 n, 12, 3, 2): two columns come out of each group, which is seen
    together with the one on its left.
    """
    outputs = len(weights)
    wide = np.zeros((2, outputs, SIDE_BY_SIDE, 3, 3, 2), weights.dtype)
    for column in range(2):
        for step in range(3):
            group, pixel = divmod(2 * column - 1 + step + SIDE_BY_SIDE, SIDE_BY_SIDE)
            wide[column, :, pixel, :, :, group] = weights[:, :, :, step]
    return wide.reshape(2 * outputs, 3 * SIDE_BY_SIDE, 3, 2)


def _conv(
    graph: Graph,
    source: str,
    output: str,
    scales: dict[str, Scale],
    numbers: tuple[NDArray[np.int8], NDArray[np.float32], Real],
    form: dict[str, list[int]],
) -> None:
    """Add a convolution; `numbers` are its weights, their units, and its bias.

    It rectifies where its output's offset is 0: bytes have no sign.
    """
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
    graph.node("QLinearConv", inputs, output, channels_last=1, domain=MICROSOFT, **form)


def _last(graph: Graph, layer: Layer, scale: Scale) -> None:
    """Add the last layer, a matrix of floats, and the scores.

    Weights are rounded to a power of two, the bytes taken as they are: each product and each sum is
    a whole number of that unit, and no order of adding changes it.
    """
    weights = layer.weights[:, :, 0, 0].T * float(scale.unit)
    unit = 2.0 ** np.ceil(np.log2(np.abs(weights).max() / (2**LAST_BITS - 1)))
    weights, bias = (np.round(each / unit) * unit for each in (weights, layer.bias))
    one, offset = graph.scale("bytes", Scale(np.float32(1), scale.offset))
    graph.node("DequantizeLinear", [layer.inputs[0], one, offset], "bytes")
    graph.node("MatMul", ["bytes", graph.constant("matrix", weights.astype(np.float32))], "cells")
    graph.node("Transpose", ["cells"], "maps", perm=[0, 3, 1, 2])
    shift = graph.constant("bias", bias.reshape(1, -1, 1, 1).astype(np.float32))
    graph.node("Add", ["maps", shift], "raw")
    parts = graph.constant("parts", np.array([1, 4]))
    split = helper.make_node("Split", ["raw", parts], ["logit", "boxes"], axis=1)
    graph.nodes.append(split)
    _scores(graph)
    graph.node("Concat", ["scores", "boxes"], "all", axis=1)
    graph.node("Squeeze", ["all", graph.constant("picture", np.array([0]))], "plates")


def _scores(graph: Graph) -> None:
    """Add the scores: of the logits that no neighbour exceeds, out of a table."""
    reach = FARTHEST * STEPS
    table = 1 / (1 + np.exp(-np.arange(-reach, reach + 1) / STEPS))
    low, high = (
        graph.constant(n, np.float32(v)) for n, v in (("low", -FARTHEST), ("high", FARTHEST))
    )
    graph.node("MaxPool", ["logit"], "best", kernel_shape=[3, 3], pads=[1] * 4)
    graph.node("Less", ["logit", "best"], "exceeded")
    graph.node("Clip", ["logit", low, high], "clipped")
    graph.node("Mul", ["clipped", graph.constant("steps", np.float32(STEPS))], "step")
    graph.node("Add", ["step", graph.constant("start", np.float32(reach + 0.5))], "place")
    graph.node("Cast", ["place"], "row", to=TensorProto.INT32)
    graph.node("Gather", [graph.constant("table", table.astype(np.float32)), "row"], "score")
    graph.node("Where", ["exceeded", graph.constant("zero", np.float32(0)), "score"], "scores")


def _rows(weights: Real) -> Real:
    return weights.reshape(len(weights), -1)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True, help="from train")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--photos", type=int, default=100, help="that are shown to it")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    model = onnx.load(args.model)
    looks = looks_at(args.data, args.model.read_bytes(), args.photos, args.seed)
    model = equalised(model, layers_of(model), looks)
    layers = layers_of(model)
    small = in_eight_bits(layers, flow_of(model, layers, looks))
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_bytes(small.SerializeToString())
    digest = hashlib.sha256(args.out.read_bytes()).hexdigest()
    print(f"{len(looks)} looks; {args.out}, sha256 {digest}")


if __name__ == "__main__":
    main()
