# SPDX-License-Identifier: Apache-2.0
"""What can be set of an `AlprStream`."""

from __future__ import annotations

from dataclasses import replace

from alprcore.openalpr.groupedreading import GroupedReading
from alprcore.openalpr.library import checked_text


class StreamSettings:
    """The part of `AlprStream` that changes how it works."""

    def __init__(self) -> None:
        self._reading = GroupedReading()

    def combine_grouping(self, other: StreamSettings) -> None:
        """Let two streams share the list of completed groups."""
        self._reading.share(other._reading)

    def set_group_parameters(
        self,
        min_plates_to_group: int = 2,
        max_plates_per_group: int = 10,
        min_plate_confidence: float = 0.0,
        max_delta_time_ms: int = 1800,
    ) -> None:
        """Set when a group is one.

        Parameters
        ----------
        min_plates_to_group
            Readings that it has at least.
        max_plates_per_group
            Taken and not used.
        min_plate_confidence
            Of the whole group: a percent, or a share up to 1. From 100 on, which no group
            reaches, it is not used: programs give 100 that want every group.
        max_delta_time_ms
            A vehicle that was not seen for so long has gone.
        """
        del max_plates_per_group
        share = float(min_plate_confidence)
        share = share if share <= 1 else share / 100
        self._reading.least_confidence = share if share < 1 else 0.0
        timeout_s = max(0, int(max_delta_time_ms)) / 1000
        self._reading.with_groups(votes=max(1, min_plates_to_group), timeout_s=timeout_s)

    def set_env_parameters(
        self, company_id: str | bytes, agent_uid: str | bytes, camera_id: int
    ) -> None:
        """Set who sends the groups."""
        self._reading.sender = replace(
            self._reading.sender,
            company_id=checked_text("company_id", company_id),
            agent_uid=checked_text("agent_uid", agent_uid),
            camera_id=int(camera_id),
        )

    def set_uuid_format(self, uuid_format: str | bytes) -> None:
        """Set how readings are named, of ``{time}``, ``{random}``, ``{camera}`` and others."""
        form = checked_text("uuid_format", uuid_format)
        self._reading.sender = replace(self._reading.sender, form=form)

    def set_encode_jpeg(self, encode_jpeg: int) -> None:
        """Do nothing: groups have their pictures and plates their cut-outs."""

    def set_jpeg_compression(self, compression_level: int) -> None:
        """Do nothing: pictures have a quality of 85."""

    def enable_overview_image(
        self, enabled: int | bool, max_width: int = 560, max_height: int = 315, quality: int = 55
    ) -> None:
        """Set whether groups have ``overview_jpeg``; its size is always 560 x 315 at most."""
        del max_width, max_height, quality
        self._reading.overview = bool(enabled)

    def set_gpu_async(self, gpu_async: int | bool) -> None:
        """Do nothing: there is no GPU."""
