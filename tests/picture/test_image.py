# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from alprcore.errors import ImageError
from alprcore.picture.header import read_header
from alprcore.picture.load import MAX_BYTES, MAX_SIDE, load_frame

FORMATS = ["JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF"]
LOSSLESS = {"PNG": {}, "BMP": {}, "TIFF": {}, "WEBP": {"lossless": True}}


def scene() -> np.ndarray:
    """A smooth (120, 160, 3) picture, blue green red, without a grey corner."""
    noise = np.random.default_rng(0).integers(0, 255, (120, 160, 3)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 3)
    return cv2.normalize(smooth, None, 20, 235, cv2.NORM_MINMAX).astype(np.uint8)


SCENE = scene()
PICTURE = Image.fromarray(SCENE[:, :, ::-1].copy())
ALPHA = np.tile(np.arange(0, 240, 1.5).astype(np.uint8), (120, 1))
TRANSPARENT = Image.fromarray(np.dstack([SCENE[:, :, ::-1], ALPHA]))


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def bgr(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("RGB"))[:, :, ::-1]


def over_white(picture: Image.Image) -> np.ndarray:
    paper = Image.new("RGBA", picture.size, (255, 255, 255, 255))
    paper.alpha_composite(picture.convert("RGBA"))
    return bgr(paper)


def mean_difference(first: np.ndarray, second: np.ndarray) -> float:
    assert first.shape == second.shape
    return float(np.abs(first.astype(int) - second.astype(int)).mean())


# --- arrays ---


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 1), (5, 7, 3)])
def test_an_array_of_any_channel_count_becomes_three_channels(shape):
    array = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    frame = load_frame(array)
    assert frame.shape == (5, 7, 3)
    assert np.array_equal(frame, np.broadcast_to(array.reshape(5, 7, -1), (5, 7, 3)))


def test_strided_views_give_the_pixels_that_they_show():
    big = np.random.default_rng(1).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    for view in (big[::-1, ::2], big[5:20, 10:30], big[:, :, ::-1], big.transpose(1, 0, 2)):
        frame = load_frame(view)
        assert np.array_equal(frame, view)
        assert frame.flags.c_contiguous


def test_an_array_is_neither_copied_without_need_nor_modified():
    array = SCENE.copy()
    frame = load_frame(array)
    assert np.shares_memory(frame, array)
    assert not frame.flags.writeable
    assert array.flags.writeable
    assert np.array_equal(array, SCENE)


def test_the_alpha_of_an_array_is_laid_over_white():
    array = np.dstack([SCENE, ALPHA])
    assert mean_difference(load_frame(array), over_white(TRANSPARENT)) < 0.5


def test_an_unused_fourth_channel_is_ignored():
    for filler in (0, 255):
        array = np.dstack([SCENE, np.full_like(ALPHA, filler)])
        assert np.array_equal(load_frame(array), SCENE)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((4, 4, 3)), "expected uint8, got float64"),
        (np.zeros((4, 4, 3), np.uint16), "expected uint8, got uint16"),
        (np.zeros((4, 4), bool), "expected uint8, got bool"),
        (np.zeros((4, 4, 2), np.uint8), "got (4, 4, 2)"),
        (np.zeros((2, 4, 4, 3), np.uint8), "got (2, 4, 4, 3)"),
        (np.zeros(12, np.uint8), "got (12,)"),
        (np.zeros((0, 4, 3), np.uint8), "empty, shape (0, 4, 3)"),
        (np.broadcast_to(np.uint8(7), (20_000, 20_000)), "20000 x 20000 pixels, more than"),
        (np.broadcast_to(np.uint8(7), (2, MAX_SIDE + 1)), "32768 x 2 pixels, more than"),
    ],
)
def test_an_array_of_the_wrong_form_is_refused_in_plain_words(array, words):
    with pytest.raises(ImageError) as refusal:
        load_frame(array)
    assert words in str(refusal.value)


@pytest.mark.parametrize("source", [None, 3, 2.5, ["a.jpg"]])
def test_another_type_is_refused_by_its_name(source):
    with pytest.raises(ImageError, match=f"got {type(source).__name__}"):
        load_frame(source)


# --- files that are right ---


@pytest.mark.parametrize("kind", FORMATS)
def test_path_and_every_kind_of_bytes_give_the_same_frame(kind, tmp_path):
    content = encoded(PICTURE, kind)
    path = tmp_path / "ünï côde.bin"  # the content decides, not the suffix
    path.write_bytes(content)
    frames = [load_frame(s) for s in (path, str(path), content, bytearray(content))]
    frames.append(load_frame(memoryview(content)))
    for frame in frames[1:]:
        assert np.array_equal(frame, frames[0])
    assert mean_difference(frames[0], SCENE) < 6


@pytest.mark.parametrize("kind", LOSSLESS)
def test_lossless_formats_give_the_exact_pixels(kind):
    assert np.array_equal(load_frame(encoded(PICTURE, kind, **LOSSLESS[kind])), SCENE)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_applied(kind, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(PICTURE, kind, exif=exif)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    assert mean_difference(load_frame(content), bgr(upright)) < 0.1


def test_the_orientation_is_applied_to_transparent_pictures_too():
    exif = Image.Exif()
    exif[0x0112] = 6
    content = encoded(TRANSPARENT, "PNG", exif=exif)
    turned = TRANSPARENT.transpose(Image.Transpose.ROTATE_270)
    assert mean_difference(load_frame(content), over_white(turned)) < 0.5


def test_a_broken_exif_block_does_not_hide_the_picture():
    content = encoded(PICTURE, "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\x7f")
    assert mean_difference(load_frame(content), SCENE) < 6


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_transparent_pixels_are_laid_over_white(kind):
    content = encoded(TRANSPARENT, kind)
    expected = over_white(Image.open(io.BytesIO(content)))
    assert mean_difference(load_frame(content), expected) < 0.5


def test_grey_with_alpha_is_laid_over_white():
    picture = TRANSPARENT.convert("LA")
    assert mean_difference(load_frame(encoded(picture, "PNG")), over_white(picture)) < 0.5


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_palette_with_a_transparent_entry_is_laid_over_white(kind):
    picture = PICTURE.convert("P", palette=Image.Palette.ADAPTIVE)
    content = encoded(picture, kind, transparency=int(np.asarray(picture)[60, 80]))
    expected = over_white(Image.open(io.BytesIO(content)))
    assert mean_difference(load_frame(content), expected) < 0.5


@pytest.mark.parametrize("mode", ["1", "L", "P"])
def test_one_channel_pictures_become_three_equal_or_mapped_channels(mode):
    picture = PICTURE.convert(mode)
    assert np.array_equal(load_frame(encoded(picture, "PNG")), bgr(picture))


def test_a_cmyk_jpeg_keeps_its_colours():
    content = encoded(PICTURE.convert("CMYK"), "JPEG", quality=95)
    assert mean_difference(load_frame(content), SCENE) < 6


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_sixteen_bits_are_scaled_to_eight(suffix, channels):
    wide = SCENE[:, :, :1].astype(np.uint16).repeat(channels, axis=2) * 257
    if channels == 4:
        wide[:, :, 3] = 65535
    content = cv2.imencode(suffix, wide)[1].tobytes()
    assert np.array_equal(load_frame(content), SCENE[:, :, :1].repeat(3, axis=2))


@pytest.mark.parametrize(
    ("kind", "options"), [("GIF", {}), ("WEBP", {"lossless": True}), ("PNG", {}), ("TIFF", {})]
)
def test_of_several_pictures_the_first_is_taken(kind, options):
    second = ImageOps.invert(PICTURE)
    content = encoded(PICTURE, kind, save_all=True, append_images=[second], **options)
    assert mean_difference(load_frame(content), SCENE) < 6  # GIF has 256 colours


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_deflate", "packbits", "jpeg"])
def test_compressed_tiff_is_read(compression):
    assert mean_difference(load_frame(encoded(PICTURE, "TIFF", compression=compression)), SCENE) < 4


@pytest.mark.parametrize("kind", FORMATS)
def test_one_pixel_is_a_picture(kind):
    assert load_frame(encoded(Image.new("RGB", (1, 1), (9, 9, 9)), kind)).shape == (1, 1, 3)


def test_forty_megapixels_are_read():
    content = cv2.imencode(".jpg", np.full((5000, 8000, 3), 90, np.uint8))[1].tobytes()
    assert load_frame(content).shape == (5000, 8000, 3)


# --- JPEG files as cameras write them, and cut ones ---


@pytest.mark.parametrize("tail", [b"", b"\xff", bytes(500), b"made by a camera" * 9])
def test_a_jpeg_without_its_end_marker_is_read_when_its_scan_is_whole(tail):
    whole = encoded(PICTURE, "JPEG")
    assert np.array_equal(load_frame(whole[:-2] + tail), load_frame(whole))


def test_bytes_behind_the_end_of_a_jpeg_do_not_matter():
    whole = encoded(PICTURE, "JPEG")
    assert np.array_equal(load_frame(whole + b"trailer" * 99), load_frame(whole))


@pytest.mark.parametrize("missing", [3, 4, 8, 20, 100, 1000, 3000])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_cut_jpeg_is_refused(missing, progressive):
    whole = encoded(PICTURE, "JPEG", progressive=progressive, quality=85)
    with pytest.raises(ImageError):
        load_frame(whole[:-missing])


@pytest.mark.parametrize("missing", [200, 1000, 3000])
def test_a_cut_jpeg_with_an_end_marker_put_behind_is_refused(missing):
    whole = encoded(PICTURE, "JPEG", quality=85)
    with pytest.raises(ImageError, match="truncated"):
        load_frame(whole[:-missing] + b"\xff\xd9")


def test_a_jpeg_that_is_grey_to_the_last_pixel_is_read():
    content = cv2.imencode(".jpg", np.full((64, 64, 3), 128, np.uint8))[1].tobytes()
    assert np.array_equal(load_frame(content), np.full((64, 64, 3), 128, np.uint8))


def test_a_jpeg_of_endless_scans_is_refused():
    whole = encoded(PICTURE, "JPEG", progressive=True)
    last = whole[whole.rindex(b"\xff\xda") : -2]
    assert load_frame(whole[:-2] + 5 * last + whole[-2:]).shape == SCENE.shape
    with pytest.raises(ImageError, match="more than 100 scans"):
        load_frame(whole[:-2] + 200 * last + whole[-2:])


# --- files that are wrong ---


@pytest.mark.parametrize("kind", ["PNG", "GIF", "BMP", "WEBP", "TIFF"])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.9, 0.99])
def test_a_cut_file_is_refused(kind, share):
    content = encoded(PICTURE, kind)
    with pytest.raises(ImageError):
        load_frame(content[: int(len(content) * share)])


@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_cut_in_its_first_bytes_is_refused(kind):
    content = encoded(PICTURE, kind)
    for length in range(40):
        with pytest.raises(ImageError):
            load_frame(content[:length])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"x", "not a picture"),
        (b"<html>not found</html>", "not a picture"),
        (b"%PDF-1.7\n", "not a picture"),
        (b"P5 2 2 255 abcd", "not a picture"),
        (b"RIFF\x10\0\0\0WAVEfmt ", "not WebP"),
        (b"BM" + bytes(60), "BMP header of 0 bytes"),
    ],
)
def test_bytes_that_are_no_picture_are_refused_in_plain_words(content, words):
    with pytest.raises(ImageError, match=words):
        load_frame(content)


def test_a_corrupted_png_is_refused():
    content = bytearray(encoded(PICTURE, "PNG"))
    content[len(content) // 2] ^= 0xFF
    with pytest.raises(ImageError, match="corrupted"):
        load_frame(bytes(content))


def test_float_samples_are_refused():
    content = encoded(Image.fromarray(SCENE[:, :, 0].astype(np.float32)), "TIFF")
    with pytest.raises(ImageError):
        load_frame(content)


def png_that_declares(width: int, height: int) -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    header = struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
    return encoded(PICTURE, "PNG")[:8] + header + encoded(PICTURE, "PNG")[33:]


def declaring(kind: str, width: int, height: int) -> bytes:
    """A file of `kind` whose header says `width` x `height` and whose pixels are few."""
    content = bytearray(encoded(PICTURE, kind))
    if kind == "PNG":
        return png_that_declares(width, height)
    if kind == "JPEG":
        at = content.index(b"\xff\xc0") + 5
        content[at : at + 4] = struct.pack(">HH", height, width)
    elif kind == "GIF":
        content[6:10] = struct.pack("<HH", width, height)
    elif kind == "WEBP":
        content[26:30] = struct.pack("<HH", width & 0x3FFF, height & 0x3FFF)
    elif kind == "TIFF":
        content = bytearray(tiff_that_declares(width, height))
    elif kind == "BMP":
        content[18:26] = struct.pack("<ii", width, height)
        content[30:34] = struct.pack("<I", 1)  # run-length coded: the size is not in the length
    return bytes(content)


def tiff_that_declares(width: int, height: int) -> bytes:
    fields = [(256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 1), (262, 3, 1)]
    fields += [(273, 4, 8), (277, 3, 1), (278, 4, height), (279, 4, 10)]
    entries = b"".join(
        struct.pack("<HHI", tag, kind, 1) + struct.pack("<I", value) for tag, kind, value in fields
    )
    body = struct.pack("<H", len(fields)) + entries + bytes(4)
    return b"II*\0" + struct.pack("<I", 8) + body + bytes(20)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_declared_size_above_the_limit_is_refused_before_decoding(kind, monkeypatch):
    def decode(*_: object) -> None:
        pytest.fail("the decoder was called")

    monkeypatch.setattr(cv2, "imdecode", decode)
    content = declaring(kind, 16_000, 16_000)
    with pytest.raises(ImageError, match="16000 x 16000 pixels, more than the limit"):
        load_frame(content)


def test_the_limit_on_pixels_can_be_lowered():
    assert load_frame(encoded(PICTURE, "PNG"), max_pixels=160 * 120).shape == (120, 160, 3)
    with pytest.raises(ImageError, match="more than the limit of 19199 pixels"):
        load_frame(encoded(PICTURE, "PNG"), max_pixels=160 * 120 - 1)


def test_a_picture_of_no_pixels_is_refused():
    with pytest.raises(ImageError, match="0 x 120"):
        load_frame(declaring("JPEG", 0, 120))


# --- paths ---


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ImageError, match=r"no file '.*nowhere\.jpg'"):
        load_frame(tmp_path / "nowhere.jpg")


def test_a_folder_a_device_and_a_bad_name_are_refused(tmp_path):
    for source, words in ((tmp_path, "folder"), ("/dev/zero", "regular"), ("a\0b", "null")):
        with pytest.raises(ImageError, match=words):
            load_frame(source)


def test_a_file_that_is_too_long_is_refused_without_reading_it(tmp_path):
    path = tmp_path / "long.jpg"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)  # a hole: nothing is stored
    with pytest.raises(ImageError, match="more than the limit"):
        load_frame(path)


# --- anything ---


@pytest.mark.parametrize("kind", FORMATS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_corrupted_bytes_give_a_frame_or_an_image_error(kind, data):
    content = bytearray(encoded(PICTURE.resize((24, 18)), kind))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    stop = data.draw(st.integers(0, len(content)))
    for candidate in (bytes(content), bytes(content[:stop])):
        try:
            frame = load_frame(candidate, max_pixels=4_000_000)
        except ImageError:
            continue
        assert frame.dtype == np.uint8
        assert frame.ndim == 3


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"RIFF", b"II*\0"]),
    st.binary(max_size=80),
)
def test_random_headers_give_a_size_or_an_image_error(signature, rest):
    try:
        header = read_header(signature + rest)
    except ImageError:
        return
    assert header.width >= 1
    assert header.height >= 1


def test_the_sources_are_only_opened_by_the_image_module():
    package = Path(load_frame.__code__.co_filename).parents[1]
    readers = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if "imdecode" in path.read_text() or "imread" in path.read_text()
    }
    assert {name for name in readers if not name.startswith("training/")} <= {"picture/load.py"}
