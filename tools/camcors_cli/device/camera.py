"""The camera's firmware, asked over the REPL: what it reports, and what it does with its files."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast

from access.document import Access
from cors import Policy, PolicyError
from cors.pattern import parse
from strict.fault import AccessError

from ..access import document as access_document
from ..policy import document
from ..ui.errors import Failure
from ..ui.output import Output
from . import answers, calls, files
from .answers import Report
from .board import Board
from .calls import Call

_IN_FORCE_S = 6.0  # the camera takes at most 0.75 s (flash.store), a busy one longer
_POLL_S = 0.2

NOT_STARTED = "not started; remove the file /disable if there is one, and start it with camcors reset"


def report(board: Board) -> Report:
    """Return what /api/status says of the camera, without its pictures. Raises Failure."""
    (found,) = board.ask_camera(REPORT, what="asking for its status")
    return cast(Report, found)


def policy_in_force(board: Board) -> Policy:
    """Return the policy by which the camera answers now. Raises Failure."""
    (found,) = board.ask_camera(POLICY, what="asking for its policy")
    return cast(Policy, found)


def _policy(value: Any) -> Policy:
    try:
        return Policy.from_json(answers.text(value))
    except PolicyError:
        raise answers.Odd("not a policy") from None


def _access(value: Any) -> Access:
    try:
        return Access.from_json(answers.text(value))
    except AccessError:
        raise answers.Odd("not an access file") from None


class Own(NamedTuple):
    """hosts: what a camera is called, its name first, then as it stands in a URL. ports: each with its
    scheme."""

    hosts: tuple[str, ...]
    ports: tuple[tuple[str, int], ...]


def _own(value: Any) -> Own:
    if not isinstance(value, list) or len(value) != 2:
        raise answers.Odd("not names and ports")
    hosts = answers.listed(answers.text)(value[0])
    if len(hosts) < 2 or any(parse(f"http://{host}").reasons for host in hosts):
        raise answers.Odd("not the names of a camera")
    return Own(hosts, answers.listed(_port)(value[1]))


def _port(value: Any) -> tuple[str, int]:
    if not isinstance(value, list) or len(value) != 2 or value[0] not in ("http", "https"):
        raise answers.Odd("not a scheme and a port")
    return value[0], answers.whole(value[1], 1)


#: What /api/status says of the camera, without its pictures: a Report.
REPORT = Call(answers.report, "report")
#: The same, once it has looked at its files for edits.
LOOK = Call(answers.report, "look")
#: The policy by which the camera answers now: a Policy.
POLICY = Call(_policy, "policy")
#: The names and ports by which it is its own, and the address: an Own, None before it has started.
OWN = Call(answers.optional(_own), "own_names")
#: The tokens that it knows now, and whether it is open: an Access, None before it has a lock.
ACCESS = Call(answers.optional(_access), "access")


def policy_file(board: Board) -> bytes | None:
    """Return the content of /policy.json, or None. Raises Failure, also if the board has no firmware."""
    return file(board, document.PATH)


def file(board: Board, path: str) -> bytes | None:
    """Return the content of a file, or None if there is none. Raises Failure as policy_file() does."""
    (begun,) = board.ask_camera(calls.begin(path), what=f"reading {path}")
    return board.read_on(path, begun)


def policy_before(board: Board, digest: str | None) -> bytes:
    """Return the text of the policy that was in force before that of the digest, None: of none.

    Raises Failure.
    """
    what = "asking what was in force before"
    ((path, why),) = board.ask_camera(Call(_copy, "policy_before", digest), what=what)
    text = board.read_file(path) if path in document.COPIES else None
    if text is None:
        raise Failure(
            f"there is nothing to go back to: {why}", "camcors policy push FILE puts a policy in force"
        )
    return text


def _copy(value: Any) -> tuple[str | None, str | None]:
    """Return the path of a copy, or None and why there is none."""
    found = answers.listed(answers.optional(answers.text), 2)(value)
    if len(found) != 2:
        raise answers.Odd("not a path and a reason")
    return found[0], found[1]


def save_policy(board: Board, text: bytes, before: bytes | None, output: Output) -> Report:
    """Write the valid policy `text`, wait until it is in force -> the camera's report.

    The camera's own Store writes it: whole or not at all, the one before kept for a rollback.
    before: as `store` has it. Raises Failure.
    """
    store(board, text, document.PATH, "the policy", before)
    digest = document.parse(text).digest

    def is_there(report: Report) -> bool:
        return (report.policy.digest, report.policy.state) == (digest, "active")

    return wait_in_force(board, document.PATH, "policy", [LOOK], is_there, output)


def save_access(board: Board, text: bytes, before: bytes | None, output: Output) -> Report:
    """Write the valid access file `text`, wait until it is in force -> the camera's report.

    Raises Failure. before: as `store` has it.
    """
    store(board, text, access_document.PATH, "the access file", before)
    digest = Access.from_json(text).digest

    def is_there(report: Report, found: Access | None) -> bool:
        return found is not None and found.digest == digest

    return wait_in_force(board, access_document.PATH, "access", [LOOK, ACCESS], is_there, output)


def store(board: Board, data: bytes, path: str, name: str, before: bytes | None) -> None:
    """Send `data` to the camera, which writes it whole or not at all; check what stands there.

    Raises Failure. name: what a Failure calls it. before: what was read there, None of no file; if another
    has changed it since, the camera refuses.
    """
    board.require_firmware()
    what, wanted = f"writing {path}", files.digest(data)
    board.collect(data, what)
    stood = None if before is None else files.digest(before)
    saved = Call(answers.optional(answers.text), "save", path, wanted, stood)
    error, stands = board.ask_all(saved, files.digest_of(path), what=what)
    board.do("drop")
    if error:
        said = ". ".join(error.split("\n"))  # a board's words never begin a line
        raise Failure(f"the camera did not take {name}: {said}", "nothing was changed")
    if stands != wanted:
        raise Failure(f"{path}: verification failed", "try again")


def wait_in_force(
    board: Board, path: str, field: str, asked: Sequence[Call], is_there: Callable[..., bool], output: Output
) -> Report:
    """Return the camera's report, the first answer to `asked`, once `is_there` of all answers.

    Raises Failure. path: the file that was written. field: of the report, what it says of the file.
    """
    end = time.monotonic() + _IN_FORCE_S
    with output.progress("waiting until it is in force"):
        while True:
            found = board.ask_all(*asked, what="asking for its status")
            report = cast(Report, found[0])
            if is_there(*found):
                return report
            if not report.started:
                output.note(f"the camera is {NOT_STARTED}")
                return report
            if time.monotonic() > end:
                break
            time.sleep(_POLL_S)
    stands = json.dumps(report.said.get(field))
    raise Failure(
        f"{path} is written, but not in force after {_IN_FORCE_S:.0f} s: {stands}",
        "camcors info tells what is wrong with the camera; camcors reset starts it again",
    )
