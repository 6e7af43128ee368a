# SPDX-License-Identifier: Apache-2.0
"""The network that names vehicles in the street: the trunk of `net` with four heads.

It starts from a shipped ``vehicle.onnx``, whose normalisation is folded into the convolutions, and
stays so: the statistics of two worlds mixed in a batch would be those of neither. The first nine
layers keep their weights, which makes training twice as fast.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn

from alprcore.network import onnx_session
from alprcore.training.vehicles.net import VehicleNet, features, fused, grey, spread

FROZEN_LAYERS = 9
VIEWS = ("front", "rear", "side", "none")
"""Names of the view head's outputs; ``none`` says that there is no vehicle."""

Outputs = tuple[Tensor, Tensor, Tensor, Tensor]


class StreetNet(nn.Module):
    """Pictures (n, 3, rows, cols), red first, 0 to 255, sides multiples of 32, to four logits.

    Classes, makes (the last one: another make), colours and `VIEWS`.
    """

    def __init__(self, classes: int, makes: int, colours: int) -> None:
        super().__init__()
        named = fused(VehicleNet(classes, colours))
        layers = [*named.early, *named.late]  # type: ignore[misc]
        self.early = nn.Sequential(*layers[:FROZEN_LAYERS])
        self.late = nn.Sequential(*layers[FROZEN_LAYERS:])
        self.drop = nn.Dropout(0.2)
        self.class_head = nn.Linear(features, classes)
        self.make_head = nn.Linear(features, makes + 1)
        self.colour_head = nn.Linear(features, colours)
        self.view_head = nn.Linear(features, len(VIEWS))
        for head in (self.make_head, self.view_head):
            nn.init.normal_(head.weight, std=0.01)
            nn.init.zeros_(head.bias)
        self.early.requires_grad_(False)

    @property
    def heads(self) -> tuple[nn.Linear, nn.Linear, nn.Linear, nn.Linear]:
        """The heads in the order of the outputs."""
        return self.class_head, self.make_head, self.colour_head, self.view_head

    def forward(self, x: Tensor) -> Outputs:
        """Return the logits."""
        return self.from_early(self.early((x - grey) * (1 / spread)))

    def from_early(self, x: Tensor) -> Outputs:
        """Return the logits, given what the frozen layers gave."""
        pooled = self.drop(self.late(x).mean((2, 3)))
        one, two, three, four = (head(pooled) for head in self.heads)
        return one, two, three, four


def load_shipped(net: StreetNet, path: Path) -> None:
    """Put the trunk, the classes and the colours of a shipped ``vehicle.onnx`` into a network.

    Raises
    ------
    ValueError
        If the file holds another network.
    """
    graph = onnx.load(path).graph
    stored = {value.name: numpy_helper.to_array(value) for value in graph.initializer}
    for node in graph.node:
        # Halved weights are cast; of equal ones the exporter keeps one.
        if node.op_type in {"Cast", "Identity"} and node.input[0] in stored:
            stored[node.output[0]] = stored[node.input[0]]
    given = [
        [torch.from_numpy(stored[name].astype(np.float32)) for name in node.input[1:3]]
        for node in graph.node
        if node.op_type in {"Conv", "Gemm"}
    ]
    convs = [part for part in [*net.early.modules(), *net.late.modules()] if _is_conv(part)]
    wanted = [*convs, net.class_head, net.colour_head]
    with torch.no_grad():
        # The shipped stem takes whole numbers, blue first.
        weight, bias = given[0]
        given[0] = [(weight * spread).flip(1), bias + grey * weight.sum((1, 2, 3))]
        # A file with four heads has those of makes and views between and behind.
        if len(given) == len(wanted) + 2:
            wanted = [*convs, *net.heads]
        if len(given) != len(wanted):
            raise ValueError(f"{path}: {len(given)} layers, not {len(wanted)}")
        for layer, (weight, bias) in zip(wanted, given, strict=True):
            layer.weight.copy_(weight)  # type: ignore[operator, union-attr]
            layer.bias.copy_(bias)  # type: ignore[operator, union-attr]


class StreetEarly:
    """The frozen layers, run by ONNX Runtime: twice as fast as training code runs them."""

    def __init__(self, net: StreetNet) -> None:
        file = io.BytesIO()
        torch.onnx.export(
            net.early.eval(),
            (torch.zeros(1, 3, 64, 64),),
            file,  # type: ignore[arg-type]
            dynamo=False,
            opset_version=17,
            input_names=["x"],
            dynamic_axes={"x": {0: "n", 2: "rows", 3: "cols"}},
        )
        self.session = onnx_session(file.getvalue(), 1, one_size=False)

    def __call__(self, pictures: NDArray[np.uint8]) -> Tensor:
        """Return the maps of (n, rows, cols, 3) pictures, channels blue, green, red."""
        x = (pictures[..., ::-1].transpose(0, 3, 1, 2).astype(np.float32) - grey) / spread
        found: Any = self.session.run(None, {"x": np.ascontiguousarray(x)})[0]
        return torch.from_numpy(found).contiguous(memory_format=torch.channels_last)


def _is_conv(part: nn.Module) -> bool:
    return isinstance(part, nn.Conv2d)
