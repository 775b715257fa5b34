"""`camcors tls` setup, renew and status: against the camera on the desk, and a board that says odd things."""

from __future__ import annotations

import json
import os
import pty
import re
import stat
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from camcors_cli.device import board as boards
from camcors_cli.tls import authority as authorities
from camcors_cli.tls import certificate
from camcors_cli.tls.authority import Authority
from camcors_cli.tls.certificate import Found
from camcors_cli.tls.names import Names
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.kit.camera import TOP, Camera
from tests.kit.fake_board import REPORT, FakeBoard, transport
from tests.kit.line import Cut, Line, after_bytes, after_text

OWN = ("camcors.local", "camcors.lan", "camcors.home.arpa", "camcors.internal", "camcors.localdomain",
       "camcors.home", "localhost")  # fmt: skip
ACTIVE = {"state": "active", "port": 443, "plain": "redirect", "not_after": None, "error": None}


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The person's folder of settings."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config"


@pytest.fixture
def authority(config: Path) -> Authority:
    return authorities.load_or_make()[0]


def other_authority(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """The authority of another person."""
    with monkeypatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(folder / "another"))
        return authorities.load_or_make()[0]


@pytest.fixture
def bare(camera: Camera) -> Camera:
    """A camera without a certificate, with its first policy."""
    code = "import os\nif 'tls' in os.listdir('/'):\n for n in os.listdir('/tls'): os.remove('/tls/' + n)\n"
    camera.exec(code + " os.rmdir('/tls')")
    return camera


def files(camera: Camera) -> dict[str, bytes]:
    """What lies in /tls, by name."""
    code = "import os\nif 'tls' in os.listdir('/'):\n for n in os.listdir('/tls'): "
    code += "print(n, open('/tls/' + n, 'rb').read().hex())"
    return {
        name: bytes.fromhex(data) for name, data in (line.split() for line in camera.exec(code).splitlines())
    }


def pair(camera: Camera) -> tuple[ec.EllipticCurvePrivateKey, Found]:
    """The key and the certificate of a camera, which belong together."""
    found = files(camera)
    assert set(found) == {"cert.der", "key.der"}
    key, made = (
        serialization.load_der_private_key(found["key.der"], None),
        certificate.read(found["cert.der"]),
    )
    assert isinstance(key, ec.EllipticCurvePrivateKey) and made is not None
    assert key.public_key() == made.certificate.public_key()
    return key, made


def put(camera: Camera, name: str, data: bytes) -> None:
    camera.exec(
        "import os\nif 'tls' not in os.listdir('/'): os.mkdir('/tls')\n"
        f"with open('/tls/{name}', 'wb') as f: f.write({data!r})"
    )


def test_setup_makes_an_authority_and_a_pair(bare: Camera, on: Any, config: Path) -> None:
    done = on(bare, "tls", "setup")
    assert done.exit_code == 0, done.stderr
    own = authorities.load()
    _, found = pair(bare)
    assert (found.names, found.is_by(own.certificate)) == (Names(OWN, ("127.0.0.1",)), True)
    day = found.not_after.strftime("%Y-%m-%d")
    assert done.stdout.splitlines()[:2] == [
        f"the camera has a certificate until {day}, for {', '.join(OWN)}, 127.0.0.1",
        f"signed by the new {own.name}: {own.path}",
    ]
    folder = config / "camcors" / "authority"
    kept = f"camcors: {folder} holds your authority and its key: back it up, and keep it from others"
    assert done.stderr.splitlines()[-1] == kept

    before = pair(bare)[0].private_numbers()
    again = on(bare, "tls", "setup")
    assert again.exit_code == 0
    assert again.stdout.splitlines()[1] == f"signed by your {own.name}: {own.path}"
    assert pair(bare)[0].private_numbers() != before, "a new key"
    assert authorities.load().certificate == own.certificate


def test_setup_in_json(bare: Camera, on: Any) -> None:
    done = on(bare, "tls", "setup", "--json", "--name", "porch.lan", "--address", "fd00::5")
    assert done.exit_code == 0, done.stderr
    said, own = json.loads(done.stdout), authorities.load()
    _, found = pair(bare)
    assert found.names == Names((*OWN, "porch.lan"), ("127.0.0.1", "fd00::5"))
    assert said["certificate"] == found.to_json()
    assert said["authority"] == {"name": own.name, "file": str(own.path), "made": True}
    assert set(said) == {"certificate", "authority", "tls", "url"}


def test_allowed_hosts_are_in_it_where_an_authority_may_sign_them(bare: Camera, on: Any) -> None:
    before = bare.content("policy.json") or b""
    hosts = ["cam.example.com", "porch.lan", "*.home.arpa"]
    bare.put("policy.json", json.dumps({"version": 1, "allowed_hosts": hosts}))
    try:
        bare.exec("from camcors import remote; remote.look()")
        done = on(bare, "tls", "setup")
        assert done.exit_code == 0
        assert pair(bare)[1].names.names == (*OWN[:-1], "localhost", "porch.lan")
        notes = done.stderr.splitlines()[:2]
        assert notes[0].startswith("camcors: cam.example.com is not in it: a public name, and your authority")
        assert notes[1].startswith("camcors: *.home.arpa is not in it: not one name or address; write one")
        status = on(bare, "tls", "status", "--json")
        assert json.loads(status.stdout)["missing"] == {"names": [], "addresses": []}
    finally:
        bare.put("policy.json", before)


# An option, what is wrong with it.
USAGE = [
    (["--name", "example.com"], "--name': 'example.com': a public name, and your authority signs names "),
    (["--name", "camera"], "--name': 'camera': a name without a dot, which no certificate of a private"),
    (["--name", "10.0.0.1"], "--name': '10.0.0.1' is an address; --address takes it"),
    (["--address", "a.lan"], "--address': 'a.lan' is not an address; --name takes it"),
    (["--address", "8.8.8.8"], "--address': '8.8.8.8': not a private address; for a public name take"),
    (["--address", "2001:db8::1"], "--address': '2001:db8::1': not a private address"),
    (["--name", "A.lan"], "--name': 'A.lan': upper case"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "said"), USAGE, ids=[" ".join(row[0]) for row in USAGE])
@pytest.mark.parametrize("command", ["setup", "renew"])
def test_a_host_that_is_refused(run: Any, command: str, options: list[str], said: str) -> None:
    done = run("tls", command, *options)
    assert (done.exit_code, f"Error: Invalid value for '{said}" in done.stderr) == (2, True), done.stderr


def test_renew_keeps_the_key(bare: Camera, on: Any) -> None:
    assert on(bare, "tls", "setup", "--name", "porch.lan", "--address", "10.0.0.9").exit_code == 0
    key, before = pair(bare)
    done = on(bare, "tls", "renew", "--name", "second.lan")
    assert done.exit_code == 0, done.stderr
    kept, found = pair(bare)
    assert kept.private_numbers() == key.private_numbers()
    assert found.certificate.serial_number != before.certificate.serial_number
    assert found.names == Names((*OWN, "porch.lan", "second.lan"), ("127.0.0.1",))
    gone = "camcors: not in it any more, since the camera is not called so: 10.0.0.9"
    assert done.stderr.splitlines()[-1] == gone


def test_renew_takes_the_name_that_the_camera_has_now(bare: Camera, on: Any, authority: Authority) -> None:
    key = certificate.make_key()
    former = tuple(name.replace("camcors", "porch") for name in OWN)
    made = certificate.sign(authority, key.public_key(), Names(former, ("10.0.0.9",)))
    put(bare, "key.der", certificate.key_bytes(key))
    put(bare, "cert.der", made)
    status = on(bare, "tls", "status")
    covers = f"the certificate does not cover {', '.join(OWN[:-1])}, 127.0.0.1"
    need = f"camcors: {covers}: camcors tls renew makes another for the same key"
    assert (status.stderr, status.exit_code) == (f"{need}\n", 1)
    assert on(bare, "tls", "renew").exit_code == 0
    assert pair(bare)[1].names == Names(OWN, ("127.0.0.1",))
    assert on(bare, "tls", "status").exit_code == 0


def test_what_cannot_be_renewed(
    bare: Camera, on: Any, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = certificate.make_key()
    other = other_authority(tmp_path, monkeypatch)
    made = certificate.sign(authority, key.public_key(), Names(("a.lan",)))
    theirs = certificate.sign(other, key.public_key(), Names(("a.lan",)))
    setup = "camcors tls setup makes a new key and a certificate"
    rows: list[tuple[dict[str, bytes], str]] = [
        ({}, "the camera has no certificate"),
        ({"key.der": b"k"}, "the camera has no certificate"),
        ({"key.der": b"k", "cert.der": b"x"}, "/tls/cert.der is not a certificate"),
        ({"cert.der": made}, "the camera has no key to its certificate"),
        (
            {"key.der": b"k", "cert.der": theirs},
            f"another authority signed the camera's certificate: {other.name}",
        ),
    ]
    for content, said in rows:
        for name in files(bare):
            bare.exec(f"import os; os.remove('/tls/{name}')")
        for name, data in content.items():
            put(bare, name, data)
        done = on(bare, "tls", "renew")
        assert (done.stderr, done.exit_code) == (f"camcors: {said}; {setup}\n", 1)
        assert files(bare) == content


def test_renew_without_an_authority(bare: Camera, on: Any, config: Path) -> None:
    done = on(bare, "tls", "renew")
    said = (
        f"camcors: there is no private authority in {config}/camcors/authority; camcors tls setup makes it\n"
    )
    assert (done.stderr, done.exit_code) == (said, 4)


def test_anothers_certificate_is_asked_about(
    bare: Camera, on: Any, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = other_authority(tmp_path, monkeypatch)
    key = certificate.make_key()
    theirs = certificate.sign(other, key.public_key(), Names(("a.lan",)))
    put(bare, "key.der", certificate.key_bytes(key))
    put(bare, "cert.der", theirs)
    before = files(bare)
    done = on(bare, "tls", "setup")
    words = f"camcors: the camera has a certificate of another authority, {other.name}"
    refused = f"{words}; there is no terminal to ask at; add --yes to replace it with one of yours\n"
    assert (done.stdout, done.stderr, done.exit_code) == ("", refused, 1)
    assert files(bare) == before
    for answer, status in (("n", 1), ("y", 0)):
        said, code = in_terminal(["tls", "setup"], answer, bare.repl)
        assert code == status, said
        assert words in said and "Replace it, and its key? [y/N]: " in said
        assert (files(bare) == before) == (answer == "n")
    put(bare, "cert.der", theirs)
    assert on(bare, "tls", "setup", "--yes").exit_code == 0
    assert pair(bare)[1].is_by(authority.certificate)


def test_nothing_is_made_if_the_answer_is_no(
    bare: Camera, on: Any, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = other_authority(tmp_path, monkeypatch)
    put(bare, "cert.der", certificate.sign(other, certificate.make_key().public_key(), Names(("a.lan",))))
    assert on(bare, "tls", "setup").exit_code == 1
    assert not config.exists()


def in_terminal(command: list[str], answer: str, port: str) -> tuple[str, int]:
    """What a command writes to its terminal, with its exit status; `answer` goes to its question."""
    master, slave = pty.openpty()
    words = [sys.executable, "-m", "camcors_cli", *command]
    process = subprocess.Popen(
        words, stdin=slave, stdout=slave, stderr=slave, env={**os.environ, "CAMCORS_PORT": port}
    )
    os.close(slave)
    said = b""
    try:
        while block := os.read(master, 65536):
            said += block
            if said.endswith(b"[y/N]: "):
                os.write(master, answer.encode() + b"\n")
    except OSError:
        pass  # EIO: the last process has closed it
    os.close(master)
    return said.decode(), process.wait(timeout=60)


# --- The key is nowhere else.


def test_the_key_goes_over_the_cable_and_is_nowhere_else(bare: Camera, on: Any, tmp_path: Path) -> None:
    with Line(bare.repl) as line:
        done = bare.camcors("tls", "setup", "--port", line.port)
    assert done.returncode == 0, done.stderr
    shown = [done.stdout, done.stderr]
    for command in (["tls", "status"], ["tls", "renew"], ["tls", "trust"], ["info"], ["logs"]):
        for more in ([], ["--json"]):
            each = bare.camcors(*command, *more)
            shown += [each.stdout, each.stderr]
    shown += bare.drain()
    key, _ = pair(bare)
    secrets = [key, authorities.load().key]
    hidden = [number.private_numbers().private_value.to_bytes(32, "big") for number in secrets]
    forms = [form for each in hidden for form in (each.hex(), repr(each)[2:-1], each.hex(":"))]
    for text in shown:
        assert not any(form in text for form in forms) and "PRIVATE" not in text
    kept = [each for each in tmp_path.rglob("*") if each.is_file()]
    assert {each.name for each in kept} == {"camcors-authority.crt", "key.pem"}
    for each in kept:
        assert hidden[0] not in each.read_bytes(), "the camera's key is not kept here"
    sent = bytes(line.sent)
    assert repr(certificate.key_bytes(key))[2:-1].encode() in sent
    assert repr(hidden[1])[2:-1].encode() not in sent, "the authority's key stays here"


def test_renew_neither_reads_nor_sends_the_key(bare: Camera, on: Any) -> None:
    assert on(bare, "tls", "setup").exit_code == 0
    came = bytearray()

    def keep(piece: bytes) -> bytes:
        came.extend(piece)
        return piece

    with Line(bare.repl, garble=keep) as line:
        done = bare.camcors("tls", "renew", "--port", line.port)
    assert done.returncode == 0, done.stderr
    data = files(bare)["key.der"]
    assert data.hex().encode() not in bytes(came)
    assert b"'/tls/key.der'" in line.sent and b"_remote.begin('/tls/key.der'" not in line.sent
    assert b"_remote.read('/tls/key.der'" not in line.sent


# --- A line that is cut: plain http goes on, or there is a pair.

STAGES: list[tuple[str, Cut]] = [
    ("connecting", after_bytes(0)),
    ("asking how it stands", after_text("_remote.size('/tls/key.der')")),
    ("making the folder", after_text("_remote.make_folder('/tls')\x04")),
    ("removing the certificate", after_text("_remote.remove('/tls/cert.der')")),
    ("after that", after_text("_remote.remove('/tls/cert.der')\x04")),
    ("sending the key", after_text("_remote.append('/tls/key.der.new'")),
    ("closing it", after_text("_remote.close()\x04")),
    ("checking it", after_text("_remote.digest('/tls/key.der.new')")),
    ("naming it", after_text("_remote.rename('/tls/key.der.new'")),
    ("after that", after_text("_remote.rename('/tls/key.der.new', '/tls/key.der')\x04")),
    ("sending the certificate", after_text("_remote.append('/tls/cert.der.new'")),
    ("closing that", after_text("_remote.close()\x04", 2)),
    ("checking that", after_text("_remote.digest('/tls/cert.der.new')")),
    ("naming that", after_text("_remote.rename('/tls/cert.der.new'")),
    ("the end", after_text("_remote.rename('/tls/cert.der.new', '/tls/cert.der')\x04")),
]


@pytest.mark.parametrize("stage", STAGES, ids=[f"{i} {row[0]}" for i, row in enumerate(STAGES)])
@pytest.mark.parametrize("command", ["setup", "renew"])
def test_cut_off_it_is_no_certificate_or_a_pair(
    bare: Camera, on: Any, command: str, stage: tuple[str, Cut]
) -> None:
    assert on(bare, "tls", "setup").exit_code == 0
    before = files(bare)
    with Line(bare.repl, stage[1]) as line:
        done = bare.camcors("tls", command, "--port", line.port)
    was_cut = line.was_cut
    assert (done.returncode, was_cut) in ((3, True), (0, False)), done.stderr
    left = {name: data for name, data in files(bare).items() if not name.endswith(".new")}
    if "cert.der" in left:
        made = certificate.read(left["cert.der"])
        key = serialization.load_der_private_key(left["key.der"], None)
        assert made is not None and key.public_key() == made.certificate.public_key()
    if command == "renew":
        assert left["key.der"] == before["key.der"] and "cert.der" in left
    assert on(bare, "tls", "setup").exit_code == 0
    assert set(files(bare)) == {"cert.der", "key.der"}, "what a cut left is gone"


def test_the_stages_are_reached(bare: Camera, on: Any) -> None:
    """Each text is sent: a row whose text is not would cut nothing."""
    assert on(bare, "tls", "setup").exit_code == 0
    with Line(bare.repl) as line:
        assert bare.camcors("tls", "setup", "--port", line.port).returncode == 0
    for _, cut in STAGES:
        assert cut(bytes(line.sent)) is not None


# --- What is said of a camera, by a board that says all of it.


def fake(monkeypatch: pytest.MonkeyPatch) -> FakeBoard:
    board = FakeBoard()
    board.odd["own_names"] = [["n", "n.local", "n.lan", "10.0.0.7"], [["http", 80]]]
    monkeypatch.setattr(boards, "open_port", lambda device: transport(board))
    return board


def signed(authority: Authority, names: Names, start_days: float = 0.0, days: float = 825) -> bytes:
    """A certificate that began so many days ago."""
    key = certificate.make_key()
    now = datetime.now(timezone.utc)
    san: list[x509.GeneralName] = [x509.DNSName(name) for name in names.names]
    san += [x509.IPAddress(certificate.ipaddress.ip_address(each)) for each in names.addresses]
    builder = x509.CertificateBuilder(
        authority.certificate.subject,
        x509.Name([]),
        key.public_key(),
        7,
        now - timedelta(days=start_days),
        now - timedelta(days=start_days) + timedelta(days=days),
    ).add_extension(x509.SubjectAlternativeName(san), False)
    made = builder.sign(authority.key, certificate.hashes.SHA256())
    return made.public_bytes(serialization.Encoding.DER)


ALL = Names(("n.local", "n.lan"), ("10.0.0.7",))
RENEW = "camcors tls renew makes another for the same key"
THEIRS = "the authority that signed it makes another; or camcors tls setup makes one of yours"
SETUP = "camcors tls setup makes"
# The certificate: who signed it, for what, began and lasts days; the key; `tls` of the report; the needs.
STATES: list[tuple[str, tuple[bool, Names, float, float] | bytes | None, bool, Any, list[str]]] = [
    ("fine", (True, ALL, 1, 825), True, ACTIVE, []),
    ("without TLS in the firmware", (True, ALL, 1, 825), True, None, []),
    ("31 days", (True, ALL, 1, 32.1), True, ACTIVE, []),
    ("29 days", (True, ALL, 1, 30.9), True, ACTIVE, [f"the certificate ends in 29 days: {RENEW}"]),
    ("0 days", (True, ALL, 1, 1.5), True, ACTIVE, [f"the certificate ends in 0 days: {RENEW}"]),
    ("expired", (True, ALL, 9, 8), True, {**ACTIVE, "state": "expired"},
     [f"the certificate has expired: {RENEW}"]),
    ("to come", (True, ALL, -1, 8), True, ACTIVE,
     ["the certificate is not valid yet: set the clock of this computer right"]),
    ("another's", (False, ALL, 1, 825), True, ACTIVE, []),
    ("another's, soon over", (False, ALL, 1, 20.5), True, ACTIVE,
     [f"the certificate ends in 19 days: {THEIRS}"]),
    ("another's, for a proxy's name", (False, Names(("a.lan",)), 1, 825), True, ACTIVE, []),
    ("another address", (True, Names(("n.local", "n.lan"), ("10.0.0.8",)), 1, 825), True, ACTIVE,
     [f"the certificate does not cover 10.0.0.7: {RENEW}"]),
    ("another name", (True, Names((), ("10.0.0.7",)), 1, 825), True, ACTIVE,
     [f"the certificate does not cover n.local, n.lan: {RENEW}"]),
    ("soon over, and another name", (True, Names(), 1, 20.5), True, ACTIVE,
     [f"the certificate ends in 19 days: {RENEW}",
      f"the certificate does not cover n.local, n.lan, 10.0.0.7: {RENEW}"]),
    ("invalid to the camera, and another address", (True, Names(("n.local", "n.lan"), ()), 1, 825), True,
     {**ACTIVE, "state": "invalid", "error": None},
     [f"the camera does not serve https, its state is invalid: {SETUP} a new pair",
      f"the certificate does not cover 10.0.0.7: {RENEW}"]),
    ("none", None, False, {**ACTIVE, "state": "missing"}, [f"the camera has no certificate: {SETUP} one"]),
    ("none, but a key", None, True, {**ACTIVE, "state": "missing"},
     [f"the camera has no certificate: {SETUP} one"]),
    ("no key", (True, ALL, 1, 825), False, {**ACTIVE, "state": "invalid", "error": "no key"},
     [f"the camera has no key to its certificate: {SETUP} both"]),
    ("no certificate", b"x", True, {**ACTIVE, "state": "invalid"},
     [f"/tls/cert.der is not a certificate: {SETUP} another"]),
    ("invalid to the camera", (True, ALL, 1, 825), True,
     {**ACTIVE, "state": "invalid", "error": "another key"},
     [f"the camera does not serve https, its state is invalid: another key: {SETUP} a new pair"]),
]  # fmt: skip


@pytest.mark.parametrize("row", STATES, ids=[row[0] for row in STATES])
def test_status(
    run: Any, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: Any
) -> None:
    _, made, has_key, tls, needs = row
    board = fake(monkeypatch)
    board.odd["report"] = {**REPORT, "tls": tls}
    if isinstance(made, tuple):
        is_yours, names, began, lasts = made
        signer = authority if is_yours else other_authority(tmp_path, monkeypatch)
        made = signed(signer, names, began, lasts)
    if made is not None:
        board.files["/tls/cert.der"] = made
    if has_key:
        board.files["/tls/key.der"] = b"k"
    done = run("tls", "status", "--port", "fake")
    assert (done.stderr.splitlines(), done.exit_code) == (
        [f"camcors: {each}" for each in needs],
        int(bool(needs)),
    )
    as_json = run("tls", "status", "--port", "fake", "--json")
    said = json.loads(as_json.stdout)
    assert ([f"{each['what']}: {each['remedy']}" for each in said["needs"]], said["tls"]) == (needs, tls)
    assert as_json.exit_code == done.exit_code
    found = None if made is None else certificate.read(made)
    assert said["certificate"] == (found and found.to_json())


def test_status_says_how_it_stands(run: Any, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    board = fake(monkeypatch)
    board.odd["report"] = {**REPORT, "tls": ACTIVE}
    board.files |= {"/tls/cert.der": signed(authority, ALL, 1, 100.5), "/tls/key.der": b"k"}
    lines = [re.split("  +", line) for line in run("tls", "status", "--port", "fake").stdout.splitlines()]
    day = (datetime.now(timezone.utc) + timedelta(days=99.5)).strftime("%Y-%m-%d")
    assert lines == [
        ["names", "n.local, n.lan"],
        ["addresses", "10.0.0.7"],
        ["valid until", f"{day}, 99 days left"],
        ["signed by", f"your authority, {authority.name}"],
        ["https", "active on port 443; plain http: redirect"],
    ]


def test_a_camera_that_has_not_started(
    run: Any, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = fake(monkeypatch)
    board.odd["own_names"] = None
    done = run("tls", "setup", "--port", "fake")
    said = "camcors: the camera has not started, so its name is not known; start it with camcors reset; "
    assert (done.stderr, done.exit_code) == (said + "or add --name NAME.local\n", 4)


def test_a_pair_that_the_camera_does_not_take_is_said(
    bare: Camera, on: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a camera whose state does not become active."""
    from camcors_cli.device import answers, camera

    def invalid(value: Any) -> answers.Report:
        return answers.report({**value, "tls": {**ACTIVE, "state": "invalid", "error": "no room"}})

    monkeypatch.setattr(camera, "LOOK", camera.Call(invalid, "look"))
    monkeypatch.setattr(camera, "_IN_FORCE_S", 0.5)
    done = on(bare, "tls", "setup")
    assert done.exit_code == 4
    assert done.stderr.startswith("camcors: /tls/cert.der is written, but not in force after 0 s: ")


def test_nobody_else_can_read_what_setup_makes(bare: Camera, on: Any, config: Path) -> None:
    assert on(bare, "tls", "setup").exit_code == 0
    made = [config / "camcors", *(config / "camcors").rglob("*")]
    assert {stat.S_IMODE(each.stat().st_mode) & 0o077 for each in made} == {0}


# --- Power that fails at every write of the flash.

_CUTS = """
import json, os, sys, vfs
sys.path.insert(0, KIT)
from cut_flash import cut_all, new_image, read
from camcors import remote as _remote

CERT, KEY = "/f/tls/cert.der", "/f/tls/key.der"

class Case:
    outcomes = None

    def __init__(self):
        self.outcomes = {}

    def prepare(self):
        os.mkdir("/f/tls")
        for path, data in BEFORE:
            with open(path, "wb") as f:
                f.write(data)

    def act(self):
        _remote._file = None  # what a cut has left open is of another flash
        for call in CALLS:
            exec(call, {"_remote": _remote})

    def judge(self, cert, key):
        found = None if cert is None else PAIRS.index((cert, key)) if (cert, key) in PAIRS else "half"
        self.outcomes[found] = self.outcomes.get(found, 0) + 1
        return "a certificate with another key" if found == "half" else None

case = Case()
writes, tried, outcomes, wrong = cut_all(case, new_image(case.prepare), lambda: (read(CERT), read(KEY)))
print(json.dumps([writes, tried, [outcomes.get(each, 0) for each in (0, None, 1)], [str(w) for w in wrong]]))
"""
_WRITES = re.compile(rb"_remote\.(?:make_folder|remove|append|close|rename)\(.*?\)(?=\x04)")


@pytest.mark.parametrize("has_pair", [True, False])
def test_power_cut_at_every_write_of_setup(
    bare: Camera, on: Any, program: Path, tmp_path: Path, has_pair: bool
) -> None:
    """The calls as the command sends them, on a flash whose power fails at the N-th write."""
    if has_pair:
        assert on(bare, "tls", "setup").exit_code == 0
    before = files(bare)
    with Line(bare.repl) as line:
        assert bare.camcors("tls", "setup", "--port", line.port).returncode == 0
    after = files(bare)
    calls = [each.decode().replace("'/tls", "'/f/tls") for each in _WRITES.findall(bytes(line.sent))]
    assert len(calls) == 7 + has_pair
    pairs = [(each.get("cert.der"), each.get("key.der")) for each in (before, after)]
    stood = [(f"/f/tls/{name}", data) for name, data in before.items()]
    script = tmp_path / "cuts.py"
    kit = str(TOP / "tests" / "kit")
    given = f"KIT = {kit!r}\nBEFORE = {stood!r}\nPAIRS = {pairs!r}\nCALLS = {calls!r}\n"
    script.write_text(given + _CUTS)
    done = subprocess.run([program, script], capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stdout + done.stderr
    writes, tried, outcomes, wrong = json.loads(done.stdout.splitlines()[-1])
    assert wrong == []
    assert writes >= 5 and tried == sum(outcomes) == 3 * writes
    old, none, new = outcomes
    assert (old > 0) == has_pair and none > 0 and new > 0
