# SPDX-License-Identifier: Apache-2.0
"""Average trained banks: ``python -m alprcore.training.bank.average A.pt B.pt --data .. --out ..``.

Banks that go on from the same state can be averaged weight by weight (Wortsman et al. 2022, "Model
soups"). Two runs differed by up to five of 76 US plates either way; their mean read as many as the
better one of each set.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from alprcore.training.bank.calibration import fit_temperature
from alprcore.training.bank.data import read_all_labelled, training_view
from alprcore.training.bank.export import export_bank, glyph_portraits
from alprcore.training.bank.model import model_of


def averaged(states: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Return the mean of the states; what is not a real number is the first one's."""
    return {
        name: torch.stack([state[name] for state in states]).mean(dim=0)
        if first.is_floating_point()
        else first
        for name, first in states[0].items()
    }


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("states", type=Path, nargs="+", help=".pt files of training.bank.train")
    parser.add_argument("--data", type=Path, required=True, help="folder that holds reading/")
    parser.add_argument("--out", type=Path, required=True, help="the bank to write, .npz")
    options = parser.parse_args()
    model = model_of(averaged([torch.load(path) for path in options.states]))
    model.eval()
    crops = [crop for crop in read_all_labelled(options.data) if len(crop.lines)]
    held_back = [crop for crop in crops if crop.held_back and crop.source != "spain_masked"]
    known = [crop for crop in crops if not crop.held_back and set(crop.text) <= set(model.alphabet)]
    portraits = glyph_portraits(model, [training_view(crop, 0) for crop in known])
    temperature = fit_temperature(model, held_back)
    export_bank(model, options.out, portraits, temperature)
    torch.save(model.state_dict(), options.out.with_suffix(".pt"))
    print(f"{options.out}: mean of {len(options.states)}, temperature {temperature}")


if __name__ == "__main__":
    main()
