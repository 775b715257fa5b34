"""The camera's firmware, asked over the REPL: what it reports, and what it does with a policy."""

from __future__ import annotations

import json
import time
from typing import Any, cast

from cors import Policy, PolicyError

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


#: What /api/status says of the camera, without its pictures: a Report.
REPORT = Call(answers.report, "report")
#: The policy by which the camera answers now: a Policy.
POLICY = Call(_policy, "policy")


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


def save_policy(board: Board, text: bytes, output: Output) -> Report:
    """Write the valid policy `text`, wait until it is in force -> the camera's report.

    The camera's own Store writes it: whole or not at all, the one before kept for a rollback.
    Raises Failure.
    """
    store(board, text, document.PATH, "the policy")
    return _wait_in_force(board, document.parse(text), output)


def store(board: Board, data: bytes, path: str, name: str) -> None:
    """Send `data` to the camera, which writes it whole or not at all; check what stands there.

    Raises Failure. name: what a Failure calls it.
    """
    board.require_firmware()
    what, wanted = f"writing {path}", files.digest(data)
    board.collect(data, what)
    saved = Call(answers.optional(answers.text), "save", path, wanted)
    error, stands = board.ask_all(saved, files.digest_of(path), what=what)
    board.do("drop")
    if error:
        said = ". ".join(error.split("\n"))  # a board's words never begin a line
        raise Failure(f"the camera did not take {name}: {said}", "nothing was changed")
    if stands != wanted:
        raise Failure(f"{path}: verification failed", "try again")


def _wait_in_force(board: Board, policy: Policy, output: Output) -> Report:
    end = time.monotonic() + _IN_FORCE_S
    with output.progress("waiting until it is in force"):
        while True:
            found = board.ask(answers.report, "look", what="asking for its status")
            said = found.policy
            if said.digest == policy.digest and said.state == "active":
                return found
            if not found.started:
                output.note(f"the camera is {NOT_STARTED}")
                return found
            if time.monotonic() > end:
                break
            time.sleep(_POLL_S)
    raise Failure(
        f"the policy is written, but not in force after {_IN_FORCE_S:.0f} s: {json.dumps(said._asdict())}",
        "camcors info tells what is wrong with the camera; camcors reset starts it again",
    )
