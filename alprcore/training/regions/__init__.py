# SPDX-License-Identifier: Apache-2.0
"""The network that tells a US state from a plate's appearance."""

from __future__ import annotations
