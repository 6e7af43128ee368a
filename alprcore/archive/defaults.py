# SPDX-License-Identifier: Apache-2.0
"""What is done unless another number is asked for, and names of formats; nothing is loaded here."""

from __future__ import annotations

FORMATS = ("csv", "jsonl", "parquet", "xlsx", "finder")

TEXT_FORMATS = ("csv", "jsonl")
"""Formats that can go to standard output."""

LEAST_LISTED = 0.001
"""Matches less probable than this are not listed."""

LEAST_SIGHTING = 0.02
"""Sightings less probable than this are not listed."""

SAMPLE = 20
"""Sources that are read again to verify a case."""

UNSURE = 0.5
"""Characters less probable than this are shown as ``?`` in a report."""
