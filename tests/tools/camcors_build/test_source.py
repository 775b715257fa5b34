"""Where MicroPython's source is looked for, and what is said when it is not there."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from camcors_build import source


def tree(path: Path, version: tuple[int, int, int]) -> Path:
    names = ("MAJOR", "MINOR", "MICRO")
    lines = [f"#define MICROPY_VERSION_{name} {n}\n" for name, n in zip(names, version, strict=True)]
    (path / "py").mkdir(parents=True)
    (path / "py" / "mpconfig.h").write_text("".join(lines))
    mbedtls = path / "lib" / "mbedtls" / "library"
    mbedtls.mkdir(parents=True)
    (mbedtls / "ssl_tls.c").touch()
    return path


def test_mpy_dir_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path / f"micropython-{source.PINNED}", (1, 28, 0))
    monkeypatch.setenv("MPY_DIR", str(tree(tmp_path / "mine", (1, 26, 1))))
    assert str(source.find(tmp_path)) == "MicroPython 1.26.1 from MPY_DIR"


def test_what_was_fetched_once_needs_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MPY_DIR", raising=False)
    monkeypatch.setattr(source, "run", lambda *_, **__: pytest.fail("ran a command"))
    tree(tmp_path / "micropython-1.25.0", (1, 25, 0))
    assert str(source.find(tmp_path)) == "MicroPython 1.25.0 from Debian trixie"


def test_a_source_of_before_that_lacks_mbedtls_is_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MPY_DIR", raising=False)
    monkeypatch.setenv("MICROPYTHON", "1.25.0")
    (tmp_path / "micropython-1.25.0" / "py").mkdir(parents=True)
    monkeypatch.setattr(source, "_clone", lambda path: tree(path, (1, 25, 0)))
    assert source.has_mbedtls(source.find(tmp_path).path)


def test_a_persons_own_source_without_mbedtls_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tree(tmp_path / "mine", (1, 28, 0))
    monkeypatch.setenv("MPY_DIR", str(path))
    source.require_mbedtls(source.find(tmp_path))
    (path / "lib" / "mbedtls" / "library" / "ssl_tls.c").unlink()
    with pytest.raises(source.BuildError, match="git submodule update --init lib/mbedtls"):
        source.require_mbedtls(source.find(tmp_path))


def test_debian_is_the_fallback_of_the_clone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MPY_DIR", raising=False)

    def no_clone(path: Path) -> None:
        raise source.BuildError("clone: no route to host")

    monkeypatch.setattr(source, "_clone", no_clone)
    monkeypatch.setattr(source, "_unpack_debian", lambda path: tree(path, (1, 25, 0)))
    assert source.find(tmp_path).version == "1.25.0"
    assert capsys.readouterr() == (
        f"fetching micropython-{source.PINNED} from its repository\n"
        "fetching micropython-1.25.0 from Debian trixie\n",
        "  clone: no route to host\n",
    )


def test_no_source_at_all_says_what_to_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MPY_DIR", raising=False)

    def nothing(path: Path) -> None:
        raise source.BuildError("nothing there")

    monkeypatch.setattr(source, "_clone", nothing)
    monkeypatch.setattr(source, "_unpack_debian", nothing)
    with pytest.raises(source.BuildError, match="set MPY_DIR to an unpacked release"):
        source.find(tmp_path)


@pytest.mark.parametrize(
    ("version", "message"),
    [((1, 24, 1), "set MPY_DIR to 1.25.0 or later"), (None, "is not MicroPython's source")],
)
def test_a_wrong_mpy_dir_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: tuple[int, int, int] | None, message: str
) -> None:
    path = tree(tmp_path / "mine", version) if version else tmp_path
    monkeypatch.setenv("MPY_DIR", str(path))
    with pytest.raises(source.BuildError, match=message):
        str(source.find(tmp_path))


def test_a_clone_of_another_commit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: list[str], *_: object, **__: object) -> str:
        return "0123456789\n" if "rev-parse" in command else ""

    monkeypatch.setattr(source, "run", run)
    with pytest.raises(source.BuildError, match="is 0123456789, not the pinned e0e9fbb"):
        source._clone(tmp_path / "micropython-1.28.0")


@pytest.mark.parametrize(
    ("asked", "tried"),
    [
        ("", ["clone micropython-1.28.0", "debian micropython-1.25.0"]),
        ("1.28.0", ["clone micropython-1.28.0"]),
        ("1.25.0", ["clone micropython-1.25.0", "debian micropython-1.25.0"]),
    ],
)
def test_a_release_that_is_asked_for_is_the_only_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str, tried: list[str]
) -> None:
    monkeypatch.delenv("MPY_DIR", raising=False)
    monkeypatch.setenv("MICROPYTHON", asked)
    found: list[str] = []

    def note(way: str) -> Callable[[Path], None]:
        def fetch(path: Path) -> None:
            found.append(f"{way} {path.name}")
            raise source.BuildError("no route")

        return fetch

    monkeypatch.setattr(source, "_clone", note("clone"))
    monkeypatch.setattr(source, "_unpack_debian", note("debian"))
    with pytest.raises(source.BuildError, match="no source of MicroPython"):
        source.find(tmp_path)
    assert found == tried


def test_an_unknown_release_names_the_known_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MPY_DIR", raising=False)
    monkeypatch.setenv("MICROPYTHON", "1.24.0")
    with pytest.raises(
        source.BuildError, match=r"^MICROPYTHON: 1\.24\.0; write 1\.28\.0 or 1\.25\.0, or set"
    ):
        source.find(tmp_path)


def test_a_mirrors_address_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: object, **__: object) -> None:
        error = "E: Failed to fetch https://mirror.example/debian/dists/x\n"
        raise subprocess.CalledProcessError(100, "apt-get", stderr=error)

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(source.BuildError) as raised:
        source.run(["apt-get", "update"], 1, "apt")
    assert str(raised.value) == "apt: E: Failed to fetch (mirror)/debian/dists/x"


def test_what_a_tool_says_cannot_steer_a_terminal() -> None:
    """Only its last line is shown, and escaped."""
    script = "printf 'first\\n\\033[2J\\233\\302\\233 no\\342\\200\\256\\n' >&2; exit 1"
    with pytest.raises(source.BuildError) as raised:
        source.run(["sh", "-c", script], 10, "step")
    assert str(raised.value) == "step: \\x1b[2J\\x9b\\x9b no\\u202e"
