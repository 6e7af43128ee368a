# SPDX-License-Identifier: Apache-2.0
"""Moving pictures: frames with their times, and one row per vehicle."""

from __future__ import annotations
