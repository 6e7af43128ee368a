# SPDX-License-Identifier: Apache-2.0
"""Drawn plates, cars and signs to learn from."""

from __future__ import annotations
