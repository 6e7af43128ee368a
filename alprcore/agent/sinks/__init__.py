# SPDX-License-Identifier: Apache-2.0
"""Where messages go: webhooks, beanstalkd, MQTT, JSON lines."""

from __future__ import annotations
