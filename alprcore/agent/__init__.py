# SPDX-License-Identifier: Apache-2.0
"""The agent: watches cameras and delivers a message per vehicle, whatever fails on the way."""

from __future__ import annotations
