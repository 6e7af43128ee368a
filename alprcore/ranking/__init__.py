# SPDX-License-Identifier: Apache-2.0
"""Texts and formats to the plate that is reported: candidates, country, region, selection."""

from __future__ import annotations
