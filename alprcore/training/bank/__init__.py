# SPDX-License-Identifier: Apache-2.0
"""The template bank: data, network, training, export and figures."""

from __future__ import annotations
