"""`camcors policy edit` as a person uses it: in a terminal, with an editor."""

from __future__ import annotations

import re
import shutil
import sys
import time
from pathlib import Path

import httpx
import pytest

from cors import Policy, PolicyError
from tests.kit.camera import Camera
from tests.kit.terminal import Terminal

A = '{\n  "version": 1,\n  "allowed_origins": ["https://a.example"]\n}\n'
B = A.replace("a.example", "b.example")
FAULTY = A.replace("a.example", "A.example")
FAULT = 'allowed_origins[0]: "https://A.example": upper case; write "https://a.example"'
MARK = "// camcors: "

# At its n-th start it keeps what it was given in seen.n, writes what is in write.n, and waits for the file go
# if there is a file wait. Ends with the status in the file status.
EDITOR = """\
#!{python}
import os, pathlib, sys, time
path, folder = pathlib.Path(sys.argv[1]), pathlib.Path({folder!r})
n = len(list(folder.glob("seen.*")))
(folder / f"seen.{{n}}").write_bytes(path.read_bytes())
if (folder / f"write.{{n}}").exists():
    path.write_bytes((folder / f"write.{{n}}").read_bytes())
while (folder / "wait").exists() and not (folder / "go").exists():
    print("waiting", flush=True)
    time.sleep(0.1)
sys.exit(int((folder / "status").read_text()) if (folder / "status").exists() else 0)
"""


class Desk:
    """A person's folder: the scripted editor, what it shall write, and where drafts are kept."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.drafts = folder / "drafts"
        self.drafts.mkdir()
        self.editor = folder / "editor"
        self.editor.write_text(EDITOR.format(python=sys.executable, folder=str(folder)))
        self.editor.chmod(0o755)

    def writes(self, *texts: str) -> None:
        for number, text in enumerate(texts):
            (self.folder / f"write.{number}").write_text(text)

    def seen(self) -> list[str]:
        return [path.read_text() for path in sorted(self.folder.glob("seen.*"))]

    def edit(self, camera: Camera, editor: str = "") -> Terminal:
        port = camera.repl
        env = {
            "CAMCORS_PORT": port,
            "TMPDIR": str(self.drafts),
            "VISUAL": "",
            "EDITOR": editor or str(self.editor),
        }
        return Terminal([sys.executable, "-m", "camcors_cli", "policy", "edit"], **env)

    def kept(self, screen: str) -> Path:
        """The one draft that is kept, whose path is on the screen with the command for it."""
        [path] = self.drafts.iterdir()
        command = f"camcors policy push {path}"
        said = f"your text is kept: {command} puts it in force"
        try:
            Policy.from_json(path.read_text())
        except PolicyError:
            said = f"your text is kept in {path}: fix it there, then {command}"
        assert said in re.sub(r"\s+", " ", screen), screen
        return path


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def allows(camera: Camera, origin: str) -> bool:
    answer = httpx.get(f"{camera.url}/api/status", headers={"Origin": origin})
    return answer.headers.get("access-control-allow-origin") == origin


def content(camera: Camera) -> str:
    found = camera.content("policy.json")
    assert found is not None
    return found.decode()


def test_a_good_edit_is_in_force(camera: Camera, desk: Desk) -> None:
    camera.put("policy.json", A)
    desk.writes(B)
    with desk.edit(camera) as terminal:
        assert terminal.wait() == 0
        assert '+  "allowed_origins": ["https://b.example"]' in terminal.screen
        assert "saved; in force: " in terminal.screen
    assert desk.seen() == [A]
    assert content(camera) == B
    assert allows(camera, "https://b.example")
    assert list(desk.drafts.iterdir()) == []


def test_a_faulty_edit_is_offered_again_with_its_faults(camera: Camera, desk: Desk) -> None:
    camera.put("policy.json", A)
    lines = FAULTY.splitlines(keepends=True)
    fixed = f"{MARK}left here\n" + B
    desk.writes(FAULTY, fixed)
    with desk.edit(camera) as terminal:
        assert terminal.wait() == 0, terminal.screen
    first, second = desk.seen()
    assert first == A
    assert [line for line in second.splitlines(keepends=True) if not line.startswith(MARK)] == lines
    assert f"{MARK}{FAULT}\n{lines[2]}" in second
    assert content(camera) == B


def test_an_edit_that_is_given_up_is_kept(camera: Camera, desk: Desk) -> None:
    camera.put("policy.json", A)
    desk.writes(FAULTY)
    with desk.edit(camera) as terminal:
        assert terminal.wait() == 1
        path = desk.kept(terminal.screen)
        assert f"your text:3: {FAULT}" in terminal.screen
    assert len(desk.seen()) == 2
    assert path.read_text() == FAULTY
    assert content(camera) == A
    path.write_text(B)
    assert camera.camcors("policy", "push", str(path)).returncode == 0
    assert content(camera) == B


def test_a_faulty_file_of_the_camera_is_opened_with_its_faults(camera: Camera, desk: Desk) -> None:
    camera.put("policy.json", FAULTY)
    desk.writes(A)
    with desk.edit(camera) as terminal:
        assert terminal.wait() == 0, terminal.screen
    assert f"{MARK}{FAULT}\n" in desk.seen()[0]
    assert content(camera) == A


@pytest.mark.parametrize("text", [A, FAULTY], ids=["valid", "faulty"])
def test_what_is_not_changed_is_not_written(camera: Camera, desk: Desk, text: str) -> None:
    camera.put("policy.json", text)
    with desk.edit(camera) as terminal:
        assert terminal.wait() == 0
        assert "nothing was changed" in terminal.screen
    assert content(camera) == text
    assert list(desk.drafts.iterdir()) == []


def test_an_editor_that_fails(camera: Camera, desk: Desk) -> None:
    camera.put("policy.json", A)
    desk.writes(B)
    (desk.folder / "status").write_text("1")
    with desk.edit(camera) as terminal:
        assert terminal.wait() == 4
        assert "Editing failed; set EDITOR to one that works" in re.sub(r"\s+", " ", terminal.screen)
        assert desk.kept(terminal.screen).read_text() == B
    assert content(camera) == A


def test_an_editor_that_does_not_exist(camera: Camera, desk: Desk) -> None:
    camera.put("policy.json", A)
    with desk.edit(camera, "/none/editor") as terminal:
        assert terminal.wait() == 4
        assert "set EDITOR to one that works, as in EDITOR=nano" in re.sub(r"\s+", " ", terminal.screen)
    assert list(desk.drafts.iterdir()) == []


def test_a_policy_that_another_changed_meanwhile_is_not_overwritten(camera: Camera, desk: Desk) -> None:
    camera.put("policy.json", A)
    desk.writes(B)
    (desk.folder / "wait").touch()
    other = A.replace("a.example", "other.example")
    with desk.edit(camera) as terminal:
        terminal.wait_for("waiting")
        camera.put("policy.json", other)
        (desk.folder / "go").touch()
        assert terminal.wait() == 4
        assert "the policy on the camera was changed by another while you edited" in terminal.screen
        assert desk.kept(terminal.screen).read_text() == B
    assert content(camera) == other


def test_a_camera_that_is_gone_when_the_editor_closes(new_camera: Camera, desk: Desk) -> None:
    desk.writes(B)
    (desk.folder / "wait").touch()
    with desk.edit(new_camera) as terminal:
        terminal.wait_for("waiting")
        new_camera.stop()
        (desk.folder / "go").touch()
        assert terminal.wait() == 3
        said = f"there is no {new_camera.repl}; start the camera (make run)"
        assert said in terminal.screen.replace("\n", "")
        assert desk.kept(terminal.screen).read_text() == B


def test_ctrl_c_in_the_editor_keeps_the_text(camera: Camera, desk: Desk) -> None:
    camera.put("policy.json", A)
    desk.writes(B)
    (desk.folder / "wait").touch()
    with desk.edit(camera) as terminal:
        terminal.wait_for("waiting")
        terminal.type("C-c")
        assert terminal.wait() != 0
        assert desk.kept(terminal.screen).read_text() == B
    assert content(camera) == A


def type_colon(terminal: Terminal) -> None:
    """Begin a command of vi, which drops what is typed before it has drawn its screen."""
    end = time.monotonic() + 20
    while not terminal.screen.rstrip("\n").splitlines()[-1].startswith(":"):
        assert time.monotonic() < end, terminal.screen
        terminal.type(":")


def test_with_a_real_editor(camera: Camera, desk: Desk) -> None:
    vi = shutil.which("vi")
    if vi is None:
        pytest.skip("there is no vi; the scripted editor above has to do")
    camera.put("policy.json", A)
    with desk.edit(camera, vi) as terminal:
        terminal.wait_for("https://a.example")
        terminal.type(":%s/a.example/A.example/", "Enter", ":wq", "Enter")
        terminal.wait_for(f"{MARK}{FAULT}"[:90])
        type_colon(terminal)
        terminal.type('%s/https:..A.example.]/https:\\/\\/b.example"]/', "Enter", ":wq", "Enter")
        assert terminal.wait() == 0, terminal.screen
    assert content(camera) == B
