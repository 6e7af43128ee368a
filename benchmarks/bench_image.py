# SPDX-License-Identifier: Apache-2.0
"""What the checks around the decoder cost: `load_frame` against the bare decoder."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from alprcore.picture.load import load_frame


def full_hd(suffix: str) -> bytes:
    noise = np.random.default_rng(0).integers(0, 256, (1080, 1920, 3), dtype=np.uint8)
    noise[-8:, -8:] = 255  # a grey last block would look like the end of a cut file
    return cv2.imencode(suffix, cv2.GaussianBlur(noise, (0, 0), 2))[1].tobytes()


@pytest.mark.benchmark(group="decode 1920 x 1080")
@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def bench_load_frame(benchmark, suffix):
    frame = benchmark(load_frame, full_hd(suffix))
    assert frame.shape == (1080, 1920, 3)


@pytest.mark.benchmark(group="decode 1920 x 1080")
@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def bench_bare_decoder(benchmark, suffix):
    content = np.frombuffer(full_hd(suffix), np.uint8)
    frame = benchmark(cv2.imdecode, content, cv2.IMREAD_COLOR)
    assert frame.shape == (1080, 1920, 3)
