"""The browsers and a page's server, as the dashboard's tests have them."""

from __future__ import annotations

from tests.recipes.conftest import browser, firefox, site, tab, webkit

__all__ = ["browser", "firefox", "site", "tab", "webkit"]
