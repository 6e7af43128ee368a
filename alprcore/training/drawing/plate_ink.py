# SPDX-License-Identifier: Apache-2.0
"""Draw the characters of a plate: layout, stroke weight, paint and embossing."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore.training.drawing.faces import Face, cap_rows, margin, units_per_pixel

Canvas = NDArray[np.float32]
"""(h, w, 3) plate being drawn, BGR 0..255."""

Color = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class InkStyle:
    """How a line of characters is drawn; lengths in units of the character height."""

    height: float
    color: Color
    stretch: float = 1.0
    weight: float = 0.0
    slant: float = 0.0
    gap: float = 0.1
    group_gap: float = 0.35
    cell: float = 0.0
    emboss: float = 0.0
    wear: float = 0.0
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class DrawnLine:
    """Where the characters of a line came to stand, and the gaps between its groups."""

    boxes: NDArray[np.float32]
    top: float
    bottom: float
    gaps: tuple[tuple[float, float], ...]


def glyph_patch(field: NDArray[np.uint8], style: InkStyle, scale_x: float) -> NDArray[np.float32]:
    """Return the coverage of one character, 0..1, its baseline ``margin`` scaled above the end."""
    scale = style.height / cap_rows
    rows = round(field.shape[0] * scale)
    lean = style.slant * rows
    columns = round(field.shape[1] * scale * scale_x + abs(lean))
    shift = max(0.0, lean)
    matrix = np.array(
        [[scale * scale_x, -style.slant * scale, shift], [0.0, scale, 0.0]], dtype=np.float64
    )
    warped = cv2.warpAffine(field, matrix, (max(2, columns), max(2, rows)), flags=cv2.INTER_LINEAR)
    distance = (warped.astype(np.float32) - 128.0) * (scale / units_per_pixel)
    return np.clip(distance + (0.5 + style.weight * style.height), 0.0, 1.0)


def advances(face: Face, groups: tuple[str, ...], style: InkStyle) -> list[float]:
    """Return the ink width of each character, widened to the cell of a fixed-pitch line."""
    scale = style.height / cap_rows * style.stretch
    widths = []
    for char in "".join(groups):
        ink = (face.fields[char].shape[1] - 2 * margin) * scale
        widths.append(max(ink, style.cell * style.height))
    return widths


def draw_line(
    canvas: Canvas,
    rng: np.random.Generator,
    face: Face,
    groups: tuple[str, ...],
    area: tuple[float, float, float, float],
    *,
    style: InkStyle,
) -> DrawnLine:
    """Draw `groups` centred in `area` (left, top, right, bottom); squeeze them if too wide."""
    text = "".join(groups)
    left, top, right, bottom = area
    widths = advances(face, groups, style)
    gaps = line_gaps(groups, style)
    total = sum(widths) + sum(gaps)
    squeeze = min(1.0, (right - left) / total)
    spare = max(0.0, right - left - total * squeeze)
    x = left + spare * float(np.clip(rng.normal(0.5, 0.08), 0.1, 0.9))
    y = (top + bottom - style.height) / 2
    mask = np.zeros(canvas.shape[:2], np.float32)
    boxes, group_gaps = [], []
    for i, char in enumerate(text):
        field = face.fields[char]
        ink = (field.shape[1] - 2 * margin) * style.height / cap_rows * style.stretch * squeeze
        jitter = float(rng.normal(0, 0.006)) * style.height
        boxes.append(
            place_patch(
                mask,
                glyph_patch(field, style, style.stretch * squeeze),
                x
                + (widths[i] * squeeze - ink) / 2
                - margin * style.height / cap_rows * style.stretch * squeeze,
                y + jitter - margin * style.height / cap_rows,
            )
        )
        step = gaps[i] * squeeze if i < len(gaps) else 0.0
        if i < len(gaps) and gaps[i] > style.gap * style.height + 0.01:
            group_gaps.append((x + widths[i] * squeeze, x + widths[i] * squeeze + step))
        x += widths[i] * squeeze + step
    paint_mask(canvas, rng, mask, style)
    return DrawnLine(np.array(boxes, np.float32), y, y + style.height, tuple(group_gaps))


def line_gaps(groups: tuple[str, ...], style: InkStyle) -> list[float]:
    """Return the gap after each character but the last."""
    gaps: list[float] = []
    for group in groups:
        gaps += [style.gap * style.height] * (len(group) - 1)
        gaps.append(style.group_gap * style.height)
    return gaps[:-1]


def place_patch(
    mask: NDArray[np.float32], patch: NDArray[np.float32], x: float, y: float
) -> tuple[float, float, float, float]:
    """Merge a patch into the mask with its corner at the nearest pixel; return its ink's box."""
    left, top = round(x), round(y)
    rows = slice(max(0, top), min(mask.shape[0], top + patch.shape[0]))
    columns = slice(max(0, left), min(mask.shape[1], left + patch.shape[1]))
    inner = patch[
        rows.start - top : max(rows.stop, rows.start) - top,
        columns.start - left : max(columns.stop, columns.start) - left,
    ]
    if inner.size:
        window = mask[rows, columns]
        np.maximum(window, inner, out=window)
    ink_columns = np.flatnonzero(patch.max(axis=0) > 0.5)
    ink_rows = np.flatnonzero(patch.max(axis=1) > 0.5)
    if ink_columns.size == 0:
        return (x, y, x + patch.shape[1], y + patch.shape[0])
    return (
        float(left + ink_columns[0]),
        float(top + ink_rows[0]),
        float(left + ink_columns[-1] + 1),
        float(top + ink_rows[-1] + 1),
    )


def paint_mask(
    canvas: Canvas, rng: np.random.Generator, mask: NDArray[np.float32], style: InkStyle
) -> None:
    """Blend the colour of `style` into the canvas where the mask is, embossed and worn."""
    alpha = mask
    if style.wear > 0:
        size = (mask.shape[1] // 5 + 2, mask.shape[0] // 5 + 2)
        noise = rng.random((size[1], size[0]), dtype=np.float32)
        holes = cv2.resize(noise, mask.shape[::-1], interpolation=cv2.INTER_LINEAR)
        alpha = mask * (1 - np.clip((style.wear - holes) * 4, 0, 0.85))
    alpha = alpha * style.opacity
    color = np.array(style.color, np.float32)
    canvas += (color - canvas) * alpha[..., None]
    if style.emboss > 0:
        canvas += relief(mask, style)[..., None]


def relief(mask: NDArray[np.float32], style: InkStyle) -> NDArray[np.float32]:
    """Return the light and dark rims of embossed characters, lit from above."""
    step = max(1, round(0.03 * style.height))
    soft = cv2.blur(mask, (2 * step + 1, 2 * step + 1))
    rims = np.zeros_like(mask)
    rims[step:-step] = soft[2 * step :] - soft[: -2 * step]
    return rims * (90.0 * style.emboss)
