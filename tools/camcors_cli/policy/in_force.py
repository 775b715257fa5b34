"""Putting a policy in force, as a person sees it: what changes, what the camera says, what to mind."""

from __future__ import annotations

from typing import Any

from cors import Policy

from ..device import camera
from ..device.board import Board
from ..ui.output import Output
from . import document


def put_in_force(
    board: Board, out: Output, current: bytes | None, text: bytes, new: Policy, **facts: Any
) -> None:
    """Show what changes and put `text`, a valid policy, in force. Raises Failure.

    facts: what `--json` says besides.
    """
    changes = document.difference(current, text)
    out.diff(changes)
    report = camera.save_policy(board, text, out)
    stands = {"digest": new.digest, "state": report.policy.state, "started": report.started}
    out.result({**stands, "changed": text != current, "diff": changes, "warnings": warnings(new), **facts})
    what = "nothing to change, the camera has it" if text == current else "saved"
    out.say(f"{what}; {'in force' if report.started else 'in force when the camera starts'}: {new.digest}")
    tell_warnings(out, new)


def warnings(checked: Policy) -> list[dict[str, Any]]:
    """Return the warnings of a policy, each as an object, for `--json`."""
    return [warning._asdict() for warning in checked.warnings]


def tell_warnings(out: Output, checked: Policy) -> None:
    """Note what a policy allows and its owner probably does not mean."""
    for warning in checked.warnings:
        out.note(f"warning: {warning}")
