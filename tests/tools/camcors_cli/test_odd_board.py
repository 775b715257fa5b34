"""Whatever a board answers, a command ends with one line and a documented exit status, never a traceback."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from camcors_cli.cli import main
from camcors_cli.commands import reset
from camcors_cli.device import board, camera, remote
from camcors_cli.image import archive
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from mpremote.transport_serial import SerialTransport

from tests.kit.fake_board import PLAIN, POLICY, REPORT, FakeBoard, transport

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(2**60, 2**70)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["\x1b]0;x\x07", "a\nb", "\ud800", "[red]", "/../x", "x" * 100_000]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
SETTINGS = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits: the board is in this process."""
    monkeypatch.setattr(board, "_QUIET_S", 0)
    monkeypatch.setattr(camera, "_IN_FORCE_S", 0)
    monkeypatch.setattr(camera, "_POLL_S", 0)
    monkeypatch.setattr(reset, "_START_S", 0)
    monkeypatch.setattr(reset, "_PAUSE_S", 0)
    monkeypatch.setattr(SerialTransport.read_until, "__defaults__", (0.01, None, None))
    monkeypatch.setattr(SerialTransport.exec_raw, "__defaults__", (0.01, None))
    monkeypatch.setenv("EDITOR", "true")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the commands of COMMANDS read."""
    (tmp_path / "policy.json").write_text('{"version": 1, "max_age": 9}')
    files = {"/lib/a.py": b"a", "/policy.json": POLICY.encode()}
    (tmp_path / "backup.zip").write_bytes(archive.pack(archive.Archive({}, files, ["/lib"])))
    (tmp_path / "mpy" / "camcors").mkdir(parents=True)
    (tmp_path / "mpy" / "camcors" / "start.mpy").write_bytes(b"M\x06\x00\x1f")
    (tmp_path / "out").mkdir()
    return tmp_path


# Each command that speaks to a board; {} is the folder of its files.
COMMANDS = [
    "info",
    "logs",
    "reset",
    "reset --factory --yes",
    "token list",
    "token add new --role view",
    "token rotate kitchen",
    "token remove kitchen",
    "policy show",
    "policy pull",
    "policy push {}/policy.json",
    "policy allow https://b.example",
    "policy deny https://a.example",
    "policy set max_age 7",
    "policy edit",
    "policy rollback",
    "explain https://a.example",
    "wifi status",
    "wifi set other --open",
    "backup {}/out",
    "restore {}/backup.zip",
    "restore {}/backup.zip --delete",
    "install --modules {}/mpy",
    "install --remove",
]
INSTALLED = {"hashes": {"/lib/a.py": "0" * 64}, "folders": ["/lib"]}


def make(command: str) -> FakeBoard:
    """The board that the command expects."""
    made = FakeBoard()
    if command.startswith("token"):
        row = {"name": "kitchen", "role": "view", "sha256": "a" * 64}
        made.files["/access.json"] = json.dumps({"tokens": [row]}).encode()
    if command.startswith("reset"):
        made.odd["installable"] = {**PLAIN, "has_firmware": True}
    if command.startswith("install"):
        made.facts = PLAIN
    if "--remove" in command:
        made.files["/camcors-installed.json"] = json.dumps(INSTALLED).encode()
        made.files["/lib/a.py"] = b"a"
    return made


def run(fake: FakeBoard, command: str, folder: Path, *options: str) -> Result:
    words = command.format(folder).split()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(board, "open_port", lambda device: transport(fake))
        done = CliRunner().invoke(main, [*words, *options, "--port", "fake"], prog_name="camcors")
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def check(done: Result) -> None:
    """One line where it failed, after one note at most; nothing steers a terminal; JSON where asked for."""
    assert done.exit_code in (0, 1, 3, 4), done.output
    assert all(char.isprintable() or char in "\n\t" for char in done.output), done.output
    assert len(done.output) < 200_000
    if done.exit_code in (3, 4):
        *notes, last = done.stderr.splitlines()
        assert last.startswith("camcors: "), done.stderr
        assert all(note.startswith("camcors: ") for note in notes) and len(notes) < 2, done.stderr


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*path, key))


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """`value` with `new` at `path`; without what is there if `new` is ..."""
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    if new is ... and len(path) == 1:
        del copy[path[0]]
    else:
        copy[path[0]] = put(copy[path[0]], path[1:], new)
    return copy


@pytest.fixture
def expressions(quick: None, folder: Path, command: str) -> list[str]:
    """What the command asks a board that answers as it should."""
    whole = make(command)
    run(whole, command, folder)
    return [each for each in dict.fromkeys(whole.asked) if each]


@pytest.mark.parametrize("command", COMMANDS)
@given(data=st.data())
@SETTINGS
def test_any_value_in_the_place_of_any_part_of_an_answer(
    folder: Path, command: str, expressions: list[str], data: st.DataObject
) -> None:
    asked = data.draw(st.sampled_from(expressions))
    fake = make(command)
    for file in (folder / "out").iterdir():
        file.unlink()

    def twist(expression: str, out: bytes, err: bytes) -> tuple[bytes, bytes]:
        if expression != asked:
            return out, err
        value = json.loads(out.strip(b"\x1e\x1f\r\n"))
        path = data.draw(st.sampled_from(list(places(value))))
        new = data.draw(JSON | (st.just(...) if path else JSON))
        return b"\x1e" + json.dumps(put(value, path, new)).encode() + b"\x1f\r\n", err

    fake.twist = twist
    done = run(fake, command, folder, *["--json"] * data.draw(st.booleans()))
    check(done)
    if done.stdout.startswith("{"):
        json.loads(done.stdout, parse_constant=lambda name: pytest.fail(name))


TEXTS = st.binary(max_size=60) | st.sampled_from(
    [b"[" * 100_000, b"\x1e" + b"[" * 100_000 + b"\x1f", b"\x1eNaN\x1f", b"\x1e1e999\x1f",
     b"\x1e" + b"9" * 5000 + b"\x1f", b"\x1e\xff\xfe\x1f", b'\x1e"\\ud800"\x1f', b"\x1e{}\x1f",
     b"x\x1b[2J" * 5000, b"\x04" * 5, b"\x1e\x1f"]
)  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
@given(data=st.data())
@SETTINGS
def test_any_bytes_in_the_place_of_an_answer_and_of_a_traceback(
    quick: None, folder: Path, command: str, data: st.DataObject
) -> None:
    fake = make(command)
    turn = data.draw(st.integers(0, 12))
    out_or_err, text = data.draw(st.booleans()), data.draw(TEXTS)

    def twist(expression: str, out: bytes, err: bytes) -> tuple[bytes, bytes]:
        if len(fake.asked) <= turn:
            return out, err
        return (text, err) if out_or_err else (out, text.replace(b"\x04", b"") or b"E")

    fake.twist = twist
    for file in (folder / "out").iterdir():
        file.unlink()
    check(run(fake, command, folder))


def odd_report(**changed: Any) -> dict[str, Any]:
    return {**REPORT, **changed}


DEEP = json.loads("[" * 40 + "]" * 40)

# The command, the expression with its odd value, what is said.
ROWS: list[tuple[str, str, Any, str]] = [
    ("info", "report", {}, "asking what it is: name: missing"),
    ("info", "report", [], "asking what it is: not an object"),
    ("info", "report", odd_report(uptime_s="5"), "asking what it is: uptime_s: not a whole number"),
    ("info", "report", odd_report(policy=None), "asking what it is: policy: not an object"),
    ("info", "report", odd_report(faults=[1]), "asking what it is: faults: not a text"),
    ("info", "report", odd_report(faults=["x"] * 1000), "asking what it is: faults: too long"),
    ("info", "report", odd_report(faults=["x" * 5000] * 20), "asking what it is: too long"),
    ("info", "report", odd_report(more=float("inf")), "asking what it is: Infinity is not JSON"),
    ("info", "report", odd_report(more=DEEP), "asking what it is: nested too deeply"),
    ("info", "facts", {"heap": {"used": 1, "free": 1e3}},
     "asking what it is: heap: free: not a whole number"),
    ("policy show", "policy", "{}", "asking for its policy: not a policy"),
    ("wifi status", "report", odd_report(network={}), "asking for its status: network: state: missing"),
    ("wifi status", "begin", [-1, ""], "asking for its status: out of range"),
    ("explain https://a.example", "own_names", ["n"], "asking for its policy: not names and ports"),
    ("explain https://a.example", "own_names", [["n"], []],
     "asking for its policy: not the names of a camera"),
    ("explain https://a.example", "own_names", [["n", "n.local"], [["ftp", 1]]],
     "asking for its policy: not a scheme and a port"),
    ("info", "report", odd_report(restart={"cause": "x"}),
     "asking what it is: restart: reason: missing"),
    ("backup", "entries", [["/a", "1"]], "asking what it has: not a whole number"),
    ("backup", "entries", [["/a", 1 << 30]], f"asking what it has: more than {64 << 20} bytes in its files"),
    ("install --modules {}/mpy", "installable", {**PLAIN, "version": "1.28"},
     "asking what it is: version: not a list"),
]  # fmt: skip


@pytest.mark.parametrize(("command", "asked", "value", "said"), ROWS)
def test_an_answer_that_makes_no_sense(
    quick: None, folder: Path, command: str, asked: str, value: Any, said: str
) -> None:
    fake = make(command)
    fake.odd[asked] = value
    done = run(fake, command, folder)
    remedy = "the firmware on the board may be of another version than this command"
    assert done.stderr == f"camcors: the board's answer makes no sense while {said}; {remedy}\n"
    assert (done.stdout, done.exit_code) == ("", 4)


VERSIONS = [
    (
        0,
        "the firmware on this board is older than this command; flash the one of this version "
        "(camcors image, camcors flash); where camcors install put it, run that again",
        4,
    ),
    (
        remote.version() + 1,
        "the firmware on this board is newer than this command; "
        "install the camcors of the firmware's version",
        4,
    ),
    (
        None,
        "there is no camcors firmware on this board (it runs 3.4.0); "
        "flash the firmware, or choose another board with --port",
        3,
    ),
]


@pytest.mark.parametrize(("version", "said", "status"), VERSIONS)
@pytest.mark.parametrize("command", ["info", "policy show", "wifi status", "explain https://a.example"])
def test_a_firmware_of_another_version_is_one_line_with_the_remedy(
    quick: None, folder: Path, command: str, version: int | None, said: str, status: int
) -> None:
    fake = make(command)
    fake.odd["_version"] = version
    done = run(fake, command, folder)
    assert (done.stdout, done.stderr, done.exit_code) == ("", f"camcors: {said}\n", status)


@pytest.mark.parametrize("version", [row[0] for row in VERSIONS])
def test_a_backup_needs_no_firmware_of_this_version(quick: None, folder: Path, version: int | None) -> None:
    fake = FakeBoard()
    fake.odd["_version"] = version
    assert run(fake, "backup {}/out", folder).exit_code == 0
    assert len(list((folder / "out").glob("*.zip"))) == 1


def test_a_report_of_a_later_firmware(quick: None, folder: Path) -> None:
    """What is new in it passes through --json; a state that is new is shown by its name."""
    fake = FakeBoard()
    policy = {"state": "shiny", "digest": "0123456789ab", "error": None}
    fake.odd["report"] = odd_report(last_start="power-on", policy=policy)
    assert json.loads(run(fake, "info", folder, "--json").stdout)["last_start"] == "power-on"
    done = run(fake, "policy show", folder)
    assert done.stdout.splitlines()[0] == "state   shiny: a state that this command does not know"
    assert done.exit_code == 1


NAMES = [
    ("BOARD", "BOARD"),
    ("../../etc/x", "etc-x"),
    ("C:\\x", "C-x"),
    ("\x1b[2J\n", "2J"),
    ("", "board"),
    ("...", "board"),
    ("x" * 300, "x" * 40),
    ("ü/ü", "board"),
]


@pytest.mark.parametrize(("name", "in_file"), NAMES)
def test_a_backup_is_named_safely(quick: None, folder: Path, name: str, in_file: str) -> None:
    fake = FakeBoard()
    fake.odd["about"] = {"board": name, "firmware": None, "machine": "m", "micropython": "1"}
    done = run(fake, "backup {}/out", folder)
    (made,) = folder.rglob("camcors-*.zip")
    assert (done.exit_code, made.parent) == (0, folder / "out")
    assert made.name.startswith(f"camcors-{in_file}-20")


PATHS = [
    "/../x",
    "/a/../../x",
    "x",
    "/a\\b",
    "/a\x1b",
    "/a\nb",
    "//a",
    "/",
    "/a/",
    "/" + "x" * 252,
    "/\ud800",
]


@pytest.mark.parametrize("path", PATHS)
def test_a_file_that_no_backup_can_hold_is_named(quick: None, folder: Path, path: str) -> None:
    fake = FakeBoard()
    fake.odd["entries"] = [[path, 1]]
    done = run(fake, "backup {}/out", folder)
    assert done.exit_code == 4
    assert done.stderr.startswith(f"camcors: the board has {path!r}: ".replace("\\\\x1b", "\\x1b"))
    assert done.stderr.endswith("; rename it on the board, or remove it\n")
    assert not list((folder / "out").iterdir())


def test_names_that_look_like_markup(quick: None, folder: Path) -> None:
    fake = FakeBoard()
    fake.files["/d[/b]"] = b"x"
    fake.folders.append("/d[")
    assert run(fake, "backup {}/out", folder).exit_code == 0
    (made,) = (folder / "out").iterdir()
    assert "files/d[/b]" in zipfile.ZipFile(made).namelist()


def test_a_board_that_prints_without_end(quick: None, folder: Path) -> None:
    fake = FakeBoard()
    fake.twist = lambda asked, out, err: (b"x" * (3 << 20), err)
    done = run(fake, "info", folder)
    said = "the board was lost while asking what it is (it prints without end); "
    said += "check the cable and try again"
    assert (done.stderr, done.exit_code) == (f"camcors: {said}\n", 3)


@pytest.mark.parametrize(
    ("text", "said", "remedy"),
    [
        (b"Traceback:\r\nOSError: \x1b[2J\xff", "the board raised OSError: \\x1b[2J\ufffd", ""),
        (b"\r\nMemoryError: ", "the board ran out of memory", "; camcors reset, and try again"),
        (b"\r\n", "the board raised nothing", ""),
    ],
)  # fmt: skip
def test_a_traceback_is_one_line(quick: None, folder: Path, text: bytes, said: str, remedy: str) -> None:
    fake = FakeBoard()
    fake.twist = lambda asked, out, err: (out, text)
    done = run(fake, "info", folder)
    said += " while asking what it is" + remedy
    assert (done.stderr, done.exit_code) == (f"camcors: {said}\n", 4)


def test_a_commands_words_can_be_pasted(quick: None, folder: Path, tmp_path: Path) -> None:
    """A file's name in a command for the shell is quoted."""
    fake = FakeBoard()
    fake.folders = ["/a; rm -rf x"]
    path = tmp_path / "b.zip"
    path.write_bytes(archive.pack(archive.Archive({}, {"/a; rm -rf x": b""}, [])))
    done = run(fake, f"restore {path}", folder)
    assert "remove it there first: mpremote resume rm -r ':/a; rm -rf x'\n" in done.stderr
