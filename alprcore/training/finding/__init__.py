# SPDX-License-Identifier: Apache-2.0
"""The plate detector and the corner network."""

from __future__ import annotations
