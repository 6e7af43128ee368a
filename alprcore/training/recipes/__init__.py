# SPDX-License-Identifier: Apache-2.0
"""The recipes themselves, one TOML file each; see `alprcore.training.recipe`."""

from __future__ import annotations
