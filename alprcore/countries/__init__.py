# SPDX-License-Identifier: Apache-2.0
"""What is known of each country's plates: formats, series, sizes, and how a text fits them."""

from __future__ import annotations
