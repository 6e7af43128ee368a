# SPDX-License-Identifier: Apache-2.0
"""Scores of recognised plates against labels."""

from __future__ import annotations
