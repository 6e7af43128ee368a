# SPDX-License-Identifier: Apache-2.0
"""A network of whole numbers in the making, and what rounding has made of it so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from alprcore.network import onnx_session
from alprcore.records import Frame
from alprcore.training.finding.layers import PLACES, Layer, inputs_of, seen_by
from alprcore.training.finding.rounding import DAMPING, Real, Scale, rounded

MICROSOFT = "com.microsoft"  # ONNX Runtime's own operators: sums of bytes, channels last


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

    def model(self, output: str, sides: list[int | str]) -> onnx.ModelProto:
        """Return the finished network, of which floats come out, an array of these sides."""
        return self._model(output, TensorProto.FLOAT, sides)

    def so_far(self, output: str) -> onnx.ModelProto:
        """Return what there is of the network, of which a tensor of bytes comes out."""
        return self._model(output, TensorProto.UINT8, [1, "r", "c", "channels"])

    def _model(self, output: str, kind: int, sides: list[int | str]) -> onnx.ModelProto:
        image = helper.make_tensor_value_info("image", TensorProto.UINT8, [1, "rows", "cols", 3])
        found = helper.make_tensor_value_info(output, kind, sides)
        constants = list(self._constants.values())
        graph = helper.make_graph(self.nodes, output, [image], [found], constants)
        versions = [helper.make_opsetid("", 17), helper.make_opsetid(MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=versions, ir_version=8)


@dataclass(slots=True)
class Met:
    """What a layer meets in the trained network, and in the one of whole numbers up to there.

    Mean products of the second with itself and of the first with it, (groups, k, k), and the means
    of both, (groups, k).
    """

    own: Real
    crossed: Real
    wanted: Real
    found: Real


def met_by(
    layer: Layer, scale: Scale, graph: Graph, model: onnx.ModelProto, looks: Sequence[Frame]
) -> Met:
    """Return what a layer meets of `looks`; `model` is the trained network."""
    source = layer.inputs[0]
    session = onnx_session(graph.so_far(source).SerializeToString(), 1, one_size=False)
    sums: list[Any] = [0.0] * 4
    for number, (look, values) in enumerate(seen_by(model, [source], looks)):
        bytes_ = session.run([source], {"image": look[None]})[0][0].transpose(2, 0, 1)
        real = (bytes_.astype(np.float32) - scale.offset) * scale.unit
        wanted, found = (
            inputs_of(layer, each, np.random.default_rng(number))  # both at the same places
            for each in (values[source][0], real)
        )
        turned = found.swapaxes(-1, -2)
        parts = (found @ turned, wanted @ turned, wanted.sum(axis=-1), found.sum(axis=-1))
        sums = [each + part for each, part in zip(sums, parts, strict=True)]
    means = [each / (len(looks) * PLACES) for each in sums]
    return Met(*(means if layer.by_channel else (each[None] for each in means)))


def rounded_after(layer: Layer, met: Met, least: Real) -> tuple[Any, Any, Real]:
    """Return a layer's weights as whole numbers, their units and its bias.

    What comes out is as near as can be to what comes out of the trained network: layers make good
    what rounding has changed before them, the bias what it changed in the mean.
    """
    groups = len(met.own)
    rows = layer.weights.reshape(groups, len(layer.weights) // groups, -1)
    parts = zip(
        rows, least.reshape(groups, -1), met.own, met.crossed, met.wanted, met.found, strict=True
    )
    made = []
    for weights, units, own, mixed, wanted, found in parts:
        spread, shared = own - np.outer(found, found), mixed - np.outer(wanted, found)
        damping = DAMPING * max(float(np.mean(np.diag(spread))), 1e-9) * np.eye(len(spread))
        fitted = weights @ (shared + damping) @ np.linalg.inv(spread + damping)
        whole, steps = rounded(fitted, spread, units)
        made.append((whole, steps, weights @ wanted - (whole * steps[:, None]) @ found))
    whole, steps, shift = (np.concatenate(each) for each in zip(*made, strict=True))
    return whole.reshape(layer.weights.shape), steps, layer.bias + shift
