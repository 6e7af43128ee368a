# SPDX-License-Identifier: Apache-2.0
"""Vehicles: their boxes, colour, make and model, and which plate belongs to which."""

from __future__ import annotations
