"""The ten steps that try a board: the page, the form of the issue, and commands that exist."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from camcors_build import boards, checklist
from camcors_build.boards import TOP

from tests.kit import commands

STEPS = checklist.steps()
PAGES = [TOP / "README.md", *sorted((TOP / "docs").glob("*.md"))]


def test_there_are_ten_steps_that_say_what_to_run_and_what_to_see() -> None:
    assert len(STEPS) == 10
    for step in STEPS:
        assert set(step) == {"do", "run", "see"}
        assert step["do"] and step["run"] and step["see"].endswith(".")
    assert len({step["do"] for step in STEPS}) == 10


def test_the_page_and_the_form_are_current() -> None:
    page = boards.PAGE.read_text()
    assert checklist.with_steps(page) == page, "run make table"
    assert checklist.TEMPLATE.read_text() == checklist.template(), "run make table"


def test_the_page_and_the_form_have_the_same_steps() -> None:
    section = boards.PAGE.read_text().split("<!-- checklist: ")[1].split("<!-- /checklist")[0]
    in_page = re.findall(r"^(\d+)\. \*\*(.+)\*\*$", section, re.MULTILINE)
    form = json.loads(checklist.TEMPLATE.read_text().partition("\n")[2])
    choices = {each["id"]: each for each in form["body"] if each["type"] == "dropdown"}
    asked = [each["attributes"]["label"].split(". ", 1) for name, each in choices.items() if name != "board"]
    assert [list(step) for step in in_page] == asked
    assert [int(number) for number, _ in in_page] == list(range(1, 11))
    assert all(each["validations"] == {"required": True} for each in choices.values())
    texts = [each["id"] for each in form["body"] if each["type"] == "textarea"]
    assert texts == [f"step-{number}-said" for number in range(1, 11)]
    assert commands.printed(section) == [command for step in STEPS for command in step["run"]]


def test_the_form_offers_each_board_that_somebody_can_hold() -> None:
    (choice,) = (each for each in checklist.form()["body"] if each.get("id") == "board")
    held = [board.id for board in boards.every() if board.id != "QEMU_ESP32"]
    assert choice["attributes"]["options"] == [*held, "another, named below"]


def test_no_secret_is_asked_for() -> None:
    text = checklist.template()
    assert "passwords (of your Wi-Fi, and of the network `camcors-XXXX`" in text
    labels = [each["attributes"].get("label", "") for each in checklist.form()["body"]]
    asking = [
        label for label in labels if re.search("password|ssid|network|mac|address", label, re.IGNORECASE)
    ]
    assert asking == ["4. The network"]
    (private,) = (each for each in checklist.form()["body"] if each["type"] == "checkboxes")
    assert [option["required"] for option in private["attributes"]["options"]] == [True]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", ""),
        ('"type": "dropdown"', '"type": "menu"'),
        ('"label": "Board",', ""),
        ('"render"', '"renders"'),
    ],
)
def test_lint_sees_a_form_that_github_would_not_show(tmp_path: Path, old: str, new: str) -> None:
    (line,) = re.findall(
        r"@build/venv/bin/(check-jsonschema .+ISSUE_TEMPLATE/\*\.yml)\n", (TOP / "Makefile").read_text()
    )
    folder = tmp_path / ".github" / "ISSUE_TEMPLATE"
    folder.mkdir(parents=True)
    text = checklist.template()
    assert old in text
    (folder / "board.yml").write_text(text.replace(old, new) if old else text)
    line = f"{Path(sys.executable).parent}/{line}"
    done = subprocess.run(line, shell=True, cwd=tmp_path, capture_output=True, text=True)
    assert bool(done.returncode) is bool(old), done.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_is_printed_exists(page: Path, tmp_path: Path) -> None:
    for line in commands.printed(page.read_text()):
        commands.check(line, tmp_path)


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("camcors pictures", click.UsageError),
        ("camcors policy permit https://a.example", click.UsageError),
        ("camcors flash --eraze BOARD", click.UsageError),
        ("camcors image NO_SUCH_BOARD", click.UsageError),
        ("camcors policy allow", click.UsageError),
        ("esptool flash_size", click.UsageError),
        ("mpremote touch :setup", ValueError),
        ("mpremote connect build/HOST/repl exec 1", ValueError),
        ("mpremote resume tuch :setup", ValueError),
        ("rshell ls", ValueError),
    ],
)
def test_a_command_that_does_not_exist_is_seen(line: str, error: type[Exception], tmp_path: Path) -> None:
    with pytest.raises(error):
        commands.check(line, tmp_path)
