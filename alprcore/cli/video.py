# SPDX-License-Identifier: Apache-2.0
"""``alprcore video``: one row per vehicle of a clip."""

from __future__ import annotations

import argparse
import csv
import io
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from alprcore.cli.inputs import expanded, is_folder, is_video, refuse_loss, shown
from alprcore.cli.options import (
    add_engine_options,
    add_hash_option,
    add_roi_option,
    add_tasks_option,
    engine_of,
    hasher_of,
    refuse_pictures,
)
from alprcore.cli.progress import progress
from alprcore.errors import AlprError, VideoError
from alprcore.picture.quiet import quiet_stderr
from alprcore.showing.drawing import write_picture
from alprcore.video.annotate import annotate
from alprcore.video.engine import VideoEngine
from alprcore.video.frames import Frames, frames, is_live
from alprcore.video.group import Group, sorted_rows
from alprcore.video.session import BY_MOTION_NAME, VideoSettings
from alprcore.wire.rows import CSV_COLUMNS, csv_row

if TYPE_CHECKING:
    from alprcore.cli.options import Commands

_WAYS = ("up", "up right", "right", "down right", "down", "down left", "left", "up left")


def add_parser(commands: Commands) -> None:
    """Add the sub-command to the command line."""
    parser = commands.add_parser("video", help="read clips: one row per vehicle")
    parser.add_argument(
        "clips",
        nargs="+",
        metavar="CLIP",
        help="video file, folder of videos, folder of images with their times in times.csv, URL or"
        " /dev/videoN",
    )
    add_engine_options(parser)
    add_roi_option(parser)
    add_tasks_option(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one line of JSON per vehicle")
    form.add_argument("--csv", action="store_true", help="a table, one row per vehicle")
    add_hash_option(parser)
    parser.add_argument(
        "--every",
        type=_every,
        metavar="N",
        help="search every N-th frame, or `motion`: as seldom as motion allows (default: all of a"
        " frame six times a second and plates in view twelve times, where something moves)",
    )
    parser.add_argument(
        "--start", type=_seconds, default=0.0, metavar="S", help="begin S seconds into the clip"
    )
    parser.add_argument(
        "--annotate",
        type=Path,
        metavar="OUT",
        help="write a copy of the clip with the plates drawn: a file for one clip, a folder for"
        " several",
    )
    parser.add_argument(
        "--crops", type=Path, metavar="DIR", help="write the best picture of each plate there"
    )
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Read the clips; return 2 when one could not be read, else 0.

    Raises
    ------
    AlprError
        If the engine cannot be made or the annotated clips have no place.
    """
    refuse_pictures(chosen, "annotate", "crops")
    names = list(_clips(chosen.clips))
    targets = _targets(names, chosen.annotate)
    looks = tuple(task for task in chosen.tasks if task != "plate")
    tilted = {} if chosen.tilted is None else {"tilted": chosen.tilted}
    settings = VideoSettings(every=chosen.every, tasks=looks)
    engine = VideoEngine(engine=engine_of(chosen), video=settings, **tilted)
    if isinstance(sys.stdout, io.TextIOWrapper) and (chosen.json or chosen.csv):
        sys.stdout.reconfigure(encoding="utf-8")
    if chosen.csv:
        _print_cells(CSV_COLUMNS)
    code = 0
    for name, target in zip(names, targets, strict=True):
        code = max(code, show_clip(engine, name, chosen, annotated_to=target))
    return code


def show_clip(
    engine: VideoEngine, name: str, chosen: argparse.Namespace, *, annotated_to: Path | None = None
) -> int:
    """Read one clip and print its rows as the options say; return 2 when it cannot be read."""
    begin = time.perf_counter()
    start_s = getattr(chosen, "start", 0.0)
    try:
        with quiet_stderr(), frames(name, start_s=start_s) as clip:
            groups = _read(engine, clip, name, chosen)
    except VideoError as error:
        print(f"alprcore: {shown(name)}: {_reason(error)}", file=sys.stderr)
        return 2
    for line in _problems(clip):
        print(f"alprcore: {shown(name)}: {line}", file=sys.stderr)
    rows = sorted_rows(groups)
    if not chosen.json and not getattr(chosen, "csv", False):
        print(readable(name, clip, rows, time.perf_counter() - begin), flush=True)
    if crops := getattr(chosen, "crops", None):
        _write_crops(crops, name, rows)
    if annotated_to is not None:
        with _progress(clip, f"drawing {annotated_to}") as ahead:
            annotate(name, rows, annotated_to, on_frame=ahead)
    return 0


def _read(engine: VideoEngine, clip: Frames, name: str, chosen: argparse.Namespace) -> list[Group]:
    """Return the rows of a clip; those of a table or of JSON are printed as they come."""
    groups: list[Group] = []
    hasher = hasher_of(chosen)
    with _progress(clip, shown(name)) as ahead:
        for read in engine.read(clip, regions_of_interest=chosen.roi, on_step=lambda _: ahead()):
            group = read if hasher is None else hasher.group(read)
            groups.append(group)
            if chosen.json or getattr(chosen, "csv", False):
                _print_row(group, name, as_json=chosen.json)
    return groups


def readable(name: str, clip: Frames, rows: Sequence[Group], elapsed_s: float) -> str:
    """Return the rows of a clip as lines for people.

    Times are seconds from the first frame; ``*`` marks a text that has a format of its country.
    """
    info, count = clip.info, len(rows)
    vehicles = f"{count} vehicle{'' if count == 1 else 's'}"
    size = f"{info.width} x {info.height}, {info.duration_s:.1f} s"
    lines = [f"{shown(name)}: {size}, {vehicles}, read in {elapsed_s:.1f} s"]
    for row in rows:
        text = row.text.replace("\n", "-")
        star = "*" if row.matches_template else " "
        way = "stands" if row.is_parked else _way(row.direction)
        region = f", {row.country} {row.region}".rstrip()
        lines.append(
            f"  {text:<11}{star} {100 * row.confidence:6.2f} %  {row.first.seconds:7.2f} -"
            f" {row.last.seconds:7.2f} s  best frame {row.best.ordinal} at"
            f" {row.best.seconds:.2f} s, {len(row.votes)} readings{way and ', ' + way}{region}"
        )
        if row.vehicle is not None:
            looks = (row.vehicle.color, row.vehicle.make, row.vehicle.make_model)
            best = [f"{each[0].name} {100 * each[0].confidence:.0f} %" for each in looks if each]
            lines += [f"    vehicle: {', '.join(best)}"] if best else []
    return "\n".join(lines)


def _way(direction: float | None) -> str:
    return "" if direction is None else _WAYS[round(direction / 45) % 8]


def _clips(names: Sequence[str]) -> Iterator[str]:
    """Yield the clips; a folder with videos is each of them, another one a folder of images."""
    for name in names:
        if is_live(name) or not is_folder(name):
            yield name
            continue
        videos = [each.name for each in expanded([name]) if is_video(each.name)]
        yield from videos or [name]


@contextmanager
def _progress(clip: Frames, name: str) -> Iterator[Callable[[], None]]:
    """Show how far a clip is read: frames, rate, time left."""
    total = clip.info.frames or round(clip.info.duration_s * clip.info.rate) or None
    with progress(total, "frame", Path(name).name) as bar:
        yield bar.step


def _problems(clip: Frames) -> list[str]:
    """Return a line for each kind of fault that was met."""
    said = {
        "corrupt": "damaged, repaired by the decoder",
        "undecodable": "not decodable, skipped",
        "gap": "followed by more than a second without a frame",
        "backwards": "with a time before the last one",
        "repeated": "with the time of the last one",
        "truncated": "at which the clip breaks off",
    }
    return [
        f"{each.count} frame{'' if each.count == 1 else 's'} {said[each.kind]}, first at"
        f" {each.moments[0]:.2f} s"
        for each in clip.problems.values()
    ]


def _print_row(group: Group, name: str, *, as_json: bool) -> None:
    if as_json:
        print(group.to_row(name.encode("utf-8", "replace").decode()), flush=True)
    else:
        _print_cells(csv_row(group, name))


def _print_cells(cells: Sequence[str]) -> None:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    print(line.getvalue(), flush=True)


def _write_crops(folder: Path, name: str, rows: Sequence[Group]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, row in enumerate(rows, 1):
        if row.plate_image is not None:
            text = re.sub(r"[^\w-]", "", row.text.replace("\n", "-"))
            write_picture(folder / f"{_stem(name)}-{number:03d}-{text}.jpg", row.plate_image)


def _targets(names: Sequence[str], out: Path | None) -> list[Path | None]:
    """Return where the annotated copy of each clip goes; make the folder for several.

    Raises
    ------
    AlprError
        If one is an input, is a live source, or `out` is the name of one clip for several.
    """
    if out is None:
        return [None] * len(names)
    if any(map(is_live, names)):
        raise AlprError("--annotate: a stream or camera cannot be read twice")
    if len(names) > 1 and is_video(out.name) and not is_folder(out):
        raise AlprError(f"--annotate: expected a folder for {len(names)} clips, got '{out}'")
    if len(names) == 1 and is_video(out.name):
        targets = [out]
    else:
        targets = [out / f"{_stem(name)}.mp4" for name in names]
        if len(set(targets)) < len(targets):
            targets = [out / f"{_stem(name)}-{i}.mp4" for i, name in enumerate(names, 1)]
        out.mkdir(parents=True, exist_ok=True)
    refuse_loss(names, targets, "--annotate")
    return [*targets]


def _stem(name: str) -> str:
    return re.sub(r"[^\w.-]", "_", Path(name).stem if not is_live(name) else name)


def _reason(error: VideoError) -> str:
    return str(error).removeprefix("video: ")


def _every(text: str) -> int | str:
    if text == BY_MOTION_NAME:
        return text
    if not text.isdecimal() or not 1 <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"expected 1 or more, or motion, got {text!r}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 1e9:
        raise argparse.ArgumentTypeError(f"expected seconds, got {text!r}")
    return seconds
