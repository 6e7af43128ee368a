# SPDX-License-Identifier: Apache-2.0
"""The network that finds plates and vehicles, its targets and losses, and its ONNX form.

Two maps come out, plates at stride 8 and vehicles at stride 16, both of five channels (the second
helps the first to learn and does not ship: `vehicle_boxes` does better): the logit of
"a centre is here", the centre's offset from the middle of the cell in cells, and the logarithms of
width and height over a typical one. Channels are multiples of 16 because the convolutions of ONNX
Runtime work in blocks of 16. A third head for the four corners is left out: as a head they stay at
0.14 to 0.24 of the plate's height, while the refiner of `corners` reaches a few hundredths.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as nnf
from torch.nn.utils.fusion import fuse_conv_bn_eval

from alprcore.training.finding.data import Boxes, Sample, no_boxes

plate_stride, vehicle_stride = 8, 16
grey, spread = 114.0, 64.0  # what is taken from a pixel, and what it is divided by
hard_weight = 3.0  # of what is learned from a place that fooled an earlier network
plate_typical = (80.0, 28.0)  # pixels; what exp(0) stands for
vehicle_typical = (160.0, 110.0)


def conv(inputs: int, outputs: int, stride: int = 1) -> nn.Module:
    """Return a 3x3 convolution with batch normalisation and ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
    )


class Residual(nn.Module):
    """Two 3x3 convolutions around a shortcut."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            conv(channels, channels),
            nn.Conv2d(channels, channels, 3, 1, 1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the input plus what the body adds, rectified."""
        return nnf.relu(x + self.body(x))


def residuals(channels: int, count: int) -> list[nn.Module]:
    """Return residual blocks."""
    return [Residual(channels) for _ in range(count)]


class DetectorNet(nn.Module):
    """Pictures (n, 3, rows, cols), 0 to 255, to a plate map and a vehicle map.

    Parameters
    ----------
    width : float
        Factor of the channels; what ships has 1.
    depth : int
        Residual blocks of the fine and the middle stage; the coarse one has one more.
    """

    def __init__(self, width: float = 1.0, depth: int = 1) -> None:
        super().__init__()
        thin, fine, middle, coarse = (round(width * n) for n in (16, 32, 64, 96))
        first = (conv(3, thin, 2), conv(thin, thin, 2), conv(thin, fine, 2))
        self.fine = nn.Sequential(*first, *residuals(fine, depth))
        self.middle = nn.Sequential(conv(fine, middle, 2), *residuals(middle, depth))
        self.coarse = nn.Sequential(conv(middle, coarse, 2), *residuals(coarse, depth + 1))
        self.down_to_middle = nn.Conv2d(coarse, middle, 1)
        self.middle_mix = conv(middle, middle)
        self.down_to_fine = nn.Conv2d(middle, fine, 1)
        self.fine_mix = conv(fine, fine)
        self.plate_head = nn.Sequential(conv(fine, fine), nn.Conv2d(fine, 5, 1))
        self.vehicle_head = nn.Sequential(conv(middle, fine), nn.Conv2d(fine, 5, 1))
        for head in (self.plate_head, self.vehicle_head):
            last = head[1]
            nn.init.normal_(last.weight, std=0.01)
            nn.init.zeros_(last.bias)
            last.bias.data[0] = -4.6  # one cell in a hundred, so that training starts calm

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the plate map (n, 5, r/8, c/8) and the vehicle map (n, 5, r/16, c/16)."""
        return self.after_stem(self.fine[0]((x - grey) * (1 / spread)))

    def after_stem(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the maps, given what the first convolution gave."""
        fine = self.fine[1:](x)
        middle = self.middle(fine)
        middle = self.middle_mix(
            middle + nnf.interpolate(self.down_to_middle(self.coarse(middle)), scale_factor=2.0)
        )
        fine = self.fine_mix(fine + nnf.interpolate(self.down_to_fine(middle), scale_factor=2.0))
        return self.plate_head(fine), self.vehicle_head(middle)


class Exported(nn.Module):
    """The network as it is shipped: (1, rows, cols, 3) uint8 in; scores and boxes in pixels out."""

    def __init__(self, net: DetectorNet) -> None:
        super().__init__()
        self.net = net
        # The scaling of pixels goes into the first convolution: two passes over the picture less,
        # a ninth of the time. Its border of zeros becomes grey, drawn while pixels are bytes.
        self.stem = fuse_conv_bn_eval(net.fine[0][0], net.fine[0][1])
        self.stem.padding = (0, 0)
        with torch.no_grad():
            self.stem.weight /= spread
            self.stem.bias -= grey * self.stem.weight.sum((1, 2, 3))

    def forward(self, image: Tensor) -> Tensor:
        """Return the (5, r, c) plate map: score, centre offsets in cells, log sizes."""
        bordered = nnf.pad(image, (0, 0, 1, 0, 1, 0), value=int(grey))
        stem = nnf.relu(self.stem(bordered.permute(0, 3, 1, 2).float()))
        return scored(self.net.after_stem(stem)[0])


def scored(raw: Tensor) -> Tensor:
    """Return the map with its logits as scores, zero where a neighbour's score is higher."""
    heat = raw[:, :1].sigmoid()
    peak = nnf.max_pool2d(heat, 3, 1, 1)
    return torch.cat([heat * (heat >= peak), raw[:, 1:]], 1)[0]


def targets(
    boxes: Boxes, size: int, stride: int, ignored: Boxes, hard: Boxes
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the heat map and box targets (5, g, g) and the weights (2, g, g) of both losses."""
    grid = size // stride
    out = np.zeros((5, grid, grid), np.float32)
    weight = np.zeros((2, grid, grid), np.float32)
    weight[0] = 1
    for left, top, right, bottom in hard / stride:
        weight[0, int(top) : int(bottom) + 1, int(left) : int(right) + 1] = hard_weight
    for left, top, right, bottom in ignored / stride:
        weight[0, int(top) : int(bottom) + 1, int(left) : int(right) + 1] = 0
    cells = np.arange(grid) + 0.5
    for left, top, right, bottom in boxes:
        x, y, w, h = (left + right) / 2, (top + bottom) / 2, right - left, bottom - top
        col, row = min(int(x / stride), grid - 1), min(int(y / stride), grid - 1)
        spread_x, spread_y = (max(0.5, 0.1 * side / stride) for side in (w, h))
        bump_x = np.exp(-0.5 * ((cells - col - 0.5) / spread_x) ** 2)
        bump_y = np.exp(-0.5 * ((cells - row - 0.5) / spread_y) ** 2)
        bump = (bump_y[:, None] * bump_x[None]).astype(np.float32)
        reach = np.maximum(0, bump - 0.3) * (bump > weight[1])
        near = reach > 0
        out[0] = np.maximum(out[0], bump)
        out[1, near] = (x / stride - np.broadcast_to(cells, near.shape))[near]
        out[2, near] = (y / stride - np.broadcast_to(cells[:, None], near.shape))[near]
        out[3, near], out[4, near] = np.log(w), np.log(h)
        weight[1, near] = bump[near]
        weight[0, max(0, row - 1) : row + 2, max(0, col - 1) : col + 2] = 1
    return out, weight


def batch_targets(samples: list[Sample]) -> dict[str, Tensor]:
    """Return the tensors a training step needs."""
    size = samples[0].image.shape[0]
    images = np.stack([s.image for s in samples]).transpose(0, 3, 1, 2)
    plates = [targets(s.plates, size, plate_stride, s.ignored, s.hard) for s in samples]
    vehicles = [targets(s.vehicles, size, vehicle_stride, no_boxes(), no_boxes()) for s in samples]
    for sample, (_, weight) in zip(samples, vehicles, strict=True):
        weight[0] = np.maximum(sample.vehicle_weight, weight[1] > 0)
    packed = {
        "image": images.astype(np.float32),
        "plate": np.stack([p[0] for p in plates]),
        "plate_weight": np.stack([p[1] for p in plates]),
        "vehicle": np.stack([v[0] for v in vehicles]),
        "vehicle_weight": np.stack([v[1] for v in vehicles]),
    }
    return {key: torch.from_numpy(value) for key, value in packed.items()}


def map_loss(
    raw: Tensor, wanted: Tensor, weight: Tensor, typical: tuple[float, float], stride: int
) -> tuple[Tensor, Tensor]:
    """Return the focal loss of the heat map and the loss of the boxes, each per object."""
    heat = raw[:, 0]
    score = heat.sigmoid().clamp(1e-4, 1 - 1e-4)
    centre = (wanted[:, 0] > 0.999).float()
    hit = -((1 - score) ** 2) * score.log() * centre
    miss = -(score**2) * (1 - score).log() * (1 - wanted[:, 0]) ** 4 * (1 - centre)
    count = centre.sum().clamp(min=1)
    focal = ((hit + miss) * weight[:, 0]).sum() / count
    size = torch.tensor(typical).log().view(1, 2, 1, 1)
    place, extent = raw[:, 1:3] * stride, raw[:, 3:5] + size
    place_true, extent_true = wanted[:, 1:3] * stride, wanted[:, 3:5]
    half, half_true = extent.clamp(max=7).exp() / 2, extent_true.exp() / 2
    low = torch.maximum(place - half, place_true - half_true)
    high = torch.minimum(place + half, place_true + half_true)
    meet = (high - low).clamp(min=0).prod(1)
    union = 4 * half.prod(1) + 4 * half_true.prod(1) - meet
    overlap = 1 - meet / union.clamp(min=1)
    shape = nnf.smooth_l1_loss(extent, extent_true, reduction="none", beta=0.1).sum(1)
    shift = ((place - place_true).abs() / (2 * half_true)).clamp(max=2).sum(1)
    share = weight[:, 1]
    box = ((overlap + 0.5 * shape + 0.5 * shift) * share).sum() / share.sum().clamp(min=1)
    return focal, box


def export(net: DetectorNet, path: Path) -> None:
    """Write the network as ONNX, picture height and width free multiples of 32."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    net.eval()
    torch.onnx.export(
        Exported(net),
        (torch.zeros(1, 64, 96, 3, dtype=torch.uint8),),
        str(part),
        dynamo=False,
        opset_version=17,
        input_names=["image"],
        output_names=["plates"],
        dynamic_axes={
            "image": {1: "rows", 2: "cols"},
            "plates": {1: "rows8", 2: "cols8"},
        },
    )
    part.replace(path)
    net.train()
