# SPDX-License-Identifier: Apache-2.0
"""Unsure characters and banks of one's own, from the settings to the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from alprcore import Engine, cli
from alprcore.errors import ResourceError, SettingsError
from alprcore.resources import bank_bytes, sample_path


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(country="eu")


def test_unsure_characters_are_shown_beside_the_text(engine: Engine) -> None:
    picture = sample_path("eu.jpg")
    plain = engine.recognize(picture)
    for below in (0.0, 0.9, 1.0):
        found = engine.with_settings(unsure_below=below).recognize(picture)
        for plate, before in zip(found.plates, plain.plates, strict=True):
            assert plate.text == before.text
            assert plate.candidates == before.candidates
            wanted = ["?" if glyph.confidence < below else glyph.text for glyph in plate.glyphs]
            assert plate.text_with_unsure.replace("\n", "") == "".join(wanted)
    assert "?" not in plain.plates[0].text_with_unsure


def test_the_json_does_not_know_of_it(engine: Engine) -> None:
    def steady(found: dict[str, object]) -> dict[str, object]:
        results = [{**r, "processing_time_ms": 0} for r in found["results"]]  # type: ignore[attr-defined]
        return {**found, "results": results, "epoch_time": 0, "processing_time_ms": 0}

    picture = sample_path("eu.jpg")
    masked = engine.with_settings(unsure_below=1.0).recognize(picture)
    assert steady(masked.to_dict()) == steady(engine.recognize(picture).to_dict())


def test_the_command_line_shows_question_marks(capsys: pytest.CaptureFixture[str]) -> None:
    picture = str(sample_path("eu.jpg"))
    assert cli.main(["recognize", picture, "--country", "eu", "--unsure", "1"]) == 0
    headline, first = capsys.readouterr().out.splitlines()[1:3]
    assert headline.split()[0].count("?") >= 1
    assert "?" not in first


def test_a_share_above_one_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SettingsError, match="unsure_below"):
        Engine(unsure_below=1.5)
    assert cli.main(["recognize", str(sample_path("eu.jpg")), "--unsure", "60"]) == 1
    assert "unsure_below" in capsys.readouterr().err


def test_the_engine_reads_with_a_bank_of_ones_own(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    path.write_bytes(bank_bytes("latin.npz"))
    twin = engine.with_settings(bank=str(path))
    texts = [
        [plate.text for plate in each.recognize(sample_path("eu.jpg")).plates]
        for each in (engine, twin, Engine(country="eu", bank=str(path)))
    ]
    assert texts[0] == texts[1] == texts[2] != []


def test_a_bank_that_is_none_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ResourceError, match="missing"):
        Engine(bank=str(tmp_path / "missing.npz"))
    (tmp_path / "text.npz").write_text("no bank")
    with pytest.raises(ResourceError, match="not a bank"):
        Engine(bank=str(tmp_path / "text.npz"))
    words = ["recognize", "--bank", str(tmp_path / "text.npz"), str(sample_path("eu.jpg"))]
    assert cli.main(words) == 1
    assert "not a bank" in capsys.readouterr().err
