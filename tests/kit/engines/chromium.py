"""Chromium by Playwright."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Browser, Page


class ChromiumTab:
    def __init__(self, page: Page):
        self._page = page

    def open(self, url: str) -> None:
        self._page.goto(url)

    def run(self, script: str) -> Any:
        return self._page.evaluate(f"async () => {{{script}}}")

    def click(self, selector: str) -> None:
        self._page.click(selector)

    def type(self, text: str) -> None:
        self._page.keyboard.type(text)

    def screenshot(self) -> bytes:
        return self._page.screenshot()


@contextlib.contextmanager
def new_tab(browser: Browser) -> Iterator[ChromiumTab]:
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    context.set_default_timeout(15_000)
    yield ChromiumTab(context.new_page())
    context.close()
