# SPDX-License-Identifier: Apache-2.0
"""Pictures of lettering that is no plate: road signs, shop fronts, fleet numbers, logos, stamps.

A sign is a panel of one colour with a rim, one to three lines of text and, at times, an arrow or a
shield, as they stand along roads. Nothing is copied from a real sign or brand: words are put
together from syllables, numbers are drawn at random.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from alprcore.records import Frame
from alprcore.training.drawing.phrases import split

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

Color = tuple[int, int, int]  # blue, green, red
Art = NDArray[np.uint8]  # (rows, cols, 4): blue, green, red, alpha

WHITE, BLACK, RED, YELLOW = (245, 245, 245), (20, 20, 20), (40, 30, 200), (30, 200, 245)
BLUE, GREEN, BROWN, ORANGE = (150, 70, 20), (80, 110, 10), (40, 70, 110), (30, 120, 240)
# Ground and ink of panels along roads.
PANELS = (
    (WHITE, BLACK), (YELLOW, BLACK), (BLUE, WHITE), (GREEN, WHITE), (BROWN, WHITE), (ORANGE, BLACK),
    (RED, WHITE), (BLACK, WHITE), (WHITE, BLUE), (WHITE, RED), (BLACK, YELLOW),
)  # fmt: skip
STARTS = split("b|br|d|f|fr|g|gr|h|k|kl|l|m|n|p|r|s|st|sch|t|tr|v|w|z")
MIDDLES = split("a|e|i|o|u|au|ei|ie|ou|ar|er|or|an|en|in|on|al|el|il")
ENDS = split("burg|berg|dorf|feld|heim|ton|ville|ham|ia|o|a|ich|ov|ek|ling|by|sted|mond|ix|tec")
TRADES = split("""taxi|service|market|cafe|pizza|hotel|bank|auto|garage|tours|trans|logistic|
    express|bakery|school|police|fire|rescue|hospital|parking|exit|no|entry|one|way|bus|stop|
    private|property|sale|rent|open|closed|tel|fax|www""")
FONT_ROWS = 120  # rows of a letter as it is drawn; panels are shrunk from there


@dataclass(frozen=True, slots=True)
class Pen:
    """What letters are drawn with."""

    fonts: Sequence[FreeTypeFont]
    rng: np.random.Generator

    def word(self) -> str:
        """Return a word that is no name, of two to four syllables."""
        rng = self.rng
        parts = [
            str(rng.choice(STARTS)) + str(rng.choice(MIDDLES)) for _ in range(rng.integers(1, 3))
        ]
        return "".join([*parts, str(rng.choice(ENDS)) if rng.random() < 0.7 else ""])

    def number(self, least: int, most: int) -> str:
        """Return some digits, the first not 0."""
        count = int(self.rng.integers(least, most + 1))
        return str(self.rng.integers(10 ** (count - 1), 10**count))

    def line(self, text: str, ink: Color) -> Art:
        """Return a line of text, tight on its ink."""
        from PIL import Image, ImageDraw  # noqa: PLC0415

        font = self.fonts[int(self.rng.integers(len(self.fonts)))]
        left, top, right, bottom = font.getbbox(text)
        mask = Image.new("L", (max(1, int(right - left) + 2), max(1, int(bottom - top) + 2)))
        ImageDraw.Draw(mask).text((1 - left, 1 - top), text, font=font, fill=255)
        alpha = np.asarray(mask, np.uint8)
        return np.dstack([np.full(alpha.shape, level, np.uint8) for level in ink] + [alpha])


def stacked(lines: Sequence[Art], rng: np.random.Generator) -> Art:
    """Return arts below each other, at the left or in the middle."""
    gap = int(rng.uniform(0.2, 0.6) * FONT_ROWS)
    rows = sum(line.shape[0] for line in lines) + gap * (len(lines) - 1)
    cols = max(line.shape[1] for line in lines)
    out, top, centred = np.zeros((rows, cols, 4), np.uint8), 0, rng.random() < 0.6
    for line in lines:
        left = (cols - line.shape[1]) // 2 if centred else 0
        out[top : top + line.shape[0], left : left + line.shape[1]] = line
        top += line.shape[0] + gap
    return out


def beside(first: Art, second: Art, rng: np.random.Generator) -> Art:
    """Return two arts beside each other, the second as high as the first."""
    scale = first.shape[0] / second.shape[0]
    size = (max(1, round(second.shape[1] * scale)), first.shape[0])
    grown = np.asarray(cv2.resize(second, size, interpolation=cv2.INTER_AREA), np.uint8)
    gap = np.zeros((first.shape[0], int(rng.uniform(0.2, 0.8) * FONT_ROWS), 4), np.uint8)
    return np.hstack([first, gap, grown] if rng.random() < 0.5 else [grown, gap, first])


def arrow(ink: Color, rng: np.random.Generator) -> Art:
    """Return an arrow in one of four directions."""
    out = np.zeros((FONT_ROWS, FONT_ROWS, 4), np.uint8)
    ends = [
        ((10, 60), (110, 60)),
        ((110, 60), (10, 60)),
        ((60, 110), (60, 10)),
        ((20, 100), (100, 20)),
    ]
    begin, end = ends[int(rng.integers(4))]
    cv2.arrowedLine(out, begin, end, (*ink, 255), 14, cv2.LINE_AA, tipLength=0.4)
    return out


def panel(art: Art, ground: Color, rim: Color, rng: np.random.Generator) -> Art:
    """Return an art on a rounded panel with a rim."""
    pads = (rng.uniform(0.15, 0.6, 4) * FONT_ROWS).astype(int)
    rows, cols = art.shape[0] + pads[0] + pads[1], art.shape[1] + pads[2] + pads[3]
    out = np.zeros((rows, cols, 4), np.uint8)
    bend = int(rng.uniform(0, 0.25) * min(rows, cols))
    body = _rounded(rows, cols, bend)
    out[..., :3], out[..., 3] = ground, body
    if rng.random() < 0.7:
        inset, thick = int(rng.uniform(0, 12)), int(rng.uniform(4, 14))
        outer = np.zeros((rows, cols), np.uint8)
        inner = _rounded(max(1, rows - 2 * inset), max(1, cols - 2 * inset), max(0, bend - inset))
        outer[inset : inset + inner.shape[0], inset : inset + inner.shape[1]] = inner
        ring = outer - np.asarray(cv2.erode(outer, np.ones((thick, thick), np.uint8)), np.uint8)
        out[ring > 127, :3] = rim
    part = out[pads[0] : pads[0] + art.shape[0], pads[2] : pads[2] + art.shape[1]]
    alpha = art[..., 3:] / 255.0
    part[..., :3] = part[..., :3] * (1 - alpha) + art[..., :3] * alpha
    return out


def _rounded(rows: int, cols: int, bend: int) -> NDArray[np.uint8]:
    """Return a mask of a rectangle with round corners."""
    out = np.zeros((rows, cols), np.uint8)
    cv2.rectangle(out, (bend, 0), (cols - 1 - bend, rows - 1), 255, -1)
    cv2.rectangle(out, (0, bend), (cols - 1, rows - 1 - bend), 255, -1)
    for x, y in ((bend, bend), (cols - 1 - bend, bend)):
        for v in (y, rows - 1 - y):
            cv2.circle(out, (x, v), bend, 255, -1)
    return out


def _cased(text: str, rng: np.random.Generator) -> str:
    kind = rng.random()
    return text.upper() if kind < 0.5 else text.title() if kind < 0.9 else text


def direction(pen: Pen) -> Art:
    """Return a road sign with places, and distances, an arrow or a route at times."""
    rng = pen.rng
    ground, ink = PANELS[int(rng.integers(6))]
    lines = []
    for _ in range(int(rng.choice([1, 1, 2, 3]))):
        text = _cased(pen.word(), rng) + (f" {pen.number(1, 3)}" if rng.random() < 0.4 else "")
        lines.append(pen.line(text, ink))
    art = stacked(lines, rng)
    if rng.random() < 0.4:
        art = beside(art, arrow(ink, rng), rng)
    if rng.random() < 0.4:
        art = beside(art, route(pen), rng)
    return panel(art, ground, ink, rng)


def route(pen: Pen) -> Art:
    """Return the number of a road on a small panel: A 7, B27, 101, E 45."""
    rng = pen.rng
    ground, ink = PANELS[int(rng.integers(len(PANELS)))]
    letter = str(rng.choice(["A", "B", "E", "M", "N", "D", "I", "US ", "SR ", "", ""]))
    gap = " " if letter and rng.random() < 0.5 else ""
    return panel(pen.line(f"{letter}{gap}{pen.number(1, 4)}", ink), ground, ink, rng)


def order(pen: Pen) -> Art:
    """Return a sign that commands or allows: a number in a ring, STOP, words in two lines."""
    rng = pen.rng
    if rng.random() < 0.4:
        ink, text = BLACK, f"{rng.integers(1, 13)}0"
        art = pen.line(
            text if rng.random() < 0.7 else f"{pen.number(1, 2)},{pen.number(1, 1)} t", ink
        )
        size = int(1.5 * max(art.shape[:2]))
        out = np.zeros((size, size, 4), np.uint8)
        middle = (size // 2, size // 2)
        cv2.circle(out, middle, size // 2 - 1, (*RED, 255), -1, cv2.LINE_AA)
        cv2.circle(out, middle, int(size * rng.uniform(0.36, 0.43)), (*WHITE, 255), -1, cv2.LINE_AA)
        top, left = (size - art.shape[0]) // 2, (size - art.shape[1]) // 2
        part = out[top : top + art.shape[0], left : left + art.shape[1]]
        alpha = art[..., 3:] / 255.0
        part[..., :3] = part[..., :3] * (1 - alpha) + art[..., :3] * alpha
        return out
    ground, ink = PANELS[int(rng.integers(len(PANELS)))]
    words = [str(rng.choice(TRADES)) for _ in range(int(rng.integers(1, 4)))]
    if rng.random() < 0.4:
        words.append(f"{pen.number(1, 2)}:{rng.integers(10, 60)}-{pen.number(2, 2)}h")
    return panel(stacked([pen.line(_cased(w, rng), ink) for w in words], rng), ground, ink, rng)


def lettering(pen: Pen) -> Art:
    """Return what stands on shops and vans: a name, a telephone number, an address, a number."""
    rng = pen.rng
    ground, ink = PANELS[int(rng.integers(len(PANELS)))]
    if rng.random() < 0.3:
        ink = tuple(int(v) for v in rng.integers(0, 256, 3))  # type: ignore[assignment]
    kinds: tuple[Callable[[], str], ...] = (
        lambda: _cased(pen.word(), rng),
        lambda: f"{_cased(pen.word(), rng)} {_cased(str(rng.choice(TRADES)), rng)}",
        lambda: f"0{pen.number(2, 4)} {'/' if rng.random() < 0.5 else '-'} {pen.number(4, 7)}",
        lambda: f"www.{pen.word()}.{rng.choice(['de', 'com', 'it', 'pl'])}",
        lambda: pen.number(2, 5),
        lambda: f"{pen.word()[:2].upper()}{'-' if rng.random() < 0.4 else ' '}{pen.number(1, 4)}",
    )
    weights = (0.25, 0.15, 0.1, 0.1, 0.2, 0.2)
    count = int(rng.choice([1, 1, 1, 2]))
    lines = [pen.line(kinds[int(rng.choice(len(kinds), p=weights))](), ink) for _ in range(count)]
    art = stacked(lines, rng)
    return panel(art, ground, ink, rng) if rng.random() < 0.6 else art


def logo(pen: Pen) -> Art:
    """Return a short name, at times with a mark beside it or in a bent panel."""
    rng = pen.rng
    ink = tuple(int(v) for v in rng.integers(0, 200, 3))
    text = _cased(pen.word()[: int(rng.integers(2, 9))], rng)
    if rng.random() < 0.25:
        text += pen.number(1, 2)
    art = pen.line(text, ink)  # type: ignore[arg-type]
    if rng.random() < 0.5:
        mark = np.zeros((FONT_ROWS, FONT_ROWS, 4), np.uint8)
        shade = (*(int(v) for v in rng.integers(0, 256, 3)), 255)
        if rng.random() < 0.5:
            cv2.circle(mark, (60, 60), 50, shade, int(rng.choice([-1, 10, 25])), cv2.LINE_AA)
        else:
            points = rng.integers(5, 115, (int(rng.integers(3, 7)), 1, 2)).astype(np.int32)
            cv2.fillPoly(mark, [points], shade, cv2.LINE_AA)
        art = beside(art, mark, rng)
    return panel(art, WHITE if rng.random() < 0.7 else BLACK, BLACK, rng)


def stamp(pen: Pen) -> Art:
    """Return what a recorder prints into its pictures."""
    rng = pen.rng
    day = f"{rng.integers(1, 29):02d}", f"{rng.integers(1, 13):02d}", f"20{rng.integers(8, 30):02d}"
    mark = str(rng.choice(["-", "/", ".", " "]))
    date = mark.join(day if rng.random() < 0.5 else day[::-1])
    clock = f"{rng.integers(0, 24):02d}:{rng.integers(0, 60):02d}:{rng.integers(0, 60):02d}"
    parts = [date, clock, f"CAM{rng.integers(1, 20):02d}", f"{rng.integers(1, 130)} km/h"]
    rng.shuffle(parts)
    ink = WHITE if rng.random() < 0.7 else YELLOW if rng.random() < 0.5 else BLACK
    art = pen.line(" ".join(parts[: int(rng.integers(1, 4))]), ink)
    return panel(art, BLACK, BLACK, rng) if rng.random() < 0.3 else art


KINDS: dict[str, Callable[[Pen], Art]] = {
    "direction": direction,
    "route": route,
    "order": order,
    "lettering": lettering,
    "logo": logo,
    "stamp": stamp,
}


def hung(art: Art, ground: Frame, rng: np.random.Generator) -> tuple[Frame, NDArray[np.float64]]:
    """Return a picture with an art hung into it, and the art's corners in it, clockwise (4, 2).

    Parameters
    ----------
    art : (rows, cols, 4) uint8 array
    ground : (rows, cols, 3) uint8 array
        It must be 48 pixels wide and high at least.
    rng
        Decides on size, place, lean, light, blur and noise.
    """
    rows, cols = ground.shape[:2]
    wide = cols * float(rng.uniform(0.15, 0.95))
    tall = wide * art.shape[0] / art.shape[1]
    if tall > 0.95 * rows:
        wide, tall = wide * 0.95 * rows / tall, 0.95 * rows
    left, top = rng.uniform(0, cols - wide), rng.uniform(0, rows - tall)
    box = np.array([[left, top], [left + wide, top], [left + wide, top + tall], [left, top + tall]])
    box += rng.normal(0, 0.03, (4, 2)) * min(wide, tall)
    height, width = art.shape[:2]
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, box.astype(np.float32))
    blur = 0.4 * max(1.0, width / max(wide, 1.0))  # what shrinking would alias
    soft = cv2.GaussianBlur(art, (0, 0), blur) if blur > 0.5 else art
    seen = cv2.warpPerspective(soft, matrix, (cols, rows), flags=cv2.INTER_LINEAR).astype(
        np.float32
    )
    light = float(rng.uniform(0.4, 1.1))
    alpha = seen[..., 3:] / 255.0
    out = ground.astype(np.float32) * (1 - alpha) + seen[..., :3] * light * alpha
    if rng.random() < 0.6:
        out = cv2.GaussianBlur(out, (0, 0), float(rng.uniform(0.3, 0.012 * wide + 0.4)))
    out += rng.normal(0, float(rng.uniform(0, 7)), out.shape).astype(np.float32)
    picture = np.clip(out, 0, 255).astype(np.uint8)
    quality = int(rng.integers(35, 96))
    packed = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8), box
