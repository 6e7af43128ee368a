# SPDX-License-Identifier: Apache-2.0
"""The wire forms of results; the only room that knows percents and whole-number corners."""

from __future__ import annotations
