"""What must be on the machine is named, one line, with the command that installs it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

CHECK = Path(__file__).resolve().parents[3] / "tools" / "camcors_build" / "check.sh"
TOOLS = ("git", "gcc", "python3")


def run(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    shell = shutil.which("sh")
    assert shell is not None
    env = {"PATH": str(folder), "SBIN": str(folder / "sbin"), "OS_RELEASE": str(folder / "os-release")}
    return subprocess.run([shell, CHECK, *args], env=env, capture_output=True, text=True)


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder with stand-ins for the tools, each of which succeeds."""
    for name in TOOLS:
        stand_in(tmp_path, name, "exit 0")
    return tmp_path


def stand_in(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_a_machine_with_everything_says_nothing(tools: Path) -> None:
    done = run(tools)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("git", "missing: git; install with: sudo apt install git"),
        (
            "gcc",
            "missing: gcc, the C library's headers; install with: sudo apt install gcc libc6-dev",
        ),
        (
            "python3",
            "missing: Python 3.10 or later, Python's venv module; "
            "install with: sudo apt install python3 python3-venv",
        ),
    ],
)
def test_a_missing_tool(tools: Path, name: str, said: str) -> None:
    os.remove(tools / name)
    done = run(tools)
    assert (done.returncode, done.stderr) == (1, f"camcors: {said}\n")


@pytest.mark.parametrize(
    ("name", "script", "what", "package"),
    [
        ("gcc", "exit 1", "the C library's headers", "libc6-dev"),
        ("python3", 'case "$2" in *version_info*) exit 1;; esac', "Python 3.10 or later", "python3"),
        ("python3", 'case "$2" in *ensurepip*) exit 1;; esac', "Python's venv module", "python3-venv"),
    ],
)
def test_a_tool_that_is_not_enough(tools: Path, name: str, script: str, what: str, package: str) -> None:
    stand_in(tools, name, script)
    done = run(tools)
    said = f"camcors: missing: {what}; install with: sudo apt install {package}\n"
    assert (done.returncode, done.stderr) == (1, said)


BROWSERS = [("chromium", "firefox-esr"), ("chromium-browser", "firefox"), ("google-chrome", "firefox")]
#: What the tests need besides, in words, as packages and as programs.
MISSING = "tmux, Chromium, Firefox, WebKit's driver, Xvfb, ffmpeg, nginx, openssl, curl, certutil"
PACKAGES = "tmux chromium firefox-esr webkit2gtk-driver xvfb ffmpeg nginx openssl curl libnss3-tools"
PROGRAMS = (
    "tmux",
    "chromium",
    "firefox-esr",
    "WebKitWebDriver",
    "Xvfb",
    "ffmpeg",
    "nginx",
    "openssl",
    "curl",
    "certutil",
)


def test_a_person_who_is_not_root_gets_the_command(tools: Path) -> None:
    stand_in(tools, "id", "echo 1000")
    stand_in(tools, "apt-get", f"echo >> {tools}/asked")
    done = run(tools, "test")
    said = f"camcors: missing: {MISSING}; install with: sudo apt install {PACKAGES}\n"
    assert (done.returncode, done.stderr) == (1, said)
    assert not (tools / "asked").exists()


@pytest.mark.parametrize("names", BROWSERS)
def test_browsers_have_other_names(tools: Path, names: tuple[str, ...]) -> None:
    for name in ({*PROGRAMS} - {"chromium", "firefox-esr"}) | {*names}:
        stand_in(tools, name, "exit 0")
    done = run(tools, "test")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_server_is_found_where_debian_has_it(tools: Path) -> None:
    for name in {*PROGRAMS} - {"nginx"}:
        stand_in(tools, name, "exit 0")
    assert run(tools, "test").returncode == 1
    (tools / "sbin").mkdir()
    stand_in(tools / "sbin", "nginx", "exit 0")
    assert run(tools, "test").returncode == 0


def apt(tools: Path, script: str) -> None:
    """apt-get as a stand-in that notes its arguments; root, and the programs that check.sh uses."""
    stand_in(tools, "id", "echo 0")
    for name in ("cat", "mktemp", "rm", "sleep"):
        (tools / name).symlink_to(str(shutil.which(name)))
    stand_in(tools, "apt-get", f'echo "$*" >> {tools}/asked; echo noise; echo noise >&2\n{script}')


WANTED = "zsh fish gcc-xtensa-lx106"
OPTIONAL = ("zsh", "fish", "xtensa-lx106-elf-gcc")
NEEDED = ("git", *PROGRAMS, *OPTIONAL)
INSTALL = "-qq -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends"


def test_root_gets_everything_in_one_call_of_apt_without_its_noise(tools: Path) -> None:
    os.remove(tools / "git")
    made = " ".join(f"{tools}/{name}" for name in NEEDED)
    apt(
        tools,
        f'case "$*" in *install*) for each in {made}; do echo > $each; /bin/chmod +x $each; done;; esac',
    )
    done = run(tools, "test")
    packages = f"git {PACKAGES} {WANTED}"
    said = f"camcors: installing with apt: {packages} (a minute or two)\n"
    assert (done.returncode, done.stdout, done.stderr) == (0, "", said)
    assert (tools / "asked").read_text().splitlines() == ["-qq update", f"{INSTALL} {packages}"]


def test_the_heavy_clients_are_only_for_their_tests(tools: Path) -> None:
    for name in (*PROGRAMS, *OPTIONAL):
        stand_in(tools, name, "exit 0")
    assert run(tools, "test").returncode == 0
    stand_in(tools, "id", "echo 1000")
    said = run(tools, "clients").stderr
    packages = "mpv vlc-bin vlc-plugin-base motion caddy"
    packages += " gstreamer1.0-tools gstreamer1.0-plugins-good gstreamer1.0-plugins-base"
    assert said.endswith(f"; install with: sudo apt install {packages}\n")


def test_what_a_test_is_skipped_without_is_no_error(tools: Path) -> None:
    for name in PROGRAMS:
        stand_in(tools, name, "exit 0")
    apt(tools, 'case "$*" in *install*) exit 100;; esac')
    assert run(tools, "test").returncode == 0
    asked = (tools / "asked").read_text().splitlines()
    assert asked == ["-qq update", f"{INSTALL} {WANTED}"]


def test_what_apt_says_is_shown_where_it_fails(tools: Path) -> None:
    apt(tools, 'case "$*" in *install*) echo "E: no such package" >&2; exit 100;; esac')
    done = run(tools, "test")
    lines = done.stderr.splitlines()
    assert (done.returncode, lines[-2]) == (1, "E: no such package")
    assert lines[-1].startswith(f"camcors: missing: {MISSING}; install with: ")


def test_apts_lists_are_waited_for_while_another_apt_has_them(tools: Path) -> None:
    for name in {*PROGRAMS} - {"firefox-esr"}:
        stand_in(tools, name, "exit 0")
    apt(
        tools,
        f'case "$*" in *update*) [ -e {tools}/second ] || {{ echo > {tools}/second; exit 100; }};; '
        f"*) echo > {tools}/firefox-esr; /bin/chmod +x {tools}/firefox-esr;; esac",
    )
    os.remove(tools / "sleep")
    stand_in(tools, "sleep", f'echo "sleep $*" >> {tools}/asked')
    stand_in(tools, "fuser", "exit 0")
    assert run(tools, "test").returncode == 0
    asked = (tools / "asked").read_text().splitlines()
    assert asked == ["-qq update", "sleep 5", "-qq update", f"{INSTALL} firefox-esr {WANTED}"]


X86 = 'case "$*" in *-m32*) exit 1;; -dumpmachine) echo x86_64-linux-gnu;; -dumpversion) echo 12;; esac'


def test_the_camera_of_32_bits_asks_for_the_libraries_of_this_gcc(tools: Path) -> None:
    stand_in(tools, "gcc", X86)
    stand_in(tools, "id", "echo 1000")
    done = run(tools, "host32")
    said = "camcors: missing: gcc's libraries for 32 bits; install with: sudo apt install gcc-12-multilib\n"
    assert (done.returncode, done.stderr) == (1, said)
    assert run(tools).returncode == 0


def test_the_camera_of_32_bits_is_only_for_x86(tools: Path) -> None:
    stand_in(tools, "gcc", X86.replace("x86_64", "aarch64"))
    apt(tools, "exit 0")
    done = run(tools, "host32")
    said = "camcors: the camera of 32 bits is only for computers with x86-64\n"
    assert (done.returncode, done.stderr, (tools / "asked").exists()) == (1, said, False)


@pytest.mark.parametrize(("gcc", "status"), [(X86, 1), ("exit 0", 0)])
def test_whether_gcc_builds_for_32_bits(tools: Path, gcc: str, status: int) -> None:
    stand_in(tools, "gcc", gcc)
    done = run(tools, "builds32")
    assert (done.returncode, done.stdout, done.stderr) == (status, "", "")


@pytest.mark.parametrize(("machine", "package"), [("x86_64", " gcc-12-multilib"), ("aarch64", "")])
def test_the_tests_of_32_bits_are_skipped_without_their_libraries(
    tools: Path, machine: str, package: str
) -> None:
    for name in PROGRAMS:
        stand_in(tools, name, "exit 0")
    stand_in(tools, "gcc", X86.replace("x86_64", machine))
    apt(tools, "exit 100")
    assert run(tools, "test").returncode == 0
    assert f"installing with apt: {WANTED}{package} (" in run(tools, "test").stderr


@pytest.mark.parametrize(("system", "package"), [("debian", "chromium-headless-shell "), ("ubuntu", "")])
def test_the_shell_of_chromium_is_debians(tools: Path, system: str, package: str) -> None:
    """Root gets it; without it the tests take longer, and nobody is asked for it."""
    (tools / "os-release").write_text(f'NAME="The system"\nID={system}\n')
    for name in PROGRAMS:
        stand_in(tools, name, "exit 0")
    apt(tools, "exit 100")
    done = run(tools, "test")
    assert (done.returncode, f"installing with apt: {package}{WANTED} (" in done.stderr) == (0, True)
    for name in ("chromium-headless-shell", *OPTIONAL):
        stand_in(tools, name, "exit 0")
    done = run(tools, "test")
    assert (done.returncode, done.stderr) == (0, "")


def test_root_gets_nothing_for_make_run(tools: Path) -> None:
    os.remove(tools / "git")
    apt(tools, "exit 0")
    assert run(tools).returncode == 1
    assert not (tools / "asked").exists()
