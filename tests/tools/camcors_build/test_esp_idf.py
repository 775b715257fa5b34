"""ESP-IDF: where it is looked for, which versions are taken, and what `make idf` runs."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from camcors_build import esp_idf, pinned, requirements, source
from camcors_build.esp_idf import Idf
from packaging.specifiers import SpecifierSet


def idf_tree(path: Path, version: str) -> Path:
    file = path / "tools" / "cmake" / "version.cmake"
    file.parent.mkdir(parents=True)
    parts = zip(("MAJOR", "MINOR", "PATCH"), version.split("."), strict=True)
    file.write_text("".join(f"set(IDF_VERSION_{name} {number})\n" for name, number in parts))
    return path


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def no_idf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with the system's programs and no idf.py, and an empty cache."""
    monkeypatch.delenv("IDF_PATH", raising=False)
    monkeypatch.setenv("PATH", os.pathsep.join(["/usr/bin", "/bin"]))
    return tmp_path / "cache"


@pytest.mark.parametrize(
    ("version", "shown"),
    [
        ("5.5.1", "ESP-IDF 5.5.1"),
        ("5.5.2", "ESP-IDF 5.5.2 (5.5.1 is the version that images are released with)"),
        ("5.4.2", "ESP-IDF 5.4.2 (5.5.1 is the version that images are released with)"),
        ("5.3.0", "ESP-IDF 5.3.0 (5.5.1 is the version that images are released with)"),
    ],
)
def test_the_versions_that_work(
    no_idf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, shown: str
) -> None:
    monkeypatch.setenv("IDF_PATH", str(idf_tree(tmp_path / "idf", version)))
    assert str(esp_idf.find(no_idf)) == shown


@pytest.mark.parametrize("version", ["5.2.6", "5.6.0", "6.0.0", "4.4.8"])
def test_other_versions_are_refused_with_the_right_one(
    no_idf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setenv("IDF_PATH", str(idf_tree(tmp_path / "idf", version)))
    message = f"IDF_PATH is ESP-IDF {version}; set it to 5.5.1 (5.3 and 5.4 work too), or run make idf"
    with pytest.raises(source.BuildError, match=f"^{re.escape(message)}$"):
        esp_idf.find(no_idf)


def test_no_esp_idf_says_how_to_get_it(no_idf: Path) -> None:
    message = "no ESP-IDF: set IDF_PATH to version 5.5.1, or run make idf"
    with pytest.raises(source.BuildError, match=f"^{message}$"):
        esp_idf.find(no_idf)


def test_a_folder_that_is_not_esp_idf_is_refused(
    no_idf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDF_PATH", str(tmp_path))
    with pytest.raises(source.BuildError, match=r"is not ESP-IDF; set it to version 5\.5\.1,"):
        esp_idf.find(no_idf)


def test_what_make_idf_installed_is_found_with_its_tools(no_idf: Path) -> None:
    path = idf_tree(no_idf / "esp-idf", "5.5.1")
    idf = esp_idf.find(no_idf)
    assert idf.environment() == {
        "IDF_PATH": str(path),
        "IDF_TOOLS_PATH": str(no_idf / "esp-idf-tools"),
        "IDF_PYTHON_ENV_PATH": str(no_idf / "esp-idf-tools" / "python"),
        "IDF_PYTHON_CHECK_CONSTRAINTS": "no",
    }


def test_a_command_runs_in_the_environment_of_export_sh(no_idf: Path, tmp_path: Path) -> None:
    script(tmp_path / "bin" / "idf.py", "#!/bin/sh\n")
    script(tmp_path / "idf" / "export.sh", f"echo noise\nexport FROM_EXPORT=yes PATH={tmp_path}/bin:$PATH\n")
    idf = Idf(tmp_path / "idf", "5.5.1")
    command = idf.command(["sh", "-c", 'echo "$FROM_EXPORT" "$1"', "sh", "a b"])
    done = subprocess.run(command, env={**os.environ, **idf.environment()}, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "yes a b\n")


@pytest.mark.parametrize("text", ["return 1\n", 'idf_exports=$(exit 1)\neval "$idf_exports"\nreturn 0\n'])
def test_an_export_sh_that_fails_ends_the_command(no_idf: Path, tmp_path: Path, text: str) -> None:
    """The second is what v5.5.1 comes to when its activate.py fails."""
    script(tmp_path / "idf" / "export.sh", text)
    idf = Idf(tmp_path / "idf", "5.5.1")
    done = subprocess.run(idf.command(["true"]), env={**os.environ, **idf.environment()})
    assert done.returncode == esp_idf.NO_ENVIRONMENT


def test_an_environment_that_is_set_up_is_used(
    no_idf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(tmp_path / "bin" / "idf.py", "#!/bin/sh\n")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    assert Idf(tmp_path, "5.5.1").command(["make", "x"]) == ["make", "x"]


class Upstream:
    """Stands in for pinned.fetch and for pip: puts an ESP-IDF there that notes what is run in it."""

    def __init__(self, log: Path, failing: str = "") -> None:
        self.log, self.failing = log, failing

    def fetch(self, repository: str, commit: str, path: Path, remedy: str) -> None:
        assert (repository, commit) == (esp_idf.REPOSITORY, esp_idf.COMMIT)
        idf_tree(path, "5.5.1")
        note = f"print(*sys.argv[1:], os.environ['IDF_TOOLS_PATH'], file=open({str(self.log)!r}, 'a'))\n"
        status = f"sys.exit({self.failing!r} in sys.argv)\n"
        script(path / "tools" / "idf_tools.py", "import os, sys\n" + note + status)
        subprocess.run(["git", "init", "--quiet"], cwd=path, check=True)

    def install(self, section: str, *options: str, python: str) -> int:
        with self.log.open("a") as log:
            print(section, python, file=log)
        return section == self.failing


@pytest.fixture
def upstream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Upstream:
    stand_in = Upstream(tmp_path / "log")
    monkeypatch.setattr(pinned, "fetch", stand_in.fetch)
    monkeypatch.setattr(requirements, "install", stand_in.install)
    monkeypatch.setattr(esp_idf.venv, "create", lambda home, **_: home.mkdir(parents=True, exist_ok=True))
    return stand_in


@pytest.mark.parametrize("failing", ["", *esp_idf.OPTIONAL])
def test_make_idf_installs_both_chips_their_python_and_the_emulator(
    no_idf: Path, upstream: Upstream, capfd: pytest.CaptureFixture[str], failing: str
) -> None:
    upstream.failing = failing
    assert esp_idf.install(no_idf).version == "5.5.1"
    tools = no_idf / "esp-idf-tools"
    assert upstream.log.read_text().splitlines() == [
        f"install --targets=esp32,esp32s3 {tools}",
        f"install {tools / 'python' / 'bin' / 'python'}",
        f"idf {tools / 'python' / 'bin' / 'python'}",
        f"install cmake {tools}",
        f"install ninja {tools}",
        f"install qemu-xtensa {tools}",
    ]
    assert (tools / "python" / "idf_version.txt").read_text() == "5.5"
    without = f"camcors: {failing} was not installed; {esp_idf.OPTIONAL.get(failing)}\n"
    assert capfd.readouterr().err == (without if failing else "")


@pytest.mark.parametrize(
    ("failing", "said"),
    [
        ("--targets=esp32,esp32s3", "ESP-IDF's idf_tools.py failed; its last lines above say why"),
        ("idf", "ESP-IDF's Python packages were not installed; pip says why above"),
    ],
)
def test_an_install_that_fails_is_one_line(no_idf: Path, upstream: Upstream, failing: str, said: str) -> None:
    upstream.failing = failing
    with pytest.raises(source.BuildError, match=f"^{said}$"):
        esp_idf.install(no_idf)


def test_an_esp_idf_of_another_commit_is_fetched_again(
    no_idf: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = idf_tree(no_idf / "esp-idf", "5.4.2")
    (old / "of-the-old-one").touch()
    commits = {"commit": "0" * 40}
    monkeypatch.setattr(pinned, "commit_of", lambda path: commits["commit"])
    assert esp_idf.install(no_idf).version == "5.5.1"
    assert not (old / "of-the-old-one").exists()
    commits["commit"] = esp_idf.COMMIT
    monkeypatch.setattr(pinned, "fetch", lambda *_: pytest.fail("fetched again"))
    assert esp_idf.install(no_idf).version == "5.5.1"


def test_a_host_that_cannot_be_reached_is_one_line(
    no_idf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(esp_idf, "REPOSITORY", str(tmp_path / "nowhere"))
    monkeypatch.setattr(esp_idf.install, "__defaults__", (no_idf,))
    assert esp_idf.main() == 1
    error = capsys.readouterr().err
    assert error.startswith("camcors: esp-idf: ") and error.count("\n") == 1
    assert error.endswith("; get ESP-IDF 5.5.1 another way and set IDF_PATH to it\n")


def git(folder: Path, *words: str) -> str:
    """Run git as somebody, without the machine's own settings."""
    name = ("-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "protocol.file.allow=always")
    done = subprocess.run(["git", *name, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def repository(folder: Path) -> Path:
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet")
    git(folder, "config", "uploadpack.allowAnySHA1InWant", "true")
    (folder / "file").write_text(folder.name)
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "first")
    return folder


def test_submodules_are_found_by_names_relative_to_the_repository(
    no_idf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in .gitmodules of v5.5.1: url = ../../espressif/esp-lwip.git."""
    repository(tmp_path / "hub" / "espressif" / "esp-lwip.git")
    upstream = repository(tmp_path / "hub" / "espressif" / "esp-idf.git")
    script(upstream / "tools" / "idf_tools.py", "")
    idf_tree(upstream, "5.5.1")
    git(upstream, "submodule", "--quiet", "add", str(tmp_path / "hub" / "espressif" / "esp-lwip.git"), "lwip")
    git(upstream, "config", "--file", ".gitmodules", "submodule.lwip.url", "../../espressif/esp-lwip.git")
    git(upstream, "add", ".")
    git(upstream, "commit", "--quiet", "--message", "second")
    for name, value in (
        ("REPOSITORY", upstream.as_uri()),
        ("COMMIT", git(upstream, "rev-parse", "HEAD")),
        ("GIT", ("git", "-c", "protocol.file.allow=always")),
    ):
        monkeypatch.setattr(esp_idf, name, value)
    monkeypatch.setattr(esp_idf, "install_python", lambda idf, home: None)
    esp_idf.install(no_idf)
    assert (no_idf / "esp-idf" / "lwip" / "file").read_text() == "esp-lwip.git"


#: espressif/esp-idf v5.5.1, tools/requirements/requirements.core.txt, which its export.sh looks for.
CORE = {
    "click",
    "construct",
    "cryptography",
    "esp-coredump",
    "esp-idf-diag",
    "esp-idf-kconfig",
    "esp-idf-monitor",
    "esp-idf-nvs-partition-gen",
    "esp-idf-panic-decoder",
    "esp-idf-size",
    "esptool",
    "freertos-gdb",
    "idf-component-manager",
    "packaging",
    "psutil",
    "pyclang",
    "pyelftools",
    "pyparsing",
    "pyserial",
    "rich",
    "setuptools",
}


def test_the_python_packages_are_those_that_export_sh_looks_for() -> None:
    chosen = dict(line.split("==") for line in requirements.read_group("idf"))
    assert set(chosen) - {"urllib3"} == CORE  # urllib3 is held back, not looked for
    assert SpecifierSet("~=2.2").contains(chosen["idf-component-manager"])
