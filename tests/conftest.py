# SPDX-License-Identifier: Apache-2.0
"""Settings of the whole test run."""

from __future__ import annotations

from hypothesis import settings

# The same examples in every run: a red test is red for everybody.
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.load_profile("fixed")
