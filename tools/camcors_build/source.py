"""Finds MicroPython's source: MPY_DIR, else a clone of the pinned release, else Debian's source package.

MICROPYTHON, one of RELEASES, asks for that release and no other. The TLS library Mbed TLS comes with it: a
submodule of the clone, and a source package of its own in Debian.

What was found once is kept under build/ and used again without a network.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec

P = ParamSpec("P")

FLOOR = (1, 25, 0)
PINNED = "1.28.0"
#: The commit of each release's tag.
RELEASES = {
    "1.28.0": "e0e9fbb17ed6fd06bb76e266ae554784c9c80804",
    "1.25.0": "f498a16c7db6d4b2de200b3e0856528dfe0613c3",
}
REPOSITORY = "https://github.com/micropython/micropython.git"
CLONE_SECONDS = 300
#: A host that does not answer must not hold the build: git gives up below 1 KB/s for 20 s.
GIT = ("git", "-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=20")

DEBIAN_SUITE = "trixie"
DEBIAN_VERSION = "1.25.0"
#: Of Mbed TLS, the series that MicroPython has as a submodule; Debian brings fixes of security.
MBEDTLS_SERIES = "3.6"
#: The archives of Debian's source packages, by package.
_ARCHIVES = {
    "micropython": f"micropython_{DEBIAN_VERSION}+ds.orig.tar.*",
    "mbedtls": f"mbedtls_{MBEDTLS_SERIES}.*.orig.tar.*",
}
DEBIAN_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_DEBIAN = "Debian's source package"


class BuildError(Exception):
    """A step that cannot go on; the text is one line that says what to do.

    What a tool or a file said is in it: what could steer a terminal is shown as Python's escapes.
    """

    def __str__(self) -> str:
        text = super().__str__()
        return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def with_status(main: Callable[P, int | None]) -> Callable[P, int]:
    """Return a script's `main` with its exit status: of a BuildError 1, and one line on stderr."""

    @functools.wraps(main)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> int:
        try:
            return main(*args, **kwargs) or 0
        except BuildError as exc:
            print(f"camcors: {exc}", file=sys.stderr)
            return 1

    return wrapped


@dataclass(frozen=True)
class Source:
    """A tree of MicroPython's source and where it came from."""

    path: Path
    origin: str

    @property
    def version(self) -> str:
        return read_version(self.path)

    def __str__(self) -> str:
        return f"MicroPython {self.version} from {self.origin}"


def read_version(path: Path) -> str:
    """Return the version in py/mpconfig.h, such as "1.25.0". Raises BuildError if it is not such a tree."""
    header = path / "py" / "mpconfig.h"
    if not header.is_file():
        raise BuildError(f"{path} is not MicroPython's source; set MPY_DIR to its top folder")
    text = header.read_text()
    numbers = []
    for part in ("MAJOR", "MINOR", "MICRO"):
        match = re.search(rf"#define MICROPY_VERSION_{part} (\d+)", text)
        if match is None:
            raise BuildError(f"{header} names no version; set MPY_DIR to a release of MicroPython")
        numbers.append(int(match[1]))
    if tuple(numbers) < FLOOR:
        floor = ".".join(map(str, FLOOR))
        found = ".".join(map(str, numbers))
        raise BuildError(f"{path} is MicroPython {found}; set MPY_DIR to {floor} or later")
    return ".".join(map(str, numbers))


def find(cache: Path) -> Source:
    """Return the source to build from; `cache` is the folder that keeps what was fetched."""
    given = os.environ.get("MPY_DIR")
    if given:
        return Source(Path(given).resolve(), "MPY_DIR")
    ways = _ways(cache, os.environ.get("MICROPYTHON"))
    for _, path, origin in ways:
        if has_mbedtls(path):
            return Source(path, origin)
    cache.mkdir(parents=True, exist_ok=True)
    for fetch, path, origin in ways:
        try:
            print(f"fetching {path.name} from {origin}", flush=True)
            shutil.rmtree(path, ignore_errors=True)  # one without Mbed TLS
            fetch(path)
            return Source(path, origin)
        except BuildError as exc:
            print(f"  {exc}", file=sys.stderr)
    raise BuildError("no source of MicroPython; set MPY_DIR to an unpacked release of it")


def has_mbedtls(path: Path) -> bool:
    """Return whether the tree of MicroPython has the source of Mbed TLS."""
    return (path / "lib" / "mbedtls" / "library" / "ssl_tls.c").is_file()


def require_mbedtls(src: Source) -> None:
    """Raises BuildError if the tree, a person's own, lacks the source of Mbed TLS."""
    if not has_mbedtls(src.path):
        raise BuildError(f"{src.path}/lib/mbedtls is empty; fill it: git submodule update --init lib/mbedtls")


_Way = tuple[Callable[[Path], None], Path, str]


def _ways(cache: Path, asked: str | None) -> list[_Way]:
    """Return how to get the source, where it is kept, and where it comes from; the best first."""
    if asked and asked not in RELEASES:
        raise BuildError(f"MICROPYTHON: {asked}; write {' or '.join(RELEASES)}, or set MPY_DIR")
    release = asked or PINNED
    ways: list[_Way] = [(_clone, cache / f"micropython-{release}", "its repository")]
    if not asked or asked == DEBIAN_VERSION:
        ways.append((_unpack_debian, cache / f"micropython-{DEBIAN_VERSION}", f"Debian {DEBIAN_SUITE}"))
    return ways


def find_pinned(cache: Path) -> Source:
    """Return the pinned release, which the ESP32 port is built from: MPY_DIR, else its clone, kept in
    `cache`."""
    given = os.environ.get("MPY_DIR")
    if given:
        return Source(Path(given).resolve(), "MPY_DIR")
    clone = cache / f"micropython-{PINNED}"
    if not clone.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        try:
            _clone(clone)
        except BuildError as exc:
            raise BuildError(f"{exc}; set MPY_DIR to the source of MicroPython {PINNED}") from None
    return Source(clone, "its repository")


def run(command: list[str], seconds: int, what: str, cwd: Path | None = None) -> str:
    """Run a command without a terminal -> its output. Raises BuildError with the last line of its errors."""
    env = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env=env,
            timeout=seconds,
            capture_output=True,
            text=True,
            errors="backslashreplace",
            check=True,
        )
    except FileNotFoundError:
        raise BuildError(f"{what}: {command[0]} is not on this machine") from None
    except subprocess.TimeoutExpired:
        raise BuildError(f"{what}: no answer within {seconds} s") from None
    except subprocess.CalledProcessError as exc:
        lines = [line for line in exc.stderr.splitlines() if line.strip()] or ["no message"]
        raise BuildError(f"{what}: {_without_hosts(lines[-1].strip())}") from None
    return done.stdout


def _without_hosts(line: str) -> str:
    """Return a mirror's address is the machine's own affair; the message does without it."""
    return re.sub(r"https?://(?!github\.com)[^\s/]+", "(mirror)", line)


def _clone(path: Path) -> None:
    """Clone the release that the folder is named after."""
    release = path.name.removeprefix("micropython-")
    part = path.with_name(path.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    command = [*GIT, "-c", "advice.detachedHead=false", "clone", "--quiet", "--depth", "1"]
    run([*command, "--branch", f"v{release}", REPOSITORY, str(part)], CLONE_SECONDS, "clone")
    commit = run(["git", "rev-parse", "HEAD"], 10, "clone", cwd=part).strip()
    if commit != RELEASES[release]:
        raise BuildError(f"clone: v{release} is {commit}, not the pinned {RELEASES[release]}")
    submodule = ["submodule", "--quiet", "update", "--init", "--depth", "1", "lib/mbedtls"]
    run([*GIT, *submodule], CLONE_SECONDS, "clone", cwd=part)
    part.rename(path)


def _unpack_debian(path: Path) -> None:
    """Debian's source packages by apt, which checks their signatures, in a private state directory."""
    reasons = []
    for mirror in _mirrors():
        work = path.with_suffix(".apt")
        try:
            archives = _download_sources(work, mirror)
        except BuildError as exc:
            reasons.append(str(exc))
        else:
            tree = _unpack(archives["micropython"])
            mbedtls = _unpack(archives["mbedtls"])
            for name in ("library", "include", "3rdparty"):
                (mbedtls / name).rename(tree / "lib" / "mbedtls" / name)
            tree.rename(path)
            shutil.rmtree(work)
            return
    raise BuildError(reasons[0] if reasons else f"{_DEBIAN}: this machine's apt has no sources")


def _download_sources(work: Path, mirror: str) -> dict[str, Path]:
    """Return the archives by package."""
    shutil.rmtree(work, ignore_errors=True)
    options = _private_apt(work, mirror)
    run(["apt-get", *options, "update"], 300, _DEBIAN)
    packages = [f"{package}/{DEBIAN_SUITE}" for package in _ARCHIVES]
    run(["apt-get", *options, "source", "--download-only", *packages], 300, _DEBIAN, cwd=work)
    archives = {}
    for package, name in _ARCHIVES.items():
        found = sorted(work.glob(name))
        if not found:
            raise BuildError(f"{_DEBIAN}: {DEBIAN_SUITE} has no {name.removesuffix('.orig.tar.*')}")
        archives[package] = found[0]
    return archives


def _unpack(archive: Path) -> Path:
    """Return the folder that the archive holds, unpacked beside it."""
    unpacked = archive.parent / archive.name.partition("_")[0]
    with tarfile.open(archive) as tar:
        # Python before 3.11.4 has no filters; apt has checked who made the archive.
        tar.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
        tar.extractall(unpacked)
    (top,) = unpacked.iterdir()
    return top


def _private_apt(work: Path, mirror: str) -> list[str]:
    """apt's options for a state of its own: the system's configuration is read and never changed."""
    for folder in ("state/lists/partial", "cache/archives/partial", "sources"):
        (work / folder).mkdir(parents=True)
    (work / "state" / "status").touch()
    if not DEBIAN_KEYRING.is_file():
        raise BuildError(f"{_DEBIAN}: install the package debian-archive-keyring")
    (work / "sources" / "source.sources").write_text(
        f"Types: deb-src\nURIs: {mirror}\nSuites: {DEBIAN_SUITE}\n"
        f"Components: main\nSigned-By: {DEBIAN_KEYRING}\n"
    )
    settings = {
        "Dir::State": work / "state",
        "Dir::State::status": work / "state" / "status",
        "Dir::Cache": work / "cache",
        "Dir::Etc::sourcelist": "/dev/null",
        "Dir::Etc::sourceparts": work / "sources",
        # The state lies in the person's tree, where apt's own user may not write.
        "APT::Sandbox::User": "root",
        "Acquire::Retries": "2",
    }
    return [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]


def _mirrors() -> list[str]:
    """Return the archives of the machine's own apt configuration, those that look like Debian's first."""
    rows = run(["apt-get", "--print-uris", "update"], 60, _DEBIAN)
    found = dict.fromkeys(re.findall(r"'(\S+?)/dists/", rows))
    return sorted(found, key=lambda uri: not uri.endswith("/debian"))
