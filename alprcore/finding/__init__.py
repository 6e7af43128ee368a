# SPDX-License-Identifier: Apache-2.0
"""A frame to plate quads with scores."""

from __future__ import annotations
