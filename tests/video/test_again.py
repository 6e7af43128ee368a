# SPDX-License-Identifier: Apache-2.0
"""Plates too noisy in each frame and legible in their mean: when it is made, read and fused."""

from __future__ import annotations

import csv
from fractions import Fraction
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from alprcore.engine import Engine
from alprcore.records import Quad
from alprcore.resources import sample_path
from alprcore.video import again, collect
from alprcore.video.again import MOST_CUTS, UNSURE, mean_reader, read_mean
from alprcore.video.collect import Collected, group_of
from alprcore.video.sharpest import (
    MARGIN,
    ROWS,
    CutOut,
    cut_out_of,
    mean_picture,
    part_around,
    sharpest,
    sharpness,
)
from alprcore.video.source import FrameTime

PLATE = "MKV3726"
SIZE = (200, 100)


def drawn(count: int, *, wide: float, noise: float, seed: int = 1) -> list[tuple]:
    """Frames of the European sample, its plate `wide` pixels wide, and corners a pixel off."""
    image = cv2.imread(str(sample_path("eu.jpg")))
    with sample_path("truth.csv").open(encoding="utf-8") as table:
        row = next(row for row in csv.DictReader(table) if row["image"] == "eu.jpg")
    x, y, w, h = (float(row[key]) for key in "xywh")
    zoom, rng = wide / w, np.random.default_rng(seed)
    image = cv2.GaussianBlur(image, (0, 0), 0.5 / zoom)
    corners = np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]])
    shown = []
    for _ in range(count):
        middle = np.array(SIZE) / 2 + rng.uniform(-3, 3, 2)
        shift = middle - zoom * np.array([x + w / 2, y + h / 2])
        move = np.array([[zoom, 0, shift[0]], [0, zoom, shift[1]]])
        frame = cv2.warpAffine(image, move, SIZE, borderMode=cv2.BORDER_REPLICATE)
        frame = np.clip(frame + rng.normal(0, noise, frame.shape), 0, 255).astype(np.uint8)
        off = rng.normal(0, 1, (4, 2))
        shown.append((frame, Quad.from_points(zoom * corners + shift + off)))
    return shown


def cuts_of(frames: list[tuple]) -> list[CutOut]:
    return [cut_out_of(*each) for each in frames]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine("eu", tilted=False)


@pytest.fixture(scope="module")
def reader(engine) -> Engine:
    return mean_reader(engine)


def test_a_plate_too_noisy_in_each_frame_is_read_from_the_mean(reader):
    cuts = cuts_of(drawn(4, wide=50, noise=40))
    for cut in cuts:
        found = reader.examine(cut.image)
        assert not found or found[0].plate.text != PLATE
    said = read_mean(cuts, reader)
    assert said is not None
    assert said.texts[0][0] == PLATE
    assert said.texts[0][1] > 0.5


def test_the_mean_is_nearer_to_the_plate_without_noise_than_any_cut_out():
    cuts, (clean,) = cuts_of(drawn(4, wide=60, noise=30)), cuts_of(drawn(1, wide=60, noise=0))
    picture, count = mean_picture(cuts, 4)
    assert count == 4
    inner = slice(round(MARGIN * ROWS), -round(MARGIN * ROWS))
    truth, _ = mean_picture([clean, clean], 2)

    def unlike(image: np.ndarray) -> float:
        """1 less the correlation at the best place."""
        part = truth[inner, inner]
        image = cv2.resize(image, truth.shape[1::-1])
        return 1.0 - float(cv2.matchTemplate(image, part, cv2.TM_CCOEFF_NORMED).max())

    alone = [unlike(mean_picture([cut, cut], 2)[0]) for cut in cuts]
    assert unlike(picture) < 0.75 * min(alone)


def test_a_covered_plate_is_not_averaged_in():
    frames = drawn(4, wide=60, noise=5)
    image, quad = frames[2]
    box = quad.bounds()
    middle = int(box.left + box.right) // 2
    image[:, middle - 20 : middle + 20] = 20
    cuts = cuts_of(frames)
    picture, count = mean_picture(cuts, 4)
    assert count == 3
    assert np.array_equal(picture, mean_picture([*cuts[:2], cuts[3]], 4)[0])


@pytest.mark.parametrize("count", [0, 1])
def test_there_is_no_mean_of_fewer_than_two(count, reader):
    cuts = cuts_of(drawn(count, wide=60, noise=5))
    assert mean_picture(cuts, 4) is None
    assert read_mean(cuts, reader) is None


def test_flat_pictures_have_no_mean():
    flat, quad = np.full((40, 120, 3), 90, np.uint8), drawn(1, wide=60, noise=0)[0][1]
    assert mean_picture([CutOut(flat, quad, 1.0)] * 4, 4) is None


def test_the_mean_is_the_same_each_time_and_with_threads():
    cuts = cuts_of(drawn(5, wide=45, noise=25))
    before = cv2.getNumThreads()
    pictures = []
    try:
        for threads in (1, 4, 1):
            cv2.setNumThreads(threads)
            pictures.append(mean_picture(cuts, 4)[0])
    finally:
        cv2.setNumThreads(before)
    assert all(np.array_equal(pictures[0], each) for each in pictures[1:])


def test_blur_makes_a_cut_out_less_sharp_and_size_makes_it_sharper():
    (small, quad), (large, wide) = (drawn(1, wide=w, noise=0)[0] for w in (40, 80))
    assert sharpness(cv2.GaussianBlur(small, (0, 0), 2), quad) < 0.7 * sharpness(small, quad)
    assert sharpness(large, wide) > 1.2 * sharpness(small, quad)


def test_the_sharpest_stay_in_the_order_of_time():
    cuts = [CutOut(np.zeros((4, 4, 3), np.uint8), None, value) for value in (3, 1, 5, 2, 4)]
    assert [cut.sharpness for cut in sharpest(cuts, 3)] == [3, 5, 4]


def test_a_cut_out_is_a_copy_within_the_picture():
    image = np.zeros((50, 80, 3), np.uint8)
    quad = Quad.from_points([(60, 40), (95, 40), (95, 55), (60, 55)])
    part, (left, top) = part_around(image, quad, 0.5)
    assert (left, top) == (52, 32)
    assert part.shape == (18, 28, 3)
    assert not np.shares_memory(part, image)


def collected_of(engine: Engine, frames: list[tuple]) -> Collected:
    collected = Collected(0)
    whole = engine.with_settings(skip_detection=True, min_plausibility=0.0)
    for i, (image, quad) in enumerate(frames):
        read = whole.examine(image, regions_of_interest=[quad.bounds()])[0]
        time = FrameTime(0, 40 * i, Fraction(1, 1000), 0, i)
        evidence = again.evidence_of(read, read.plate.quad)
        collected.add(time, read.plate, evidence, image, whole=False)
    return collected


def row_of(collected: Collected, engine: Engine, reader: Engine | None):
    return group_of(collected, engine, SIZE, epoch_ms=0, parked=False, reader=reader)


def test_cut_outs_are_few_and_small_however_long_a_plate_is_seen(engine):
    frames = drawn(3 * MOST_CUTS, wide=50, noise=10)
    collected = collected_of(engine, frames)
    assert len(collected.cuts) == MOST_CUTS
    for cut in collected.cuts:
        assert cut.image.base is None
        assert cut.image.size < frames[0][0].size / 2


def test_an_unsure_row_is_read_from_the_mean_and_a_sure_one_is_not(engine, reader, monkeypatch):
    made = []

    def counted(cuts, by):
        made.append(len(cuts))
        return read_mean(cuts, by)

    monkeypatch.setattr(collect, "read_mean", counted)
    sure = collected_of(engine, drawn(5, wide=110, noise=3))
    assert row_of(sure, engine, reader).confidence >= UNSURE
    assert made == []
    assert sure.of_mean is None
    unsure = collected_of(engine, drawn(4, wide=50, noise=40))
    before = row_of(unsure, engine, None)
    assert made == []
    after = row_of(unsure, engine, reader)
    assert made == [4]
    assert before is None or before.text != PLATE
    assert after.text == PLATE
    assert len(after.votes) == 4  # the mean is no frame


def test_what_is_read_so_is_the_same_each_time(engine, reader):
    frames = drawn(4, wide=50, noise=30)
    rows = [row_of(collected_of(engine, frames), engine, reader).candidates for _ in range(2)]
    assert rows[0] == rows[1]


def test_the_reader_takes_a_mean_whole_whatever_the_camera_needs(engine):
    camera = engine.with_settings(
        prewarp="planar,1280,720,0,0,0,1,1,0,0", max_plate_width_percent=30.0, min_confidence=0.9
    )
    said = read_mean(cuts_of(drawn(4, wide=50, noise=30)), mean_reader(camera))
    assert said is not None
    assert said.texts[0][0] == PLATE


def test_nothing_is_said_where_nothing_is_read(monkeypatch):
    nothing = SimpleNamespace(examine=lambda _: ())
    assert read_mean(cuts_of(drawn(3, wide=50, noise=5)), nothing) is None
