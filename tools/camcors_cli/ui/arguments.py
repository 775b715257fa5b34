"""What a person writes of a page's request: its origin, method and headers, as parameters of a command."""

from __future__ import annotations

import re
from typing import Any

import click

from cors.pattern import Pattern, parse
from strict import fault
from strict.token import is_token

from ..browser.reach import TARGETS

# The value of a header that was given by its name alone: one that is safelisted, where there is one,
# and the content type for which pages mostly ask.
_VALUES = {
    "accept": "*/*",
    "accept-language": "en",
    "content-language": "en",
    "content-type": "application/json",
    "range": "bytes=0-",
}
_VALUE = re.compile("[\t\x20-\x7e\x80-\xff]*")  # RFC 9110 section 5.5


def faults_of(pattern: Pattern) -> str:
    """Return what is wrong with a parsed origin, and what to write instead."""
    return f"{', '.join(pattern.reasons)}; {pattern.remedy}"


class _Origin(click.ParamType[str]):
    """An origin as a browser sends it: HTML, "ASCII serialization of an origin"."""

    name = "origin"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        pattern = parse(value)
        if pattern.wildcard or pattern.port == "*" or value == "*":
            self.fail(
                f"{fault.show(value)} is a pattern; write one origin that it stands for, "
                "as in https://www.example.com",
                param,
                ctx,
            )
        if pattern.reasons:
            self.fail(f"{fault.show(value)}: {faults_of(pattern)}", param, ctx)
        return str(value)


class _Method(click.ParamType[str]):
    name = "method"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not is_token(value):
            self.fail(f"{fault.show(value)} is not a method; write one word, as in PUT", param, ctx)
        return str(value)


class _Header(click.ParamType[tuple[str, str]]):
    name = "header"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        if isinstance(value, tuple):  # click converts defaults too
            return value
        name, colon, content = str(value).partition(":")
        content = content.strip(" \t") if colon else _VALUES.get(name.lower(), "1")
        if not is_token(name):
            shown = fault.show(name)
            self.fail(f"{shown} is not a header name; write X-Token or 'X-Token: value'", param, ctx)
        if not _VALUE.fullmatch(content):
            remedy = "write it without control characters, and in ISO 8859-1"
            self.fail(f"{fault.show(content)} is not a value of {name}; {remedy}", param, ctx)
        return name, content


ORIGIN = _Origin()
METHOD = _Method()
HEADER = _Header()
_HEADER_HELP = (
    "A header that the page sets, as NAME or 'NAME: value' (Content-Type by itself: application/json); "
    "may be given again."
)

header_option = click.option("--header", "headers", type=HEADER, multiple=True, help=_HEADER_HELP)
credentials_option = click.option(
    "--credentials", is_flag=True, help='The page includes credentials (fetch: credentials: "include").'
)
target_option = click.option(
    "--target-address-space",
    "target",
    type=click.Choice(TARGETS),
    help="What the page's fetch() says of the camera's address (targetAddressSpace), for Chrome.",
)
