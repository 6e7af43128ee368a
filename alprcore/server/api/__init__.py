# SPDX-License-Identifier: Apache-2.0
"""The paths of the API: parameters, replies, problems and their OpenAPI document."""

from __future__ import annotations
