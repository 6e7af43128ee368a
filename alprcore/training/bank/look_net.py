# SPDX-License-Identifier: Apache-2.0
"""Teach a small network what a grey crop shows, and write it down: what the two looks share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

RATE, PEAK = 2e-3, 4e-3
STEPS_TOLD = 200  # steps between two lines of progress, each with a state of the weights
Batch = Callable[[], tuple[Tensor, Tensor]]


def teach(
    net: nn.Module, batch: Batch, out: Path, *, steps: int, decay: float, smoothing: float = 0.0
) -> None:
    """Train a network on batches of crops (n, rows, cols) and classes (n,); leave it evaluating.

    The weights are kept beside `out`, as ``.pt``.
    """
    optimiser = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, PEAK, steps)
    losses = []
    for step in range(1, steps + 1):
        crops, kinds = batch()
        loss = nn.functional.cross_entropy(net(crops), kinds, label_smoothing=smoothing)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        losses.append(float(loss.detach()))
        if step % STEPS_TOLD == 0:
            print(f"step {step} loss {np.mean(losses):.3f}", flush=True)
            torch.save(net.state_dict(), out.with_suffix(".pt"))
            losses = []
    net.eval()


def evened(crops: Tensor) -> Tensor:
    """Return grey crops (n, rows, cols) as (n, 1, rows, cols), their light and contrast alike."""
    x = crops[:, None]
    mean = x.mean((2, 3), keepdim=True)
    spread = (x - mean).pow(2).mean((2, 3), keepdim=True).sqrt() + 4.0
    return (x - mean) / spread


def export(
    net: nn.Module, path: Path, *, size: tuple[int, int], output: str, last: Callable[..., Tensor]
) -> None:
    """Write a network as ONNX: uint8 ``crops`` of `size` (columns, rows) to `last(logits, 1)`."""

    class Shipped(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = net

        def forward(self, crops: Tensor) -> Tensor:
            return last(self.net(crops.float()), 1)

    example = torch.zeros(1, size[1], size[0], dtype=torch.uint8)
    torch.onnx.export(
        Shipped().eval(), (example,), str(path), input_names=["crops"], output_names=[output],
        dynamo=False,
    )  # fmt: skip
