# SPDX-License-Identifier: Apache-2.0
"""What is found on a disk, by its content."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from archive_tools import sample, tar_bytes, with_exif

from alprcore.archive.content import Unreadable, content_of
from alprcore.archive.exif import read_exif
from alprcore.archive.signatures import kind_of, origin_notices
from alprcore.archive.sources import Place, Refusal, Skipped, shown, walk


def found(*paths, **options):
    return list(walk(paths, **options))


def names(items):
    return [shown(each.path, each.member) for each in items if isinstance(each, Place)]


def test_pictures_are_found_at_any_depth_by_content_and_in_one_order(tmp_path):
    deep = tmp_path / "/".join("abcdefgh")
    deep.mkdir(parents=True)
    (deep / "photo.dat").write_bytes(sample("us.jpg"))
    (tmp_path / "z.jpg").write_text("a text, whatever its name")
    (tmp_path / "b.png").write_bytes(sample("eu.jpg"))
    items = found(tmp_path)
    assert names(items) == [str(deep / "photo.dat"), str(tmp_path / "b.png")]
    assert [each.kind for each in items if isinstance(each, Skipped)] == ["other"]


def test_names_may_be_any_bytes(tmp_path):
    odd = os.fsencode(tmp_path) + b"/bad\xff\nname.jpg"
    Path(os.fsdecode(odd)).write_bytes(sample("us.jpg"))
    (place,) = found(tmp_path)
    assert place.path == odd
    assert shown(place.path) == f"{tmp_path}/bad\\xff\\nname.jpg"
    assert content_of(place).data == sample("us.jpg")


def test_links_are_left_out_unless_they_are_followed_and_loops_end(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.jpg").write_bytes(sample("us.jpg"))
    (tmp_path / "real" / "loop").symlink_to(tmp_path)
    (tmp_path / "link.jpg").symlink_to(tmp_path / "real" / "a.jpg")
    items = found(tmp_path)
    assert len(names(items)) == 1
    assert [each.kind for each in items if isinstance(each, Skipped)] == ["link", "link"]
    assert len(names(found(tmp_path, follow=True))) == 2


def test_the_case_itself_and_pipes_are_not_entered(tmp_path):
    (tmp_path / "case" / "crops").mkdir(parents=True)
    (tmp_path / "case" / "crops" / "a.jpg").write_bytes(sample("us.jpg"))
    os.mkfifo(tmp_path / "pipe")
    assert names(found(tmp_path, leave_out=tmp_path / "case")) == []


def test_what_cannot_be_read_is_told_and_nothing_else_stops(tmp_path):
    (tmp_path / "a.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(20))
    (tmp_path / "b.pdf").write_bytes(b"%PDF-1.7 ")
    (tmp_path / "c.jpg").write_bytes(b"")
    (tmp_path / "d.zip").write_bytes(b"PK\x03\x04 is cut here")
    (tmp_path / "e.jpg").write_bytes(sample("us.jpg"))
    items = found(tmp_path, tmp_path / "missing")
    reasons = [each.reason for each in items if isinstance(each, Refusal)]
    assert [part in reason for part, reason in zip(
        ("HEIF", "PDF", "0 bytes", "zip file cannot be read", "No such file"), reasons, strict=True
    )] == [True] * 5  # fmt: skip
    assert len(names(items)) == 1


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz", "w:bz2"])
def test_members_of_tar_files_are_read(tmp_path, mode):
    data = tar_bytes({"in/a.jpg": sample("us.jpg"), "b.txt": b"text"}, mode)
    (tmp_path / "x").write_bytes(data)
    first, second = found(tmp_path)
    assert first.member == b"in/a.jpg"
    assert content_of(first).data == sample("us.jpg")
    with pytest.raises(Unreadable) as raised:
        content_of(second)
    assert raised.value.is_other


def test_a_compressed_file_that_is_no_tar_file_is_left_out(tmp_path):
    import gzip

    (tmp_path / "log.gz").write_bytes(gzip.compress(b"lines\n" * 100))
    assert found(tmp_path) == [Skipped("other")]


def zipped(**files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def test_a_zip_in_a_zip_is_told(tmp_path):
    inner = zipped(**{"a.jpg": sample("us.jpg")})
    (tmp_path / "x.zip").write_bytes(zipped(**{"inner.zip": inner, "b.jpg": sample("eu.jpg")}))
    places = {each.member: each for each in found(tmp_path)}
    assert content_of(places[b"b.jpg"]).data == sample("eu.jpg")
    with pytest.raises(Unreadable, match="an archive inside an archive"):
        content_of(places[b"inner.zip"])


def test_a_bomb_in_a_zip_is_told_without_unpacking_it(tmp_path, monkeypatch):
    monkeypatch.setattr("alprcore.archive.content.MAX_BYTES", 1 << 20)
    (tmp_path / "x.zip").write_bytes(zipped(**{"bomb.bmp": b"BM" + bytes(30 << 20)}))
    (place,) = found(tmp_path)
    with pytest.raises(Unreadable, match="31457282 bytes, more than the limit"):
        content_of(place)
    # One that lies about its size is stopped where the limit is.
    lying = Place(place.path, place.member, "zip", 10, place.modified_ns, 0)
    with pytest.raises(Unreadable, match="unpacks to more than the limit"):
        content_of(lying)


def test_a_source_that_is_written_to_is_told(tmp_path, monkeypatch):
    path = tmp_path / "a.jpg"
    path.write_bytes(sample("us.jpg"))
    (place,) = found(tmp_path)
    times = iter(range(100))
    real = os.fstat

    def moving(descriptor):
        status = real(descriptor)
        return SimpleNamespace(
            st_mode=status.st_mode, st_size=status.st_size, st_mtime_ns=next(times)
        )

    monkeypatch.setattr("alprcore.archive.content.os.fstat", moving)
    with pytest.raises(Unreadable, match="changed while it was read"):
        content_of(place)


def test_a_source_that_has_vanished_is_told(tmp_path):
    (tmp_path / "a.jpg").write_bytes(sample("us.jpg"))
    (place,) = found(tmp_path)
    (tmp_path / "a.jpg").unlink()
    with pytest.raises(Unreadable, match="No such file"):
        content_of(place)


def test_time_zone_place_and_camera_are_read():
    exif = read_exif(with_exif(
        sample("us.jpg"), time="2024:05:01 12:30:00", zone="+02:00", place="-33.5,151.25",
        camera="Foo Bar 7",
    ))  # fmt: skip
    assert (exif.time, exif.zone, exif.camera) == ("2024-05-01T12:30:00", "+02:00", "Foo Bar 7")
    assert exif.latitude == pytest.approx(-33.5)
    assert exif.longitude == pytest.approx(151.25)
    assert exif.moment() == ("2024-05-01T10:30:00.000Z", 1714559400.0, "exif")


@pytest.mark.parametrize("time", ["9999:99:99 99:99:99", "2500:01:01 00:00:00", "yesterday",
                                  "0001:01:01 00:00:00"])  # fmt: skip
def test_an_absurd_time_is_left_out_and_noted(time):
    exif = read_exif(with_exif(sample("us.jpg"), time=time))
    assert exif.time is None
    assert "not a possible one" in exif.notices[0]


def test_a_time_without_a_zone_says_so():
    exif = read_exif(with_exif(sample("us.jpg"), time="2024:05:01 12:30:00"))
    assert exif.moment() == ("2024-05-01T12:30:00", 1714566600.0, "exif without zone")


def test_a_damaged_block_never_raises():
    data = with_exif(sample("us.jpg"), time="2024:05:01 12:30:00", place="1.5,2.5")
    start = data.index(b"Exif\0\0") + 6
    for at in range(start, start + 220):
        read_exif(data[:at] + b"\xff" + data[at + 1 :])
        read_exif(data[:at])


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"BM" + bytes(12) + b"\x28\0\0\0", "picture"),
        (b"BM is how this text begins", "other"),
        (b"\0\0\0\x20ftypisom", "video"),
        (b"\x1a\x45\xdf\xa3", "video"),
        ((b"G" + bytes(187)) * 3, "video"),
        (b"RIFF\0\0\0\0AVI LIST", "video"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "picture"),
        (b"\0\0\0\x01\x67", "video"),
        (b"II*\0", "picture"),
        (b"Rar!\x1a\x07\0", "unsupported"),
        (b"", "empty"),
    ],
)
def test_first_bytes_tell(head, kind):
    assert kind_of(head)[0] == kind


def test_signatures_of_origin_are_noticed_and_not_called_verified():
    signed = sample("us.jpg") + b"....jumb....c2pa"
    assert origin_notices(signed) == ("C2PA manifest present, not verified",)
    assert origin_notices(sample("us.jpg")) == ()
    uuid = bytes.fromhex("005bc93f2d715e95ada4796f90877a6f")
    assert "ONVIF" in origin_notices(b"\0\0\x01\x06\x05\x20" + uuid)[0]
