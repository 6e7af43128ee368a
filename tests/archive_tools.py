# SPDX-License-Identifier: Apache-2.0
"""Cases, pictures and lattices that the archive's tests are made of."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from alprcore.archive.batch import Summary, add
from alprcore.archive.store import Case
from alprcore.reading.match import Lattice
from alprcore.resources import sample_path
from alprcore.settings import Settings

QUICK = Settings(country=("us", "eu"), tiled=False, tilted=False, more_line_proposals=0)
ALPHABET = "AB1"


def sample(name: str) -> bytes:
    return sample_path(name).read_bytes()


def marked(data: bytes, mark: str) -> bytes:
    """A JPEG file with a comment: another content, and the same picture."""
    comment = mark.encode()
    return data[:2] + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + data[2:]


def with_exif(data: bytes, **fields: str) -> bytes:
    """A JPEG file with an EXIF block written by Pillow: `time`, `zone`, `camera`, `place`."""
    from PIL import Image

    picture = Image.open(io.BytesIO(data))
    exif = Image.Exif()
    make, _, model = fields.get("camera", "Maker Model").partition(" ")
    exif[0x010F], exif[0x0110] = make, model
    inner = exif.get_ifd(0x8769)
    if "time" in fields:
        inner[0x9003] = fields["time"]
    if "zone" in fields:
        inner[0x9011] = fields["zone"]
    if "place" in fields:
        latitude, longitude = (float(part) for part in fields["place"].split(","))
        gps = exif.get_ifd(0x8825)
        gps[1], gps[2] = ("S" if latitude < 0 else "N"), _parts(abs(latitude))
        gps[3], gps[4] = ("W" if longitude < 0 else "E"), _parts(abs(longitude))
    out = io.BytesIO()
    picture.save(out, "JPEG", exif=exif, quality=95)
    return out.getvalue()


def _parts(degrees: float) -> tuple[float, float, float]:
    minutes = degrees % 1 * 60
    return float(int(degrees)), float(int(minutes)), minutes % 1 * 60


def add_to(folder: Path, *paths: Path, settings: Settings = QUICK, **options: object) -> Summary:
    """Add paths to a case in this very process."""
    with Case.open(folder, create=True) as case:
        return add(case, paths, settings=settings, workers=0, **options)  # type: ignore[arg-type]


def small_tree(root: Path) -> Path:
    """A folder with three pictures, one of them twice, and what is no picture."""
    (root / "deep" / "er").mkdir(parents=True)
    (root / "a.jpg").write_bytes(with_exif(
        sample("us.jpg"), time="2024:05:01 12:30:00", zone="+02:00", place="52.5,13.4",
        camera="Foo Bar 7",
    ))  # fmt: skip
    (root / "deep" / "no_name").write_bytes(sample("eu.jpg"))
    (root / "deep" / "er" / "again.png.txt").write_bytes(sample("eu.jpg"))
    (root / "deep" / "notes.txt").write_text("no picture")
    (root / "broken.jpg").write_bytes(sample("us.jpg")[:3000])
    with zipfile.ZipFile(root / "pictures.zip", "w") as archive:
        archive.writestr("in/side.jpg", sample("two_plates.jpg"))
    return root


def driving_clip(path: Path) -> Path:
    """A car that drives slowly across a street, in a Matroska file that begins at 10 s."""
    import av

    picture = cv2.imdecode(np.frombuffer(sample("us.jpg"), np.uint8), cv2.IMREAD_COLOR)
    height, width = (side // 2 * 2 for side in picture.shape[:2])
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("libx264", rate=8)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        for number in range(16):
            moved = np.roll(picture, 2 * number, axis=1)[:height, :width]
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(moved), "bgr24")
            frame.pts, frame.time_base = 10_000 + 125 * number, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def tar_bytes(files: dict[str, bytes], mode: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def random_lattice(generator: np.random.Generator, columns: int = 7, classes: int = 3) -> Lattice:
    """A lattice with its exact total."""
    pairs = [
        (start, start + width)
        for start in range(columns)
        for width in (1, 2, 3)
        if start + width <= columns and generator.random() < 0.7
    ]
    scores = generator.normal(0, 2, (len(pairs), classes)).astype(np.float32)
    gaps = generator.normal(0, 1, columns).astype(np.float32)
    starts = np.array([start for start, _ in pairs], np.int32)
    ends = np.array([end for _, end in pairs], np.int32)
    totals = [0.0]
    for x in range(1, columns + 1):
        parts = [totals[x - 1] + float(gaps[x - 1])]
        for i in np.flatnonzero(ends == x):
            parts += [totals[starts[i]] + float(score) for score in scores[i]]
        totals.append(float(np.logaddexp.reduce(parts)))
    return Lattice(
        starts, ends, scores, np.zeros((0, 0), np.int32),
        np.full(len(pairs), 0.1, np.float32), gaps, totals[-1],
    )  # fmt: skip


def text_probabilities(lattice: Lattice, alphabet: str = ALPHABET) -> dict[str, float]:
    """The probability of every text of a small lattice, by going through all of its paths."""
    columns = len(lattice.gaps)
    reached: list[dict[str, float]] = [{"": 1.0}] + [{} for _ in range(columns)]
    for x in range(1, columns + 1):
        for text, value in reached[x - 1].items():
            gap = float(np.exp(np.float64(lattice.gaps[x - 1])))
            reached[x][text] = reached[x].get(text, 0.0) + value * gap
        for i in np.flatnonzero(lattice.ends == x):
            for text, value in reached[int(lattice.starts[i])].items():
                for kind, character in enumerate(alphabet):
                    more = value * float(np.exp(np.float64(lattice.scores[i, kind])))
                    reached[x][text + character] = reached[x].get(text + character, 0.0) + more
    whole = float(np.exp(lattice.log_total))
    return {text: value / whole for text, value in reached[columns].items()}


TABLES = {
    "sources": "SELECT * FROM sources ORDER BY id",
    "reads": "SELECT * FROM reads ORDER BY id",
    "places": "SELECT * FROM places ORDER BY id",
    "readings": "SELECT * FROM readings ORDER BY source_id, setup_id",
    "unreadable": "SELECT * FROM unreadable ORDER BY path_bytes, member_bytes",
}


def rows(folder: Path) -> dict[str, list[dict[str, object]]]:
    """All rows, but for the run they came with."""
    with Case.open(folder) as case:
        return {
            name: [
                {key: value for key, value in dict(row).items() if key != "run_id"}
                for row in case.rows(sql)
            ]
            for name, sql in TABLES.items()
        }
