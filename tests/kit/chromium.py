"""The browser of the tests."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.kit.authority import Authority

_SCRIPT = Path(__file__).with_name("chromium.sh")
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def find_chromium() -> str | None:
    """The program, by the names that Debian and Ubuntu give it; None if it is not installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def find_shell() -> str | None:
    """Debian's chromium-headless-shell: its pages without a window of Chromium around each, whose toolbar and
    profile cost as much as the page. It has no prompts. None if it is not installed."""
    return shutil.which("chromium-headless-shell")


@contextlib.contextmanager
def chromium(
    names: str = "*.example 127.0.0.1",
    authority: Authority | None = None,
    *more: str,
    screen: str | None = None,
    beside: Browser | None = None,
    bare: bool = False,
) -> Iterator[Browser]:
    """Debian's Chromium, headless. names: which names lead to which address. authority: whom it trusts.

    more: arguments. screen: an X display with a window of it, in which it can ask the person. beside: another
    one that runs in this thread. bare: its pages alone are wanted, so the shell will do, where there is one.
    """
    path = (find_shell() if bare else None) or find_chromium()
    if path is None:
        pytest.fail("Chromium is missing; install it with: sudo apt install chromium")
    arguments = [*_ARGUMENTS, f"--host-resolver-rules=MAP {names}", *more]
    env = {**os.environ, "CHROMIUM": path}
    env |= {"HOME": str(authority.home)} if authority else {}
    env |= {"DISPLAY": screen} if screen else {}
    with contextlib.ExitStack() as stack:
        kind = beside.browser_type if beside else stack.enter_context(sync_playwright()).chromium
        running = kind.launch(headless=screen is None, executable_path=_SCRIPT, args=arguments, env={**env})
        yield running
        running.close()
