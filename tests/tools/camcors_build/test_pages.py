"""The build of firmware/pages: what is minified works, what is hashed is what is sent, always the same."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from camcors_build import frozen, pages

from tests.kit.camera import TOP
from tests.kit.tsc import check


def test_the_same_files_make_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    script = "from camcors_build import pages; print(pages.render(), end='')"
    for seed in ("1", "2"):
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
        assert done.stdout == pages.render()
    assert pages.compress(b"x")[4:8] == b"\0\0\0\0"  # the time: RFC 1952 section 2.3.1


def test_what_is_frozen_is_what_the_files_say() -> None:
    assert (frozen.BUILD / "generated" / "camcors_pages.py").read_text() == pages.render(), "run: make host"


def test_files_and_comments_are_gone() -> None:
    page = pages.read_page("page.html")
    assert "page.css" not in page and "page.js" not in page
    assert re.findall(r"/\*.*?\*/", page.replace("/* @__PURE__ */", "")) == []
    assert "@param" not in page


def test_a_script_beside_a_page_stands_in_it(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("p { color: red; }")
    (tmp_path / "a.js").write_text('/** Says. */\nconst $$ = "\\\\1 </b>";\nalert($$);\n')
    html = '<!doctype html><link rel="stylesheet" href="a.css"><p>x</p><script src="a.js"></script>'
    (tmp_path / "a.html").write_text(html)
    page = pages.read_page("a.html", tmp_path)
    assert "<style>p{color:red}</style>" in page and "\\\\1 </b>" in page and "Says" not in page


def test_the_parts_of_the_form_keep_their_quotes() -> None:
    """What is filled in comes from the air: only within quotes does it stay one value."""
    head, parts = pages.read_setup()
    assert "<template" not in head and "<!--" not in head
    quoted = {name: re.findall(r'(\w+)="([^"]*\{[^"]*)"', text) for name, text in parts.items()}
    assert quoted == {
        "alert": [],
        "network": [("id", "n{number}"), ("value", "{name}"), ("for", "n{number}")],
        "none": [],
        "form": [("value", "{form}"), ("value", "{ssid}")],
        "token": [],
        "saved": [("href", "http://{name}.local/")],
    }
    assert [text for text in parts.values() if re.search(r"=\{", text)] == []
    fields = {name: sorted(set(re.findall(r"\{(\w+)\}", text))) for name, text in parts.items()}
    assert fields == {
        "alert": ["error"],
        "network": ["checked", "name", "number", "strength"],
        "none": [],
        "form": ["checked", "form", "found", "ssid"],
        "token": ["token"],
        "saved": ["name", "ssid"],
    }


def test_the_page_s_script_is_checked() -> None:
    assert check("-p", TOP / "firmware" / "pages") == []
