# SPDX-License-Identifier: Apache-2.0
"""A case in the browser: ``alprcore archive serve``; nothing is written, nothing leaves here."""
