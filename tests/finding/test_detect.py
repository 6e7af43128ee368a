# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import csv
import os
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from alprcore.finding.detect import (
    FIRST_SCALE,
    GRID,
    SETTLED_SCORE,
    around,
    find_plates,
)
from alprcore.finding.network import PlateFinder
from alprcore.finding.passes import shrunk
from alprcore.picture.load import load_frame
from alprcore.records import Detection, Frame
from alprcore.resources import sample_path
from alprcore.settings import Settings

root = Path(__file__).resolve().parents[2]
models = root / "runtime_data" / "models"
data = Path(os.environ.get("ALPRCORE_DATA", root.parent / "shared" / "data"))
AREA = Settings().detection_pixels
needs_data = pytest.mark.skipif(not (data / "photos_dev").is_dir(), reason="no shared data")


@pytest.fixture(scope="module")
def finder() -> PlateFinder:
    detector, corners = (models / f"plate_{n}.onnx" for n in ("detector", "corners"))
    return PlateFinder(detector.read_bytes(), corners.read_bytes())


def found_in(
    frame: np.ndarray, finder: PlateFinder, min_score: float = 0.3
) -> tuple[Detection, ...]:
    return find_plates(frame, finder, min_score=min_score, max_plates=10, area=AREA, tiled=True)


def drawn_plate() -> np.ndarray:
    """Return a street-like frame with a plate at (200, 240) to (330, 270)."""
    rng = np.random.default_rng(0)
    frame = cv2.GaussianBlur(rng.integers(0, 120, (480, 640, 3)).astype(np.uint8), (0, 0), 9)
    cv2.rectangle(frame, (60, 60), (520, 330), (70, 40, 30), -1)
    cv2.rectangle(frame, (120, 80), (430, 170), (90, 80, 75), -1)
    cv2.rectangle(frame, (196, 236), (334, 274), (20, 20, 20), -1)
    cv2.rectangle(frame, (200, 240), (330, 270), (230, 230, 230), -1)
    cv2.putText(frame, "AB 123 CD", (206, 263), cv2.FONT_HERSHEY_DUPLEX, 0.75, (15, 15, 15), 2)
    return frame


@pytest.mark.parametrize("shade", [0, 90, 255])
def test_a_flat_picture_holds_nothing(finder: PlateFinder, shade: int) -> None:
    assert found_in(np.full((300, 400, 3), shade, np.uint8), finder) == ()


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (900, 1), (4, 4), (17, 3000), (3000, 9)])
def test_extreme_frames_do_not_fail(finder: PlateFinder, shape: tuple[int, int]) -> None:
    frame = np.random.default_rng(1).integers(0, 256, (*shape, 3)).astype(np.uint8)
    for plate in found_in(frame, finder, 0.05):
        assert np.isfinite(plate.quad.to_points()).all()


def test_a_drawn_plate_is_found_where_it_is(finder: PlateFinder) -> None:
    plates = found_in(drawn_plate(), finder, 0.1)
    assert plates
    box = plates[0].quad.bounds()
    assert (
        np.abs(np.array([box.left, box.top, box.right, box.bottom]) - (200, 240, 331, 271)).max()
        < 14
    )


def test_corners_run_clockwise_from_the_top_left(finder: PlateFinder) -> None:
    points = found_in(drawn_plate(), finder, 0.1)[0].quad.to_points()
    assert points[0, 0] < points[1, 0]
    assert points[0, 1] < points[3, 1]
    assert points[3, 0] < points[2, 0]


def test_four_threads_find_what_one_finds(finder: PlateFinder) -> None:
    frames = [np.roll(drawn_plate(), 7 * i, axis=1) for i in range(8)]
    alone = [found_in(frame, finder, 0.05) for frame in frames]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda f: found_in(f, finder, 0.05), frames)) == alone


def test_a_strided_view_gives_the_same_as_its_copy(finder: PlateFinder) -> None:
    frame = drawn_plate()
    wide = np.zeros((480, 1280, 3), np.uint8)
    wide[:, ::2] = frame
    assert found_in(wide[:, ::2], finder, 0.05) == found_in(frame, finder, 0.05)
    turned = np.ascontiguousarray(frame[::-1, ::-1])[::-1, ::-1]
    assert found_in(turned, finder, 0.05) == found_in(frame, finder, 0.05)


def test_the_frame_is_not_written_to(finder: PlateFinder) -> None:
    frame = drawn_plate()
    frame.setflags(write=False)
    found_in(frame, finder)


def test_the_best_plates_come_first_and_no_more_than_asked(finder: PlateFinder) -> None:
    frame = np.vstack([drawn_plate(), drawn_plate()])
    many = find_plates(frame, finder, min_score=0.01, max_plates=30, area=AREA, tiled=False)
    scores = [plate.score for plate in many]
    assert scores == sorted(scores, reverse=True)
    few = find_plates(frame, finder, min_score=0.01, max_plates=1, area=AREA, tiled=False)
    assert few == many[:1]


def test_a_pickled_finder_finds_the_same(finder: PlateFinder) -> None:
    again = pickle.loads(pickle.dumps(finder))
    assert found_in(drawn_plate(), again, 0.05) == found_in(drawn_plate(), finder, 0.05)


def test_a_small_plate_in_a_large_frame_needs_the_tiled_pass(finder: PlateFinder) -> None:
    small = cv2.resize(drawn_plate(), None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)
    frame = np.full((2400, 3200, 3), 90, np.uint8)
    frame[1500:1692, 2000:2256] = small
    boxes = [plate.quad.bounds() for plate in found_in(frame, finder, 0.05)]
    assert any(abs(box.left - 2080) < 12 and abs(box.top - 1596) < 12 for box in boxes)


@needs_data
@pytest.mark.parametrize(("folder", "floor"), [("us", 0.94), ("eu", 0.95), ("br", 0.95)])
def test_the_labelled_plates_are_found(finder: PlateFinder, folder: str, floor: float) -> None:
    hits, rows = 0, 0
    with (data / "photos_dev" / folder / "truth.csv").open(newline="") as file:
        for row in list(csv.DictReader(file))[::4]:
            frame = np.asarray(cv2.imread(str(data / "photos_dev" / folder / row["image"])))
            x, y, w, h = (float(row[k]) for k in ("x", "y", "w", "h"))
            boxes = [plate.quad.bounds() for plate in found_in(frame, finder, 0.2)]
            hits += any(
                abs(b.left + b.right - 2 * x - w) < w and abs(b.top + b.bottom - 2 * y - h) < h
                for b in boxes
            )
            rows += 1
    assert hits >= floor * rows


@pytest.fixture
def looks(finder: PlateFinder, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """Return a list that the rows and columns of every look of the detector go into."""
    sizes: list[tuple[int, ...]] = []
    seen = finder.heat_map

    def noted(_: PlateFinder, view: Frame) -> NDArray[np.float32]:
        sizes.append(view.shape[:2])
        return seen(view)

    monkeypatch.setattr(PlateFinder, "heat_map", noted)
    return sizes


def test_a_sure_small_plate_takes_the_small_pass_and_one_look_at_its_place(
    finder: PlateFinder, looks: list[tuple[int, ...]]
) -> None:
    street = load_frame(sample_path("eu.jpg"))
    (plate,) = found_in(street, finder)
    assert plate.score > SETTLED_SCORE
    first, again = looks
    assert max(first) <= max(street.shape[:2]) * FIRST_SCALE + 32
    assert again[0] * again[1] < street.shape[0] * street.shape[1] / 2


def test_where_nothing_is_seen_the_coarse_and_the_main_pass_follow(
    finder: PlateFinder, looks: list[tuple[int, ...]]
) -> None:
    street = load_frame(sample_path("eu.jpg"))
    assert found_in(np.full_like(street, 90), finder) == ()
    first, coarse, main = looks
    assert coarse < first < main


def test_a_turned_view_gets_no_main_pass(finder: PlateFinder, looks: list[tuple[int, ...]]) -> None:
    blank = np.full((540, 960, 3), 90, np.uint8)
    options = {"min_score": 0.3, "max_plates": 5, "area": AREA, "tiled": False}
    assert find_plates(blank, finder, thorough=False, **options) == ()  # type: ignore[arg-type]
    assert max(max(size) for size in looks) <= 480


def test_a_wide_plate_is_looked_at_in_the_main_pass_too(
    finder: PlateFinder, looks: list[tuple[int, ...]]
) -> None:
    street = load_frame(sample_path("eu.jpg"))
    box = found_in(street, finder)[0].quad.bounds()
    top, bottom, left, right = (int(v) for v in (box.top, box.bottom, box.left, box.right))
    near = cv2.resize(street[top - 90 : bottom + 90, left - 90 : right + 90], None, fx=2, fy=2)
    looks.clear()
    assert found_in(np.asarray(near, np.uint8), finder)[0].score > SETTLED_SCORE
    rows, cols = near.shape[:2]
    assert (-(-rows // 32) * 32, -(-cols // 32) * 32) in looks


def test_a_second_look_lies_around_its_place_and_inside_the_frame() -> None:
    frame = np.zeros((400, 600, 3), np.uint8)
    for left, top, wide, high in ((0, 0, 20, 8), (580, 390, 20, 10), (100, 100, 480, 240)):
        place = np.array([left, top, left + wide, top + high, 0.5])
        part = around(frame, place)
        assert 0 <= part.left <= left
        assert part.right <= 600
        assert 0 <= part.top <= top
        assert part.bottom <= 400
        assert part.right >= left + wide
        assert part.bottom >= top + high
        assert part.left % GRID == 0
        assert part.top % GRID == 0


@pytest.mark.parametrize("scale", [1.0, 0.8, 0.5, 0.47, 0.25, 0.1])
def test_a_shrunk_picture_keeps_places(scale: float) -> None:
    frame = np.zeros((517, 803, 3), np.uint8)
    frame[300:340, 500:560] = 255
    small, unit_x, unit_y = shrunk(frame, scale)
    rows, cols = np.nonzero(small[..., 0] > 127)
    assert abs(cols.min() * unit_x - 500) <= unit_x
    assert abs((cols.max() + 1) * unit_x - 560) <= unit_x
    assert abs(rows.min() * unit_y - 300) <= unit_y
    assert abs(small.shape[1] - 803 * scale) < 2


def test_doubtful_plates_are_found_only_where_none_is_sure(finder: PlateFinder) -> None:
    def scores(**options: float) -> list[float]:
        found = find_plates(drawn_plate(), finder, max_plates=10, area=AREA, tiled=True, **options)
        return [plate.score for plate in found]

    every = scores(min_score=0.01)
    assert every[0] > 0.3 > every[-1]
    between = (every[0] + 0.3) / 2
    assert scores(min_score=0.3, doubtful_score=0.01, sure_score=1.0) == every
    assert scores(min_score=0.3, doubtful_score=0.01, sure_score=between) == scores(min_score=0.3)
    assert scores(min_score=0.3) == [score for score in every if score >= 0.3]
    assert scores(min_score=0.01, doubtful_score=0.3, sure_score=1.0) == every


def test_corners_are_looked_at_twice_where_there_may_be_a_plate(
    finder: PlateFinder, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    seen = finder.refined

    def noted(_: PlateFinder, crops: NDArray[np.uint8]) -> NDArray[np.float32] | None:
        looks.append(len(crops))
        return seen(crops)

    monkeypatch.setattr(PlateFinder, "refined", noted)
    every = found_in(drawn_plate(), finder, min_score=0.01)
    assert looks == [len(every), sum(plate.score >= 0.4 for plate in every)]
    assert looks[0] > looks[1] > 0
