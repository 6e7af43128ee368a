# SPDX-License-Identifier: Apache-2.0
"""An upright plate to texts with probabilities: segment, match, decode."""

from __future__ import annotations
