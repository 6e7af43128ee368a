# SPDX-License-Identifier: Apache-2.0
"""What an operator sees: metrics and logs."""

from __future__ import annotations
