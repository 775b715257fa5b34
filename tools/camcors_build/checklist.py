"""The ten steps that try a board: in docs/boards.md, and as the form of an issue that asks how each went.

`python -m camcors_build.checklist` writes both from boards/checklist.json.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from . import boards, marked
from .boards import BOARDS, PAGE, TOP
from .source import with_status

TEMPLATE = TOP / ".github" / "ISSUE_TEMPLATE" / "board.yml"

_OUTCOMES = ("as described", "different", "not done")
_INTRO = """\
Thank you for trying a board. docs/boards.md has the ten steps with their commands and what to see.
Steps that went as described count as much as those that did not.

**Leave out what is private**: passwords (of your Wi-Fi, and of the network `camcors-XXXX`, which the console
shows), names of networks, MAC addresses, `/camera.json`, backups, and images made with `--wifi` or
`--tls`, which hold the password or a key. A report is public.
"""


def steps() -> list[dict[str, Any]]:
    """Return the steps: what to `do`, the commands to `run`, what to `see`."""
    return list(json.loads((BOARDS / "checklist.json").read_text()))


def markdown() -> str:
    """Return the steps as a list in Markdown."""
    return "".join(_step(number, **step) for number, step in enumerate(steps(), 1))


def _step(number: int, do: str, run: list[str], see: str) -> str:
    commands = "".join(f"    $ {command}\n" for command in run)
    return f"{number}. **{do}**\n\n    ```\n{commands}    ```\n\n    {see}\n\n"


def form() -> dict[str, Any]:
    """Return the form of GitHub's issues: which board it was, then two questions for each step."""
    names = [board.id for board in boards.every() if board.data["camera"]]
    firmware = "The firmware: its release, or the lines firmware and MicroPython of camcors info"
    body = [
        {"type": "markdown", "attributes": {"value": _INTRO}},
        _choice("board", "Board", [*names, "another, named below"]),
        _text("input", "print", "What is printed on the board: its name and revision"),
        _text("input", "firmware", firmware),
    ]
    for number, step in enumerate(steps(), 1):
        body += _questions(number, step["do"])
    words = "No token, password, network name or MAC address is in this report."
    private = {"label": words, "required": True}
    attributes = {"label": "Private", "options": [private]}
    body.append({"type": "checkboxes", "id": "private", "attributes": attributes})
    return {
        "name": "A board was tried",
        "description": "How the ten steps of docs/boards.md went on a board.",
        "title": "BOARD: how it went",
        "body": body,
    }


def _questions(number: int, do: str) -> list[dict[str, Any]]:
    said = {"description": "What you saw instead, or what the commands printed.", "render": "text"}
    return [
        _choice(f"step-{number}", f"{number}. {do}", list(_OUTCOMES)),
        _text("textarea", f"step-{number}-said", f"{number}. What you saw", **said),
    ]


def _choice(name: str, label: str, options: list[str]) -> dict[str, Any]:
    attributes = {"label": label, "options": options}
    return {"type": "dropdown", "id": name, "attributes": attributes, "validations": {"required": True}}


def _text(kind: str, name: str, label: str, **attributes: str) -> dict[str, Any]:
    return {"type": kind, "id": name, "attributes": {"label": label, **attributes}}


def template() -> str:
    """Return the text of the form's file. JSON is YAML."""
    return f"# Written by make table from boards/checklist.json.\n{json.dumps(form(), indent=2)}\n"


def with_steps(text: str) -> str:
    """Return the page's `text` with the current steps. Raise BuildError where the marks are missing."""
    return marked.put("docs/boards.md", text, "checklist", markdown())


@with_status
def main() -> None:
    PAGE.write_text(with_steps(PAGE.read_text()))
    TEMPLATE.parent.mkdir(parents=True, exist_ok=True)
    TEMPLATE.write_text(template())


if __name__ == "__main__":
    sys.exit(main())
