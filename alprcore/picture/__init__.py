# SPDX-License-Identifier: Apache-2.0
"""Bytes to a checked frame, and which part of it is searched: decoding, areas, masks, turns."""

from __future__ import annotations
