# SPDX-License-Identifier: Apache-2.0
"""Models, template banks, countries and samples; `alprcore.resources` is their only reader."""
