# SPDX-License-Identifier: Apache-2.0
"""What runs an engine: the parts it holds, and many pictures one after another."""

from __future__ import annotations
