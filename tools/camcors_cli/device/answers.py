"""What a board answers, checked once, as it comes in: JSON values become typed ones.

A board may run any firmware, or be somebody else's: no part of an answer is believed before it has gone
through here. What is not as it should be raises `Odd`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")
Check = Callable[[Any], T]

FILES_MAX = 10_000
FILE_BYTES_MAX = 64 << 20  # of one file and of all: more than any board's flash
NAME_BYTES_MAX = 251  # of littlefs (lfs.h, LFS_NAME_MAX: 255), less the .new of a file that is being written
_REPORT_MAX = 65_536  # characters of a camera's whole report
_TEXT_MAX = 8192  # characters: the faults of a policy are the longest
_ITEMS_MAX = 256
_WHOLE_MAX = 1 << 53
_DEPTH_MAX = 16


class Odd(ValueError):
    """An answer that no board of camcors gives. Its text says where, and what is wrong."""


def loads(text: str | bytes) -> Any:
    """Return the value of a JSON text of which nothing is known. Raises ValueError, whatever it is."""
    try:
        value = json.loads(text, parse_constant=_no_constant)
        _check_depth(value, 0)
    except RecursionError:
        raise Odd("nested too deeply") from None
    return value


def _no_constant(name: str) -> None:
    raise Odd(f"{name} is not JSON")


def _check_depth(value: Any, depth: int) -> None:
    """Raises Odd also for a number that JSON cannot write again, such as 1e999."""
    if depth > _DEPTH_MAX:
        raise Odd("nested too deeply")
    if isinstance(value, float) and not math.isfinite(value):
        raise Odd("a number is too large")
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _check_depth(each, depth + 1)


def anything(value: Any) -> None:
    """For what is only run: its value does not matter."""


def text(value: Any, most: int = _TEXT_MAX) -> str:
    if not isinstance(value, str):
        raise Odd("not a text")
    if len(value) > most:
        raise Odd("too long")
    return value


def whole(value: Any, least: int = 0) -> int:
    """Return a number of bytes, of seconds or the like."""
    if type(value) is not int:
        raise Odd("not a whole number")
    if not least <= value <= _WHOLE_MAX:
        raise Odd("out of range")
    return value


def flag(value: Any) -> bool:
    if type(value) is not bool:
        raise Odd("neither true nor false")
    return value


def optional(check: Check[T]) -> Check[T | None]:
    """null, or what `check` takes."""
    return lambda value: None if value is None else check(value)


def listed(check: Check[T], most: int = _ITEMS_MAX) -> Check[tuple[T, ...]]:
    """Return a list of what `check` takes."""

    def take(value: Any) -> tuple[T, ...]:
        if not isinstance(value, list):
            raise Odd("not a list")
        if len(value) > most:
            raise Odd("too long")
        return tuple(check(each) for each in value)

    return take


def member(value: Any, name: str, check: Check[T]) -> T:
    """value[name], of an object."""
    if not isinstance(value, dict):
        raise Odd("not an object")
    if name not in value:
        raise Odd(f"{name}: missing")
    try:
        return check(value[name])
    except Odd as exc:
        raise Odd(f"{name}: {exc}") from None


def digest(value: Any) -> str:
    """Return a SHA-256 in hexadecimal."""
    if len(text(value)) != 64 or value.strip("0123456789abcdef"):
        raise Odd("not a SHA-256")
    return str(value)


def chunk(most: int) -> Check[bytes]:
    """Up to `most` bytes in hexadecimal."""

    def take(value: Any) -> bytes:
        try:
            return bytes.fromhex(text(value, 2 * most))
        except ValueError as exc:
            raise exc if isinstance(exc, Odd) else Odd("not hexadecimal") from None

    return take


def check_path(path: str) -> None:
    """Raises Odd unless `path`, from the root, is one that any filesystem takes, this machine's too.

    It comes from a board's listing or from a zip: it must not lead out of a folder, or steer a terminal.
    """
    root, *names = path.split("/")
    if root or not names:
        raise Odd("not a path from the root")
    for name in names:
        if name in ("", ".", "..") or not name.isprintable() or "\\" in name:
            raise Odd("not the name of a file")
        if len(name.encode()) > NAME_BYTES_MAX:
            raise Odd(f"a name of more than {NAME_BYTES_MAX} bytes")


def error_code(body: str) -> str | None:
    """Return the code of a camera's error, one of strict.error; None of any other answer."""
    try:
        return member(loads(body), "code", text)
    except ValueError:
        return None


def error_words(body: str) -> str:
    """Return what a camera's error says to people; any other answer as it is."""
    try:
        return member(loads(body), "error", text)
    except ValueError:
        return body.strip()


def error_sentence(body: str) -> str:
    """Return a camera's error as `error_words` does, with what to do about it if it says that."""
    try:
        return f"{error_words(body)}; {member(loads(body), 'remedy', text)}"
    except ValueError:
        return error_words(body)


class PolicyState(NamedTuple):
    """state: "active" or another word of the firmware. error: what is wrong, in lines."""

    state: str
    digest: str | None
    error: str | None


class AccessState(NamedTuple):
    """state: "active" or another word of the firmware. tokens: how many. open: anyone's role, or None."""

    state: str
    tokens: int
    open: str | None


class Network(NamedTuple):
    """rssi: dBm, or None."""

    state: str
    name: str
    address: str | None
    rssi: int | None
    error: str | None


class Restart(NamedTuple):
    """What ended the run before, and why in words."""

    cause: str
    reason: str | None


class TlsState(NamedTuple):
    """state: "missing", "active", "invalid" or "expired". plain: what becomes of plain http. not_after: when
    its certificate ends. error: what is wrong."""

    state: str
    port: int
    plain: str
    not_after: str | None
    error: str | None


class Report(NamedTuple):
    """What /api/status says of a camera, without its pictures; said: all of it, for `--json`.

    name, title, access: None before the camera has started. tls: None of a firmware without.
    """

    name: str | None
    title: str | None
    board: str
    firmware: str
    micropython: str
    uptime_s: int
    started: bool
    policy: PolicyState
    access: AccessState | None
    network: Network | None
    faults: tuple[str, ...]
    restart: Restart | None
    tls: TlsState | None
    said: dict[str, Any]


def report(value: Any) -> Report:
    """Return a camera's report; a firmware of later may say more in it."""
    if not isinstance(value, dict):
        raise Odd("not an object")
    if len(json.dumps(value)) > _REPORT_MAX:
        raise Odd("too long")
    return Report(
        member(value, "name", optional(text)),
        member(value, "title", optional(text)),
        member(value, "board", text),
        member(value, "firmware", text),
        member(value, "micropython", text),
        member(value, "uptime_s", whole),
        member(value, "started", flag),
        member(value, "policy", _policy_state),
        member({"access": None, **value}, "access", optional(_access_state)),  # as of restart below
        member(value, "network", optional(_network)),
        member(value, "faults", listed(text)),
        member({"restart": None, **value}, "restart", optional(_restart)),  # older firmware does not say it
        member({"tls": None, **value}, "tls", optional(_tls_state)),
        value,
    )


class Summary(NamedTuple):
    """What doctor tells of a camera. state: of its policy. refused: the last Host with a 421, their count.

    has_lock: it asks for tokens. open: the role of whoever has none, or None.
    """

    board: str
    firmware: str
    state: str
    refused: tuple[str, int] | None
    has_lock: bool
    open: str | None


def summary(value: Any) -> Summary:
    """Of an answer of /api/status, which may be of any version."""
    state = member(value, "policy", lambda policy: member(policy, "state", text))
    refused = member({"refused": None, **value}, "refused", optional(_refused))  # older firmware: not said
    access = member({"access": None, **value}, "access", optional(_access_state))
    return Summary(
        member(value, "board", text),
        member(value, "firmware", text),
        state,
        refused,
        access is not None,
        access and access.open,
    )


def _refused(value: Any) -> tuple[str, int]:
    return member(value, "host", text), member(value, "count", whole)


def _restart(value: Any) -> Restart:
    return Restart(member(value, "cause", text), member(value, "reason", optional(text)))


def _policy_state(value: Any) -> PolicyState:
    return PolicyState(
        member(value, "state", text),
        member(value, "digest", optional(text)),
        member(value, "error", optional(text)),
    )


def _access_state(value: Any) -> AccessState:
    return AccessState(
        member(value, "state", text), member(value, "tokens", whole), member(value, "open", optional(text))
    )


def _tls_state(value: Any) -> TlsState:
    return TlsState(
        member(value, "state", text),
        member(value, "port", whole),
        member(value, "plain", text),
        member(value, "not_after", optional(text)),
        member(value, "error", optional(text)),
    )


def _network(value: Any) -> Network:
    return Network(
        member(value, "state", text),
        member(value, "name", text),
        member(value, "address", optional(text)),
        member(value, "rssi", optional(lambda rssi: whole(rssi, -_WHOLE_MAX))),
        member(value, "error", optional(text)),
    )


class LogPart(NamedTuple):
    """A part of a camera's log. run: a number of the camera's run. position: where in the log it begins."""

    run: int
    position: int
    data: bytes


def log_part(most: int) -> Check[LogPart]:
    """A part of up to `most` bytes."""

    def take(value: Any) -> LogPart:
        if not isinstance(value, list) or len(value) != 3:
            raise Odd("not a part of a log")
        return LogPart(whole(value[0]), whole(value[1]), chunk(most)(value[2]))

    return take


class Room(NamedTuple):
    """Of a memory, in bytes."""

    size: int
    free: int


class Facts(NamedTuple):
    """What a board says of itself for `camcors info`."""

    machine: str
    version: str
    filesystem: Room
    heap: Room
    said: dict[str, Any]


def facts(value: Any) -> Facts:
    heap = member(value, "heap", lambda heap: (member(heap, "used", whole), member(heap, "free", whole)))
    return Facts(
        member(value, "machine", text),
        member(value, "version", text),
        member(value, "filesystem", lambda fs: Room(member(fs, "size", whole), member(fs, "free", whole))),
        Room(sum(heap), heap[1]),
        {name: value[name] for name in ("machine", "version", "filesystem", "heap")},
    )


class About(NamedTuple):
    """What a board says of itself for a backup; firmware: None where it is not camcors."""

    board: str
    firmware: str | None
    machine: str
    micropython: str


def about(value: Any) -> About:
    return About(
        member(value, "board", text),
        member(value, "firmware", optional(text)),
        member(value, "machine", text),
        member(value, "micropython", text),
    )


def entries(value: Any) -> list[tuple[str, int | None]]:
    """Return a listing: each path with the size of a file, or None of a folder."""
    found = [_entry(each) for each in listed(lambda each: each, FILES_MAX)(value)]
    if sum(size or 0 for _, size in found) > FILE_BYTES_MAX:
        raise Odd(f"more than {FILE_BYTES_MAX} bytes in its files")
    return found


def _entry(value: Any) -> tuple[str, int | None]:
    if not isinstance(value, list) or len(value) != 2:
        raise Odd("not a path with its size")
    return text(value[0]), optional(whole)(value[1])


def blocks(value: Any) -> tuple[int, int]:
    """Return the size of a block of the filesystem, and how many are free."""
    size, free = listed(whole)(value)[:2] if isinstance(value, list) and len(value) == 2 else (0, 0)
    if not size:
        raise Odd("no block size")
    return size, free
