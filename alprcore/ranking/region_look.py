# SPDX-License-Identifier: Apache-2.0
"""A plate's look to how likely each state's designs make it.

The network chooses among the fifty states and the District of Columbia, each as often met in its
training as the next, so its probabilities are likelihoods up to a factor; how common a state is
comes in elsewhere (see `ranking.region`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from alprcore.ranking.region_network import RegionModel
from alprcore.records import Frame

# Columns and rows of the crop, whatever the plate's aspect. Between the finder's corners, and with
# 2 % less to 6 % more on each side, the network names as many plates of photographs right; with
# 4 % less or 10 % more fewer.
CROP_SIZE = (192, 96)
COUNTRY = "us"  # the country whose plates the network knows
# A plate may carry a design that the network never saw, and be taken for anything.
UNSEEN_DESIGN = 0.04
# Regions that the network does not know, as the Canadian provinces: how much of its certainty a
# plate of theirs would meet.
UNKNOWN_REGION = 0.02


def look_logs(crop: Frame, model: RegionModel, regions: Iterable[str]) -> dict[str, float]:
    """Return the natural logarithm of how likely each region makes the look, up to a constant.

    Parameters
    ----------
    crop : (96, 192, 3) uint8 array
        The plate upright and stretched to `CROP_SIZE`; blue, green, red.
    model : RegionModel
    regions : iterable of str
        Codes to answer for; those that the network does not know get one value for all of them.
    """
    logs = model.log_probabilities(crop)
    rest = UNSEEN_DESIGN / len(model.codes)
    known = {
        code: math.log((1 - UNSEEN_DESIGN) * math.exp(float(value)) + rest)
        for code, value in zip(model.codes, logs, strict=True)
    }
    return {code: known.get(code, math.log(UNKNOWN_REGION)) for code in regions}
