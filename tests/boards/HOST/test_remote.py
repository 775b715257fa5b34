"""camcors.remote in the frozen firmware, and its text on a board that is taken for one without it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from camcors_cli.device import answers, remote
from camcors_cli.device.board import Board
from camcors_cli.device.calls import Call
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
    asked = (
        Call(answers.report, "report"),
        Call(answers.text, "policy"),
        Call(answers.listed(anything), "own_names"),
    )
    report, policy, (names, ports) = ours.ask_camera(*asked, what="looking")
    assert (report.board, report.started) == ("HOST", True)
    assert '"http://localhost:8000"' in policy
    assert names[1].endswith(".local") and ports == [["http", camera.port]]
    before = Call(answers.listed(anything), "policy_before", report.policy.digest)
    ((path, why),) = ours.ask_camera(before, what="looking")
    assert (path is None) == bool(why)


def save(board: Board, path: str, data: bytes, sent: bytes | None = None, before: str = "") -> object:
    """What the camera says of saving `data`, where `sent` was meant, over what is there or `before`."""
    stands = before or board.ask(anything, "digest", path)
    board.do("collect", data, True)
    wanted = hashlib.sha256(data if sent is None else sent).hexdigest()
    said = board.ask(anything, "save", path, wanted, stands)
    board.do("drop")
    return said


SETTINGS_FAULTS = (
    "port: 0: out of range; write a whole number from 1 to 65535\n"
    "camera.quality: 200: out of range; write a whole number from 1 to 100"
)


@pytest.mark.parametrize(
    ("path", "data", "sent", "said"),
    [
        ("/policy.json", b"{", None, "line 1, column 2: null: not JSON; write the key in double quotes"),
        ("/camera.json", b'{"camera": {"quality": 200},\n"port": 0}', None, SETTINGS_FAULTS),
        ("/policy.json", b'{"version": 1}', b'{"version": 1} ', "what arrived is not what was sent"),
        (
            "/access.json",
            b'{"open": "yes"}',
            None,
            "open: not the sentence that opens the camera; "
            'write "anyone in this network may watch and control", or remove it',
        ),
        ("/other.json", b"{}", None, "not a file of the camera's own"),
    ],
)
def test_what_is_not_saved(ours: Board, path: str, data: bytes, sent: bytes | None, said: str) -> None:
    before = ours.read_file(path)
    assert save(ours, path, data, sent) == said
    assert ours.read_file(path) == before


def test_only_the_last_collection_is_saved(ours: Board) -> None:
    stands = ours.ask(anything, "digest", "/policy.json")
    wanted = hashlib.sha256(b'{"version": 1}').hexdigest()
    for data, is_first in ((b"old", True), (b'{"version"', True), (b": 1}", False)):
        ours.do("collect", data, is_first)
    assert ours.ask(anything, "save", "/policy.json", wanted, stands) is None
    assert ours.read_file("/policy.json") == b'{"version": 1}'
    ours.do("drop")
    said = ours.ask(anything, "save", "/policy.json", wanted, wanted)
    assert said == "what arrived is not what was sent"


@pytest.mark.parametrize("path", ["/policy.json", "/camera.json", "/access.json"])
def test_what_another_has_changed_meanwhile_is_not_overwritten(ours: Board, path: str) -> None:
    text = b'{"version": 1}' if path == "/policy.json" else b"{}"
    changed = f"{path} was changed by another meanwhile; try again"
    assert save(ours, path, text) is None
    for before in (hashlib.sha256(b"other").hexdigest(), None):
        ours.do("collect", text + b"\n", True)
        wanted = hashlib.sha256(text + b"\n").hexdigest()
        assert ours.ask(anything, "save", path, wanted, before) == changed
        assert ours.read_file(path) == text
        # What is there already is no change: an answer may have been lost, and the question comes again.
        assert save(ours, path, text, before=before or "00" * 32) is None
    ours.do("drop")
    assert save(ours, path, text + b"\n") is None
    assert ours.read_file(path) == text + b"\n"


def test_a_file_that_is_longer_than_what_counts_of_it_is_replaced(ours: Board) -> None:
    text = b'{"version": 1}'.ljust(9000)
    ours.do("append", "/policy.json", text, True)
    ours.do("close")
    assert save(ours, "/policy.json", b'{"version": 1}') is None


def test_an_older_firmware_is_named(board: Board, way: str) -> None:
    if way == "frozen":
        board.require_firmware()
    else:
        with pytest.raises(Failure, match="the firmware on this board is older than this command"):
            board.require_firmware()
