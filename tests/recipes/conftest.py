"""The browsers and a page's server, as the dashboard's tests have them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kit.engines.fixtures import browser, firefox, tab, webkit
from tests.kit.pages import Site

__all__ = ["browser", "firefox", "tab", "webkit"]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as running:
        yield running
