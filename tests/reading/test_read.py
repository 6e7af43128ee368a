# SPDX-License-Identifier: Apache-2.0
"""The native reader: against NumPy, on drawn text, and with arrays it must refuse."""

from __future__ import annotations

import io
import itertools
import math
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from alprcore import _native
from alprcore.countries.fit import load_countries
from alprcore.errors import ResourceError
from alprcore.reading.attempts import read_upright
from alprcore.reading.bank import Bank, parse_bank, read_bank
from alprcore.reading.glyphs import read_glyphs
from alprcore.reading.read import read_line, read_plate
from alprcore.reading.segment import beside, likeliest_first, may_be_second
from alprcore.resources import bank_bytes
from alprcore.settings import Settings

Floats = NDArray[np.float32]


@pytest.fixture(scope="module")
def content() -> bytes:
    return bank_bytes("latin.npz")


@pytest.fixture(scope="module")
def bank(content: bytes) -> Bank:
    return parse_bank(content)


def drawn_plate(text: str, *, dark: bool = False) -> NDArray[np.uint8]:
    """Return a crop with `text` in OpenCV's plain stroke font."""
    paper, ink = (40, 230) if dark else (225, 30)
    crop = np.full((64, 46 * len(text) + 60), paper, np.uint8)
    cv2.putText(crop, text, (28, 50), cv2.FONT_HERSHEY_SIMPLEX, 1.7, ink, 5, cv2.LINE_AA)
    return cv2.resize(crop, None, fx=0.62, fy=1.0, interpolation=cv2.INTER_AREA)


def convolved(maps: Floats, weights: Floats, offsets: Floats, stride: NDArray[np.int32]) -> Floats:
    """The definition of a rectified convolution, a window at a time."""
    rows, cols = weights.shape[2:]
    padded = np.pad(maps, ((0, 0), (rows // 2, rows // 2), (cols // 2, cols // 2)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (rows, cols), axis=(1, 2))
    windows = windows[:, :: stride[0], :: stride[1]]
    sums = np.einsum("iyxrc,oirc->oyx", windows, weights, optimize=True)
    return np.maximum(0, sums + offsets[:, None, None])


def reference_scores(content: bytes, line: Floats) -> tuple[Floats, Floats]:
    """Return the (t, widths, classes) scores and (t,) gap scores of a line, in plain NumPy."""
    arrays = np.load(io.BytesIO(content))
    maps = line[None]
    for i, stride in enumerate(arrays["strides"]):
        weights, offsets = (arrays[f"{n}{i}"].astype(np.float32) for n in ("filters", "offsets"))
        maps = convolved(maps, weights, offsets, stride)
    columns = maps.reshape(-1, maps.shape[2])
    templates = arrays["templates"].astype(np.float32)
    products = np.einsum("bmf,ft->bmt", templates, columns)
    gaps = arrays["gap_weights"].astype(np.float32) @ columns + float(arrays["gap_offset"][0])
    narrowest, widest = arrays["widths"]
    t, bias = columns.shape[1], arrays["width_bias"].astype(np.float32)
    scores = np.full((t, widest - narrowest + 1, bias.shape[1]), -np.inf, np.float32)
    for start in range(t):
        for width in range(narrowest, min(widest, t - start) + 1):
            response = np.zeros(templates.shape[1], np.float32)
            if start > 0:
                response += products[0, :, start - 1]
            if start + width < t:
                response += products[5, :, start + width]
            for quarter in range(4 * width):  # quarter columns divide every bin evenly
                response += products[1 + quarter // width, :, start + quarter // 4] / width
            grouped = response.reshape(-1, bias.shape[1])
            peak = grouped.max(axis=0)
            scores[start, width - narrowest] = peak + np.log(np.exp(grouped - peak).sum(axis=0))
    return scores + bias, gaps


@pytest.mark.parametrize("columns", [24, 41])
def test_the_lattice_agrees_with_numpy(content: bytes, bank: Bank, columns: int) -> None:
    line = np.random.default_rng(columns).normal(0, 1, (32, 2 * columns)).astype(np.float32)
    scores, gaps = reference_scores(content, line)
    starts, ends, got, templates, posteriors, got_gaps, _ = bank.templates.match(line, 0.0)
    np.testing.assert_allclose(got_gaps, gaps, atol=2e-3)
    np.testing.assert_allclose(got, scores[starts, ends - starts - 2], atol=5e-3)
    assert (templates % len(bank.alphabet) == np.arange(len(bank.alphabet))).all()
    assert posteriors.max() <= 1 + 1e-5


@pytest.mark.parametrize("text", ["KD48XT", "7EU2961", "MRZ3508"])
@pytest.mark.parametrize("dark", [False, True])
def test_drawn_text_is_read(bank: Bank, text: str, dark: bool) -> None:
    reading = read_plate(drawn_plate(text, dark=dark), bank, count=10, proposals=3, two_lines=False)
    fold = str.maketrans("OI", "01")
    assert text.translate(fold) in [found.translate(fold) for found, _ in reading.texts[:10]]


def test_probabilities_are_ordered_and_sum_to_at_most_one(bank: Bank) -> None:
    reading = read_plate(drawn_plate("AB12CD"), bank, count=50, proposals=3, two_lines=False)
    values = [value for _, value in reading.texts]
    assert values == sorted(values, reverse=True)
    assert 0 < sum(values) <= 1 + 1e-6
    assert len({text for text, _ in reading.texts}) == len(values)


def test_glyphs_lie_side_by_side(bank: Bank) -> None:
    crop = drawn_plate("KD48XT")
    reading = read_plate(crop, bank, count=5, proposals=3, two_lines=False)
    text = reading.texts[0][0]
    glyphs = read_glyphs(reading, text, bank, np.eye(3))
    assert "".join(glyph.text for glyph in glyphs) == text
    boxes = [glyph.quad.bounds() for glyph in glyphs]
    assert all(a.left < b.left for a, b in itertools.pairwise(boxes))
    assert min(box.left for box in boxes) >= -8
    assert max(box.right for box in boxes) <= crop.shape[1] + 8
    for glyph in glyphs:
        assert 0 <= glyph.confidence <= 1
        assert sum(share for _, share in glyph.alternatives) <= 1 + 1e-6


def test_two_lines_are_joined_top_to_bottom(bank: Bank) -> None:
    crop = np.full((150, 130), 225, np.uint8)
    for text, y in (("7483", 62), ("2956", 130)):
        cv2.putText(crop, text, (8, y), cv2.FONT_HERSHEY_SIMPLEX, 1.45, 30, 5, cv2.LINE_AA)
    reading = read_plate(crop, bank, count=10, proposals=5, two_lines=True)
    assert len(reading.lines) == 2
    assert reading.lines[0].line[0] < reading.lines[1].line[0]
    assert all(text.count("\n") == 1 for text, _ in reading.texts)


def test_a_flat_crop_has_no_reading(bank: Bank) -> None:
    flat = np.full((60, 200), 128, np.uint8)
    reading = read_plate(flat, bank, count=10, proposals=3, two_lines=True)
    assert reading.lines == ()
    assert reading.texts == ()


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 200), (60, 1), (5, 60), (6, 8), (7, 9), (64, 8), (8, 400), (400, 20)]
)
@pytest.mark.parametrize("filling", ["blank", "white", "black", "noise", "saturated", "stripes"])
def test_odd_crops_give_probabilities_or_nothing(
    bank: Bank, shape: tuple[int, int], filling: str
) -> None:
    rng = np.random.default_rng(len(filling) + shape[1])
    crop = {
        "blank": np.full(shape, 128, np.uint8),
        "white": np.full(shape, 255, np.uint8),
        "black": np.zeros(shape, np.uint8),
        "noise": rng.integers(0, 256, shape).astype(np.uint8),
        "saturated": (255 * rng.integers(0, 2, shape)).astype(np.uint8),
        "stripes": np.broadcast_to(255 * (np.arange(shape[1]) // 3 % 2), shape).astype(np.uint8),
    }[filling]
    reading = read_plate(
        crop, bank, count=10, proposals=3, more_proposals=4, two_lines=True, steepest=0.2
    )
    values = [value for _, value in reading.texts]
    assert all(np.isfinite(value) and 0.0 <= value <= 1.0 for value in values)
    assert sum(values) <= 1 + 1e-6
    for text, _ in reading.texts[:1]:
        for glyph in read_glyphs(reading, text, bank, np.eye(3)):
            assert 0.0 <= glyph.confidence <= 1.0
            assert np.isfinite(glyph.score)
            assert np.isfinite(glyph.quad.to_points()).all()


def test_noise_is_not_read_with_confidence(bank: Bank) -> None:
    rng = np.random.default_rng(1)
    sure = 0
    for _ in range(20):
        crop = rng.integers(0, 256, (64, 240)).astype(np.uint8)
        reading = read_plate(crop, bank, count=1, proposals=3, two_lines=False)
        sure += bool(reading.texts) and reading.texts[0][1] > 0.6
    assert sure == 0


@pytest.mark.parametrize("proposals", [1, 3])
def test_the_second_line_is_looked_for_among_the_later_proposals(
    bank: Bank, proposals: int
) -> None:
    crop = np.full((150, 130), 225, np.uint8)
    for text, y in (("7483", 62), ("2956", 130)):
        cv2.putText(crop, text, (8, y), cv2.FONT_HERSHEY_SIMPLEX, 1.45, 30, 5, cv2.LINE_AA)
    reading = read_plate(
        crop, bank, count=10, proposals=proposals, more_proposals=6, two_lines=True
    )
    assert reading.texts[0][0] == "7483\n2956"


def test_a_second_line_counts_even_where_what_it_says_is_open(bank: Bank) -> None:
    upper, lower = drawn_plate("IO"), drawn_plate("4821")
    sides = lower.shape[1] - upper.shape[1]
    upper = cv2.copyMakeBorder(
        upper, 0, 0, sides // 2, sides - sides // 2, cv2.BORDER_CONSTANT, value=225.0
    )
    reading = read_plate(
        np.vstack([upper, lower]), bank, count=5, proposals=3, more_proposals=4, two_lines=True
    )
    assert reading.texts[0][1] < 0.5  # IO, 1O, I0 and 10 look alike
    assert [text.partition("\n")[2] for text, _ in reading.texts[:4]] == ["4821"] * 4


def test_a_one_line_plate_of_two_line_shape_keeps_its_line(bank: Bank) -> None:
    crop = np.full((110, 220), 225, np.uint8)
    crop[30:80] = cv2.resize(drawn_plate("KD48XT"), (220, 50), interpolation=cv2.INTER_AREA)
    alone, more = (
        read_plate(crop, bank, count=2, proposals=3, more_proposals=m, two_lines=True)
        for m in (0, 6)
    )
    assert len(alone.lines) == len(more.lines) == 1
    assert alone.texts == more.texts


def test_the_middle_line_is_tried_before_frames_and_halves_of_the_crop() -> None:
    middle, frame, whole = (
        np.array([top, bottom, 0.0, 0.0, score], np.float32)
        for top, bottom, score in ((20, 45, 0.9), (0, 12, 1.0), (2, 62, 0.95))
    )
    ordered = likeliest_first((64, 240), np.stack([frame, whole, middle]))
    assert ordered[0].tolist() == middle.tolist()
    assert sorted(ordered[:, 4].tolist()) == sorted(float(r[4]) for r in (middle, whole, frame))
    assert likeliest_first((64, 240), np.empty((0, 5), np.float32)).shape == (0, 5)


def test_threads_agree(bank: Bank) -> None:
    crops = [drawn_plate(text) for text in ("AB12CD", "7EU2961", "XYZ999")] * 4
    alone = [read_plate(c, bank, count=10, proposals=3, two_lines=False).texts for c in crops]
    with ThreadPoolExecutor(4) as pool:
        jobs = [
            pool.submit(read_plate, c, bank, count=10, proposals=3, two_lines=False) for c in crops
        ]
        assert [job.result().texts for job in jobs] == alone


def test_wrong_arrays_are_refused() -> None:
    with pytest.raises(TypeError):
        _native.text_lines(np.zeros((40, 80), np.float32), 3, 0.1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="2-D"):
        _native.text_lines(np.zeros((40, 80, 3), np.uint8), 3, 0.1)
    with pytest.raises(ValueError, match="adjacent"):
        _native.text_lines(np.zeros((40, 80), np.uint8)[:, ::2], 3, 0.1)
    with pytest.raises(ValueError, match="one pixel"):
        _native.text_lines(np.zeros((0, 80), np.uint8), 3, 0.1)


def test_a_damaged_bank_is_refused(content: bytes) -> None:
    for broken in (b"", b"not a bank", content[: len(content) // 2], content[:-40]):
        with pytest.raises(ResourceError, match="template bank"):
            parse_bank(broken)


def changed(content: bytes, **arrays: object) -> bytes:
    """Return a bank with some arrays replaced, None to leave one out."""
    with np.load(io.BytesIO(content)) as file:
        kept = {name: file[name] for name in file.files} | arrays
    out = io.BytesIO()
    np.savez(out, **{name: value for name, value in kept.items() if value is not None})
    return out.getvalue()


@pytest.mark.parametrize(
    "change",
    [
        {"alphabet": np.array("ABC")},
        {"alphabet": np.array("0" * 36)},
        {"portraits": np.zeros((3, 24, 16), np.uint8)},
        {"templates": None},
        {"templates": np.zeros((6, 72, 319), np.float16)},
        {"templates": np.full((6, 72, 320), np.nan, np.float16)},
        {"gap_offset": np.array([np.inf], np.float16)},
        {"gap_weights": np.zeros(300, np.float16)},
        {"filters1": np.zeros((32, 15, 3, 3), np.float16)},
        {"filters2": np.zeros((60, 32, 3, 3), np.float16)},
        {"filters0": np.zeros(4, np.float16)},
        {"strides": np.array([[2, 2]], np.int32)},
        {"strides": np.array([[0, 0]] * 4, np.int32)},
        {"widths": np.array([-3, 11], np.int32)},
        {"width_bias": np.zeros((15, 35), np.float16)},
        {"alphabet": np.array([{}], dtype=object)},
    ],
)
def test_a_bank_whose_parts_do_not_fit_is_refused(
    content: bytes, change: dict[str, object]
) -> None:
    with pytest.raises(ResourceError, match="template bank"):
        parse_bank(changed(content, **change))


def test_a_bank_written_again_is_the_same(content: bytes, bank: Bank) -> None:
    again = parse_bank(changed(content))
    crop = drawn_plate("KD48XT")
    first, second = (
        read_plate(crop, each, count=5, proposals=3, two_lines=False).texts
        for each in (bank, again)
    )
    assert first == second


def test_a_bank_that_is_not_there_is_named() -> None:
    with pytest.raises(ResourceError, match=r"nowhere\.npz"):
        read_bank("nowhere.npz")


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", range(4))
def test_a_line_that_is_not_finite_is_refused(wrong: float, place: int) -> None:
    numbers = [2.0, 20.0, 0.0, 0.0]
    numbers[place] = wrong
    with pytest.raises(ValueError, match="finite"):
        _native.line_image(np.zeros((32, 64), np.uint8), *numbers)


@pytest.mark.parametrize("numbers", [(-1e30, 1e30, 0, 0), (2, 20, 1e30, 0), (2, 20, 0, -1e30)])
def test_a_line_far_off_is_empty(numbers: tuple[float, ...]) -> None:
    image, *_ = _native.line_image(np.zeros((32, 64), np.uint8), *numbers)
    assert image.shape[0] == 32
    assert np.isfinite(image).all()


@pytest.mark.parametrize("slope", [0.0, 0.08])
def test_the_other_line_is_looked_for_above_and_below_inside_the_crop(slope: float) -> None:
    rows, cols = 100, 160
    line = np.array([44.0 - 80 * slope, 84.0 - 80 * slope, slope, 0.1, 0.3], np.float32)
    places = beside(line, (rows, cols))
    assert places
    for place in places:
        assert np.array_equal(place[2:], line[2:])
        assert may_be_second(line, place)
        middle = place[:2] + 0.5 * slope * cols
        assert -0.03 * rows <= middle[0] < middle[1] <= 1.03 * rows
    heights = {round(float(place[1] - place[0]) / 40, 2) for place in places}
    assert 0.52 in heights  # above it, as on Korean plates
    assert 1.92 not in heights  # has no room


def test_a_line_that_no_proposal_has_is_found_beside_the_other(bank: Bank) -> None:
    upper, lower = drawn_plate("KZX7"), drawn_plate("5678")
    small = cv2.resize(upper, None, fx=0.55, fy=0.55, interpolation=cv2.INTER_AREA)[:29]
    faint = np.full((44, lower.shape[1]), 225, np.uint8)
    left = (faint.shape[1] - small.shape[1]) // 2
    faint[-small.shape[0] :, left : left + small.shape[1]] = 225 - (225 - small) // 2
    crop = np.ascontiguousarray(np.vstack([faint, lower[13:]]))
    assert (_native.text_lines(crop, 2, 0.1)[:, 1] > 80).all()  # none ends above the lower line
    assert "\n" not in read_plate(crop, bank, count=5, proposals=1, two_lines=True).texts[0][0]
    more = read_plate(crop, bank, count=5, proposals=1, more_proposals=1, two_lines=True)
    assert more.texts[0][0] == "KZX7\n5678"


def test_three_lines_are_joined_top_to_bottom(bank: Bank) -> None:
    crop = np.full((180, 190), 225, np.uint8)
    for text, left, bottom in (("BT", 55, 54), ("7181", 12, 112), ("AF", 55, 170)):
        cv2.putText(crop, text, (left, bottom), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 30, 5, cv2.LINE_AA)
    reading = read_plate(crop, bank, count=5, proposals=3, more_proposals=4, two_lines=True)
    assert reading.texts[0][0] == "BT\n7181\nAF"


def test_a_crop_of_two_line_shape_gets_all_effort_whatever_its_score(bank: Bank) -> None:
    upper, lower = drawn_plate("KZX7"), drawn_plate("5678")
    small = cv2.resize(upper, None, fx=0.55, fy=0.55, interpolation=cv2.INTER_AREA)[:29]
    faint = np.full((44, lower.shape[1]), 225, np.uint8)
    left = (faint.shape[1] - small.shape[1]) // 2
    faint[-small.shape[0] :, left : left + small.shape[1]] = 225 - (225 - small) // 2
    crop = np.ascontiguousarray(np.vstack([faint, lower[13:]]))
    settings = Settings(unsure_line_proposals=1)
    countries = load_countries(("auto",))
    doubtful = read_upright(crop, bank, countries, settings, sure=False)
    assert doubtful.texts[0][0] == "KZX7\n5678"


def test_a_line_that_settles_the_plate_is_the_only_one_that_is_read(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    crop, read = drawn_plate("KVM3058"), []

    def noted(*words: object) -> object:
        read.append(words)
        return read_line(*words)  # type: ignore[arg-type]

    monkeypatch.setattr("alprcore.reading.read.read_line", noted)
    assert len(_native.text_lines(crop, 3, 0.1)) > 1
    for two_lines in (False, True):
        read.clear()
        read_plate(crop, bank, count=5, proposals=3, two_lines=two_lines)
        assert len(read) == 1


@pytest.mark.parametrize("flipped", [(slice(None), slice(None, None, -1)), slice(None, None, -1)])
def test_the_image_of_a_level_line_turns_over_with_its_crop(flipped: object) -> None:
    """Half a pixel off, it would not."""
    crop = np.random.default_rng(2).integers(0, 256, (32, 96), np.uint8)
    for top, bottom in ((4.0, 28.0), (9.0, 23.0)):
        line, _, inverted = _native.line_image(crop, top, bottom, 0.0, 0.0)
        other, _, too = _native.line_image(np.ascontiguousarray(crop[flipped]), top, bottom, 0, 0)
        assert inverted == too
        assert np.abs(other[flipped] - line).max() < 1e-4


def test_of_noise_level_lines_are_proposed_before_steep_ones() -> None:
    """Any slope would do there; without a preference the mean of these is 0.062 of 0.1."""
    slopes = []
    for seed in range(40):
        crop = np.random.default_rng(seed).integers(0, 256, (64, 200)).astype(np.uint8)
        slopes.append(abs(_native.text_lines(crop, 3, 0.1)[0][2]))
    assert 0.0 < np.mean(slopes) < 0.04
