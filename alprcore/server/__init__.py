# SPDX-License-Identifier: Apache-2.0
"""The HTTP server: recognition behind the paths and replies of the OpenALPR cloud API.

Needs the ``server`` extra. Nothing is imported here, so that ``alprcore keys`` does without it.
"""
