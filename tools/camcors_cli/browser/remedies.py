"""The commands that let a page's request pass: each tried on the policy, with the camera's own rules."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from cors import Policy, PolicyError
from cors.origin import split_port

from ..policy import document
from .fetch import Blocked, Pairs, normalize_method, unsafe_names
from .verdict import Journey, Question, Reason

_ROUNDS = 8  # more than there are reasons that one request can have
_CREDENTIALS = (
    'with credentials "*" allows nothing: each origin and header has to be listed, and every page of an '
    "allowed origin acts as the person who is logged in"
)
_REPLACED = 'it takes the place of "*": list the other origins that read the camera too'
_LISTED = "mind: that takes the place of the list"
_PAGE = "serve the page over http or https, and allow its origin"


class Change(NamedTuple):
    """A field's new value. added: the origin that `camcors policy allow` adds, "" for `set`."""

    field: str
    value: Any
    added: str = ""
    warning: str = ""

    @property
    def command(self) -> str:
        if self.added:
            return f"camcors policy allow {shlex.quote(self.added)}"
        value = self.value
        text = ",".join(value) if isinstance(value, list) else json.dumps(value)
        return f"camcors policy set {self.field} {shlex.quote(text)}"


class Plan(NamedTuple):
    """changes: in order. left: why these are not enough, "" if they are."""

    changes: list[Change]
    left: str


def host_of(url: str) -> str:
    """Return the host of a URL without its port, as `allowed_hosts` has it."""
    return split_port(url.split("/")[2])[0]


def changes_for(reason: Reason, journey: Journey, policy: Policy) -> list[Change]:
    """Return what changes of `policy` take `reason` away; [] if none does."""
    asked = journey.asked
    if reason.is_host:
        return [Change("allowed_hosts", [*(policy.allowed_hosts or ()), host_of(asked.url)])]
    match reason.blocked:
        case Blocked.NO_ALLOW_ORIGIN:
            return [Change("allowed_origins", [*policy.allowed_origins, asked.origin], asked.origin)]
        case Blocked.STAR_WITH_CREDENTIALS:
            replaced = Change("allowed_origins", [asked.origin], "", _REPLACED)
            return [replaced, Change("allow_credentials", True, "", _CREDENTIALS)]
        case Blocked.NO_ALLOW_CREDENTIALS:
            return [Change("allow_credentials", True, "", _CREDENTIALS)]
        case Blocked.PREFLIGHT_METHOD:
            return [Change("allowed_methods", [*(policy.allowed_methods or ()), asked.method])]
        case Blocked.PREFLIGHT_HEADER | Blocked.PREFLIGHT_AUTHORIZATION if reason.names:
            if policy.allowed_headers is not None:
                return [Change("allowed_headers", [*policy.allowed_headers, *reason.names])]
    return []


def apply(policy: Policy, changes: list[Change]) -> Policy:
    """`policy` with `changes`. Raises PolicyError, also if one of them alone is refused on the way."""
    for change in changes:
        fields = json.loads(policy.to_json())
        fields[change.field] = change.value
        policy = document.parse(json.dumps(fields))
    return policy


def plan(journey: Journey, policy: Policy, again: Callable[[Policy], Journey]) -> Plan:
    """Return all that has to be changed until the page gets its answer; `again` asks under another policy."""
    done: list[Change] = []
    for _ in range(_ROUNDS):
        reason = journey.reason
        if reason is None:
            return Plan(done, "")
        changes = changes_for(reason, journey, policy)
        if not changes:
            return Plan(done, _without_command(reason))
        try:
            policy = apply(policy, changes)
        except PolicyError as exc:
            return Plan(done, _refused(journey, changes, exc))
        done += changes
        journey = again(policy)
    return Plan(done, journey.reason.text if journey.reason else "")


def blind(reason: Reason, question: Question, passing: Sequence[str] = ()) -> tuple[list[str], list[str]]:
    """Commands that take `reason` away whatever the policy is, and what to know of them.

    passing: the methods, or the headers, that pass already, and are to go on passing.
    """
    words = ["camcors", "explain", question.origin, question.method]
    for name, value in question.headers:
        is_secret = name.lower() == "authorization"
        words += ["--header", name if is_secret else f"{name}: {value}"]
    words += ["--credentials"] * question.credentials + ["--host", question.url.split("/")[2]]
    words += ["--path", "/" + question.url.split("/", 3)[3]]
    adding = f"to add to the list instead, {shlex.join(words)} prints the command"
    if reason.is_host:
        return [Change("allowed_hosts", [host_of(question.url)]).command], [adding]
    match reason.blocked:
        case None | Blocked.NO_ALLOW_ORIGIN | Blocked.OTHER_ORIGIN:
            remarks = [f"mind: null has to stand alone; better {_PAGE}"] * (question.origin == "null")
            return [Change("allowed_origins", [], question.origin).command], remarks
        case Blocked.STAR_WITH_CREDENTIALS:
            changes = [Change("allowed_origins", [question.origin]), Change("allow_credentials", True)]
            return [change.command for change in changes], [f"mind: {_REPLACED}", f"mind: {_CREDENTIALS}"]
        case Blocked.NO_ALLOW_CREDENTIALS:
            return [Change("allow_credentials", True).command], [f"mind: {_CREDENTIALS}"]
        case Blocked.PREFLIGHT_METHOD:
            method = normalize_method(question.method)
            if method != method.upper():
                return [], [f"but: browsers send {method} as written; write {method.upper()} in the page"]
            return [Change("allowed_methods", ["GET", *passing, method]).command], [_LISTED, adding]
        case Blocked.PREFLIGHT_HEADER | Blocked.PREFLIGHT_AUTHORIZATION if reason.names:
            names = [*passing, *_unsafe(question.headers)]
            return [Change("allowed_headers", names).command], [_LISTED, adding]
    return [], [f"but: {_without_command(reason)}"]


def _unsafe(headers: Pairs) -> list[str]:
    """Return the names that a policy has to list, as they were written."""
    unsafe = unsafe_names(headers)
    return [name for name in dict(headers) if name.lower() in unsafe]


def _without_command(reason: Reason) -> str:
    if reason.blocked is Blocked.FORBIDDEN_METHOD:
        return "no policy allows that: use another method"
    if reason.blocked in (Blocked.PREFLIGHT_HEADER, Blocked.PREFLIGHT_AUTHORIZATION):
        return "a preflight may list 64 headers and 1024 bytes: send fewer"
    return f"{reason.text}; no field of the policy changes that"


def _refused(journey: Journey, changes: list[Change], error: PolicyError) -> str:
    remedy = f"; {_PAGE}" if journey.asked.origin == "null" else ""
    return f"{changes[-1].command} is not valid with this policy: {error}{remedy}"
