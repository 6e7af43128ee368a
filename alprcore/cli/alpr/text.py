# SPDX-License-Identifier: Apache-2.0
"""What ``alpr`` prints of a picture for people, and for the programs that parse it."""

from __future__ import annotations

from typing import Any


def total_time(elapsed_ms: float) -> str:
    """Return the line about a picture's time."""
    return f"Total Time to process image: {elapsed_ms:g}ms."


def plate_lines(results: list[dict[str, Any]], *, pattern: bool, clock: bool) -> list[str]:
    """Return the lines of the plates of one picture.

    Parameters
    ----------
    results
        ``results`` of an `alpr_results` object.
    pattern
        Whether the user gave a region: then each candidate says if it matches.
    clock
        Whether to state each plate's time.
    """
    lines = []
    for number, plate in enumerate(results):
        time = f" -- Processing Time = {plate['processing_time_ms']:g}ms." if clock else ""
        lines.append(f"plate{number}: {len(plate['candidates'])} results{time}")
        detected = plate["region_confidence"] > 0
        if detected:
            lines.append(f"State ID: {plate['region']} ({plate['region_confidence']}% confidence)")
        for candidate in plate["candidates"]:
            text = candidate["plate"].replace("\n", "-")
            match = f"\t pattern_match: {candidate['matches_template']}"
            lines.append(
                f"    - {text}\t confidence: {candidate['confidence']:g}"
                f"{match if pattern or detected else ''}"
            )
    return lines
