"""WebKitGTK by its own WebDriver, on a screen in memory."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.webkitgtk.service import Service

_RUN = """
const done = arguments[arguments.length - 1];
(async () => {%s})().then((value) => done({ value }), (error) => done({ error: String(error) }));
"""
_FORGET = "const { length } = localStorage; localStorage.clear(); return length > 0;"


@contextlib.contextmanager
def display() -> Iterator[str]:
    """An X server without a screen -> its name."""
    program = shutil.which("Xvfb")
    if program is None:
        pytest.fail("Xvfb is missing; install it with: sudo apt install xvfb")
    ready, tell = os.pipe()
    command = [program, "-displayfd", str(tell), "-screen", "0", "1400x1000x24", "-nolisten", "tcp"]
    running = subprocess.Popen(command, pass_fds=[tell], stderr=subprocess.DEVNULL)
    os.close(tell)
    try:
        with os.fdopen(ready) as number:
            yield f":{number.readline().strip()}"
    finally:
        running.terminate()
        running.wait(timeout=10)


class WebKit:
    """One running WebKitGTK."""

    def __init__(self, screen: str, log: Path):
        program = shutil.which("WebKitWebDriver")
        if program is None:
            pytest.fail("WebKit's driver is missing; install it with: sudo apt install webkit2gtk-driver")
        env = {**os.environ, "DISPLAY": screen, "GDK_BACKEND": "x11"}
        service = Service(executable_path=program, env=env, log_output=str(log))
        self._driver = webdriver.WebKitGTK(service=service)
        self._driver.set_window_size(1280, 900)

    def close(self) -> None:
        self._driver.quit()

    @contextlib.contextmanager
    def new_tab(self) -> Iterator[WebKitTab]:
        """The one page of the session, which forgets what an address had stored before."""
        tab = WebKitTab(self._driver)
        yield tab
        tab.open("about:blank")


class WebKitTab:
    def __init__(self, driver: webdriver.WebKitGTK):
        self._driver = driver
        self._opened: set[str] = set()

    def open(self, url: str) -> None:
        self._driver.get(url)
        is_new = url.startswith("http") and url not in self._opened
        self._opened.add(url)
        if is_new and self.run(_FORGET):
            self._driver.get(url)

    def run(self, script: str) -> Any:
        done = self._driver.execute_async_script(_RUN % script)
        assert "error" not in done, done
        return done.get("value")

    def click(self, selector: str) -> None:
        self._driver.find_element(By.CSS_SELECTOR, selector).click()

    def type(self, text: str) -> None:
        self._driver.switch_to.active_element.send_keys(text.replace("\n", Keys.ENTER))

    def screenshot(self) -> bytes:
        return self._driver.get_screenshot_as_png()
