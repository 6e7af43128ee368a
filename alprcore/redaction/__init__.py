# SPDX-License-Identifier: Apache-2.0
"""Copies of pictures and clips in which no plate can be read."""

from __future__ import annotations
