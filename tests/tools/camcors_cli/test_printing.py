"""What a board, a camera, a file or a server says reaches a terminal escaped, through one module."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import os
import pty
import re
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import click
import pytest
from camcors_cli.cli import main
from camcors_cli.image import archive
from camcors_cli.ui.errors import Failure
from camcors_cli.ui.output import Output, escape, show_traceback, to_json
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.camera import TOP
from tests.kit.fake_board import PLAIN, POLICY, REPORT, FakeBoard, Socket

PACKAGE = TOP / "tools" / "camcors_cli"
SOURCES = sorted(PACKAGE.rglob("*.py"))
PRINTERS = [PACKAGE / "ui" / name for name in ("output.py", "console.py")]  # the second by the first

# Names by which text could get to a terminal: of modules, and of all objects.
_STREAMS = {"stdout", "stderr", "__stdout__", "__stderr__", "excepthook", "unraisablehook"}
_CLICK = {"echo", "secho", "echo_via_pager", "style", "progressbar", "prompt", "confirm", "getchar", "pause"}
_PRINTERS = {"rich", "getpass", "traceback", "logging", "warnings", "pprint", "curses"}
_EXCEPTIONS = {("cli.py", "warnings")}  # it silences the libraries


def bypasses(path: Path) -> Iterator[str]:
    """What in a module writes without output.py."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = (
                [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
            )
            for top in {module.split(".")[0] for module in modules} & _PRINTERS:
                if (path.name, top) not in _EXCEPTIONS:
                    yield f"{path.name}:{node.lineno}: import {top}"
            if modules == ["click"] and isinstance(node, ast.ImportFrom):
                yield f"{path.name}:{node.lineno}: from click import"
        elif isinstance(node, ast.Name) and (node.id, type(node.ctx)) == ("print", ast.Load):
            yield f"{path.name}:{node.lineno}: {node.id}"
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            whole = (node.value.id, node.attr)
            streams = whole[0] == "sys" and whole[1] in _STREAMS
            if streams or (whole[0] == "click" and whole[1] in _CLICK) or whole == ("os", "write"):
                yield f"{path.name}:{node.lineno}: {'.'.join(whole)}"
        elif isinstance(node, ast.Call) and ast.unparse(node.func).startswith("subprocess."):
            captured = any(each.arg == "capture_output" for each in node.keywords)
            yield from [] if captured else [f"{path.name}:{node.lineno}: subprocess with our streams"]


@pytest.mark.parametrize(
    "path", [path for path in SOURCES if path not in PRINTERS], ids=lambda p: str(p.relative_to(PACKAGE))
)
def test_only_one_module_prints(path: Path) -> None:
    assert list(bypasses(path)) == []


def test_the_search_for_bypasses_finds_them() -> None:
    found = [line.split(": ")[1] for path in PRINTERS for line in bypasses(path)]
    assert {"import rich", "click.echo", "sys.stdout", "click.prompt", "import traceback"} <= set(found)


def test_the_one_module_has_no_markup() -> None:
    source = "".join(path.read_text() for path in PRINTERS)
    assert "from_markup" not in source and "markup=True" not in source
    for call in re.findall(r"_(?:console|errors)\.print\((.*)\)", source):
        assert call.startswith("Text(") or call == "table"


@given(st.text() | st.text(st.characters(categories=["Cc", "Cf", "Cs", "Co", "Zl", "Zp"])))
def test_an_escaped_text_is_one_printable_line(text: str) -> None:
    shown = escape(text)
    assert shown.replace("\t", "").isprintable()
    assert not re.search("[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", shown)
    assert escape(shown) == shown


ESCAPES = [
    ("plain [red]b][/] text", "plain [red]b][/] text"),
    ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
    ("a\nb\r\tc", "a\\nb\\r\tc"),
    ("\x7f\x9b1m", "\\x7f\\x9b1m"),
    ("\u202e\u2066", "\\u202e\\u2066"),
    ("\ud800", "\\ud800"),
    ("größe 📷", "größe 📷"),
    ("x" * 10_001, "x" * 10_000 + "… (1 more characters)"),
]


@pytest.mark.parametrize(("text", "shown"), ESCAPES)
def test_escape(text: str, shown: str) -> None:
    assert escape(text) == shown


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec=None)), inner),
    max_leaves=9,
))  # fmt: skip
def test_json_is_valid_and_ascii(value: Any) -> None:
    text = to_json(value)
    assert all(" " <= char <= "~" or char == "\n" for char in text)
    read = json.loads(text, parse_constant=lambda name: pytest.fail(name))
    json.dumps(read, ensure_ascii=False).encode()  # no lone surrogate is left


def test_a_megabyte_does_not_flood_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    out = Output()
    for _ in range(1000):
        out.say("x" * 5000)
        out.note("y" * 5000)
    out.table([("z" * 5000, "z")] * 1000)
    found = capsys.readouterr()
    assert len(found.out + found.err) < 70_000
    assert found.err.count("camcors: there is more, which is not shown\n") == 1


def test_a_failure_of_many_lines_says_that_there_are_more(capsys: pytest.CaptureFixture[str]) -> None:
    Output().failure(Failure("many", "remedy", lines=["x" * 500] * 1000))
    found = capsys.readouterr().err
    assert found.startswith("camcors: many\n") and found.endswith(
        "camcors: there is more, which is not shown\n"
    )
    assert len(found) < 70_000


def test_a_traceback_of_our_own_is_escaped() -> None:
    file = io.StringIO()
    try:
        raise ValueError("\x1b[2J\nforged")
    except ValueError as exc:
        show_traceback(type(exc), exc, exc.__traceback__, file)
    assert "ValueError: \\x1b[2J" in file.getvalue() and "\x1b" not in file.getvalue()


BAD = "\x1b]0;x\x07\x1b[2J\x9b1m\u202e\x7f[red]b][/d[\r\nforged"
LONG = BAD * 3_000  # more than is shown of one text


def hostile() -> FakeBoard:
    """A board that puts BAD wherever it can say anything."""
    board = FakeBoard()
    network = {"state": BAD, "address": BAD, "name": BAD, "rssi": 1, "error": BAD}
    policy = {"state": BAD, "digest": BAD, "error": BAD}
    said = {"board": BAD, "firmware": BAD, "micropython": BAD, "network": network, "faults": [BAD] * 9}
    board.odd["report"] = {**REPORT, **said, "policy": policy}
    board.odd["_sys.version"] = BAD
    board.odd["about"] = {"board": BAD, "firmware": BAD, "machine": BAD, "micropython": BAD}
    board.odd["save"] = BAD
    board.odd["access"] = BAD
    board.files["/access.json"] = json.dumps({BAD: BAD, "tokens": [{"name": BAD, "role": BAD}]}).encode()
    board.odd["log"] = [1, 0, f"{BAD}\n{BAD}\n".encode().hex()]
    board.facts = {**board.facts, "machine": BAD, "version": BAD}
    board.files["/policy.json"] = LONG.encode()[:20_000] + b"\xff\n"
    board.files["/camera.json"] = json.dumps({"wifi": {"ssid": BAD, "password": BAD}}).encode()
    board.files["/d[/b]"] = b"x"
    board.folders.append("/d[")
    return board


def installable() -> FakeBoard:
    board = hostile()
    board.facts = {**PLAIN, "machine": BAD, "has_camera": False}
    board.files["/camcors-installed.json"] = b"{"
    return board


def without_firmware() -> FakeBoard:
    board = hostile()
    board.odd["_version"] = None
    return board


def raising() -> FakeBoard:
    board = hostile()
    board.twist = lambda asked, out, err: (out, b"Traceback\r\nOSError: " + LONG.encode()[:80_000])
    return board


def valid() -> FakeBoard:
    """Its policy and its tokens hold what valid ones can."""
    board = hostile()
    board.odd["save"] = None
    del board.odd["access"]
    row = {"name": "n", "role": "admin", "sha256": "a" * 64, "created_s": 4294967295}
    board.files["/access.json"] = json.dumps({"$schema": BAD, "tokens": [row]}).encode()
    board.files["/policy.json"] = b'{\t"version": 1 }'
    return board


def as_frozen() -> FakeBoard:
    """It has the firmware, and files with names that a board may have."""
    board = hostile()
    board.odd["installable"] = {**PLAIN, "machine": BAD, "has_firmware": True}
    board.odd["report"] = {**REPORT, "board": BAD}
    return board


def with_names() -> FakeBoard:
    board = hostile()
    board.odd["entries"] = [["/" + BAD, 1]]
    return board


def with_certificate() -> FakeBoard:
    """Its certificate is of an authority that says BAD, for hosts that are BAD."""
    board = valid()
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, BAD[:60])])
    start = datetime(2026, 1, 1)
    builder = x509.CertificateBuilder(
        issuer, issuer, key.public_key(), 7, start, start + timedelta(days=9999)
    )
    hosts = [x509.DNSName(BAD.encode("ascii", "ignore").decode())] * 99
    builder = builder.add_extension(x509.SubjectAlternativeName(hosts), False)
    board.files["/tls/cert.der"] = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
    board.files["/tls/key.der"] = b"k"
    tls = {"state": BAD, "port": 443, "plain": BAD, "not_after": BAD, "error": BAD}
    board.odd["report"] = board.odd["look"] = {**board.odd["report"], "tls": tls}
    return board


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ok.json").write_text(POLICY)
    (tmp_path / "wide.json").write_text('{"version": 1, "allowed_origins": "*"}')
    (tmp_path / "bad.json").write_text(
        json.dumps({"version": 1, BAD: BAD, "allowed_origins": [BAD, LONG[:3000]]})
    )
    (tmp_path / "settings.json").write_text(json.dumps({"name": BAD, BAD: BAD, "camera": {BAD: 1}}))
    made = archive.pack(archive.Archive({}, {"/a": b""}, []))
    (tmp_path / "good.zip").write_bytes(made)
    (tmp_path / "bad.zip").write_bytes(made)
    wide = archive.Archive({"board": BAD}, {"/policy.json": (tmp_path / "wide.json").read_bytes()}, [])
    (tmp_path / "wide.zip").write_bytes(archive.pack(wide))
    with zipfile.ZipFile(tmp_path / "bad.zip", "a") as packed:
        packed.writestr(BAD, b"")
    (tmp_path / "bad.bin").write_bytes(b"\x1b[2J" * 99)
    (tmp_path / ("f" + BAD.replace("/", ""))).write_bytes(b"\x1b")
    return tmp_path


def in_terminal(command: list[str], **env: str) -> tuple[str, int]:
    """What a command writes to its terminal, with its exit status."""
    master, slave = pty.openpty()
    words = [sys.executable, "-m", "camcors_cli", *command]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100", "EDITOR": "true", **env}
    process = subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave, env=environment)
    os.close(slave)
    data = b""
    with contextlib.suppress(OSError):  # EIO: the last process has closed it
        while block := os.read(master, 65536):
            data += block
            if data.endswith(b"[y/N]: "):
                os.write(master, b"y\n")
    os.close(master)
    return data.decode(), process.wait(timeout=60)


# What rich itself sends: colours, the cursor, lines that go away.
OURS = re.compile("\x1b\\[([0-9;]*m|\\?25[hl]|[12]?K|[0-9]*A)")


def assert_harmless(text: str) -> None:
    left = OURS.sub("", text).replace("\r", "").replace("\n", "").replace("\t", "")
    assert left.isprintable(), [char for char in left if not char.isprintable()]
    assert len(text) < 300_000  # the colours and the wrapping of 65,536 characters


# The command, its board.
RUNS = [
    ("info", hostile),
    ("info --json", hostile),
    ("info", raising),
    ("info", without_firmware),
    ("migrate {}/bad.json", hostile),
    ("migrate {}/bad.json --json", hostile),
    ("logs", hostile),
    ("logs --json", hostile),
    ("policy show", hostile),
    ("policy pull", hostile),
    ("policy push {}/ok.json", hostile),
    ("policy push {}/ok.json --json", hostile),
    ("policy push {}/bad.json", hostile),
    ("policy check {}/bad.json", hostile),
    ("policy check {}/bad.json --json", hostile),
    ("policy allow https://b.example", hostile),
    ("policy allow *", valid),
    ("policy allow * --yes", valid),
    ("policy allow https://*.com --yes --json", valid),
    ("policy push {}/wide.json --yes", hostile),
    ("policy set resource_policy cross-origin --yes", valid),
    ("policy edit", hostile),
    ("policy edit", valid),
    ("policy rollback", hostile),
    ("token list", hostile),
    ("token list", valid),
    ("token list --json", valid),
    ("token add o --role view", hostile),
    ("token add o --role view", valid),
    ("token add o --role view --json", valid),
    ("token rotate n", hostile),
    ("token rotate n", valid),
    ("token rotate \x1b[2J", valid),
    ("token remove n", hostile),
    ("token remove n", valid),
    ("tls status", hostile),
    ("tls status", with_certificate),
    ("tls status --json", with_certificate),
    ("tls setup", hostile),
    ("tls setup", raising),
    ("tls setup", with_certificate),
    ("tls renew", hostile),
    ("tls renew", with_certificate),
    ("tls trust", hostile),
    ("tls trust --export {}/ok.json", hostile),
    ("settings check {}/settings.json", hostile),
    ("settings check {}/settings.json --json", hostile),
    ("wifi status", hostile),
    ("wifi set n --open", hostile),
    ("explain https://a.example", hostile),
    ("backup {}", hostile),
    ("backup {}", with_names),
    ("restore {}/bad.zip", hostile),
    ("restore {}/good.zip", hostile),
    ("restore {}/wide.zip", hostile),
    ("restore {}/wide.zip --yes --json", hostile),
    ("install", installable),
    ("install --remove", installable),
    ("flash {}/bad.bin", hostile),
    ("image HOST --settings {}/bad.bin", hostile),
    ("image HOST --settings {}/settings.json", hostile),
    ("image HOST --policy {}/wide.json --output {}/flash.bin", hostile),
    ("reset", hostile),
    ("reset --factory", as_frozen),
    ("reset --factory --yes", as_frozen),
]  # fmt: skip


@pytest.mark.parametrize(("command", "make"), RUNS, ids=[f"{row[0]}, {row[1].__name__}" for row in RUNS])
def test_a_hostile_board_cannot_steer_the_terminal(folder: Path, command: str, make: Any) -> None:
    with Socket(make()) as board:
        said, status = in_terminal(
            command.replace("{}", str(folder)).split(), CAMCORS_PORT=board.port, XDG_CONFIG_HOME=str(folder)
        )
    assert status in (0, 1, 3, 4), said
    assert "Traceback" not in said.replace("Traceback\\r", "")
    if command != "policy pull":  # its lines are those of the file
        assert not re.search("^forged", said, re.MULTILINE)
    else:
        assert "camcors: this is not the file byte by byte: camcors policy pull FILE writes that" in said
    assert_harmless(said)


@pytest.mark.parametrize(
    "command", ["restore", "policy check", "settings check", "flash", "completion", "nothing"]
)
def test_a_files_name_cannot_steer_the_terminal(folder: Path, command: str) -> None:
    (bad,) = folder.glob("f*forged")
    for path in (str(bad), str(bad) + "missing"):
        said, status = in_terminal([*command.split(), path], CAMCORS_PORT="nowhere\x1b[2J")
        assert status in (1, 2, 3, 4), said
        assert_harmless(said)


def test_every_command_was_run() -> None:
    """A new command belongs into RUNS."""
    words = {" ".join(each[0].split()[:2]) for each in RUNS} | {each[0].split()[0] for each in RUNS}
    others = {"policy deny", "policy set", "dashboard", "completion", "doctor"}  # as allow; no board; below
    for name, command in main.commands.items():
        inner = command.commands if isinstance(command, click.Group) else {}
        assert ({f"{name} {each}" for each in inner} or {name}) <= words | others


def test_a_policy_goes_into_a_pipe_byte_by_byte_and_to_a_terminal_escaped(folder: Path) -> None:
    board = FakeBoard()
    board.files["/policy.json"] = content = b'{\n\t"\x1b[2J": "\xff\xc2\x9b"}'
    command = [sys.executable, "-m", "camcors_cli", "policy", "pull"]
    with Socket(board) as there:
        env = {**os.environ, "CAMCORS_PORT": there.port}
        assert subprocess.run(command, capture_output=True, env=env).stdout == content
        said, status = in_terminal(["policy", "pull"], CAMCORS_PORT=there.port)
    assert status == 0
    lines = OURS.sub("", said).replace("\r", "").splitlines()
    assert [line.strip() for line in lines if line.strip()][-3:] == [
        "{",
        '"\\x1b[2J": "\\xff\\x9b"}',
        "camcors: this is not the file byte by byte: camcors policy pull FILE writes that",
    ]


def test_a_plain_policy_on_a_terminal_has_no_note() -> None:
    with Socket(FakeBoard()) as there:
        said, _ = in_terminal(["policy", "pull"], CAMCORS_PORT=there.port)
    assert "byte by byte" not in said and POLICY in said


@pytest.fixture
def camera() -> Iterator[str]:
    """A hostile camera, for doctor: its status, header values, a redirect."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.wfile.write(
                b"HTTP/1.1 302 " + b"\x9b1m" * 9 + b"\r\nLocation: http://x/\x1b[2J\x9b" + b"y" * 20_000
            )
            self.wfile.write(b"\r\nAccess-Control-Allow-Origin: \x9b\x1b]0;x\x07\r\n\r\n")
            report = {"board": BAD, "firmware": BAD, "policy": {"state": BAD}}
            self.wfile.write(json.dumps(report).encode() + BAD.encode() * 999)

        do_OPTIONS = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("options", [[], ["--json"], ["--method", "PUT"]])
def test_a_hostile_camera_cannot_steer_the_terminal(camera: str, options: list[str]) -> None:
    said, status = in_terminal(["doctor", camera, "--origin", "https://a.example", *options])
    assert status in (1, 3), said
    assert_harmless(said)
