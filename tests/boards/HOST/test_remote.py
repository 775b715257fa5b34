"""camcors.remote in the frozen firmware, and its text on a board that is taken for one without it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from camcors_cli.device import answers, remote
from camcors_cli.device.board import Board
from camcors_cli.ui.errors import Failure
from camcors_cli.ui.output import Output

from tests.kit.camera import Camera
from tests.kit.line import Line

CONTENT = bytes(range(256)) * 5


@pytest.fixture(params=["frozen", "sent"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "sent":
        monkeypatch.setattr(remote, "version", lambda: 99)
    return str(request.param)


@pytest.fixture
def board(camera: Camera, way: str) -> Iterator[Board]:
    with Board(camera.repl, Output()) as made:
        yield made


def anything(value: object) -> object:
    return value


def test_the_text_is_sent_only_where_the_firmwares_own_does_not_fit(camera: Camera, way: str) -> None:
    with Line(camera.repl) as line, Board(line.port, Output()) as board:
        assert board.ask(answers.whole, "size", "/policy.json") > 0
    assert (b"exec(" in line.sent) == (way == "sent")
    assert b"from camcors import remote" in line.sent


def test_a_file_from_its_first_piece_to_its_end(board: Board) -> None:
    board.do("make_folder", "/d")
    board.do("make_folder", "/d")
    for start in range(0, len(CONTENT), 500):
        board.do("append", "/d/new", CONTENT[start : start + 500], start == 0)
    board.do("close")
    board.do("close")
    assert board.ask(anything, "size", "/d/new") == len(CONTENT)
    assert board.ask(anything, "digest", "/d/new") == hashlib.sha256(CONTENT).hexdigest()
    assert board.ask(anything, "read", "/d/new", 250, 10) == CONTENT[250:260].hex()
    board.do("rename", "/d/new", "/d/name")
    assert [["/d", None], ["/d/name", len(CONTENT)]] == [
        each for each in board.ask(answers.listed(anything), "entries") if each[0].startswith("/d")
    ]
    board.do("remove", "/d/name")
    board.do("remove", "/d")
    assert board.ask(anything, "size", "/d/name") is None
    assert board.ask(anything, "digest", "/d") is None


def test_a_file_that_a_lost_connection_left_open_is_no_obstacle(board: Board) -> None:
    board.do("append", "/left", b"x", True)
    board.do("append", "/other", b"y", True)
    board.do("forget", "/other")
    board.do("forget", "/other")
    assert board.ask(anything, "size", "/other") is None
    board.do("remove", "/left")


def test_what_is_collected(board: Board) -> None:
    board.do("collect", b"old", True)
    board.do("collect", b"a", True)
    board.do("collect", b"b", False)
    assert board.ask(anything, "collected") == hashlib.sha256(b"ab").hexdigest()
    board.do("drop")
    assert board.ask(anything, "collected") == hashlib.sha256(b"").hexdigest()


def test_what_it_is(board: Board) -> None:
    about = board.ask(answers.about, "about")
    assert (about.board, about.firmware) == ("HOST", "0.1.0")
    assert board.ask(answers.facts, "facts").said["machine"] == about.machine
    installable = board.ask(dict, "installable")
    assert (installable["has_firmware"], installable["has_camera"]) == (True, False)
    assert installable["machine"] == about.machine
    block, free = board.ask(answers.blocks, "room")
    assert block > 0 and free > 0


def test_what_it_raises_is_a_failure(board: Board) -> None:
    with pytest.raises(Failure, match="ENOENT"):
        board.do("rename", "/nothing", "/x")


def test_the_persons_names_are_left_alone(board: Board) -> None:
    names = persons_names(board)
    board.ask(anything, "size", "/policy.json")
    assert persons_names(board) == names


def persons_names(board: Board) -> list[str]:
    found = board._evaluate("list(globals())", answers.listed(answers.text), "", "looking")
    return sorted(name for name in found if name[0] != "_")


@pytest.fixture
def ours(camera: Camera) -> Iterator[Board]:
    with Board(camera.repl, Output()) as made:
        yield made


def test_the_camera(ours: Board, camera: Camera) -> None:
    report = ours.ask_camera(answers.report, "report")
    assert (report.board, report.started) == ("HOST", True)
    assert '"http://localhost:8000"' in ours.ask_camera(answers.text, "policy")
    names, ports = ours.ask_camera(answers.listed(anything), "own_names")
    assert names[1].endswith(".local") and ports == [["http", camera.port]]
    path, why = ours.ask_camera(answers.listed(anything), "policy_before", report.policy.digest)
    assert (path is None) == bool(why)


def test_a_policy_with_a_fault_is_not_saved(ours: Board) -> None:
    before = ours.read_file("/policy.json")
    ours.do("collect", b"{", True)
    assert ours.ask(anything, "save", "/policy.json")
    ours.do("drop")
    assert ours.read_file("/policy.json") == before


def test_settings_with_a_fault_are_not_saved(ours: Board) -> None:
    before = ours.read_file("/camera.json")
    ours.do("collect", b'{"camera": {"quality": 200},\n"port": 0}', True)
    said = "port: 0: out of range; write a whole number from 1 to 65535\n"
    said += "camera.quality: 200: out of range; write a whole number from 1 to 100"
    assert ours.ask(anything, "save", "/camera.json") == said
    ours.do("drop")
    assert ours.read_file("/camera.json") == before


def test_another_file_is_saved_as_it_is(ours: Board) -> None:
    ours.do("collect", b"{}\n", True)
    assert ours.ask(anything, "save", "/other.json") is None
    assert ours.read_file("/other.json") == b"{}\n"
    ours.do("remove", "/other.json")


def test_an_older_firmware_is_named(board: Board, way: str) -> None:
    if way == "frozen":
        board.require_firmware()
    else:
        with pytest.raises(Failure, match="the firmware on this board is older than this command"):
            board.require_firmware()
