"""Which origins may do what with a camera: a table for the dashboard, as `camcors explain` judges."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from cors import Policy
from cors.origin import DEFAULT_PORTS

from ..browser.agent import Browser
from ..browser.simulator import Engine
from ..browser.verdict import Journey, Question

# What a page does with a camera: its name, method, headers, whether with credentials.
_REQUESTS: list[tuple[str, str, list[tuple[str, str]], bool]] = [
    ("Read", "GET", [], False),
    ("Change settings", "PUT", [("Content-Type", "application/json")], False),
    ("With logins", "GET", [], True),
]
_EMBED = "Plain <img>"
_STRANGER = "https://any-other-site.example"


def explain_origins(policy: Policy, url: str, page: str) -> dict[str, Any]:
    """Return what pages of each origin may do with the camera at `url` under `policy`, as `camcors explain`
    judges.

    page: the origin of the dashboard. -> {"digest": str, "columns": [str], "rows": [{"origin": str,
    "note": str, "cells": [{"allowed": bool, "reason": str or None}]}]}
    """
    listed = [] if policy.allowed_origins == "*" else list(policy.allowed_origins)
    noted = {pattern: "in the policy" for pattern in listed}
    noted[page] = "this page" + (", in the policy" if page in noted else "")
    noted[url] = "the camera’s own page"
    noted[_STRANGER] = "stands for all others"
    rows = []
    for pattern, note in noted.items():
        origin = pattern.replace("//*.", "//www.").replace(":*", ":3000")
        if origin != pattern:
            note = f"{note}, asked as {origin}"
        rows.append({"origin": pattern, "note": note, "cells": _cells(policy, origin, url)})
    columns = [name for name, *_ in _REQUESTS] + [_EMBED]
    return {"digest": policy.digest, "columns": columns, "rows": rows}


def _cells(policy: Policy, origin: str, url: str) -> list[dict[str, Any]]:
    cells = []
    for _, method, headers, credentials in _REQUESTS:
        question = Question(origin, f"{url}/api/camera", method, headers, credentials)
        reason = Journey(question, _engine(policy, url).send).reason
        cells.append({"allowed": reason is None, "reason": reason and reason.text})
    engine = _engine(policy, url)
    embedding = Browser(lambda request: engine.send(request)[0]).embed(origin, f"{url}/api/capture")
    blocked = embedding.blocked_by
    return [*cells, {"allowed": blocked is None, "reason": blocked and blocked.value}]


def _engine(policy: Policy, url: str) -> Engine:
    """Return the camera at `url`; the page asks only for one that has answered to this host at this port."""
    parts = urlsplit(url)
    port = parts.port or int(DEFAULT_PORTS[parts.scheme])
    return Engine(policy, (parts.hostname or "",), ((parts.scheme, port),))
