# SPDX-License-Identifier: Apache-2.0
"""The trained network of US states in whole numbers of eight bits.

    python -m alprcore.training.regions.eight_bits --data DATA --model trained.onnx \
        --out us_state.onnx

As `alprcore.training.finding.eight_bits` does it: nothing is trained, scales and rounding come from
crops and designs that the network learned from. The levels of a crop are evened out before it goes
in (`alprcore.ranking.region_network.levelled`), and logits come out.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from alprcore.network import onnx_session
from alprcore.ranking.region_look import CROP_SIZE
from alprcore.ranking.region_network import LEVELS, MIDDLE, levelled
from alprcore.records import Frame
from alprcore.training.finding.eight_bits import write_in_eight_bits
from alprcore.training.finding.graph import Graph, Met, rounded_after
from alprcore.training.finding.layers import Layer, constants_of, seen_by
from alprcore.training.finding.rounding import Real, Scale
from alprcore.training.finding.whole import Form, Shown, least_units
from alprcore.training.regions.data import photographed, read_crops, read_designs, without_copies
from alprcore.training.regions.model import CELLS


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True, help="from train")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--plates", type=int, default=150, help="that are shown to it")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    looks = looks_at(args.data, args.plates, args.seed)
    write_in_eight_bits(as_layers(onnx.load(args.model)), looks, STATES, args.out)


def looks_at(data: Path, plates: int, seed: int) -> list[Frame]:
    """Return what the network is shown of so many plates to learn from, levelled.

    Half of them are crops, half designs; every other one is shown as it is, the others as they
    might be photographed.
    """
    crops, rng = read_crops(data), np.random.default_rng(seed)
    apart = [look for look in crops if look.fold == 0]
    known = [look for look in [*crops, *read_designs(data)] if look.fold != 0]
    known = without_copies(known, apart)
    looks = []
    for designs in (False, True):
        some = [look.image for look in known if (look.fold < 0) == designs]
        for place, number in enumerate(rng.permutation(len(some))[: plates // 2]):
            plate = some[number]
            if place % 2:
                plate = photographed(plate, known[rng.integers(len(known))].image, rng)
            shown = cv2.resize(plate, CROP_SIZE, interpolation=cv2.INTER_AREA)
            looks.append(levelled(np.asarray(shown, np.uint8)))
    return looks


def as_layers(trained: onnx.ModelProto) -> onnx.ModelProto:
    """Return the trained network as layers alone, from levelled crops to logits.

    What evens the levels out is left out. The means of the cells and the head are one convolution
    as large as the map, with the temperature in its weights.
    """
    nodes, known = list(trained.graph.node), constants_of(trained)
    layers = [node for node in nodes if node.op_type in {"Conv", "Clip", "Add"}]
    layers = layers[[node.op_type for node in layers].index("Conv") :]  # less what evens levels
    head = next(node for node in nodes if node.op_type == "Gemm")
    heat = next(node.input[1] for node in nodes if node.input and node.input[0] == head.output[0])
    weights, bias = (known[name] / known[heat] for name in head.input[1:3])
    rows, cells = CELLS
    matrix = weights.reshape(len(weights), -1, rows, cells).repeat(COLUMNS, axis=3) / COLUMNS
    colours, shift = (known[name] for name in layers[0].input[1:])
    colours = colours[:, ::-1] / LEVELS  # it learned of red, green, blue
    shift = shift - MIDDLE * colours.sum(axis=(1, 2, 3))
    known |= {"stem": colours, "stem.bias": shift}
    known |= {"head": matrix, "head.bias": bias}
    border = [
        numpy_helper.from_array(np.array([0, 1, 1, 0, 0, 1, 1, 0]), "border"),
        numpy_helper.from_array(np.uint8(MIDDLE), "beyond"),
    ]
    made = [
        helper.make_node("Pad", ["image", "border", "beyond"], ["bordered"]),
        helper.make_node("Cast", ["bordered"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["floats"], ["levels"], perm=[0, 3, 1, 2]),
        _conv(["levels", "stem", "stem.bias"], layers[0].output[0], 2, [3, 3]),
        *layers[1:],
        _conv([layers[-1].output[0], "head", "head.bias"], "logits", 1, [rows, cells * COLUMNS]),
    ]
    used = {name for node in made for name in node.input} & known.keys()
    kept = [numpy_helper.from_array(known[name].astype(np.float32), name) for name in sorted(used)]
    image = helper.make_tensor_value_info("image", TensorProto.UINT8, [1, "rows", "cols", 3])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, len(bias), 1, 1])
    graph = helper.make_graph(made, "states", [image], [logits], [*border, *kept])
    model = helper.make_model(graph, opset_imports=trained.opset_import, ir_version=8)
    model.metadata_props.extend(trained.metadata_props)
    return model


def _conv(inputs: list[str], output: str, stride: int, size: list[int]) -> onnx.NodeProto:
    options = {"strides": [stride] * 2, "pads": [0] * 4, "dilations": [1, 1], "kernel_shape": size}
    return helper.make_node("Conv", inputs, [output], **options)


def logits(graph: Graph, layer: Layer, scale: Scale, shown: Shown, output: str) -> list[int | str]:
    """Add the head: bytes times seven-bit weights, and the sums of them as floats of the classes.

    Each of the four columns of a cell meets the same weights; that their products are added as
    whole numbers of 32 bits makes the mean. The one product of floats that is left rounds the same
    everywhere.
    """
    assert scale.offset == 0  # what comes in is rectified
    rows, channels = CELLS[0], layer.weights.shape[1]
    weights = layer.weights[:, :, :, ::COLUMNS].transpose(0, 2, 3, 1).reshape(len(layer.bias), -1)
    each = replace(layer, weights=weights[:, :, None, None], bias=layer.bias / COLUMNS)
    met = met_by_columns(layer.inputs[0], scale, graph, shown)
    whole, units, bias = rounded_after(each, met, least_units(each, scale))
    units = units * scale.unit
    shape = graph.constant("cells", np.array([rows, CELLS[1], COLUMNS, channels]))
    graph.node("Reshape", [layer.inputs[0], shape], "map")
    graph.node("Transpose", ["map"], "turned", perm=[2, 0, 1, 3])
    shape = graph.constant("flat", np.array([COLUMNS, -1]))
    graph.node("Reshape", ["turned", shape], "columns")
    matrix = graph.constant("matrix", np.ascontiguousarray(whole[:, :, 0, 0].T))
    graph.node("MatMulInteger", ["columns", matrix], "products")
    graph.node("ReduceSum", ["products", graph.constant("over", np.array([0]))], "sums")
    steps = np.round(bias * COLUMNS / units).astype(np.int32)
    graph.node("Add", ["sums", graph.constant("bias", steps[None])], "whole")
    graph.node("Cast", ["whole"], "real", to=TensorProto.FLOAT)
    graph.node("Mul", ["real", graph.constant("units", units.astype(np.float32))], output)
    return [1, len(bias)]


def met_by_columns(source: str, scale: Scale, graph: Graph, shown: Shown) -> Met:
    """Return what the head meets in the columns of all cells."""
    session = onnx_session(graph.so_far(source).SerializeToString(), 1, one_size=True)
    pairs = []
    for look, values in seen_by(shown.model, [source], shown.looks):
        bytes_ = session.run([source], {"image": look[None]})[0][0].transpose(2, 0, 1)
        pairs.append([columns_of(each) for each in (values[source][0], bytes_ * scale.unit)])
    wanted, found = (np.concatenate(each) for each in zip(*pairs, strict=True))
    products = (each.T @ found / len(found) for each in (found, wanted))
    means = (each.mean(axis=0) for each in (wanted, found))
    return Met(*(each[None] for each in (*products, *means)))


def columns_of(values: NDArray[np.float32]) -> Real:
    """Return a (channels, rows, cols) map as the columns of its cells, (columns, rest)."""
    channels = len(values)
    parts = values.reshape(channels, *CELLS, COLUMNS).transpose(3, 1, 2, 0)
    return parts.reshape(COLUMNS, -1).astype(np.float64)


COLUMNS = CROP_SIZE[0] // 16 // CELLS[1]  # of the map, in a cell; the map's are 16 pixels wide
STATES = Form("logits", logits, MIDDLE, before=1, mended=True)


if __name__ == "__main__":
    main()
