# SPDX-License-Identifier: Apache-2.0
"""Paths of other plate readers, so that programs written for them find this one behind the door."""

from __future__ import annotations
