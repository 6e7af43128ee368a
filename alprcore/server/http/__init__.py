# SPDX-License-Identifier: Apache-2.0
"""The server's connections: sockets, time limits, bodies and forms."""

from __future__ import annotations
