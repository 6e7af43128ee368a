# SPDX-License-Identifier: Apache-2.0
"""Pictures for people: drawn results and explained readings."""

from __future__ import annotations
