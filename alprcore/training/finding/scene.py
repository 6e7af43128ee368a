# SPDX-License-Identifier: Apache-2.0
"""What is put into a training picture: plates with known corners, cars, lamps, stamps, noise."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore.records import Frame
from alprcore.training.drawing.render import load_fonts, render_plate
from alprcore.training.finding.data import Boxes, Sample, crop_size
from alprcore.training.finding.place import Corners, beside, random_corners


def load_crops(folders: list[Path], limit_width: int = 320) -> list[Frame]:
    """Return the tight plate pictures of some folders, at most `limit_width` pixels wide."""
    crops = []
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            image = cv2.imread(str(path)) if path.suffix in {".jpg", ".png"} else None
            if image is None or image.shape[1] < 60:
                continue
            rows, cols = image.shape[:2]
            factor = min(1.0, limit_width / cols)
            if factor < 1:
                size = (round(cols * factor), round(rows * factor))
                image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
            crops.append(np.asarray(image, np.uint8))
    return crops


def rendered_plates(folder: Path, fonts: Path, count: int, rng: np.random.Generator) -> list[Frame]:
    """Return clean rendered plates, at most 240 pixels wide, kept in `folder` for the next time."""
    folder.mkdir(parents=True, exist_ok=True)
    if len(list(folder.glob("*.png"))) < count:
        faces = load_fonts(fonts)
        kinds = [
            "us",
            "eu",
            "br",
            "ar",
            "au",
            "in",
            "mx",
            "sg",
            "world",
            "eu2",
            "br2",
            "vn2",
            "world2",
        ]
        odds = np.array([16, 34, 8, 5, 3, 3, 3, 2, 8, 9, 3, 2, 4]) / 100
        for index in range(count):
            image = render_plate(rng, faces, style=str(rng.choice(kinds, p=odds))).image
            cv2.imwrite(str(folder / f"{index:05d}.png"), image)
    return load_crops([folder], 240)


def framed(plate: Frame, rng: np.random.Generator) -> tuple[Frame, tuple[int, int, int, int]]:
    """Return the plate in a random holder, and the holder's margins (top, bottom, left, right)."""
    height, width = plate.shape[:2]
    kind = rng.random()
    if kind < 0.3:
        return plate, (0, 0, 0, 0)
    thick = rng.uniform(0.02, 0.12, 4) * height
    if kind > 0.6:  # a dealer's frame has a broad strip above or below
        thick[rng.integers(0, 2)] = rng.uniform(0.12, 0.3) * height
    top, bottom, left, right = (int(t) for t in np.round(thick))
    shade = rng.integers(0, 60) if rng.random() < 0.7 else rng.integers(120, 250)
    out = np.full((height + top + bottom, width + left + right, 3), shade, np.uint8)
    out[top : top + height, left : left + width] = plate
    if kind > 0.6:
        ink = (255,) * 3 if shade < 128 else (20,) * 3
        word = "".join(rng.choice(list("AUTOMERCDSNLK .&"), rng.integers(6, 14)))
        size = max(top, bottom) / 34
        row = top - 3 if top > bottom else top + height + bottom - 3
        place = (int(width * rng.uniform(0.05, 0.4)), int(row))
        cv2.putText(out, word, place, cv2.FONT_HERSHEY_SIMPLEX, size, ink, 1, cv2.LINE_AA)
    return out, (top, bottom, left, right)


def paste(image: Frame, plate: Frame, corners: Corners, rng: np.random.Generator) -> None:
    """Draw the plate in its holder into the picture; its own corners land on `corners`."""
    holder, margins = framed(plate, rng)
    target = float(np.linalg.norm(corners[1] - corners[0]))
    factor = min(1.0, 1.3 * target / plate.shape[1])
    if factor < 1:
        shape = (max(2, round(holder.shape[1] * factor)), max(2, round(holder.shape[0] * factor)))
        holder = np.asarray(cv2.resize(holder, shape, interpolation=cv2.INTER_AREA), np.uint8)
    rows, cols = holder.shape[:2]
    top, bottom, left, right = (margin * factor for margin in margins)
    inner = np.array(
        [[left, top], [cols - right, top], [cols - right, rows - bottom], [left, rows - bottom]],
        np.float32,
    )
    low = np.floor(corners.min(0) - 0.4 * np.ptp(corners, 0) - 2).astype(int).clip(0)
    high = np.ceil(corners.max(0) + 0.4 * np.ptp(corners, 0) + 2).astype(int)
    high = np.minimum(high, [image.shape[1], image.shape[0]])
    if (high - low < 4).any():
        return
    spot = image[low[1] : high[1], low[0] : high[0]]
    matrix = cv2.getPerspectiveTransform(inner - 0.5, (corners - low - 0.5).astype(np.float32))
    size = (spot.shape[1], spot.shape[0])
    lit = toned(holder, float(spot.mean()), rng)
    drawn = cv2.warpPerspective(lit, matrix, size, flags=cv2.INTER_LINEAR)
    solid = rounded(holder.shape[0], holder.shape[1], rng)
    cover = cv2.warpPerspective(solid, matrix, size, flags=cv2.INTER_LINEAR)
    if rng.random() < 0.3:  # the shadow or the recess around it
        halo = cv2.GaussianBlur(cover, (0, 0), max(1.0, 0.05 * target))
        spot[:] = (spot * (1 - halo[..., None] / 255.0 * rng.uniform(0.2, 0.7))).astype(np.uint8)
    alpha = cover[..., None].astype(np.float32) / 255
    spot[:] = (spot * (1 - alpha) + drawn * alpha + 0.5).astype(np.uint8)


def rounded(rows: int, cols: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return a mask of a rectangle whose corners are rounded by a random radius."""
    mask = np.full((rows, cols), 255, np.uint8)
    radius = rows * rng.uniform(0, 0.13)
    y, x = np.ogrid[:rows, :cols]
    far_x = np.maximum(radius - 0.5 - np.minimum(x, cols - 1 - x), 0)
    far_y = np.maximum(radius - 0.5 - np.minimum(y, rows - 1 - y), 0)
    mask[far_x**2 + far_y**2 > radius**2] = 0
    return mask


def toned(plate: Frame, around: float, rng: np.random.Generator) -> Frame:
    """Return the plate under a random light that somewhat follows its surroundings."""
    follow = rng.uniform(0.0, 0.8)
    mean = float(plate.mean())
    wanted = np.clip(mean * (1 - follow) + follow * around * rng.uniform(0.8, 1.7), 25, 235)
    gain = wanted / max(mean, 1.0) * np.exp(rng.normal(0, 0.1)) * rng.normal(1, 0.04, 3)
    lit = plate.astype(np.float32) * gain
    if rng.random() < 0.4:  # a shadow's edge or a gradient across the plate
        rows, cols = plate.shape[:2]
        a, b, c = rng.normal(0, 1, 3)
        ramp = (a * np.linspace(-1, 1, cols)[None] + b * np.linspace(-1, 1, rows)[:, None] + c) * 3
        if rng.random() < 0.5:
            ramp *= 6
        low = rng.uniform(0.35, 0.9)
        lit *= (low + (1 - low) / (1 + np.exp(-ramp)))[..., None]
    contrast = rng.uniform(0.45, 1.0)
    lit = wanted + (lit - wanted) * contrast
    return np.clip(lit, 0, 255).astype(np.uint8)


def add_plate(sample: Sample, plate: Frame, rng: np.random.Generator) -> None:
    """Paste a plate over a labelled one, above or below one, or on a free spot; enter its box."""
    aspect = plate.shape[1] / plate.shape[0] * np.exp(rng.normal(0, 0.06))
    kept, kind = sample.plates, rng.random()
    if len(kept) and kind < 0.7:
        index = int(rng.integers(len(kept)))
        left, top, right, bottom = kept[index]
        width = max(right - left, (bottom - top) * aspect) * rng.uniform(1.0, 1.12)
        centre = np.array([(left + right) / 2, (top + bottom) / 2], np.float64)
        corners = random_corners(rng, centre, width, aspect, tilt=0.35)
        kept = np.delete(kept, index, 0)
    elif len(kept) and kind < 0.8:
        corners = beside(kept[rng.integers(len(kept))], aspect, rng)
    else:
        width = np.exp(rng.uniform(np.log(30), np.log(300)))
        centre = rng.uniform(0.1, 0.9, 2) * crop_size
        corners = random_corners(rng, centre, width, aspect)
    box = np.concatenate([corners.min(0), corners.max(0)]).astype(np.float32)
    if overlaps(box, kept) or overlaps(box, sample.ignored):
        return
    inside = np.clip(box, 0, crop_size)
    seen = np.prod(inside[2:] - inside[:2]) / np.prod(box[2:] - box[:2])
    if (inside[2:] - inside[:2] < 5).any() or seen < 0.8:
        return
    paste(sample.image, plate, corners, rng)
    sample.plates = np.concatenate([kept, inside[None]])


def overlaps(box: Boxes, others: Boxes) -> bool:
    """Return whether the box meets any of the others."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    return bool((high - low > 0).all(1).any())


def add_vehicle(sample: Sample, car: Frame, rng: np.random.Generator) -> None:
    """Paste a picture of one car with soft edges; its own plate, if any, is ignored."""
    height, width = car.shape[:2]
    wanted = np.exp(rng.uniform(np.log(70), np.log(340)))
    factor = min(wanted / width, 1.3, 330 / height)
    wide, high = max(32, round(width * factor)), max(32, round(height * factor))
    car = np.asarray(cv2.resize(car, (wide, high), interpolation=cv2.INTER_AREA), np.uint8)
    if rng.random() < 0.5:
        car = np.ascontiguousarray(car[:, ::-1])
    x, y = int(rng.integers(0, max(1, crop_size - wide))), int(rng.integers(0, crop_size - high))
    wide = min(wide, crop_size - x)
    car = car[:, :wide]
    soft = np.zeros((high, wide), np.float32)
    edge = max(1, round(min(high, wide) * rng.uniform(0.0, 0.09)))
    soft[edge : high - edge, edge : wide - edge] = 1
    if edge > 1:
        soft = np.asarray(cv2.blur(soft, (2 * edge - 1, 2 * edge - 1)), np.float32)
    spot = sample.image[y : y + high, x : x + wide]
    spot[:] = (spot * (1 - soft[..., None]) + car * soft[..., None]).astype(np.uint8)
    box = np.array([[x, y, x + wide, y + high]], np.float32)
    hidden = np.array([overlaps(b, box) for b in sample.plates], bool)
    doubtful = np.array([[x, y + 0.3 * high, x + wide, y + high]], np.float32)
    sample.ignored = np.concatenate([sample.ignored, sample.plates[hidden], doubtful])
    sample.plates = sample.plates[~hidden]
    sample.vehicles = np.concatenate([sample.vehicles, box])
    sample.vehicle_weight[y // 16 : (y + high) // 16 + 1, x // 16 : (x + wide) // 16 + 1] = 1


def fade(sample: Sample, rng: np.random.Generator) -> None:
    """Take contrast from the plates, as sun, dirt and glare do; their surroundings keep it."""
    for left, top, right, bottom in sample.plates.astype(int):
        spot = sample.image[top : bottom + 1, left : right + 1]
        mean = spot.mean((0, 1))
        spot[:] = np.clip(mean + (spot - mean) * rng.uniform(0.25, 0.8), 0, 255)


def developed(image: Frame, rng: np.random.Generator) -> Frame:
    """Return the picture as another camera, light and compression would have given it."""
    ramp = np.arange(256, dtype=np.float32) / 255
    table = ramp ** np.exp(rng.normal(0, 0.3))
    table = (table - 0.5) * np.exp(rng.normal(0, 0.2)) + 0.5 + rng.normal(0, 0.08)
    if rng.random() < 0.1:
        table *= rng.uniform(0.2, 0.6)
    gains = np.exp(rng.normal(0, 0.06, 3)) if rng.random() < 0.6 else np.ones(3)
    tables = np.clip(table[:, None] * gains * 255, 0, 255).astype(np.uint8)[None]
    image = np.asarray(cv2.LUT(image, tables), np.uint8)
    if rng.random() < 0.1:
        image = np.repeat(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[..., None], 3, 2)
    if rng.random() < 0.2:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.4)), np.uint8)
    elif rng.random() < 0.1:
        length = int(rng.integers(3, 8))
        image = np.asarray(cv2.blur(image, (length, 1) if rng.random() < 0.7 else (1, length)))
    if rng.random() < 0.2:
        noise = rng.standard_normal(image.shape, np.float32) * rng.uniform(2, 14)
        image = np.clip(image + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.25:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 90))]
        image = np.asarray(cv2.imdecode(cv2.imencode(".jpg", image, quality)[1], 1), np.uint8)
    return image
