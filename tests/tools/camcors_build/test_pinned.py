"""The camera driver's sources: each a commit, from its repository or from a folder of the person's."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from camcors_build import pinned, source
from camcors_build.pinned import Pin


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=n", "-c", "user.email=n@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    path = tmp_path / "upstream"
    path.mkdir()
    git(path, "init", "--quiet")
    (path / "probe.txt").write_text("one\n")
    git(path, "add", ".")
    git(path, "commit", "--quiet", "-m", "one")
    return path


def pin(repository: Path, commit: str) -> Pin:
    return Pin("driver", str(repository), commit, "DRIVER_DIR", "probe.txt")


def test_a_commit_is_fetched_once_and_kept(repository: Path, tmp_path: Path) -> None:
    wanted = pin(repository, git(repository, "rev-parse", "HEAD"))
    path = pinned.find(wanted, tmp_path / "cache")
    assert (path.name, (path / "probe.txt").read_text()) == ("driver", "one\n")
    os.rename(repository, tmp_path / "gone")
    assert pinned.find(wanted, tmp_path / "cache") == path


def test_a_new_pin_replaces_what_was_kept(repository: Path, tmp_path: Path) -> None:
    pinned.find(pin(repository, git(repository, "rev-parse", "HEAD")), tmp_path / "cache")
    (repository / "probe.txt").write_text("two\n")
    git(repository, "commit", "--quiet", "-a", "-m", "two")
    path = pinned.find(pin(repository, git(repository, "rev-parse", "HEAD")), tmp_path / "cache")
    assert (path / "probe.txt").read_text() == "two\n"


@pytest.mark.parametrize("where", ["upstream", "nowhere"])
def test_a_commit_that_cannot_be_had_is_one_line_and_leaves_nothing(
    repository: Path, tmp_path: Path, where: str
) -> None:
    absent = pin(tmp_path / where, "0" * 40)
    with pytest.raises(
        source.BuildError, match=f"; set DRIVER_DIR to a copy of commit {'0' * 40}$"
    ) as raised:
        pinned.find(absent, tmp_path / "cache")
    assert "\n" not in str(raised.value)
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_folder_of_the_persons_is_taken_as_it_is(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "driver"
    mine.mkdir()
    (mine / "probe.txt").touch()
    monkeypatch.setenv("DRIVER_DIR", str(mine))
    assert pinned.find(pin(repository, "0" * 40), tmp_path / "cache") == mine


@pytest.mark.parametrize("name", ["driver", "elsewhere"])
def test_a_wrong_folder_is_refused(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    mine = tmp_path / name
    mine.mkdir()
    if name == "elsewhere":  # the component's name in ESP-IDF is that of its folder
        (mine / "probe.txt").touch()
    monkeypatch.setenv("DRIVER_DIR", str(mine))
    with pytest.raises(source.BuildError, match=r"DRIVER_DIR: .* is not a folder driver with probe\.txt"):
        pinned.find(pin(repository, "0" * 40), tmp_path / "cache")


def test_the_pins_are_whole_commits_of_github() -> None:
    for pinned_source in (pinned.CAMERA_API, pinned.ESP32_CAMERA):
        assert len(bytes.fromhex(pinned_source.commit)) == 20
        assert pinned_source.repository.startswith("https://github.com/cnadler86/")
    assert pinned.ESP32_CAMERA.name == "esp32-camera"
