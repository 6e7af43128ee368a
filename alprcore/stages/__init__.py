# SPDX-License-Identifier: Apache-2.0
"""The steps of recognition: value in, value out; none imports another."""

from __future__ import annotations
