# SPDX-License-Identifier: Apache-2.0
"""The last layer of networks that box things, in floats whose sums are exact.

Scores are looked up in a table.
"""

from __future__ import annotations

import numpy as np
from onnx import TensorProto, helper

from alprcore.training.finding.graph import Graph
from alprcore.training.finding.layers import Layer
from alprcore.training.finding.rounding import Scale
from alprcore.training.finding.whole import Shown

LAST_BITS = 10  # of the last layer's weights: their products with bytes add up below 2 ** 24
STEPS, FARTHEST = 256, 16  # of the table of scores: per unit of the logit, and where it ends


def boxes(graph: Graph, layer: Layer, scale: Scale, _: Shown, output: str) -> list[int | str]:
    """Add the last layer of a network that boxes things, and their scores.

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
    graph.node("Squeeze", ["all", graph.constant("picture", np.array([0]))], output)
    return [5, "rows8", "cols8"]


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
