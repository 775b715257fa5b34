"""What a new policy opens to pages that nobody chose: the one rule of what is asked about before it is saved.

An origin of one's own in the list asks nothing. `"*"`, a pattern whose names strangers get, and what concerns
every page whatever the list says, do.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from cors import Policy
from cors.pattern import parse
from strict import reasons
from strict.fault import Fault

_STRANGERS = (reasons.PUBLIC_SUFFIX, reasons.NULL_ORIGIN)  # warnings about who has such an origin


def widenings(
    old: Policy, new: Policy, is_public_suffix: Callable[[str], bool]
) -> tuple[list[str], tuple[Fault, ...]]:
    """Return what `new` opens that `old` did not, a line each, and the warnings of `new` among them."""
    warned = _of_strangers(old, new)
    found = [*_reading(old, new), *map(str, warned), *_credentials(old, new)]
    return [*found, *_whoever(old, new), *_hosts(old, new, is_public_suffix)], warned


def _line(field: str, value: Any, words: str) -> str:
    return f"{field}: {json.dumps(value)}: {words}"


def _of_strangers(old: Policy, new: Policy) -> tuple[Fault, ...]:
    if old.allowed_origins == "*":
        return ()
    before = {(each.value, each.reason) for each in old.warnings}
    return tuple(
        each for each in new.warnings if each.reason in _STRANGERS and (each.value, each.reason) not in before
    )


def _reading(old: Policy, new: Policy) -> Iterator[str]:
    """Yield what `"*"` lets every page do."""
    if new.allowed_origins != "*":
        return
    sent = "any method" if new.allowed_methods is None else ", ".join(new.allowed_methods)
    if old.allowed_origins != "*":
        yield _line("allowed_origins", "*", "every page may read and show the camera's pictures and answers")
        if sent:
            yield _line("allowed_origins", "*", f"every page may send {sent}")
    elif old.allowed_methods is not None and set(new.allowed_methods or ("any",)) - set(old.allowed_methods):
        yield f"allowed_methods: every page may send {sent}"


def _credentials(old: Policy, new: Policy) -> Iterator[str]:
    if not new.allow_credentials:
        return
    before = old.allowed_origins if old.allow_credentials else ()
    for each in new.allowed_origins:
        pattern = parse(each)
        if each not in before and (pattern.wildcard or pattern.port == "*"):
            words = f"every page of {each} acts as the person who is logged in"
            yield _line("allow_credentials", True, words)


def _whoever(old: Policy, new: Policy) -> Iterator[str]:
    """Yield what pages may do that no list has to name."""
    shows = new.resource_policy == "cross-origin" and new.allowed_origins != "*"
    if shows and old.resource_policy != "cross-origin":
        words = "every page may show the camera's pictures with a plain <img>"
        yield _line("resource_policy", "cross-origin", words)
    if old.block_cross_origin_writes and not new.block_cross_origin_writes:
        words = "every page may send a POST as a form does, though it cannot read the answer"
        yield _line("block_cross_origin_writes", False, words)


def _hosts(old: Policy, new: Policy, is_public_suffix: Callable[[str], bool]) -> Iterator[str]:
    """Yield the names below which strangers get one, which they can point at the camera (DNS rebinding)."""
    for host in new.allowed_hosts or ():
        if host.startswith("*.") and host not in (old.allowed_hosts or ()) and is_public_suffix(host[2:]):
            words = "strangers get names below it, and their pages read the camera as its own"
            yield _line("allowed_hosts", host, words)
