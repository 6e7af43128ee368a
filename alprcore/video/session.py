# SPDX-License-Identifier: Apache-2.0
"""The state of one source while it is watched: frames in, rows out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alprcore.engine import Engine
from alprcore.errors import SettingsError
from alprcore.ranking.record import Examination
from alprcore.ranking.select import plausibility
from alprcore.records import Box, Detection, GrayImage, Plate
from alprcore.vehicles.main import vehicle_of
from alprcore.video.again import evidence_of, mean_reader
from alprcore.video.budget import Budget
from alprcore.video.collect import Collected, group_of
from alprcore.video.doubts import Doubts
from alprcore.video.echo import Echoes
from alprcore.video.frames import VideoFrame
from alprcore.video.group import Group
from alprcore.video.motion import WIDTH, MotionDetector, is_cut
from alprcore.video.schedule import BY_MOTION, STEADY, Schedule, stirred
from alprcore.video.track import Sighting, Track, Tracker, TrackSettings

BY_MOTION_NAME = "motion"
# What a detection must have to be followed at all; to begin a row it needs the settings' scores.
WEAK_SCORE = 0.15
# A doubtful detection begins a row, too, when it surely shows a text.
SURELY_TEXT = 0.9
MOST_TEXTS = 3  # of a reading, for tracking
SHORTEST = 2  # characters of a row; badges read as one letter for seconds


@dataclass(frozen=True, slots=True)
class VideoSettings:
    """How a moving picture is watched.

    Attributes
    ----------
    every
        N searches every N-th frame, all of it. ``"motion"`` searches as seldom as motion allows.
        None, the default, searches all of a frame about six times a second and plates in view
        twelve times a second, where something moves.
    tracks
        When a vehicle has gone.
    min_votes
        A row needs so many readings; or fewer, but surely a plate.
    min_legibility
        A row needs a reading that shows a text with this probability, [0, 1].
    read_all
        Whether a plate is read in every frame that finds it, not only where it says something.
    tasks
        What is wanted beside plates, of ``"color"``, ``"make"``, ``"makemodel"``: looked for in
        the best frame.
    keep_frames
        Whether groups have their best frame, as messages of agents do.
    threads
        Threads of the decoder.
    """

    every: int | str | None = None
    tracks: TrackSettings = field(default_factory=TrackSettings)
    min_votes: int = 2
    min_legibility: float = 0.3
    read_all: bool = False
    tasks: tuple[str, ...] = ()
    keep_frames: bool = False
    threads: int = 1

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        every: Any = self.every
        whole = isinstance(every, int) and not isinstance(every, bool) and every >= 1
        if every is not None and every != BY_MOTION_NAME and not whole:
            raise SettingsError(f"every: expected 1 or more, or 'motion', got {every!r}")
        if self.min_votes < 1:
            raise SettingsError(f"min_votes: expected 1 or more, got {self.min_votes!r}")


@dataclass(frozen=True, slots=True)
class Step:
    """What one frame came to.

    Attributes
    ----------
    frame
        The frame.
    plates
        Plates read in it, each with the number of its row.
    searched
        Whether anything was searched: False where nothing moved or no search was due.
    groups
        Rows that ended.
    """

    frame: VideoFrame
    plates: tuple[tuple[int, Plate], ...]
    searched: bool
    groups: tuple[Group, ...]


class Session:
    """The state of one source; for one thread.

    Parameters
    ----------
    engine : Engine
        With the user's settings.
    video : VideoSettings
    areas : tuple of Box
        Areas to search, all of the frame when empty.
    epoch_ms : int
        As for `VideoEngine.read`.
    """

    def __init__(
        self, engine: Engine, video: VideoSettings, areas: tuple[Box, ...], epoch_ms: int
    ) -> None:
        self._engine, self._video, self._areas, self.epoch_ms = engine, video, areas, epoch_ms
        # What begins a row is decided here, so that doubtful detections can continue one.
        self._loose = engine.with_settings(
            min_plausibility=0.0,
            min_plate_score=WEAK_SCORE,
            doubtful_plate_score=WEAK_SCORE,
            # A second look at a plate is worth less than one at the next frame: with these two a
            # blurred plate takes two thirds of the time, and tracks are read right as often.
            sure_plate_score=1.0,
            unsure_line_proposals=engine.settings.line_proposals,
        )
        self._mean_reader = mean_reader(engine)
        every = video.every if isinstance(video.every, int) else 1
        pace = BY_MOTION if video.every == BY_MOTION_NAME else STEADY
        self._schedule = Schedule(None if isinstance(video.every, int) else pace, every)
        self._tracker = Tracker(video.tracks)
        self._motion = MotionDetector()
        # Boxes of a picture that is turned first are not where its plates are reported.
        self._doubts = None if engine.settings.prewarp else Doubts(engine.settings.min_plate_score)
        # Who asks for every N-th frame wants all of it read.
        self._budget = Budget(all_read=video.read_all or isinstance(video.every, int))
        self._collected: dict[int, Collected] = {}
        self._before: GrayImage | None = None
        self._size = (0, 0)
        self._searched_s = 0.0
        self._pushed = 0
        self._echoes = Echoes()

    def push(self, frame: VideoFrame) -> Step:
        """Take the next frame; return what is read in it and the rows that ended."""
        seconds, self._size = frame.time.seconds, frame.size
        luma = frame.luma(WIDTH)
        if self._before is not None and is_cut(self._before, luma):
            self._tracker.cut()
        self._before = luma
        moved = self._motion.changed(luma)
        tracks = self._tracker.open
        self._budget.watch(tracks, seconds, lambda: frame.luma(self._size[0]))
        is_sharp = self._budget.is_sharp
        areas = self._schedule.areas(seconds, self._pushed, moved, tracks, self._size, is_sharp)
        self._pushed += 1
        pairs: list[tuple[Track, Examination]] = []
        if areas is not None:
            if not areas:
                self._motion.searched(luma)
                self._searched_s = seconds
            pairs = self._search(frame, areas)
        self._keep_still(frame, moved, pairs)
        ended = [self._ended(track) for track in self._tracker.ended(seconds)]
        return Step(
            frame,
            tuple((track.number, each.plate) for track, each in pairs),
            areas is not None,
            tuple(group for group in ended if group is not None),
        )

    def active(self) -> list[Group]:
        """Return the rows of vehicles that are in view, as they look now."""
        groups = [self._group(track, preview=True) for track in self._tracker.open]
        return [group for group in groups if group is not None]

    def close(self) -> list[Group]:
        """Return the rows of all vehicles that were still in view."""
        groups = [self._ended(track) for track in self._tracker.close()]
        return [group for group in groups if group is not None]

    def _search(self, frame: VideoFrame, areas: tuple[Box, ...]) -> list[tuple[Track, Examination]]:
        """Read the plates of the areas, all of the frame when there is none, and track them."""
        image, seconds = frame.image(), frame.time.seconds
        _, found = self._loose.recognize_and_examine(
            image,
            regions_of_interest=areas or self._areas,
            is_worth=lambda each: self._is_worth(each, seconds),
        )
        sightings = [
            Sighting(
                seconds,
                each.plate.quad.bounds(),
                tuple((c.text, c.confidence) for c in each.plate.candidates[:MOST_TEXTS]),
                self._is_weak(each.plate),
                each,
            )
            for each in found
        ]
        if self._doubts is not None:
            for each in found:
                if each.plate.legibility >= self._video.min_legibility:
                    self._doubts.reads(each.plate.quad.bounds())
        pairs = self._tracker.update(seconds, [*sightings, *self._budget.unread()])
        for track, sighting in pairs:
            if sighting.is_read:
                self._budget.reads(track, seconds)
                self._add(track, sighting, frame, image)
            else:
                self._collected[track.number].seen(frame.time)
        return [(track, sighting.content) for track, sighting in pairs if sighting.is_read]

    def _is_worth(self, detection: Detection, seconds: float) -> bool:
        """Whether a detection is read."""
        doubts, tracks = self._doubts, self._tracker.open
        if doubts is None:
            return True
        return doubts.is_worth(detection, seconds, tracks) and self._budget.is_worth(
            detection, seconds, tracks
        )

    def _add(
        self, track: Track, sighting: Sighting, frame: VideoFrame, image: NDArray[np.uint8]
    ) -> None:
        read: Examination = sighting.content
        evidence = evidence_of(read, read.plate.quad)
        collected = self._collected.setdefault(track.number, Collected(track.number))
        video = self._video
        whole = video.keep_frames or bool(video.tasks)
        collected.add(frame.time, read.plate, evidence, image, whole=whole)

    def _is_weak(self, plate: Plate) -> bool:
        """Whether a plate is too doubtful to begin a row."""
        settings = self._engine.settings
        if plausibility(plate) < settings.min_plausibility:
            return True
        return plate.detection_score < settings.min_plate_score and plate.legibility < SURELY_TEXT

    def _keep_still(
        self, frame: VideoFrame, moved: NDArray[np.bool_], pairs: list[tuple[Track, Examination]]
    ) -> None:
        """Take tracks for seen that the last search found, where nothing has changed since."""
        for track in self._tracker.open:
            just_read = any(track is each for each, _ in pairs)
            is_lost = track.sightings[-1].seconds < self._searched_s
            if just_read or is_lost or track.after_cut or stirred(track, moved, self._size):
                continue
            self._tracker.keep(track, frame.time.seconds)
            self._collected[track.number].seen(frame.time)

    def _ended(self, track: Track) -> Group | None:
        group = self._group(track, preview=False)
        self._budget.ended(track)
        del self._collected[track.number]
        in_view = ((each, self._collected[each.number]) for each in self._tracker.open)
        if group is not None and self._echoes.has(group, in_view):
            group = None
        if group is None or not self._video.tasks:
            return group
        return self._with_vehicle(group)

    def _group(self, track: Track, *, preview: bool) -> Group | None:
        """Return the row of a track; None when too little speaks for a plate."""
        video, collected = self._video, self._collected[track.number]
        legible = max(vote.legibility for vote in collected.votes)
        sure = legible >= SURELY_TEXT and max(v.confidence for v in collected.votes) >= 0.5
        if legible < video.min_legibility or (len(collected.votes) < video.min_votes and not sure):
            return None
        group = group_of(
            collected,
            self._engine,
            self._size,
            epoch_ms=self.epoch_ms,
            parked=track.is_parked,
            preview=preview,
            reader=None if preview else self._mean_reader,
        )
        return None if group is None or len(group.text) < SHORTEST else group

    def _with_vehicle(self, group: Group) -> Group:
        """Return the group with the look of its vehicle in the best frame."""
        if group.frame_image is None:
            return group
        found = self._engine.recognize(group.frame_image, tasks=self._video.tasks)
        frame_image = group.frame_image if self._video.keep_frames else None
        index = vehicle_of(group.best_plate.quad, found.vehicles)
        if index is None:
            return replace(group, frame_image=frame_image)
        vehicle = found.vehicles[index]
        return replace(
            group, vehicle=vehicle.look, vehicle_region=vehicle.box, frame_image=frame_image
        )
