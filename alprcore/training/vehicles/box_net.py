# SPDX-License-Identifier: Apache-2.0
"""The network that boxes vehicles: the first five stages of EfficientNet-Lite0 and a small head.

Starts from the same ImageNet weights as `vehicle_net`. One map comes out, at stride 16, of five
channels: the logit of "a centre is here", the centre's offset from the middle of the cell in cells,
and the logarithms of width and height in cells.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from alprcore.training.vehicles.net import VehicleNet, fused, grey, load_imagenet, spread

STRIDE = 16
BACKBONE_LAYERS = 12  # the stem and the blocks up to 112 channels at stride 16
# Those up to stride 8 keep their ImageNet weights: two hundred photographs have nothing to teach
# them, and training is five times as fast without.
FROZEN_LAYERS = 6
WIDTH = 64


class VehicleBoxNet(nn.Module):
    """Pictures (n, 3, rows, cols), red first, 0 to 255, sides multiples of 32, to maps."""

    def __init__(self) -> None:
        super().__init__()
        named = VehicleNet(1, 1)
        load_imagenet(named)
        layers = [*named.early, *named.late][:BACKBONE_LAYERS]
        self.early = nn.Sequential(*layers[:FROZEN_LAYERS])
        self.early.requires_grad_(False)
        self.late = nn.Sequential(*layers[FROZEN_LAYERS:])
        # Dilated, so that a cell sees the whole of a vehicle that fills the picture.
        self.head = nn.Sequential(
            *_conv(112, WIDTH, 1),
            *_conv(WIDTH, WIDTH, 2),
            *_conv(WIDTH, WIDTH, 4),
            *_conv(WIDTH, WIDTH, 1),
            nn.Conv2d(WIDTH, 5, 1),
        )
        last = self.head[-1]
        assert isinstance(last, nn.Conv2d)
        assert last.bias is not None
        nn.init.normal_(last.weight, std=0.01)
        with torch.no_grad():
            last.bias.copy_(torch.tensor([-3.0, 0.0, 0.0, 1.5, 1.3]))

    def forward(self, x: Tensor) -> Tensor:
        """Return the map."""
        return self.from_early(self.early((x - grey) * (1 / spread)))

    def from_early(self, x: Tensor) -> Tensor:
        """Return the map, given what the frozen layers gave."""
        out: Tensor = self.head(self.late(x))
        return out

    def train(self, mode: bool = True) -> VehicleBoxNet:
        """Set the mode; the frozen layers stay in evaluation."""
        super().train(mode)
        self.early.eval()
        return self


def _conv(inputs: int, outputs: int, dilation: int) -> list[nn.Module]:
    layer = nn.Conv2d(inputs, outputs, 3, 1, dilation, dilation=dilation, bias=False)
    return [layer, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]


class _Exported(nn.Module):
    """The network before eight bits: a picture of bytes, blue first, to a (5, rows, cols) map."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net
        # The order of colours and the scaling of pixels go into the first convolution, and its
        # border becomes grey: so bytes are all that it need be shown.
        self.stem = net.early[0]
        self.stem.border = None
        with torch.no_grad():
            self.stem.conv.weight.copy_(self.stem.conv.weight.flip(1) / spread)
            self.stem.conv.bias -= grey * self.stem.conv.weight.sum((1, 2, 3))

    def forward(self, image: Tensor) -> Tensor:
        """Return the map with probabilities in the place of logits."""
        bordered = nn.functional.pad(image, (0, 0, 0, 1, 0, 1), value=int(grey))
        stem = self.stem(bordered.permute(0, 3, 1, 2).float())
        found = self.net.from_early(self.net.early[1:](stem))[0]
        return torch.cat([found[:1].sigmoid(), found[1:]])


def export(net: VehicleBoxNet, path: Path) -> None:
    """Write the network as ONNX, normalisation folded into the convolutions."""
    torch.onnx.export(
        _Exported(fused(net)).eval(),  # type: ignore[arg-type]
        (torch.zeros(1, 192, 320, 3, dtype=torch.uint8),),
        str(path),
        dynamo=False,
        opset_version=17,
        input_names=["image"],
        output_names=["vehicles"],
        dynamic_axes={"image": {1: "rows", 2: "cols"}, "vehicles": {1: "r", 2: "c"}},
    )
