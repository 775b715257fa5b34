"""The pages of firmware/pages as a frozen module: minified, their parts hashed, the larger one compressed.

Same files, same bytes, with one version of minify-html and of zlib.
"""

from __future__ import annotations

import base64
import hashlib
import re
import sys
import zlib
from pathlib import Path
from types import ModuleType

import minify_html

from .boards import TOP

FOLDER = TOP / "firmware" / "pages"
NAME = "camcors_pages"

#: The camera allocates a window of 2 ** 13 bytes to unpack the page, which may be longer.
WINDOW_BITS = 13
#: Bytes: of the page, which the camera unpacks in one block of its heap for who takes no gzip; packed, in its
#: flash. 8 KB held it until it had a log-in form.
PAGE_MAX = 10_240
PACKED_MAX = 4608
_GZIP = 16  # added to the bits: zlib.compressobj, "wbits"

_LINK = re.compile(r'<link rel="stylesheet" href="([a-z]+\.css)">')
_SCRIPT = re.compile(r'(<script[^>]*) src="([a-z]+\.js)"></script>')
# The minifier keeps what documents a function.
_DOCUMENTATION = re.compile(r"^ */\*\*.*?\*/\n", re.DOTALL | re.MULTILINE)
_PURE = "/* @__PURE__ */ "  # the minifier's own, for a bundler
_TEMPLATE = re.compile(r'<template id="([a-z]+)">(.*?)</template>', re.DOTALL)


def render() -> str:
    """Return the module's text."""
    page = read_page("page.html")
    head, parts = read_setup()
    data = page.encode()
    constants: dict[str, object] = {
        "PAGE_GZIP": compress(data),
        "PAGE_TAG": f'W/"{hashlib.sha256(data).hexdigest()[:16]}"',
        "PAGE_STYLE": hash_of(page, "style"),
        "PAGE_SCRIPT": hash_of(page, "script"),
        "WINDOW_BITS": WINDOW_BITS,
        "SETUP_HEAD": head,
        "SETUP_STYLE": hash_of(head, "style"),
        **{f"SETUP_{name.upper()}": text for name, text in parts.items()},
    }
    lines = [f"{name} = {value!a}\n" for name, value in constants.items()]
    return "# Written by the build from firmware/pages.\n" + "".join(lines)


def load() -> ModuleType:
    """Return the module, for the firmware on CPython."""
    module = ModuleType(NAME)
    exec(render(), module.__dict__)
    sys.modules[NAME] = module
    return module


def read_page(name: str, folder: Path = FOLDER) -> str:
    """Return a page in one minified file: what it links to beside it stands in it."""
    return minify((folder / name).read_text(encoding="utf-8"), folder)


def minify(html: str, folder: Path = FOLDER) -> str:
    """Return `html` with its files in it, and without what no browser reads."""

    def read(file: str) -> str:
        return (folder / file).read_text(encoding="utf-8")

    def script(found: re.Match[str]) -> str:
        return f"{found[1]}>{_DOCUMENTATION.sub('', read(found[2]))}</script>"

    html = _LINK.sub(lambda found: f"<style>{read(found[1])}</style>", html)
    html = _SCRIPT.sub(script, html)
    html = minify_html.minify(html, minify_css=True, minify_js=True, keep_closing_tags=True)
    return html.replace(_PURE, "")


def read_setup() -> tuple[str, dict[str, str]]:
    """Return the head of the set-up form, and its parts by their ids.

    The parts have only their spaces collapsed: the quotes around an attribute are what keeps a network's
    name in it.
    """
    html = (FOLDER / "setup.html").read_text(encoding="utf-8")
    parts = {name: " ".join(text.split()).replace("> <", "><") for name, text in _TEMPLATE.findall(html)}
    return minify(html.partition("<!-- ")[0]), parts


def hash_of(html: str, element: str) -> str:
    """Return the source expression for the one `element` of a page (CSP 3, "hash-source")."""
    (content,) = re.findall(rf"<{element}[^>]*>(.*?)</{element}>", html, re.DOTALL)
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


def compress(data: bytes) -> bytes:
    """Return `data` in gzip's format, which has no time and no name here."""
    packer = zlib.compressobj(9, zlib.DEFLATED, _GZIP + WINDOW_BITS)
    return packer.compress(data) + packer.flush()
