# SPDX-License-Identifier: Apache-2.0
"""Scores of recognized plates against labels."""

from __future__ import annotations
