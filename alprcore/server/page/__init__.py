# SPDX-License-Identifier: Apache-2.0
"""The page to try the server at: its files, and how they are sent."""

from __future__ import annotations
