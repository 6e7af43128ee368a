# SPDX-License-Identifier: Apache-2.0
"""Replies of the engine to pictures that reach every path, kept to the last digit."""
