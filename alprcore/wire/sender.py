# SPDX-License-Identifier: Apache-2.0
"""What the forms of a group need to know of it, and of who sends it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

from alprcore.records import Box, Candidate, Frame, Plate, Quad, VehicleLook


class Moment(Protocol):
    """When a frame is shown, as `video.frames.FrameTime` knows it."""

    @property
    def seconds(self) -> float: ...  # noqa: D102
    @property
    def pts(self) -> int: ...  # noqa: D102
    @property
    def time_base(self) -> Fraction: ...  # noqa: D102
    @property
    def ordinal(self) -> int: ...  # noqa: D102


class Vote(Protocol):
    """What one frame said, as `video.group.Vote` knows it."""

    @property
    def time(self) -> Moment: ...  # noqa: D102
    @property
    def text(self) -> str: ...  # noqa: D102
    @property
    def confidence(self) -> float: ...  # noqa: D102
    @property
    def quad(self) -> Quad: ...  # noqa: D102
    @property
    def plate_index(self) -> int: ...  # noqa: D102


class GroupLike(Protocol):
    """What `group_dict` needs of a `video.group.Group`."""

    @property
    def text(self) -> str: ...  # noqa: D102
    @property
    def confidence(self) -> float: ...  # noqa: D102
    @property
    def matches_template(self) -> bool: ...  # noqa: D102
    @property
    def candidates(self) -> tuple[Candidate, ...]: ...  # noqa: D102
    @property
    def country(self) -> str: ...  # noqa: D102
    @property
    def region(self) -> str: ...  # noqa: D102
    @property
    def region_confidence(self) -> float: ...  # noqa: D102
    @property
    def votes(self) -> Sequence[Vote]: ...  # noqa: D102
    @property
    def first(self) -> Moment: ...  # noqa: D102
    @property
    def last(self) -> Moment: ...  # noqa: D102
    @property
    def best(self) -> Moment: ...  # noqa: D102
    @property
    def best_plate(self) -> Plate: ...  # noqa: D102
    @property
    def width(self) -> int: ...  # noqa: D102
    @property
    def height(self) -> int: ...  # noqa: D102
    @property
    def is_parked(self) -> bool: ...  # noqa: D102
    @property
    def is_preview(self) -> bool: ...  # noqa: D102
    @property
    def plate_image(self) -> Frame | None: ...  # noqa: D102
    @property
    def frame_image(self) -> Frame | None: ...  # noqa: D102
    @property
    def vehicle(self) -> VehicleLook | None: ...  # noqa: D102
    @property
    def vehicle_region(self) -> Box | None: ...  # noqa: D102
    @property
    def direction(self) -> float | None: ...  # noqa: D102
    @property
    def epoch_ms(self) -> int: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends a message: what an agent knows of itself and its camera.

    Attributes
    ----------
    company_id, agent_uid, agent_version, agent_type
        As configured; `agent_uid` is 40 letters and digits.
    camera_id
        1 to 2,147,483,647, which receivers read as 32 bits; 0 is valid.
    camera_label, agent_label
        Names for people, in ``web_server_config`` when either is given.
    latitude, longitude
        Degrees; -1 where not set.
    user_data
        A text that every message carries; left out when empty.
    """

    company_id: str = "unspecified"
    agent_uid: str = "0" * 40
    agent_version: str = "4.1.1"
    agent_type: str = "alprd"
    camera_id: int = 1
    camera_label: str = ""
    agent_label: str = ""
    latitude: float = -1.0
    longitude: float = -1.0
    user_data: str = ""

    def uuid(self, epoch_ms: int) -> str:
        """Return the name of the read of a frame at a time."""
        return f"{self.agent_uid}-{self.camera_id}-{epoch_ms}"

    def heading(self) -> dict[str, Any]:
        """Return the keys that say who sends a group, in their order."""
        return {
            "company_id": self.company_id,
            "agent_uid": self.agent_uid,
            "agent_version": self.agent_version,
            "agent_type": self.agent_type,
            "camera_id": self.camera_id,
            "gps_latitude": self.latitude,
            "gps_longitude": self.longitude,
        }
