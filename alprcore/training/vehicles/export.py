# SPDX-License-Identifier: Apache-2.0
"""Write the trained vehicle network as ONNX.

``python -m alprcore.training.vehicles.export --weights vehicle.pt --out vehicle.onnx``

Weights are stored in 16 bits and computed with in 32, which halves the file and costs nothing.
``--data DIR --bits 8`` writes whole numbers of 8 bits for weights and maps, their ranges measured
on training pictures; it is faster and less accurate.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import Tensor, nn

from alprcore.network import onnx_session
from alprcore.records import Frame
from alprcore.training.vehicles.data import colours
from alprcore.training.vehicles.net import VehicleNet, fused, grey, spread
from alprcore.training.vehicles.street_net import StreetNet
from alprcore.training.vehicles.train import Data
from alprcore.vehicles.model import CROP_SIZE, VehicleLogits

calibration_pictures = 320
smallest_halved = 256  # numbers; biases stay as they are


class Exported(nn.Module):
    """The network as it is shipped: (n, rows, cols, 3) uint8, blue green red, to logits."""

    def __init__(self, net: VehicleNet | StreetNet) -> None:
        super().__init__()
        early, late = fused(net.early), fused(net.late)
        if isinstance(net, StreetNet):
            heads: tuple[nn.Linear, ...] = net.heads
        else:
            heads = (net.class_head, net.colour_head)
        self.heads = nn.ModuleList(heads)
        assert isinstance(early, nn.Sequential)
        self.border = early[0].border
        self.stem, self.early, self.late = early[0].conv, early[1:], late
        with torch.no_grad():
            weight = self.stem.weight.flip(1) / spread
            self.stem.bias -= grey * weight.sum((1, 2, 3))
            self.stem.weight.copy_(weight)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Return the logits of each head."""
        low, high = self.border[0], self.border[1]
        bordered = nn.functional.pad(image, (0, 0, low, high, low, high), value=int(grey))
        x = nn.functional.relu6(self.stem(bordered.permute(0, 3, 1, 2).float()))
        pooled = self.late(self.early(x)).mean((2, 3))
        return tuple(head(pooled) for head in self.heads)


def load_net(path: Path) -> tuple[VehicleNet | StreetNet, dict[str, Any]]:
    """Return the network that `train` or `tune` wrote, and what else is in its file."""
    kept = torch.load(path, map_location="cpu", weights_only=True)
    net: VehicleNet | StreetNet
    if "makes" in kept:
        net = StreetNet(len(kept["classes"]), len(kept["makes"]), len(colours))
    else:
        net = VehicleNet(len(kept["classes"]), len(colours))
    net.load_state_dict(kept["net"])
    return net.eval(), kept


def export(net: VehicleNet | StreetNet, path: Path) -> None:
    """Write the network in 32 bits; the number of pictures is free."""
    part = path.with_suffix(".part")
    four = isinstance(net, StreetNet)
    names = ["classes", "makes", "colors", "views"] if four else ["classes", "colors"]
    example = torch.zeros(1, CROP_SIZE[1], CROP_SIZE[0], 3, dtype=torch.uint8)
    torch.onnx.export(
        Exported(net.eval()),
        (example,),
        str(part),
        dynamo=False,
        opset_version=17,
        input_names=["image"],
        output_names=names,
        dynamic_axes={name: {0: "n"} for name in ("image", *names)},
    )
    part.replace(path)


def store_in_half(path: Path) -> None:
    """Store large weights of an ONNX file in 16 bits; ONNX Runtime widens them when it loads."""
    model = onnx.load(path)
    graph = model.graph
    casts = []
    for weight in graph.initializer:
        if weight.data_type != onnx.TensorProto.FLOAT or np.prod(weight.dims) < smallest_halved:
            continue
        values = onnx.numpy_helper.to_array(weight).astype(np.float16)
        wide = weight.name
        weight.CopyFrom(onnx.numpy_helper.from_array(values, f"{wide}_half"))
        cast = onnx.helper.make_node("Cast", [weight.name], [wide], to=onnx.TensorProto.FLOAT)
        casts.append(cast)
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend([*casts, *nodes])
    onnx.checker.check_model(model)
    onnx.save(model, path)


class _Pictures(CalibrationDataReader):
    """The pictures that ranges are measured on, one at a time."""

    def __init__(self, pictures: Sequence[Frame]) -> None:
        self.rest = iter(pictures)

    def get_next(self) -> dict[str, Frame] | None:
        """Return the next picture, None after the last."""
        picture = next(self.rest, None)
        return None if picture is None else {"image": picture[None]}


def quantize(path: Path, pictures: Sequence[Frame], out: Path) -> None:
    """Write the network of `path` in 8 bits; `pictures` are (rows, cols, 3) uint8."""
    ready = out.with_suffix(".ready")
    quant_pre_process(str(path), str(ready))
    quantize_static(
        str(ready),
        str(out),
        _Pictures(pictures),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.MinMax,
        extra_options={"ActivationSymmetric": False, "CalibMovingAverage": True},
    )
    ready.unlink()


def shipped_logits(path: Path, pictures: Sequence[Frame]) -> VehicleLogits:
    """Return the logits of the ONNX file's network."""
    session = onnx_session(path.read_bytes(), 1, one_size=True)
    found = [session.run(None, {"image": picture[None]}) for picture in pictures]
    return VehicleLogits(*(np.concatenate(part) for part in zip(*found, strict=True)))


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="write the vehicle network as ONNX")
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--bits", type=int, choices=(8, 16, 32), default=16)
    parser.add_argument("--data", type=Path, help="for --bits 8")
    options = parser.parse_args(arguments)
    net, _ = load_net(options.weights)
    if options.bits != 8:
        export(net, options.out)
        if options.bits == 16:
            store_in_half(options.out)
        return 0
    if options.data is None:
        parser.error("--bits 8 needs --data")
    full = options.out.with_suffix(".full")
    export(net, full)
    data = Data(options.data, seed=1)
    chosen = data.rng.choice(len(data.vehicles), calibration_pictures, replace=False)
    pictures = [data.augment(data.vehicles[i], CROP_SIZE)[0] for i in chosen]
    quantize(full, pictures, options.out)
    full.unlink()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
