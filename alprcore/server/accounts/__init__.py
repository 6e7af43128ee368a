# SPDX-License-Identifier: Apache-2.0
"""Keys, credits and rates of the server's callers."""

from __future__ import annotations
