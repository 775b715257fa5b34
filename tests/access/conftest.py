"""The browsers and a page's server, as the dashboard's tests have them."""

from __future__ import annotations

from tests.kit.engines.fixtures import firefox, tab, webkit
from tests.kit.engines.fixtures import whole_browser as browser
from tests.recipes.conftest import site

__all__ = ["browser", "firefox", "site", "tab", "webkit"]
