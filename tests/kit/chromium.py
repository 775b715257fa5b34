"""The browser of the tests."""

from __future__ import annotations

import shutil

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--host-resolver-rules=MAP *.example 127.0.0.1",
]


def find_chromium() -> str | None:
    """The program, by the names that Debian and Ubuntu give it; None if it is not installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
