"""Policy files on this side of the cable: checked with the camera's own validator, located, compared."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

from cors import Policy, PolicyError, fields

from ..ui import faults

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

PATH = "/policy.json"
VALID = "a valid policy"
COPIES = ("/policy.good.json", "/policy.prev.json")  # of what is in force, and was before
_COMPARED_MAX = 32_768  # bytes: a policy has 8 KB, and comparing takes their square


@functools.cache
def _suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList  # only a wildcard needs its list

    return PublicSuffixList()


def is_public_suffix(domain: str) -> bool:
    """Return whether strangers get names below `domain`, by the full list (publicsuffix.org)."""
    if "." not in domain:
        return fields.is_public_suffix(domain)
    return bool(_suffixes().publicsuffix(domain) == domain)


def parse(text: str | bytes) -> Policy:
    """Return the policy that `text` describes. Raises PolicyError with all faults."""
    return Policy.from_json(text, is_public_suffix)


def read(text: bytes, name: str) -> Policy:
    """Return the policy in the file `name`, whose content is `text`.

    Raises Failure with all faults and lines.
    """
    try:
        return parse(text)
    except PolicyError as exc:
        raise faults.refusal(name, VALID, faults.locate(text, exc.faults)) from None


def stands(text: bytes | None) -> Policy:
    """Return the policy in the camera's file; of none, or a faulty one, that which lets in nobody."""
    try:
        return Policy() if text is None else parse(text)
    except PolicyError:
        return Policy()


def difference(old: bytes | None, new: bytes) -> list[str]:
    """Return a unified diff (lines) from what the camera has to what it would get, [] if they are equal."""
    if len(old or b"") > _COMPARED_MAX:
        return [f"the file on the camera has {len(old or b'')} bytes, too many to compare"]
    import difflib

    before = (old or b"").decode(errors="backslashreplace").splitlines()
    after = new.decode(errors="backslashreplace").splitlines()
    return list(difflib.unified_diff(before, after, "on the camera", "new", lineterm=""))


def write(given: dict[str, Any]) -> bytes:
    """Return a policy file: a line for each field, in the order of `given`."""
    rows = [f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in given.items()]
    return ("{\n" + ",\n".join(rows) + "\n}\n").encode()
