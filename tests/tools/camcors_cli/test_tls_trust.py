"""`camcors tls trust`, and what doctor makes of a certificate, against servers on the loopback."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import ssl
import subprocess
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from camcors_cli.browser import requests
from camcors_cli.browser.fetch import Request
from camcors_cli.tls import authority as authorities
from camcors_cli.tls import certificate, stores
from camcors_cli.tls.authority import Authority
from camcors_cli.tls.names import Names
from cryptography.hazmat.primitives.serialization import Encoding

from tests.kit.authority import Authority as OtherAuthority
from tests.kit.camera import free_port

HERE = Names(("localhost",), ("127.0.0.1",))
NOW = datetime.now(timezone.utc)
DOCS = "docs/tls.md tells how, for each system and browser"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The person's home; no authority of the system's is trusted."""
    nobody = tmp_path / "nobody.pem"
    nobody.write_text("")
    for name, path in (("HOME", "home"), ("XDG_CONFIG_HOME", "home/.config"), ("SSL_CERT_DIR", "home/none")):
        monkeypatch.setenv(name, str(tmp_path / path))
    monkeypatch.setenv("SSL_CERT_FILE", str(nobody))
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def authority(home: Path) -> Authority:
    return authorities.load_or_make()[0]


@pytest.fixture
def other(tmp_path: Path) -> OtherAuthority:
    (tmp_path / "other").mkdir()
    return OtherAuthority(tmp_path / "other")


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET

    def log_message(self, *args: object) -> None:
        pass


@contextlib.contextmanager
def serving(context: ssl.SSLContext | None) -> Iterator[int]:
    """The port of a server, over TLS if there is a context."""

    class Server(HTTPServer):
        def get_request(self) -> Any:
            line, address = self.socket.accept()
            line.settimeout(10)
            return (context.wrap_socket(line, server_side=True) if context else line), address

        def handle_error(self, *args: object) -> None:
            pass  # a client that refuses the certificate

    with Server(("127.0.0.1", free_port()), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def own(authority: Authority, names: Names, folder: Path) -> ssl.SSLContext:
    """A server with a certificate of the person's own authority."""
    key = certificate.make_key()
    made = certificate.sign(authority, key.public_key(), names)
    path = folder / "server"
    path.with_suffix(".key").write_bytes(authorities._pem(key))
    path.with_suffix(".crt").write_text(ssl.DER_cert_to_PEM_cert(made))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path.with_suffix(".crt"), path.with_suffix(".key"))
    return context


def trust_in(folder: Path, authority: Path, flags: str = "C,,") -> None:
    """Put an authority into a store of NSS."""
    program = shutil.which("certutil")
    assert program, "certutil is missing; install it with: sudo apt install libnss3-tools"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "cert9.db").exists():
        subprocess.run([program, "-N", "-d", f"sql:{folder}", "--empty-password"], check=True)
    add = ["-A", "-d", f"sql:{folder}", "-n", "camcors", "-t", flags, "-i", str(authority)]
    subprocess.run([program, *add], check=True)


def check(run: Any, url: str) -> tuple[int, list[str], dict[str, Any]]:
    """The exit status of `trust --check`, the lines that it prints, and what it says in JSON."""
    done, as_json = run("tls", "trust", "--check", url), run("tls", "trust", "--check", url, "--json")
    assert (done.stderr, as_json.stderr, done.exit_code) == ("", "", as_json.exit_code)
    return done.exit_code, done.stdout.splitlines(), json.loads(as_json.stdout)


def test_a_camera_that_the_system_trusts(
    run: Any, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    with serving(own(authority, HERE, tmp_path)) as port:
        for url in (f"https://127.0.0.1:{port}", f"https://localhost:{port}/x", f"127.0.0.1:{port}"):
            status, lines, said = check(run, url)
            place = url.removeprefix("https://").removesuffix("/x")
            whose = f"note its certificate is of your authority, {authority.name}, until "
            assert (status, lines[0].startswith(whose)) == (0, True)
            assert lines[1:] == [f"ok   this system trusts {place}"]
            assert (said["trusted"], said["reason"], said["authority"]) == (True, None, "yours")
            assert said["certificate"]["addresses"] == ["127.0.0.1"]


# What the own authority has signed, whether the system trusts it; the reason, what to do.
OWN = [
    (HERE, False, "its authority is yours, and this system does not trust that yet", DOCS),
    (Names(("camera.local",)), False, "its certificate is not for 127.0.0.1, but for camera.local",
     "open it by a name in it, or camcors tls renew"),
    (Names(("camera.local",), ("10.0.0.7",)), True,
     "its certificate is not for 127.0.0.1, but for camera.local, 10.0.0.7",
     "open it by a name in it, or camcors tls renew"),
    (Names(("example.com",), ("127.0.0.1",)), True, "its authority may not sign for 127.0.0.1",
     "open it by a name below local, or by a private address"),
]  # fmt: skip


@pytest.mark.parametrize(("names", "is_trusted", "reason", "remedy"), OWN)
def test_a_certificate_of_yours_that_is_refused(
    run: Any, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    names: Names, is_trusted: bool, reason: str, remedy: str,
) -> None:  # fmt: skip
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    with serving(own(authority, names, tmp_path)) as port:
        status, lines, said = check(run, f"https://127.0.0.1:{port}")
    assert (status, said["trusted"], said["reason"], said["remedy"]) == (1, False, reason, remedy)
    assert lines[1] == f"no   this system does not trust 127.0.0.1:{port}: {reason}; {remedy}"


# What another authority has signed: for whom, from and until which day; whether the system trusts it; the
# reason, what to do.
OTHERS = [
    ("127.0.0.1", -9, 9, False, "the authority of its certificate is not known here: ISSUER",
     "it is not yours; have its owner say how to trust it"),
    ("127.0.0.1", -9, -1, True, "its certificate has expired",
     "camcors tls renew makes another, over the camera's REPL"),
    ("127.0.0.1", 1, 9, True, "its certificate is not valid yet", "set the clock of this computer right"),
    ("camera.local", -9, 9, True, "its certificate is not for 127.0.0.1, but for camera.local",
     "open it by a name in it, or camcors tls renew"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "start", "end", "is_trusted", "reason", "remedy"), OTHERS)
def test_a_certificate_of_another_that_is_refused(
    run: Any, other: OtherAuthority, authority: Authority, monkeypatch: pytest.MonkeyPatch,
    name: str, start: int, end: int, is_trusted: bool, reason: str, remedy: str,
) -> None:  # fmt: skip
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(other.certificate))
    leaf = other.leaf(name, not_before=NOW + timedelta(days=start), not_after=NOW + timedelta(days=end))
    with serving(leaf.context()) as port:
        status, lines, said = check(run, f"https://127.0.0.1:{port}")
    wanted = reason.replace("ISSUER", said["certificate"]["issuer"])
    assert (status, said["reason"], said["remedy"]) == (1, wanted, remedy)
    assert (said["authority"], said["stores"]) == ("another's", [])
    assert lines[0].startswith("note its certificate is of another authority, ")


def test_another_authority_that_the_system_trusts(
    run: Any, other: OtherAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(other.certificate))
    with serving(other.leaf("127.0.0.1").context()) as port:
        status, _, said = check(run, f"https://127.0.0.1:{port}")
    assert (status, said["trusted"], said["authority"]) == (0, True, "another's")


def test_plain_http_is_told_from_nothing(run: Any) -> None:
    with serving(None) as port:
        status, lines, said = check(run, f"https://127.0.0.1:{port}")
    reason = "it speaks plain http there, and no TLS"
    remedy = "camcors tls setup gives the camera a certificate; its port for https is 443"
    assert (status, said["reason"], said["remedy"], said["certificate"]) == (1, reason, remedy, None)
    assert lines == [f"no   this system does not trust 127.0.0.1:{port}: {reason}; {remedy}"]
    done = run("tls", "trust", "--check", f"https://127.0.0.1:{port}")
    words = f"camcors: 127.0.0.1:{port} refuses the connection; "
    words += "camcors tls status tells whether the camera serves https, and at which port\n"
    assert (done.stdout, done.stderr, done.exit_code) == ("", words, 3)


USAGE = [
    (["--check", "http://a.local"], "'http://a.local': plain http has no certificate; write https://a.local"),
    (["--check", "ftp://a.local"], '"ftp://a.local": a camera speaks http or https; write http://a.local'),
    (["--check", "a b"], '"https://a b": '),
    (["--check", "a.local", "--export", "x"], "--export belongs to trust without --check"),
]


@pytest.mark.parametrize(("options", "said"), USAGE)
def test_what_is_not_checked(run: Any, options: list[str], said: str) -> None:
    done = run("tls", "trust", *options)
    assert (done.exit_code, said in done.stderr) == (2, True), done.stderr


# --- The stores of browsers.


def test_the_stores_of_browsers_are_looked_into(
    run: Any, authority: Authority, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    chromium, profiles = home / ".pki" / "nssdb", home / ".mozilla" / "firefox"
    trust_in(chromium, authority.path)
    trust_in(profiles / "a.default", authority.path)
    trust_in(profiles / "b.other", authority.path, ",,")
    (profiles / "c.damaged").mkdir()
    (profiles / "c.damaged" / "cert9.db").write_text("x" * 5000)
    (profiles / "without").mkdir()
    with serving(own(authority, HERE, tmp_path)) as port:
        status, lines, said = check(run, f"https://127.0.0.1:{port}")
        assert lines[1:] == [
            f"ok   this system trusts 127.0.0.1:{port}",
            f"ok   Chromium trusts your authority: {chromium}",
            f"ok   Firefox trusts your authority: {profiles}/a.default",
            f"no   Firefox does not trust your authority yet: {profiles}/b.other; {DOCS}",
            f"note Firefox keeps its authorities in {profiles}/c.damaged, which cannot be read",
        ]
        assert (status, said["trusted"], [each["trusts"] for each in said["stores"]]) == (
            1,
            True,
            [True, True, False, None],
        )
        trust_in(profiles / "b.other", authority.path)
        assert check(run, f"https://127.0.0.1:{port}")[0] == 0


def test_another_authority_in_a_store_does_not_count(
    authority: Authority, other: OtherAuthority, tmp_path: Path
) -> None:
    trust_in(tmp_path / "store", other.certificate)
    der = authority.certificate.public_bytes(Encoding.DER)
    assert stores.trusts(tmp_path / "store", der) is False


@pytest.mark.parametrize(("trust", "trusts"), [("00000002", True), ("00000004", False)])
def test_a_store_as_newer_firefox_writes_it(
    authority: Authority, tmp_path: Path, trust: str, trusts: bool
) -> None:
    """By PKCS #11 3.2: what Firefox 153 had written when `C,,` was asked of it."""
    trust_in(tmp_path / "store", authority.path)
    with sqlite3.connect(tmp_path / "store" / "cert9.db") as store:
        store.execute("ALTER TABLE nssPublic ADD COLUMN a62c")
        change = "UPDATE nssPublic SET a0 = ?, ace536358 = NULL, a62c = ? WHERE ace536358 IS NOT NULL"
        assert store.execute(change, (bytes.fromhex("0000000b"), bytes.fromhex(trust))).rowcount == 1
    der = authority.certificate.public_bytes(Encoding.DER)
    assert stores.trusts(tmp_path / "store", der) is trusts


# --- The authority, shown.


def test_trust_shows_the_authority(run: Any, authority: Authority, tmp_path: Path) -> None:
    done = run("tls", "trust")
    path = authority.path
    said = json.loads(run("tls", "trust", "--json").stdout)
    assert (done.exit_code, done.stderr) == (0, "")
    assert (said["name"], said["file"], said["exported"]) == (authority.name, str(path), None)
    assert said["sha256"] in done.stdout and str(path) in done.stdout
    assert [each["for"] for each in said["commands"]] == ["Chromium", "curl, Python"]
    target = tmp_path / "phone.crt"
    assert run("tls", "trust", "--export", target).exit_code == 0
    assert target.read_bytes() == path.read_bytes()
    assert run("tls", "trust", "--export", target).exit_code == 4


# The stores that there are, and the one that Chromium takes then.
CHROMIUM = [
    ([], ".pki/nssdb"),
    ([".pki/nssdb"], ".pki/nssdb"),
    ([".local/share/pki/nssdb"], ".local/share/pki/nssdb"),
    ([".pki/nssdb", ".local/share/pki/nssdb"], ".pki/nssdb"),
]


@pytest.mark.parametrize(("there", "taken"), CHROMIUM)
def test_the_command_for_chromium_makes_chromium_trust_it(
    run: Any, authority: Authority, other: OtherAuthority, home: Path, there: list[str], taken: str
) -> None:
    """The line as it is printed, in a shell."""
    for each in there:
        trust_in(home / each, other.certificate)
    command = json.loads(run("tls", "trust", "--json").stdout)["commands"][0]["command"]
    subprocess.run(["sh", "-c", command], check=True)
    der = authority.certificate.public_bytes(Encoding.DER)
    assert stores.find(der) == [stores.Store("Chromium", home / taken, True)]


def test_trust_without_an_authority(run: Any, home: Path) -> None:
    done = run("tls", "trust")
    said = "camcors: there is no private authority yet; "
    said += "camcors tls setup makes it, with a camera's certificate\n"
    assert (done.stdout, done.stderr, done.exit_code) == ("", said, 4)


# --- What else speaks to a camera.


def asked(url: str) -> str:
    """What becomes of a request of doctor or of the dashboard: "answered", or why not."""
    try:
        requests.send(Request("GET", url, []))
    except requests.Unreachable as exc:
        return "; ".join(exc.args)
    return "answered"


def test_what_your_authority_has_signed_is_accepted(authority: Authority, tmp_path: Path) -> None:
    """Though the system does not trust it."""
    with serving(own(authority, HERE, tmp_path)) as port:
        assert asked(f"https://127.0.0.1:{port}/") == "answered"
        assert asked(f"https://localhost:{port}/") == "answered"


def test_what_the_system_trusts_is_accepted(other: OtherAuthority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(other.certificate))
    with serving(other.leaf("127.0.0.1").context()) as port:
        assert asked(f"https://127.0.0.1:{port}/") == "answered"


def test_a_refused_certificate_is_said_in_words(
    run: Any, other: OtherAuthority, authority: Authority, tmp_path: Path
) -> None:
    with serving(other.leaf("127.0.0.1").context()) as port:
        words = f"127.0.0.1:{port} is not trusted: the authority of its certificate is not known here; "
        words += "camcors tls trust --check tells more"
        assert asked(f"https://127.0.0.1:{port}/") == words
        done = run("doctor", f"https://127.0.0.1:{port}", "--origin", "https://a.example")
        assert (done.stderr, done.exit_code) == (f"camcors: {words}\n", 3)
    with serving(own(authority, Names(("camera.local",)), tmp_path)) as port:
        words = f"127.0.0.1:{port} is not trusted: its certificate is not for 127.0.0.1; "
        assert asked(f"https://127.0.0.1:{port}/") == words + "open it by a name in it, or camcors tls renew"


def test_a_damaged_authority_stops_no_request(authority: Authority, other: OtherAuthority) -> None:
    authority.path.write_text("x")
    with serving(None) as port:
        assert asked(f"http://127.0.0.1:{port}/") == "answered"
    with serving(other.leaf("127.0.0.1").context()) as port:
        assert asked(f"https://127.0.0.1:{port}/").startswith(f"127.0.0.1:{port} is not trusted: ")
