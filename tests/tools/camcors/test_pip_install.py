"""`pip install .` gives a command that works outside of the checkout."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from camera import TOP


def test_pip_install_of_the_tracked_files(tmp_path: Path) -> None:
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=TOP, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (TOP / name).is_file():
            (tmp_path / "copy" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(TOP / name, tmp_path / "copy" / name)
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    pip = [tmp_path / "venv" / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "install", tmp_path / "copy"], check=True, cwd=tmp_path)
    shutil.rmtree(tmp_path / "copy")

    (tmp_path / "p.json").write_text('{"version": 1}')
    (tmp_path / "bad.json").write_text('{"version": 2}')
    for args, status, said in (
        (["--version"], 0, f"camcors {version('camcors')}\n"),
        (["policy", "check", "p.json"], 0, "p.json is a valid policy, digest efe9ea7ccfee\n"),
        (["policy", "check", "bad.json"], 1, ""),
    ):
        command = [tmp_path / "venv" / "bin" / "camcors", *args]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert (done.stdout, done.returncode) == (said, status), done.stderr
