# SPDX-License-Identifier: Apache-2.0
"""OpenALPR's Forensic Plate Finder: a video to two CSV files and an SQLite file."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from alprcore.errors import AlprError
from alprcore.openalpr.findertables import Finding, Tables, frame_name
from alprcore.openalpr.library import Wishes, checked_text, load_config, load_library, tell
from alprcore.showing.drawing import write_picture
from alprcore.video.engine import VideoEngine
from alprcore.video.frames import frames
from alprcore.video.group import Group
from alprcore.video.session import Step, VideoSettings


def find_plates(
    video: str, finding: Finding, *, on_group: Callable[[Group], None] = lambda _: None
) -> Path:
    """Read a video; return the SQLite file, which lies beside the two CSV files.

    Parameters
    ----------
    video
        Any source of `video.frames`.
    finding
    on_group
        Called with each vehicle.

    Raises
    ------
    VideoError
        If it cannot be read.
    OSError, AlprError
        If the files cannot be written.
    """
    stem = Path(video).stem or "video"
    finding.output.mkdir(parents=True, exist_ok=True)
    pictures = finding.output / f"{stem}_frames"
    every = None if finding.motion else 1
    watch = VideoSettings(every=every, read_all=True, threads=finding.threads)
    engine = VideoEngine(engine=finding.library.engine, video=watch)

    def keep(step: Step) -> None:
        if finding.save_frames and step.plates:
            pictures.mkdir(exist_ok=True)
            write_picture(pictures / frame_name(step.frame.time.ordinal), step.frame.image())

    with frames(video, threads=finding.threads) as clip, Tables(finding, stem) as tables:
        step_s = 1 / clip.info.rate if clip.info.rate else 0.0
        for group in engine.read(clip, on_step=keep):
            tables.add(group, step_s)
            on_group(group)
    return tables.database


class AlprVideo:
    """The library form of the Forensic Plate Finder.

    Parameters
    ----------
    video_path : str or bytes
    country : str or bytes
        Codes, separated by commas.
    config_file : str or bytes
        An ``openalpr.conf``; empty to look where OpenALPR looks.

    Raises
    ------
    AlprError
        If nothing can be loaded.
    """

    def __init__(
        self,
        video_path: str | bytes,
        country: str | bytes = "us",
        config_file: str | bytes = "",
    ) -> None:
        self._video = checked_text("video_path", video_path)
        self._country = checked_text("country", country)
        self._config = checked_text("config_file", config_file)
        self._output, self._region = Path(), ""
        self._threads, self._save_frames = 1, False
        self._thread: threading.Thread | None = None

    def setOutputDir(self, path: str | bytes) -> None:  # noqa: N802 - named by OpenALPR
        """Set the folder of the files; the current one unless it is set."""
        self._output = Path(checked_text("path", path))

    def setNumThreads(self, threads: int) -> None:  # noqa: N802
        """Set the number of threads of the decoder."""
        self._threads = max(1, int(threads))

    def setPatternMatch(self, pattern: str | bytes) -> None:  # noqa: N802
        """Set the region whose formats decide ``matches_pattern``."""
        self._region = checked_text("pattern", pattern)

    def setSaveFrames(self, save_frames: bool) -> None:  # noqa: N802
        """Set whether frames with plates are written, too."""
        self._save_frames = bool(save_frames)

    def start(self) -> None:
        """Read the video; return when its files are written.

        Raises
        ------
        AlprError
            If it cannot be read or nothing can be written.
        """
        config = load_config(self._config)
        tell(config.warning)
        library = load_library(Wishes(self._country, 10, self._region), config)
        finding = Finding(library, self._output, self._country, self._threads, self._save_frames)
        find_plates(self._video, finding)

    def start_async(self) -> threading.Thread:
        """Read the video in a thread of its own, which is returned; errors go to standard error."""

        def run() -> None:
            try:
                self.start()
            except (AlprError, OSError) as error:
                tell(str(error))

        self._thread = threading.Thread(target=run, name=f"video {self._video}")
        self._thread.start()
        return self._thread
