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

from alprcore import Engine, Recognition
from alprcore.errors import AlprError, CountryError, ImageError
from alprcore.evaluation import parse_truth, score
from alprcore.image import load_frame
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
    return replace(found, epoch_ms=0, elapsed_ms=0.0, plates=plates)


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
