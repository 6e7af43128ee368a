# SPDX-License-Identifier: Apache-2.0
"""The vehicle networks."""

from __future__ import annotations
