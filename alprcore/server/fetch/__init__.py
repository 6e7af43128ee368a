# SPDX-License-Identifier: Apache-2.0
"""Pictures by URL: which addresses may be asked, and the download."""

from __future__ import annotations
