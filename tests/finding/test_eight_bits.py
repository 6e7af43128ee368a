# SPDX-License-Identifier: Apache-2.0
"""The arithmetic of networks in eight bits, once more in whole numbers, by nothing but numpy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from alprcore.network import onnx_session
from alprcore.resources import model_bytes

onnx = pytest.importorskip("onnx")

Values = dict[str, np.ndarray]


NETWORKS = {  # the file, what comes out, how many convolutions and sums of tensors it has
    "plate_detector": ("plates", 18, 6),
    "vehicle_boxes": ("vehicles", 37, 6),
    "us_state": ("logits", 34, 6),
}
BOXES = ("plate_detector", "vehicle_boxes")  # of pictures of any size; the others of one size


@pytest.fixture(scope="module", params=NETWORKS)
def name(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(scope="module")
def graph(name: str) -> Any:
    return onnx.load_from_string(model_bytes(f"{name}.onnx")).graph


def constants(graph: Any) -> Values:
    return {each.name: onnx.numpy_helper.to_array(each) for each in graph.initializer}


def bytes_of(value: np.ndarray, factor: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Whole numbers rescaled: one product of 32-bit floats, rounded, ties to even."""
    scaled = np.rint(value.astype(np.float32) * factor.astype(np.float32))
    return np.clip(scaled + np.float32(offset), 0, 255).astype(np.uint8)


def conv(x, x_unit, x_offset, weights, units, middles, y_unit, y_offset, bias, **options):
    assert not middles.any()
    top, left, bottom, right = options["pads"]
    size = [1 + step * (side - 1) for step, side in zip(
        options.get("dilations", (1, 1)), weights.shape[2:], strict=True)]  # fmt: skip
    down, over = options["strides"]
    step = options.get("dilations", (1, 1))[0]
    centred = x[0].astype(np.int64) - int(x_offset)
    bordered = np.pad(centred, ((top, bottom), (left, right), (0, 0)))
    seen = np.lib.stride_tricks.sliding_window_view(bordered, size, (0, 1))
    seen = seen[::down, ::over, :, ::step, ::step]
    by_channel = options.get("group", 1) > 1
    assert not by_channel or options["group"] == len(weights) == x.shape[3]
    terms = "rcijk,iljk->rci" if by_channel else "rcijk,oijk->rco"
    sums = np.einsum(terms, seen, weights.astype(np.int64))
    sums += bias
    assert np.abs(sums).max() < 2**24  # exact as 32-bit floats
    return bytes_of(sums, x_unit * units / y_unit, y_offset)[None]


def add(a, a_unit, a_offset, b, b_unit, b_offset, y_unit, y_offset):
    # Units are powers of two of one another: all of this is exact in any order.
    terms = [(v.astype(np.int64) - int(o)) * float(u / y_unit)
             for v, u, o in ((a, a_unit, a_offset), (b, b_unit, b_offset))]  # fmt: skip
    return np.clip(np.rint(terms[0] + terms[1]) + int(y_offset), 0, 255).astype(np.uint8)


def cast(x, to):
    return x.astype(onnx.helper.tensor_dtype_to_np_dtype(to))


def of_floats(operation, a, b):
    found = operation(a, b)
    return found.astype(np.int32 if found.dtype.kind == "i" else np.float32)


def products(x, matrix):
    found = x.astype(np.int64) @ matrix.astype(np.int64)
    assert np.abs(found).max() < 2**31
    return found.astype(np.int32)


def reshape(x, shape):
    kept = [x.shape[i] if side == 0 else side for i, side in enumerate(shape)]
    return x.reshape(kept)


def neighbours(x, **_):
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (2, 3))
    return windows.max(axis=(4, 5))


OPERATIONS: dict[str, Callable[..., Any]] = {
    "QLinearConv": conv,
    "QLinearAdd": add,
    "Reshape": reshape,
    "Resize": lambda x, _, scales, **__: x.repeat(2, axis=1).repeat(2, axis=2),
    "DequantizeLinear": lambda x, unit, offset: (x.astype(np.int64) - int(offset)) * float(unit),
    "MatMul": lambda x, matrix: x @ matrix.astype(np.float64),
    "Transpose": lambda x, perm: x.transpose(perm),
    "MatMulInteger": products,
    "ReduceSum": lambda x, axes: x.sum(axis=tuple(axes), keepdims=True, dtype=x.dtype),
    "Add": lambda a, b: of_floats(np.add, a, b),
    "Mul": lambda a, b: of_floats(np.multiply, a, b),
    "Split": lambda x, sizes, axis: np.split(x, np.cumsum(sizes)[:-1], axis),
    "MaxPool": neighbours,
    "Less": np.less,
    "Clip": np.clip,
    "Cast": cast,
    "Gather": lambda table, rows: table[rows],
    "Where": np.where,
    "Concat": lambda *parts, axis: np.concatenate(parts, axis),
    "Squeeze": lambda x, axes: x.squeeze(tuple(axes)),
}


def reference(graph: Any, image: np.ndarray, output: str) -> np.ndarray:
    """Return what the network gives, and fail where a sum could round."""
    values = {"image": image[None], "": np.zeros(0), **constants(graph)}
    for node in graph.node:
        options = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
        options.pop("channels_last", None)
        given = [values[name] for name in node.input]
        found = OPERATIONS[node.op_type](*given, **options)
        values.update(zip(node.output, found if len(node.output) > 1 else [found], strict=True))
    return values[output]


def pictures(sizes: list[tuple[int, int]]) -> Iterator[np.ndarray]:
    rng = np.random.default_rng(5)
    yield np.full((*sizes[0], 3), 114, np.uint8)
    yield rng.integers(0, 256, (*sizes[1], 3)).astype(np.uint8)
    drawn = np.full((*sizes[2], 3), 90, np.uint8)
    drawn[40:62, 50:120] = 235
    drawn[45:57, 56:114:6] = 10
    yield drawn
    yield np.where(rng.random((*sizes[3], 1)) < 0.5, 0, 255).repeat(3, axis=2).astype(np.uint8)


def test_the_network_gives_what_whole_numbers_give(name, graph):
    session = onnx_session(model_bytes(f"{name}.onnx"), 1, one_size=False)
    sizes = [(64, 96), (96, 64), (96, 192), (64, 64)] if name in BOXES else [(96, 192)] * 4
    for picture in pictures(sizes):
        found = reference(graph, picture, NETWORKS[name][0])
        assert np.array_equal(session.run(None, {"image": picture[None]})[0], found)


def test_no_pair_of_products_overflows_16_bits(name, graph):
    known = constants(graph)
    convs = [node for node in graph.node if node.op_type == "QLinearConv"]
    assert len(convs) == NETWORKS[name][1]
    for node in convs:
        weights = known[node.input[3]].astype(int)
        assert known[node.input[3]].dtype == np.int8
        assert np.abs(weights).max() <= 63
        assert 2 * 255 * np.abs(weights).max() < 2**15
        # All of a sum, whatever the bytes are: whole in 24 bits, so that a float holds it.
        most = 255 * np.abs(weights).sum(axis=(1, 2, 3)) + np.abs(known[node.input[8]].astype(int))
        assert most.max() < 2**24


def test_units_that_are_added_are_powers_of_two_of_one_another(name, graph):
    known = constants(graph)
    sums = [node for node in graph.node if node.op_type == "QLinearAdd"]
    assert len(sums) == NETWORKS[name][2]
    for node in sums:
        for unit in (known[node.input[1]], known[node.input[4]]):
            assert np.frexp(unit / known[node.input[6]])[0] == 0.5


@pytest.mark.parametrize("name", BOXES)
def test_the_last_layer_adds_whole_numbers(name):
    known = constants(onnx.load_from_string(model_bytes(f"{name}.onnx")).graph)
    matrix, bias = known["matrix"].astype(np.float64), known["bias"].astype(np.float64)
    unit = 2.0 ** np.ceil(np.log2(np.abs(matrix).max() / 1023))
    for numbers in (matrix / unit, bias / unit):
        assert np.array_equal(numbers, np.round(numbers))
    most = 255 * np.abs(matrix / unit).sum(axis=0) + np.abs(bias / unit).ravel()
    assert most.max() < 2**24


def test_the_head_of_states_adds_whole_numbers_of_32_bits():
    known = constants(onnx.load_from_string(model_bytes("us_state.onnx")).graph)
    matrix = known["matrix"].astype(int)
    assert known["matrix"].dtype == np.int8
    assert matrix.shape == (2880, 51)
    assert np.abs(matrix).max() <= 63
    most = 4 * 255 * np.abs(matrix).sum(axis=0) + np.abs(known["bias"].astype(int))
    assert most.max() < 2**31
