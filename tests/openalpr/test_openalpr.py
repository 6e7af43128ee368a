# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import threading
import time
from dataclasses import replace

import cv2
import numpy as np
import pytest

from alprcore.errors import AlprError, ImageError
from alprcore.openalpr import Alpr, NotLoadedError, VehicleClassifier, library
from alprcore.openalpr.config import ENVIRONMENT_VARIABLE, OpenAlprConfig
from alprcore.openalpr.form import Rules, in_openalpr_form, of_usual_length
from alprcore.openalpr.library import Wishes, load_library
from alprcore.records import Box, Candidate, Plate, Quad, VehicleBox
from alprcore.resources import country_text, sample_path
from alprcore.wire.results import Recognition

TOP_KEYS = [
    "version",
    "data_type",
    "epoch_time",
    "img_width",
    "img_height",
    "processing_time_ms",
    "regions_of_interest",
    "results",
]
PLATE_KEYS = [
    "plate",
    "confidence",
    "matches_template",
    "plate_index",
    "region",
    "region_confidence",
    "processing_time_ms",
    "requested_topn",
    "coordinates",
    "candidates",
]


pytestmark = pytest.mark.usefixtures("no_configuration_of_this_machine")


@pytest.fixture(scope="module")
def us_library():
    return load_library(Wishes("us", 25), OpenAlprConfig())


@pytest.fixture
def alpr(us_library, monkeypatch):
    """A loaded American one; the engine behind it is loaded once for all tests."""
    load = library.load_library

    def shared(wishes, config):
        if wishes == us_library.wishes and config == us_library.config:
            return us_library
        return load(wishes, config)

    monkeypatch.setattr("alprcore.openalpr.binding.load_library", shared)
    return Alpr("us", "", "")


def texts(results):
    return [plate["plate"] for plate in results["results"]]


def bytes_of(name):
    return sample_path(name).read_bytes()


# --- the class ---


def test_a_file_its_bytes_and_its_pixels_give_the_same_plates(alpr):
    path = sample_path("us.jpg")
    replies = [
        alpr.recognize_file(str(path)),
        alpr.recognize_file(bytes(path)),
        alpr.recognize_array(path.read_bytes()),
        alpr.recognize_ndarray(cv2.imread(str(path))),
    ]
    for reply in replies:
        assert reply["results"][0]["plate"] == "LMR4827"
        assert reply["results"][0]["coordinates"] == replies[0]["results"][0]["coordinates"]
        assert reply["results"][0]["candidates"] == replies[0]["results"][0]["candidates"]


def test_results_have_the_keys_of_openalpr_in_their_order(alpr):
    before = time.time() * 1000
    reply = alpr.recognize_file(str(sample_path("us.jpg")))
    assert list(reply) == TOP_KEYS
    assert (reply["version"], reply["data_type"]) == (2, "alpr_results")
    assert (reply["img_width"], reply["img_height"]) == (1024, 768)
    assert reply["regions_of_interest"] == [{"x": 0, "y": 0, "width": 1024, "height": 768}]
    assert before - 1 <= reply["epoch_time"] <= time.time() * 1000
    (plate,) = reply["results"]
    assert list(plate) == PLATE_KEYS
    assert [list(candidate) for candidate in plate["candidates"]] == [
        ["plate", "confidence", "matches_template"]
    ] * len(plate["candidates"])
    assert [list(corner) for corner in plate["coordinates"]] == [["x", "y"]] * 4
    assert {type(v) for corner in plate["coordinates"] for v in corner.values()} == {int}
    assert type(plate["matches_template"]) is type(plate["region_confidence"]) is int


def test_25_candidates_are_the_default_and_set_top_n_changes_it(alpr):
    path = str(sample_path("us.jpg"))
    assert alpr.recognize_file(path)["results"][0]["requested_topn"] == 25
    for wanted, most in ((3, 3), (1, 1), (0, 1), (-7, 1)):
        alpr.set_top_n(wanted)
        (plate,) = alpr.recognize_file(path)["results"]
        assert plate["requested_topn"] == wanted
        assert 1 <= len(plate["candidates"]) <= most
    alpr.set_top_n(10**6)
    assert alpr._library.wishes.topn == 10**6
    assert alpr._library._engine.settings.topn == 1000


def test_the_version_is_openalprs(alpr):
    assert alpr.get_version() == "2.3.0"


def test_it_is_loaded_until_it_is_unloaded(alpr):
    assert (alpr.is_loaded(), alpr.loaded) == (True, True)
    assert alpr.alpr_pointer
    alpr.unload()
    alpr.unload()
    assert (alpr.is_loaded(), alpr.loaded) == (False, False)
    assert alpr.alpr_pointer is None
    assert alpr.get_version() == "2.3.0"


def test_a_with_block_unloads_and_lets_errors_out(alpr):
    with alpr as inside:
        assert inside is alpr
        assert inside.is_loaded()
    assert not alpr.is_loaded()


def test_errors_leave_a_with_block():
    with pytest.raises(ZeroDivisionError), Alpr("zz", "", ""):
        _ = 1 / 0


@pytest.mark.parametrize(
    "use",
    [
        lambda alpr: alpr.recognize_file("car.jpg"),
        lambda alpr: alpr.recognize_array(b"x"),
        lambda alpr: alpr.recognize_ndarray(np.zeros((8, 8, 3), np.uint8)),
        lambda alpr: alpr.recognize_batch([b"x"]),
        lambda alpr: alpr.set_top_n(3),
        lambda alpr: alpr.set_country("eu"),
        lambda alpr: alpr.set_prewarp(""),
        lambda alpr: alpr.set_default_region("md"),
        lambda alpr: alpr.set_detect_region(True),
    ],
)
def test_using_an_unloaded_one_raises(alpr, use):
    alpr.unload()
    with pytest.raises(NotLoadedError, match="is_loaded") as raised:
        use(alpr)
    assert isinstance(raised.value, AlprError)
    assert isinstance(raised.value, RuntimeError)


def test_country_config_and_folder_may_be_bytes(tmp_path):
    config = tmp_path / "a.conf"
    config.write_text("")
    with Alpr(b"us", bytes(config), b"/nowhere", b"key", True, 0, 4) as alpr:
        assert alpr.is_loaded()
    with Alpr("", "", "", license_key="k", use_gpu=False, gpu_id=1, gpu_batch_size=2) as alpr:
        assert alpr.is_loaded()


@pytest.mark.parametrize("arguments", [(None, "", ""), ("us", 3, ""), ("us", "", ["x"])])
def test_other_types_are_refused_at_once(arguments):
    with pytest.raises(TypeError, match="expected str or bytes"):
        Alpr(*arguments)


def test_all_three_arguments_are_required():
    with pytest.raises(TypeError):
        Alpr("us")


def test_countries_of_the_runtime_folder_come_on_top(tmp_path):
    countries = tmp_path / "countries"
    countries.mkdir()
    text = country_text("gb").replace('code = "gb"', 'code = "zz"')
    (countries / "zz.toml").write_text(text)
    assert Alpr("zz,us", "", str(tmp_path)).is_loaded()
    config = tmp_path / "a.conf"
    config.write_text(f"runtime_dir = {tmp_path}")
    with Alpr("us", str(config), "") as alpr:
        alpr.set_country("zz")
        (plate,) = alpr.recognize_file(str(sample_path("eu.jpg")))["results"]
    assert (plate["plate"], plate["region"]) == ("MKV3726", "zz")
    assert not Alpr("zz", "", str(countries)).is_loaded()


@pytest.mark.parametrize("country", ["zz", "us,zz", "../us"])
def test_an_unknown_country_is_not_loaded_and_said(country, capsys):
    alpr = Alpr(country, "", "")
    assert not alpr.is_loaded()
    assert capsys.readouterr().err.startswith("Error loading OpenALPR: country: ")


def test_a_config_file_that_is_missing_is_warned_of_and_the_defaults_loaded(tmp_path, capsys):
    path = tmp_path / "none.conf"
    assert Alpr("us", str(path), "").is_loaded()
    assert capsys.readouterr().err == (
        f"config: there is no file '{path}'; the defaults are used\n"
    )


def test_a_folder_as_config_file_is_not_loaded_and_said(tmp_path, capsys):
    assert not Alpr("us", str(tmp_path), "").is_loaded()
    assert str(tmp_path) in capsys.readouterr().err


def test_plates_of_an_odd_length_are_left_out():
    short = replace(PLATE, text="J", confidence=0.2, candidates=(Candidate("J", 0.2),))
    mixed = replace(
        PLATE, text="8", confidence=0.4, candidates=(Candidate("8", 0.4), Candidate("AB12", 0.3))
    )
    sure = replace(PLATE, text="X", confidence=0.9, candidates=(Candidate("X", 0.9),))
    found = Recognition(80, 48, 1, 2.5, (), (PLATE, short, mixed, sure))
    kept = of_usual_length(found, {PLATE.country: range(4, 9)}).plates
    assert [plate.text for plate in kept] == [PLATE.text, "AB12", "X"]
    assert kept[1].confidence == 0.3


def test_a_config_file_is_found_through_the_environment(tmp_path, monkeypatch, capsys):
    config = tmp_path / "a.conf"
    config.write_text("analysis_count = 2\ndetector = lbpgpu\n")
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(config))
    alpr = Alpr("us", "", "")
    assert capsys.readouterr().err == f"{config}: without effect: detector\n"
    assert alpr._library._engine.settings.analysis_count == 2


def test_a_mask_keeps_what_is_black_in_it_from_being_searched(tmp_path, capsys):
    mask, config = np.zeros((768, 1024), np.uint8), tmp_path / "a.conf"
    mask[:, :512] = 255
    cv2.imwrite(str(tmp_path / "mask.png"), mask)
    path = str(sample_path("two_plates.jpg"))
    found = {}
    for name in ("mask.png", "lost.png"):
        config.write_text(f"detection_mask_image = {tmp_path / name}")
        found[name] = set(texts(Alpr("eu", str(config), "").recognize_file(path)))
    wanted = {"82KNT6", "GX482RT"}
    assert found["mask.png"] & wanted == {"82KNT6"}
    assert found["lost.png"] & wanted == wanted
    assert "everything is searched" in capsys.readouterr().err


@pytest.mark.parametrize("picture", [bytearray(b"x"), memoryview(b"x"), "x", None])
def test_an_array_is_bytes_and_nothing_else(alpr, picture):
    with pytest.raises(TypeError, match="expected bytes"):
        alpr.recognize_array(picture)


def test_pixels_are_a_uint8_array(alpr):
    for wrong in (None, [[0]], b"x", np.zeros((8, 8, 3))):
        with pytest.raises(TypeError):
            alpr.recognize_ndarray(wrong)
    with pytest.raises(ImageError):
        alpr.recognize_ndarray(np.zeros((8, 8, 2), np.uint8))
    grey = cv2.imread(str(sample_path("us.jpg")), cv2.IMREAD_GRAYSCALE)
    assert texts(alpr.recognize_ndarray(grey)) == ["LMR4827"]


def test_a_file_name_is_a_text(alpr):
    with pytest.raises(TypeError):
        alpr.recognize_file(sample_path("us.jpg"))
    for setter in (alpr.set_country, alpr.set_prewarp, alpr.set_default_region):
        with pytest.raises(TypeError):
            setter(3)
    with pytest.raises(TypeError):
        alpr.set_top_n("3")


def test_what_cannot_be_read_gives_zeros_and_the_time(alpr, tmp_path, capsys):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(bytes_of("us.jpg")[:500])
    before = int(time.time() * 1000)
    replies = [
        alpr.recognize_file(str(tmp_path / "none.jpg")),
        alpr.recognize_file(str(tmp_path)),
        alpr.recognize_file("a\0b"),
        alpr.recognize_file(str(broken)),
        alpr.recognize_array(b"no picture"),
        alpr.recognize_array(b""),
    ]
    for reply in replies:
        assert before <= reply.pop("epoch_time") <= time.time() * 1000
        assert reply == {
            "version": 2,
            "data_type": "alpr_results",
            "img_width": 0,
            "img_height": 0,
            "processing_time_ms": 0,
            "regions_of_interest": [],
            "results": [],
        }
    assert f"Image file not found: {tmp_path / 'none.jpg'}" in capsys.readouterr().err


def test_a_picture_without_a_plate_has_no_results(alpr):
    reply = alpr.recognize_ndarray(np.full((48, 64, 3), 128, np.uint8))
    assert (reply["img_width"], reply["img_height"], reply["results"]) == (64, 48, [])


def test_a_batch_is_all_bytes_or_all_pixels(alpr):
    pixels = [np.zeros((9, 16, 3), np.uint8), cv2.imread(str(sample_path("us.jpg")))]
    assert [texts(reply) for reply in alpr.recognize_batch(pixels)] == [[], ["LMR4827"]]
    assert texts(alpr.recognize_batch([bytes_of("us.jpg")])[0]) == ["LMR4827"]
    assert alpr.recognize_batch([]) == []
    with pytest.raises(TypeError, match="all bytes or all"):
        alpr.recognize_batch([b"x", pixels[0]])


def test_an_unknown_country_later_keeps_what_is_loaded(alpr, capsys):
    alpr.set_country("zz")
    assert "zz" in capsys.readouterr().err
    assert texts(alpr.recognize_file(str(sample_path("us.jpg")))) == ["LMR4827"]


def test_the_country_can_change(alpr):
    alpr.set_country(b" eu , gb,")
    assert texts(alpr.recognize_file(str(sample_path("eu.jpg")))) == ["MKV3726"]


def test_a_region_of_interest_is_searched_alone_and_clamped(alpr):
    alpr.set_country("eu")
    path = str(sample_path("two_plates.jpg"))
    assert sorted(texts(alpr.recognize_file(path))) == ["82KNT6", "GX482RT"]
    left = alpr.recognize_file(path, regions_of_interest=[(-5, 300, 500, 10_000)])
    assert texts(left) == ["82KNT6"]
    # What lies left of the picture does not shorten the area, as in OpenALPR.
    assert left["regions_of_interest"] == [{"x": 0, "y": 300, "width": 500, "height": 468}]


def test_two_threads_may_share_one(alpr):
    pixels = cv2.imread(str(sample_path("us.jpg")))
    found = []

    def read() -> None:
        found.extend(texts(alpr.recognize_ndarray(pixels)))

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["LMR4827"] * 3


# --- regions and templates ---


def test_without_a_region_nothing_is_matched_and_none_reported(alpr):
    (plate,) = alpr.recognize_file(str(sample_path("us.jpg")))["results"]
    assert (plate["region"], plate["region_confidence"], plate["matches_template"]) == ("", 0, 0)
    assert {candidate["matches_template"] for candidate in plate["candidates"]} == {0}
    assert plate["plate"] == plate["candidates"][0]["plate"]


def test_a_given_region_is_echoed_and_matched(alpr, capsys):
    alpr.set_default_region(b"va")  # three letters and four digits are Virginia's
    (plate,) = alpr.recognize_file(str(sample_path("us.jpg")))["results"]
    assert (plate["plate"], plate["region"], plate["matches_template"]) == ("LMR4827", "va", 1)
    assert plate["region_confidence"] == 0
    assert capsys.readouterr().err == ""
    alpr.set_default_region("")
    (plate,) = alpr.recognize_file(str(sample_path("us.jpg")))["results"]
    assert (plate["region"], plate["matches_template"]) == ("", 0)


def test_an_unknown_region_is_said_once_echoed_and_matches_nothing(alpr, capsys):
    alpr.set_default_region("atlantis")
    err = capsys.readouterr().err
    assert err.startswith("Invalid pattern provided: atlantis\n")
    assert " va" in err
    (plate,) = alpr.recognize_file(str(sample_path("us.jpg")))["results"]
    assert (plate["plate"], plate["region"]) == ("LMR4827", "atlantis")
    assert {candidate["matches_template"] for candidate in plate["candidates"]} == {0}
    assert capsys.readouterr().err == ""


def test_detecting_regions_is_always_accepted(alpr, capsys):
    alpr.set_detect_region(True)
    (plate,) = alpr.recognize_file(str(sample_path("us.jpg")))["results"]
    assert plate["plate"] == "LMR4827"
    alpr.set_detect_region(False)
    (plate,) = alpr.recognize_file(str(sample_path("us.jpg")))["results"]
    assert plate["region"] == ""
    assert capsys.readouterr().err == ""


def test_a_prewarp_can_be_set_and_cleared_and_a_bad_one_is_ignored(alpr, capsys):
    path = str(sample_path("us.jpg"))
    before = alpr.recognize_file(path)["results"][0]["coordinates"]
    alpr.set_prewarp("planar,1024,768,0,0,0.1,1,1,0,0")
    (turned,) = alpr.recognize_file(path)["results"]
    assert turned["plate"] == "LMR4827"
    for was, now in zip(before, turned["coordinates"], strict=True):
        assert abs(was["x"] - now["x"]) < 12
        assert abs(was["y"] - now["y"]) < 12
    assert turned["coordinates"] != before
    for nothing in (b"", "planar,1", "no", "x,1024,768,0,0,0.1,1,1,0,0"):
        alpr.set_prewarp(nothing)
        assert alpr.recognize_file(path)["results"][0]["coordinates"] == before
    assert capsys.readouterr().err == ""


CANDIDATES = (Candidate("A812", 0.6), Candidate("AB12", 0.3), Candidate("AB1Z", 0.1))
PLATE = Plate(
    text="A812",
    confidence=0.6,
    matches_template=True,
    country="us",
    region="xx",
    region_confidence=0.75,
    quad=Quad((10.0, 10.0), (60.0, 10.0), (60.0, 25.0), (10.0, 25.0)),
    detection_score=0.98,
    candidates=CANDIDATES,
    glyphs=(),
    plate_index=0,
    requested_topn=10,
    elapsed_ms=1.0,
    vehicle_region=Box(0, 0, 9, 9),
)
FORMATS = {"AB12": {"md", "gb"}, "A812": {"xx"}}


def stated(
    *, country="us", must_match=False, given="", detect=False, candidates=CANDIDATES, topn=7
):
    rules = Rules(
        given_region=given,
        only_regions={"gb": "gb"},
        detect_region=detect,
        must_match_pattern=must_match,
        requested_topn=topn,
        regions_of=lambda _, text: frozenset(FORMATS.get(text, ())),
        lengths={"us": range(4, 9), "gb": range(4, 9)},
    )
    vehicles = (VehicleBox(Box(0, 0, 9, 9), 1.0),)
    found = Recognition(
        80, 48, 1, 2.5, (), (replace(PLATE, country=country, candidates=candidates),), vehicles
    )
    return json.loads(in_openalpr_form(found, rules).to_json())["results"]


def matches(plate):
    return [candidate["matches_template"] for candidate in plate["candidates"]]


def test_the_best_plate_is_the_first_that_matches_the_region():
    (plate,) = stated(given="md")
    assert (plate["plate"], plate["confidence"], plate["matches_template"]) == ("AB12", 30, 1)
    assert [candidate["plate"] for candidate in plate["candidates"]] == ["A812", "AB12", "AB1Z"]
    assert matches(plate) == [0, 1, 0]
    assert list(plate) == PLATE_KEYS
    assert plate["requested_topn"] == 7


def test_texts_of_other_lengths_are_left_out_unless_they_are_sure():
    def texts(*candidates):
        found = stated(candidates=tuple(Candidate(text, share) for text, share in candidates))
        return [[each["plate"] for each in plate["candidates"]] for plate in found]

    assert texts(("A", 0.3), ("AB12", 0.2), ("AB1234567", 0.1)) == [["AB12"]]
    assert texts(("AB\n12", 0.3), ("A\nB1", 0.2)) == [["AB\n12"]]
    assert texts(("4", 0.04), ("L", 0.01)) == []
    assert texts(("GT", 0.65), ("GTA1", 0.2), ("6T", 0.1)) == [["GT", "GTA1"]]
    assert texts(("GT", 0.64)) == []


def test_the_only_region_of_a_country_stands_whatever_was_given():
    (plate,) = stated(country="gb", given="md")
    assert (plate["region"], plate["region_confidence"]) == ("gb", 0)
    assert plate["plate"] == "AB12"


def test_a_detected_region_replaces_the_given_one():
    (plate,) = stated(given="md", detect=True)
    assert (plate["region"], plate["region_confidence"], plate["plate"]) == ("xx", 75, "A812")
    assert matches(plate) == [1, 0, 0]


def test_patterns_must_match_only_where_there_is_a_region():
    (plate,) = stated(must_match=True)
    assert matches(plate) == [0, 0, 0]
    (plate,) = stated(must_match=True, given="md")
    assert [candidate["plate"] for candidate in plate["candidates"]] == ["AB12"]
    assert stated(must_match=True, given="ca") == []


def test_a_candidate_that_is_far_less_probable_than_the_first_does_not_match():
    unlikely = (Candidate("A812", 0.9), Candidate("AB1Z", 0.03), Candidate("AB12", 0.01))
    (plate,) = stated(given="md", candidates=unlikely)
    assert (plate["plate"], len(plate["candidates"])) == ("A812", 2)
    assert stated(given="md", candidates=unlikely, must_match=True) == []
    (plate,) = stated(candidates=unlikely)
    assert len(plate["candidates"]) == 3


def test_only_the_wanted_candidates_are_looked_through_unless_they_must_match():
    (plate,) = stated(given="md", topn=1)
    assert (plate["plate"], plate["matches_template"], len(plate["candidates"])) == ("A812", 0, 1)
    (plate,) = stated(given="md", topn=0, must_match=True)
    assert (plate["plate"], plate["matches_template"], len(plate["candidates"])) == ("AB12", 1, 1)


# --- vehicles ---


def test_the_look_of_a_vehicle_is_lists_of_names(tmp_path, capsys):
    path = str(sample_path("us.jpg"))
    with VehicleClassifier("", b"", "licence", use_gpu=True) as classifier:
        assert classifier.is_loaded()
        look = classifier.recognize_file("us", path)
        assert {"color", "make", "make_model"} <= set(look)
        for labels in look.values():
            confidences = [label["confidence"] for label in labels]
            assert confidences == sorted(confidences, reverse=True)
            assert 0 < sum(confidences) <= 100.001
            assert all(set(label) == {"name", "confidence"} for label in labels)
        # The drawn car is a strong blue.
        assert look["color"][0]["name"] == "blue"
        assert classifier.recognize_file(b"us", bytes(sample_path("us.jpg"))) == look
        broken = tmp_path / "broken.jpg"
        broken.write_bytes(b"no picture")
        assert classifier.recognize_file("us", str(broken)) == {}
        assert classifier.recognize_file("us", str(tmp_path / "none.jpg")) == {}
        assert "Image file not found" in capsys.readouterr().err
        with pytest.raises(TypeError):
            classifier.recognize_file("us", 3)
    classifier.unload()
    assert not classifier.is_loaded()
    with pytest.raises(NotLoadedError):
        classifier.recognize_file("us", path)


def test_a_classifier_with_a_bad_config_is_not_loaded(tmp_path, capsys):
    classifier = VehicleClassifier(str(tmp_path), "")
    assert not classifier.is_loaded()
    assert "is a folder" in capsys.readouterr().err
