# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from golden.cases import CASES

from alprcore import Engine, Recognition
from alprcore.errors import AlprError, CountryError, ImageError, SettingsError
from alprcore.evaluation.scoring import parse_truth, score
from alprcore.picture.load import load_frame
from alprcore.ranking.rank import rank_candidates
from alprcore.reading.glyphs import read_glyphs
from alprcore.reading.read import read_plate
from alprcore.records import Box
from alprcore.resources import sample_path

SAMPLES = Path(__file__).parents[1] / "runtime_data" / "samples"
NAMES = sorted(path.name for path in SAMPLES.glob("*.jpg"))


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(topn=10)


@pytest.fixture(scope="module")
def frames() -> dict[str, np.ndarray]:
    return {name: load_frame(sample_path(name)) for name in NAMES}


def timeless(found: Recognition) -> Recognition:
    """The recognition without the fields that tell the time."""
    plates = tuple(replace(plate, elapsed_ms=0.0) for plate in found.plates)
    return replace(found, epoch_ms=0, elapsed_ms=0.0, vehicles_ms=0.0, plates=plates)


def test_the_samples_are_read_right(engine):
    with sample_path("truth.csv").open(encoding="utf-8", newline="") as lines:
        labels = parse_truth(lines)
    assert set(labels) == set(NAMES)
    total = score(labels, {name: engine.recognize(sample_path(name)).to_dict() for name in labels})
    assert total.misses == []
    assert total.extra == 0


def test_bytes_path_and_array_give_the_same(engine, frames):
    for name, frame in frames.items():
        path = sample_path(name)
        sources = [path, str(path), path.read_bytes(), frame]
        first, *others = [timeless(engine.recognize(source)) for source in sources]
        assert first.plates
        assert all(other == first for other in others)


def test_a_strided_view_gives_the_same(engine, frames):
    frame = frames[NAMES[0]]
    room = np.zeros((frame.shape[0] + 9, 2 * frame.shape[1] + 3, 4), np.uint8)
    view = room[4:-5, 1:-2:2, :3]
    view[...] = frame
    assert timeless(engine.recognize(view)) == timeless(engine.recognize(frame))


def test_the_picture_is_not_modified(engine, frames):
    frame = frames[NAMES[0]].copy()
    engine.recognize(frame)
    assert np.array_equal(frame, frames[NAMES[0]])


def test_a_batch_gives_what_single_calls_give(engine, frames):
    singles = [timeless(engine.recognize(frame)) for frame in frames.values()]
    assert [timeless(found) for found in engine.recognize_batch(frames.values())] == singles
    assert engine.recognize_batch([]) == []


def test_an_unreadable_picture_does_not_lose_the_others_of_its_batch(engine, frames):
    frame = frames[NAMES[0]]
    first, broken, missing, last = engine.recognize_batch([frame, b"text", "nowhere.jpg", frame])
    assert isinstance(broken, ImageError)
    assert isinstance(missing, ImageError)
    assert "nowhere.jpg" in str(missing)
    assert timeless(first) == timeless(last) == timeless(engine.recognize(frame))


def test_a_batch_refuses_what_is_wrong_with_every_picture(engine, frames):
    with pytest.raises(SettingsError):
        engine.recognize_batch(frames.values(), tasks=("plates",))


@pytest.mark.parametrize("one", ["car.jpg", b"bytes", Path("car.jpg")])
def test_a_batch_is_several_pictures(engine, one):
    with pytest.raises(TypeError, match="several pictures"):
        engine.recognize_batch(one)


def test_a_batch_searches_the_same_regions_in_each_picture(engine, frames):
    corner = Box(0, 0, 64, 64)
    for found in engine.recognize_batch(frames.values(), regions_of_interest=[corner]):
        assert isinstance(found, Recognition)
        assert found.regions_of_interest == (corner,)
        assert found.plates == ()


def test_the_order_of_calls_does_not_matter(engine, frames):
    forth = {name: timeless(engine.recognize(frame)) for name, frame in frames.items()}
    for name in reversed(NAMES):
        assert timeless(engine.recognize(frames[name])) == forth[name]


def test_the_same_bytes_give_the_same_line(engine):
    content = sample_path(NAMES[0]).read_bytes()
    first, second = (timeless(engine.recognize(content)).to_json() for _ in range(2))
    assert first == second


def test_threads_sharing_an_engine_give_what_one_gives(engine, frames):
    work = list(frames.values()) * 2
    alone = [timeless(engine.recognize(frame)) for frame in work]
    with ThreadPoolExecutor(4) as threads:
        together = [timeless(found) for found in threads.map(engine.recognize, work)]
    assert together == alone


def test_an_engine_survives_pickling(engine, frames):
    copy = pickle.loads(pickle.dumps(engine))
    frame = frames[NAMES[0]]
    assert timeless(copy.recognize(frame)) == timeless(engine.recognize(frame))


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (7, 5), (240, 320), (2000, 60)])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_blank_picture_has_no_plate(engine, size, level):
    found = engine.recognize(np.full((*size, 3), level, np.uint8))
    assert found.plates == ()
    assert (found.height, found.width) == size


def test_noise_is_read_without_an_error(engine):
    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    assert isinstance(engine.recognize(noise), Recognition)


def test_results_keep_their_promises(engine, frames):
    for frame in frames.values():
        found = engine.recognize(frame)
        assert (found.height, found.width) == frame.shape[:2]
        for plate in found.plates:
            confidences = [candidate.confidence for candidate in plate.candidates]
            assert 1 <= len(confidences) <= plate.requested_topn == 10
            assert confidences == sorted(confidences, reverse=True)
            assert all(0 <= confidence <= 1 for confidence in confidences)
            texts = [candidate.text for candidate in plate.candidates]
            assert len(set(texts)) == len(texts)
            assert plate.text in texts
            box = plate.quad.bounds()
            assert box.width > 0
            assert box.height > 0


@pytest.mark.parametrize("topn", [1, 3])
def test_no_more_readings_than_asked_for(topn, frames):
    found = Engine(country="us", topn=topn).recognize(frames[NAMES[0]])
    assert all(len(plate.candidates) <= topn for plate in found.plates)
    assert all(plate.requested_topn == topn for plate in found.plates)


def test_nothing_opens_a_network_connection(tmp_path):
    program = f"""
import sys

def watch(event, _):
    if event.startswith("socket."):
        raise SystemExit(f"network: {{event}}")

sys.addaudithook(watch)
from alprcore import Engine
print(len(Engine(country="us").recognize({str(sample_path(NAMES[0]))!r}).plates))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) >= 1


def test_what_is_not_a_picture_is_refused(engine):
    for source in (b"", b"text", "nowhere.jpg", np.zeros((4, 4))):
        with pytest.raises(ImageError):
            engine.recognize(source)


def test_wrong_settings_are_refused():
    with pytest.raises(CountryError):
        Engine(country="atlantis")
    for topn in (0, -1):
        with pytest.raises(AlprError):
            Engine(topn=topn)


def texts(found: Recognition) -> list[str]:
    return [plate.text for plate in found.plates]


def test_other_settings_share_what_is_loaded(engine, frames):
    other = engine.with_settings(country="us, mx", topn=3)
    assert other.settings.country == ("us", "mx")
    assert engine.settings.country == ("auto",)
    assert other._parts.networks.plates is engine._parts.networks.plates
    assert other._parts.reader.bank is engine._parts.reader.bank
    assert other._parts.countries is not engine._parts.countries
    assert engine.with_settings(topn=3)._parts.countries is engine._parts.countries
    assert (
        engine.with_settings(threads=2)._parts.networks.plates is not engine._parts.networks.plates
    )
    frame = frames["us.jpg"]
    fresh = Engine(country="us,mx", topn=3)
    assert timeless(other.recognize(frame)) == timeless(fresh.recognize(frame))


def test_other_settings_are_checked(engine):
    with pytest.raises(CountryError):
        engine.with_settings(country="atlantis")
    for wrong in ({"topn": 0}, {"colour": 1}, {"country": ""}):
        with pytest.raises(SettingsError):
            engine.with_settings(**wrong)


@pytest.mark.parametrize("tasks", [("plates",), ("plate", "colour"), (), "plate,color"])
def test_unknown_tasks_are_refused(engine, frames, tasks):
    with pytest.raises(SettingsError, match="tasks"):
        engine.recognize(frames[NAMES[0]], tasks=tasks)


def test_without_the_task_no_plate_is_read(engine, frames):
    assert engine.recognize(frames[NAMES[0]], tasks=("color",)).plates == ()
    assert texts(engine.recognize(frames["us.jpg"], tasks="plate")) == ["LMR4827"]


# Cut out of their samples with some of what is around them.
LOOSE = {
    "us.jpg": (Box(450, 380, 633, 486), "LMR4827"),
    "eu.jpg": (Box(420, 410, 637, 482), "MKV3726"),
    "br.jpg": (Box(400, 395, 608, 490), "QTB4F73"),
}


@pytest.mark.parametrize("name", LOOSE)
def test_a_picture_of_a_plate_alone_is_read_without_detection(engine, frames, name):
    box, text = LOOSE[name]
    reading = engine.with_settings(skip_detection=True)
    crop = frames[name][int(box.top) : int(box.bottom), int(box.left) : int(box.right)]
    found = reading.recognize(crop)
    assert texts(found) == [text]
    assert found.vehicles == ()
    assert not found.plates[0].truncated
    there = reading.recognize(frames[name], regions_of_interest=[box])
    assert texts(there) == [text]
    place = there.plates[0].quad.bounds()
    assert box.left - 30 < place.left < place.right < box.right + 30


# The first is legible with the corners of a plate that fills the cut, the others only with those of
# a smaller one in its middle.
@pytest.mark.parametrize(("name", "grow"), [("us.jpg", 0.6), ("us.jpg", 0.9), ("eu.jpg", 1.1)])
def test_the_plate_in_a_loose_cut_is_found_by_its_corners(engine, frames, name, grow):
    box = engine.recognize(frames[name]).plates[0].quad.bounds()
    right, down = round(grow * box.width), round(1.5 * grow * box.height)
    crop = frames[name][
        round(box.top) - down : round(box.bottom) + down,
        round(box.left) - right : round(box.right) + right,
    ]
    (plate,) = engine.with_settings(skip_detection=True).recognize(crop).plates
    assert plate.text == LOOSE[name][1]
    assert plate.quad.bounds().width < 0.98 * crop.shape[1]


def test_without_detection_each_region_is_a_plate(engine, frames, monkeypatch):
    reading = engine.with_settings(skip_detection=True)
    monkeypatch.setattr("alprcore.finding.search.find_plates", None)
    frame = frames["two_plates.jpg"]
    areas = [Box(675, 426, 796, 452), Box(204, 418, 364, 451)]
    found = reading.recognize(frame, regions_of_interest=[*areas, Box(5000, 0, 5010, 10)])
    assert texts(found) == ["GX482RT", "82KNT6"]


def test_a_plate_without_a_confident_reading_is_dropped(engine, frames):
    plates = engine.recognize(frames["two_plates.jpg"]).plates
    low, high = sorted(plates, key=lambda plate: plate.confidence)
    between = (low.confidence + high.confidence) / 2
    found = engine.with_settings(min_confidence=between).recognize(frames["two_plates.jpg"])
    assert texts(found) == [high.text]
    assert texts(engine.with_settings(min_confidence=1.0).recognize(frames["us.jpg"])) == []


def test_readings_with_a_faint_character_are_dropped(engine, frames):
    frame, least = frames["br.jpg"], 0.01
    wide = engine.with_settings(topn=20)
    (plain,) = wide.examine(frame)
    bank, reading = engine._parts.reader.bank, plain.reading
    faintest = {
        text: min(glyph.confidence for glyph in read_glyphs(reading, text, bank, np.eye(3)))
        for text, _ in reading.texts
    }
    (strict,) = wide.with_settings(min_character_confidence=least).recognize(frame).plates
    assert strict.text == plain.plate.text
    left = {text for text, share in faintest.items() if share >= least}
    assert 0 < len(left) < len(faintest)
    assert {candidate.text for candidate in strict.candidates} == left
    above = wide.with_settings(min_character_confidence=max(faintest.values()) + 1e-6)
    assert above.recognize(frame).plates == ()


def test_a_given_region_is_reported_as_it_stands(frames):
    for region in ("md", "nowhere", " MD"):
        (plate,) = Engine(country="us", default_region=region).recognize(frames["us.jpg"]).plates
        assert (plate.region, plate.region_confidence) == (region.strip().lower(), 0.0)


def test_the_plates_own_text_is_the_chosen_candidate(engine, frames, monkeypatch):
    def second(*words, **options):
        return replace(rank_candidates(*words, **options), chosen=1)

    monkeypatch.setattr("alprcore.ranking.examine.rank_candidates", second)
    (plate,) = engine.recognize(frames["us.jpg"]).plates
    own = plate.candidates[1]
    assert (plate.text, plate.confidence) == (own.text, own.confidence)
    assert plate.matches_template == own.matches_template
    assert "".join(glyph.text for glyph in plate.glyphs) == own.text


def test_more_texts_are_read_where_a_format_is_a_must(engine, frames, monkeypatch):
    counts = []

    def recorded(*words, count, **options):
        counts.append(count)
        return read_plate(*words, count=count, **options)

    monkeypatch.setattr("alprcore.reading.attempts.read_plate", recorded)
    engine.recognize(frames["us.jpg"])
    assert max(counts) < 100
    counts.clear()
    engine.with_settings(must_match_pattern=True).recognize(frames["us.jpg"])
    assert min(counts) >= 100


def test_a_plate_without_the_format_disappears_where_it_is_a_must(frames):
    must = Engine(country="us", default_region="nowhere", must_match_pattern=True)
    assert must.recognize(frames["us.jpg"]).plates == ()
    some = Engine(country="us", must_match_pattern=True).recognize(frames["us.jpg"])
    assert texts(some) == ["LMR4827"]
    assert all(candidate.matches_template for candidate in some.plates[0].candidates)


@pytest.mark.parametrize("name", ["us.jpg", "br.jpg"])
def test_a_plate_cut_by_the_border_is_marked(engine, frames, name):
    frame = frames[name]
    (plate,) = engine.recognize(frame).plates
    assert not plate.truncated
    box = plate.quad.bounds()
    left, right = (int(x) for x in (box.left + 0.25 * box.width, box.right - 0.25 * box.width))
    for cut in (frame[:, :right], frame[:, left:], frame[: int(box.bottom - 0.2 * box.height)]):
        assert [each.truncated for each in engine.recognize(cut).plates] == [True]


def test_doubtful_plates_are_reported_when_they_read_as_plates_do(engine):
    """With nothing sure, of three plates the two of letters with digits are reported."""
    picture = CASES["doubtful"].source()
    everything = engine.recognize(picture)
    assert sorted(texts(everything)) == ["KVM3058", "KVM3068", "KVMRTN"]
    doubting = engine.with_settings(min_plate_score=0.9, sure_plate_score=0.95)
    assert sorted(texts(doubting.recognize(picture))) == ["KVM3058", "KVM3068"]
    believing = doubting.with_settings(min_plate_score=0.5)
    assert sorted(texts(believing.recognize(picture))) == ["KVM3058", "KVM3068", "KVMRTN"]
