"""The browsers as fixtures, for the conftest.py of each folder whose tests need them.

Chromium lives as long as a module: Playwright keeps a loop running in the thread, in which other modules
of the same worker could not run theirs. The other two start once for each worker and folder.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.kit.authority import Authority
from tests.kit.chromium import chromium
from tests.kit.engines.chromium import new_tab
from tests.kit.engines.firefox import Firefox
from tests.kit.engines.tab import Tab
from tests.kit.engines.webkit import WebKit, display


@pytest.fixture(scope="module")
def browser(authority: Authority) -> Iterator[Browser]:
    """What draws Chromium's pages, headless; names below .example lead to this machine."""
    with chromium(authority=authority, bare=True) as running:
        yield running


@pytest.fixture(scope="module")
def whole_browser(authority: Authority) -> Iterator[Browser]:
    """The same with all of Chromium, for modules that take it as their `browser`."""
    with chromium(authority=authority) as running:
        yield running


@pytest.fixture(scope="session")
def firefox(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    profile = tmp_path_factory.mktemp("firefox")
    authority.trust_in(profile)
    running = Firefox(profile)
    yield running
    running.close()


@pytest.fixture(scope="session")
def webkit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebKit]:
    with display() as screen:
        running = WebKit(screen, tmp_path_factory.mktemp("webkit") / "driver.log")
        yield running
        running.close()


@pytest.fixture(params=["chromium", "firefox", "webkit"])
def tab(request: pytest.FixtureRequest) -> Iterator[Tab]:
    """A page of each engine. Names below localhost lead here in all of them."""
    running = request.getfixturevalue("browser" if request.param == "chromium" else request.param)
    with new_tab(running) if request.param == "chromium" else running.new_tab() as opened:
        yield opened
