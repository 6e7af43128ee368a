# SPDX-License-Identifier: Apache-2.0
"""What ``alpr`` prints of a picture for people, and for the programs that parse it."""

from __future__ import annotations

from typing import Any


def plain(value: float) -> str:
    """Return a number with six digits, never with an exponent.

    Programs that read the text take ``2.6e-05`` for 2.6.
    """
    short = f"{value:g}"
    if "e" not in short:
        return short
    return f"{value:.0f}" if abs(value) >= 1 else f"{value:.6f}".rstrip("0").rstrip(".")


def total_time(elapsed_ms: float) -> str:
    """Return the line about a picture's time."""
    return f"Total Time to process image: {plain(elapsed_ms)}ms."


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
        time = f" -- Processing Time = {plain(plate['processing_time_ms'])}ms." if clock else ""
        lines.append(f"plate{number}: {len(plate['candidates'])} results{time}")
        detected = plate["region_confidence"] > 0
        if detected:
            lines.append(f"State ID: {plate['region']} ({plate['region_confidence']}% confidence)")
        for candidate in plate["candidates"]:
            text = candidate["plate"].replace("\n", "-")
            match = f"\t pattern_match: {candidate['matches_template']}"
            lines.append(
                f"    - {text}\t confidence: {plain(candidate['confidence'])}"
                f"{match if pattern or detected else ''}"
            )
    return lines
