"""Putting a policy in force, as a person sees it: what changes, what the camera says, what to mind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cors import Policy
from strict.fault import Fault

from ..device import camera
from ..device.board import Board
from ..ui.errors import Failure, Status
from ..ui.output import Output
from . import document
from .widening import widenings


def put_in_force(
    board: Board,
    out: Output,
    current: bytes | None,
    text: bytes,
    new: Policy,
    is_agreed: bool = False,
    **facts: Any,
) -> None:
    """Show what changes and put `text`, a valid policy, in force. Raises Failure.

    What it opens to everybody is said first, and asked about unless `is_agreed`. facts: what `--json` says
    besides.
    """
    changes = document.difference(current, text)
    out.diff(changes)
    wider, warned = agree(out, current, new, is_agreed)
    report = camera.save_policy(board, text, current, out)
    stands = {"digest": new.digest, "state": report.policy.state, "started": report.started}
    said = {"diff": changes, "wider": wider, "warnings": warnings(new)}
    out.result({**stands, "changed": text != current, **said, **facts})
    what = "nothing to change, the camera has it" if text == current else "saved"
    out.say(f"{what}; {'in force' if report.started else 'in force when the camera starts'}: {new.digest}")
    tell_warnings(out, new, warned)
    _tell_of_tokens(out, document.stands(current), new)


def _tell_of_tokens(out: Output, old: Policy, new: Policy) -> None:
    """Note that a new list of headers keeps out pages that send a token."""
    names = new.allowed_headers
    if names is None or names == old.allowed_headers or not new.allowed_origins:
        return
    if "authorization" not in [name.lower() for name in names]:
        out.note(
            "pages that send a token need Authorization in allowed_headers, too, unless the camera is open"
        )


def agree(
    out: Output, current: bytes | None, new: Policy, is_agreed: bool
) -> tuple[list[str], tuple[Fault, ...]]:
    """Say what `new` opens that the file `current` does not, and ask unless `is_agreed`.

    Return the lines, and the warnings among them. Raises Failure unless that is meant.
    """
    wider, warned = widenings(document.stands(current), new, document.is_public_suffix)
    ask(out, "the policy", wider, is_agreed)
    return wider, warned


def ask(out: Output, what: str, wider: list[str], is_agreed: bool) -> None:
    """Say whom `what` lets in, the lines `wider`, and ask unless `is_agreed`. Raises Failure for a no."""
    if not wider:
        return
    if not is_agreed and not out.can_ask:
        message = f"not saved: {what} lets in more than before, and there is no terminal to ask at"
        raise Failure(message, "add --yes to save it all the same", Status.REFUSED, wider, wider=wider)
    for line in wider:
        out.note(f"wider than before: {line}")
    if not is_agreed and not out.ask("Save it all the same?"):
        raise Failure("not saved", "nothing was changed", Status.REFUSED, wider=wider)


def warnings(checked: Policy) -> list[dict[str, Any]]:
    """Return the warnings of a policy, each as an object, for `--json`."""
    return [warning._asdict() for warning in checked.warnings]


def tell_open(out: Output, new: Policy) -> None:
    """Note what a policy that is not on a camera yet will open there, and its warnings."""
    wider, warned = widenings(Policy(), new, document.is_public_suffix)
    for line in wider:
        out.note(f"warning: {line}")
    tell_warnings(out, new, warned)


def tell_warnings(out: Output, checked: Policy, told: Sequence[Fault] = ()) -> None:
    """Note what a policy allows and its owner probably does not mean, but for what was told."""
    for warning in checked.warnings:
        if warning not in told:
            out.note(f"warning: {warning}")
