"""`pip install .` gives a command that works outside of the checkout."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.kit.camera import TOP


def test_pip_install_of_the_tracked_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=TOP, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (TOP / name).is_file():
            (tmp_path / "copy" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(TOP / name, tmp_path / "copy" / name)
    # Built and installed without an index; what it needs is this environment's, by its hashes.
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    build = [*pip, "wheel", "--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path]
    subprocess.run([*build, tmp_path / "copy"], check=True, cwd=tmp_path)
    shutil.rmtree(tmp_path / "copy")
    (wheel,) = tmp_path.glob("*.whl")
    notices = [name for name in zipfile.ZipFile(wheel).namelist() if "/licenses/" in name]
    assert sorted(name.rpartition("/")[2] for name in notices) == ["LICENSE", "THIRD_PARTY.md"]
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([*pip, "--python", python, "install", "--no-index", "--no-deps", wheel], check=True)
    monkeypatch.setenv("PYTHONPATH", sysconfig.get_path("purelib"))

    (tmp_path / "p.json").write_text('{"version": 1}')
    (tmp_path / "bad.json").write_text('{"version": 2}')
    (tmp_path / "camera.json").write_text('{"camera": {"ae_level": 1}}')
    for args, status, said in (
        (["--version"], 0, f"camcors {version('camcors')}\n"),
        (["policy", "check", "p.json"], 0, "p.json is a valid policy, digest efe9ea7ccfee\n"),
        (["policy", "check", "bad.json"], 1, ""),
        (["explain", "https://a.example", "--file", "p.json"], 1, None),
        (["settings", "check", "camera.json"], 0, "camera.json is a valid settings file\n"),
        (["settings", "check", "--board", "HOST", "camera.json"], 1, ""),  # its camera has no ae_level
    ):
        command = [tmp_path / "venv" / "bin" / "camcors", *args]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == status and "Traceback" not in done.stderr, done.stderr
        assert said in (None, done.stdout)
