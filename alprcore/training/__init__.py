# SPDX-License-Identifier: Apache-2.0
"""Programs that make what is shipped: networks, bank, samples; nothing imports them."""

from __future__ import annotations
