# SPDX-License-Identifier: Apache-2.0
"""Bridges: from what another program sees to a reading, and the reading back to it."""

from __future__ import annotations
