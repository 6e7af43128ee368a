# SPDX-License-Identifier: Apache-2.0
"""The network that refines a plate's corners: four heat maps on a crop, and each one's mean place.

The mean of a soft-max over the map (soft-argmax) gives fractions of a cell and needs no labels but
the corners; a fully connected regression of the same size did not learn.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

from alprcore.training.finding.model import Residual, conv


class CornerNet(nn.Module):
    """Grey crops (n, 64, 128), 0 to 255, to corners (n, 4, 2) in crop pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.fine = nn.Sequential(conv(1, 16, 2), conv(16, 32, 2), Residual(32))  # 16 x 32
        self.middle = nn.Sequential(conv(32, 48, 2), Residual(48))
        self.coarse = nn.Sequential(conv(48, 64, 2), Residual(64))  # 4 x 8
        self.to_middle = nn.Conv2d(64, 48, 1)
        self.to_fine = nn.Conv2d(48, 32, 1)
        self.mix = nn.Sequential(conv(32, 32), Residual(32), nn.Conv2d(32, 4, 1))

    def forward(self, crops: Tensor) -> Tensor:
        """Return the corners, clockwise from the top-left of the text."""
        x = crops.unsqueeze(1)
        mean = x.mean((2, 3), keepdim=True)
        spread = (x - mean).pow(2).mean((2, 3), keepdim=True).sqrt() + 8.0
        fine = self.fine((x - mean) / spread)
        middle = self.middle(fine)
        middle = middle + nnf.interpolate(self.to_middle(self.coarse(middle)), scale_factor=2.0)
        heat = self.mix(fine + nnf.interpolate(self.to_fine(middle), scale_factor=2.0))
        odds = heat.flatten(2).softmax(2).reshape(-1, 4, 16, 32)
        across = torch.arange(32, dtype=torch.float32) * 4 + 2
        down = torch.arange(16, dtype=torch.float32) * 4 + 2
        return torch.stack([(odds.sum(2) * across).sum(2), (odds.sum(3) * down).sum(2)], 2)


class ExportedCorners(nn.Module):
    """The network as it is shipped: uint8 crops in."""

    def __init__(self, net: CornerNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, crops: Tensor) -> Tensor:
        """Return the corners (n, 4, 2) in crop pixels."""
        corners: Tensor = self.net(crops.float())
        return corners


def export_corners(net: CornerNet, path: Path) -> None:
    """Write the network as ONNX with a free number of crops."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    net.eval()
    torch.onnx.export(
        ExportedCorners(net),
        (torch.zeros(2, 64, 128, dtype=torch.uint8),),
        str(part),
        dynamo=False,
        opset_version=17,
        input_names=["crops"],
        output_names=["corners"],
        dynamic_axes={"crops": {0: "n"}, "corners": {0: "n"}},
    )
    part.replace(path)
    net.train()
