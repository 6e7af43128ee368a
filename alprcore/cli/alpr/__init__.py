# SPDX-License-Identifier: Apache-2.0
"""The `alpr` command: OpenALPR's command line on this engine."""

from __future__ import annotations
