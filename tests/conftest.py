# SPDX-License-Identifier: Apache-2.0
"""Settings of the whole test run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import webdriver
from hypothesis import settings

TESTS = Path(__file__).parent
# Builds of wheels, training, servers, the browser, timing, and photographs by the hundred.
SLOW = (
    "benchmarks",
    "tests/countries/test_country_ledger.py",
    "tests/evaluation/test_compare.py",
    "tests/server/test_load.py",
    "tests/server/test_page.py",
    "tests/server/test_run.py",
    "tests/server/test_schema.py",
    "tests/test_ledger.py",
    "tests/test_packaging.py",
    "tests/training",
)

# The same examples in every run: a red test is red for everybody.
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.load_profile("fixed")


@pytest.fixture
def no_configuration_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep an ``openalpr.conf`` of the machine out of the test."""
    empty = tmp_path / "empty.conf"
    empty.write_text("")
    monkeypatch.setenv("OPENALPR_CONFIG_FILE", str(empty))


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Browser]:
    """One browser for all tests of pages."""
    with webdriver.browser(tmp_path_factory.mktemp("profile")) as window:
        yield window


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what lies in one of the slow places."""
    places = [TESTS.parent / place for place in SLOW]
    for item in items:
        if any(item.path == place or place in item.path.parents for place in places):
            item.add_marker(pytest.mark.slow)
