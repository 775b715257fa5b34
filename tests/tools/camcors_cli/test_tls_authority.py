"""The private authority: what it may sign, by OpenSSL and Python's ssl, and how it lies on this computer."""

from __future__ import annotations

import ipaddress
import json
import os
import socket
import ssl
import stat
import subprocess
import sys
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from camcors_cli.tls import authority as authorities
from camcors_cli.tls import certificate
from camcors_cli.tls.authority import Authority
from camcors_cli.tls.names import Names, fault_of, given_before, part
from camcors_cli.ui.errors import Failure
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

SUFFIXES = ["local", "lan", "home.arpa", "internal", "localdomain", "home", "localhost"]
NETWORKS = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8", "fc00::/7",
            "fe80::/10", "::1/128"]  # fmt: skip


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The person's folder of settings."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config"


@pytest.fixture
def authority(config: Path) -> Authority:
    made, is_new = authorities.load_or_make()
    assert is_new
    return made


def extension(found: x509.Certificate, kind: type) -> tuple[object, bool]:
    each = found.extensions.get_extension_for_class(kind)
    return each.value, each.critical


def test_what_the_authority_says_of_itself(authority: Authority) -> None:
    found = authority.certificate
    assert extension(found, x509.BasicConstraints) == (x509.BasicConstraints(ca=True, path_length=0), True)
    permitted: list[x509.GeneralName] = [x509.DNSName(name) for name in SUFFIXES]
    permitted += [x509.IPAddress(ipaddress.ip_network(text)) for text in NETWORKS]
    assert extension(found, x509.NameConstraints) == (x509.NameConstraints(permitted, None), True)
    usage, is_critical = extension(found, x509.KeyUsage)
    bits = {name[1:]: value for name, value in vars(usage).items() if value}
    assert (bits, is_critical) == ({"key_cert_sign": True}, True)
    server = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    assert extension(found, x509.ExtendedKeyUsage) == (server, False)
    identifier = x509.SubjectKeyIdentifier.from_public_key(found.public_key())
    assert extension(found, x509.SubjectKeyIdentifier) == (identifier, False)
    assert isinstance(authority.key.curve, ec.SECP256R1)
    assert len(found.extensions) == 5
    assert found.not_valid_after_utc - found.not_valid_before_utc == timedelta(days=3652)
    assert found.subject == found.issuer
    assert authority.name == f"camcors private authority {identifier.digest.hex()[:8]}"


def test_two_authorities_have_two_names(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "other"))
    other, _ = authorities.load_or_make()
    assert other.name != authority.name


def test_what_a_certificate_says(authority: Authority) -> None:
    key = certificate.make_key()
    names = Names(("n.local", "n.lan"), ("10.0.0.7", "fd00::1"))
    before = datetime.now(timezone.utc)
    data = certificate.sign(authority, key.public_key(), names)
    found = certificate.read(data)
    assert found is not None and (found.names, found.issuer) == (names, authority.name)
    made = found.certificate
    assert extension(made, x509.BasicConstraints) == (
        x509.BasicConstraints(ca=False, path_length=None),
        True,
    )
    usage, is_critical = extension(made, x509.KeyUsage)
    assert ({name[1:] for name, value in vars(usage).items() if value}, is_critical) == (
        {"digital_signature"},
        True,
    )
    server = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    assert extension(made, x509.ExtendedKeyUsage) == (server, False)
    assert extension(made, x509.SubjectKeyIdentifier) == (
        x509.SubjectKeyIdentifier.from_public_key(key.public_key()),
        False,
    )
    identifier, _ = extension(authority.certificate, x509.SubjectKeyIdentifier)
    issuer, _ = extension(made, x509.AuthorityKeyIdentifier)
    assert (issuer.key_identifier, issuer.authority_cert_issuer) == (identifier.digest, None)
    assert len(made.extensions) == 6
    # Both ends count (RFC 5280 section 4.1.2.5): 825 days, and not a second more.
    assert found.not_after - found.not_before + timedelta(seconds=1) == timedelta(days=825)
    assert timedelta(minutes=59) < before - found.not_before < timedelta(minutes=61)
    assert (found.is_by(authority.certificate), found.is_by(None), found.days_left) == (True, False, 824)


def test_a_certificate_ends_with_its_authority(
    authority: Authority, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aged = aged_authority(authority, 3000)
    key = certificate.make_key()
    found = certificate.read(certificate.sign(aged, key.public_key(), Names(("a.local",))))
    assert found is not None and found.not_after == aged.certificate.not_valid_after_utc
    with pytest.raises(Failure) as raised:
        certificate.sign(aged_authority(authority, 4000), key.public_key(), Names(("a.local",)))
    assert raised.value.message == f"your authority in {authority.path} has expired"


def aged_authority(authority: Authority, days: int) -> Authority:
    """Return the authority as if it had been made so many days earlier."""
    old = authority.certificate
    builder = x509.CertificateBuilder(
        old.issuer,
        old.subject,
        old.public_key(),
        old.serial_number,
        old.not_valid_before_utc - timedelta(days=days),
        old.not_valid_after_utc - timedelta(days=days),
        list(old.extensions),
    )
    return authority._replace(certificate=builder.sign(authority.key, old.signature_hash_algorithm))


@pytest.mark.parametrize("data", [b"", b"\x30", b"x" * 500, b"\x30\x82\x01\x00" + bytes(256)])
def test_what_is_no_certificate(data: bytes) -> None:
    assert certificate.read(data) is None


def test_a_key_is_sec1_der() -> None:
    key = certificate.make_key()
    data = certificate.key_bytes(key)
    shown = subprocess.run(
        ["openssl", "ec", "-inform", "DER", "-noout", "-text"], input=data, capture_output=True
    )
    assert (shown.returncode, b"NIST CURVE: P-256" in shown.stdout, len(data)) == (0, True, 121)
    read = serialization.load_der_private_key(data, None)
    assert isinstance(read, ec.EllipticCurvePrivateKey)
    assert read.private_numbers() == key.private_numbers()


# --- What it may sign: judged by OpenSSL and by Python's ssl, as a browser would.

# Names of a certificate that somebody makes with a stolen key; whether it is taken.
CERTIFICATES: list[tuple[list[str], list[str], bool]] = [
    *[([f"camera.{suffix}"], [], True) for suffix in SUFFIXES],
    *[([suffix], [], True) for suffix in SUFFIXES],
    *[([], [address], True) for address in ("10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.4.1",
                                            "169.254.1.1", "127.0.0.1", "fd12::1", "fe80::1", "::1")],
    (["camera.local", "camera.home.arpa"], ["192.168.1.7"], True),
    *[([name], [], False) for name in ("example.com", "dashboard.example.com", "local.example.com", "xlocal",
                                       "camera.xlan", "arpa", "in-addr.arpa", "camera", "com",
                                       "*.example.com")],
    (["camera.local", "example.com"], [], False),
    *[([], [address], False) for address in ("8.8.8.8", "172.32.0.1", "11.0.0.1", "100.64.0.1", "192.169.0.1",
                                             "2001:4860::8888", "fec0::1", "::", "::2", "::ffff:8.8.8.8")],
    (["camera.local"], ["8.8.8.8"], False),
]  # fmt: skip


def verdict(authority: Authority, leaf: bytes, folder: Path) -> tuple[int, str]:
    """What `openssl verify` makes of a certificate (DER), by the standard to the letter."""
    path = folder / "leaf.pem"
    path.write_text(ssl.DER_cert_to_PEM_cert(leaf))
    done = subprocess.run(
        ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", authority.path, path],
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize(("names", "addresses", "is_taken"), CERTIFICATES)
def test_a_browser_takes_what_it_may_sign_and_nothing_else(
    authority: Authority, tmp_path: Path, names: list[str], addresses: list[str], is_taken: bool
) -> None:
    key = certificate.make_key()
    leaf = certificate.sign(authority, key.public_key(), Names(tuple(names), tuple(addresses)))
    status, said = verdict(authority, leaf, tmp_path)
    assert (status, "permitted subtree violation" in said) == ((0, False) if is_taken else (2, True)), said
    host = (names + addresses)[-1]
    refused = handshake(authority, leaf, certificate.key_bytes(key), host.replace("*", "www"), tmp_path)
    assert (refused is None) == is_taken, refused
    if refused is not None:
        assert refused.verify_message == "permitted subtree violation"


def handshake(
    authority: Authority, leaf: bytes, key: bytes, host: str, folder: Path
) -> ssl.SSLCertVerificationError | None:
    """Shake hands, as strictly as Python 3.13 does -> why the client refuses the server, or None."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    pem = ssl.DER_cert_to_PEM_cert(leaf).encode() + pem_of(key)
    (folder / "pair.pem").write_bytes(pem)
    server.load_cert_chain(folder / "pair.pem")
    client = ssl.create_default_context(cafile=str(authority.path))
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    here, there = socket.socketpair()
    with here, there:

        def serve() -> None:
            try:
                server.wrap_socket(there, server_side=True).close()
            except OSError:
                pass  # the client has refused

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            client.wrap_socket(here, server_hostname=host).close()
        except ssl.SSLCertVerificationError as exc:
            return exc
        finally:
            here.close()
            thread.join(timeout=10)
    return None


def pem_of(key: bytes) -> bytes:
    made = serialization.load_der_private_key(key, None)
    form = serialization.PrivateFormat.PKCS8
    return made.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def test_it_signs_no_authority(authority: Authority, tmp_path: Path) -> None:
    """A path of length 0: what it signs can sign nothing."""
    key = ec.generate_private_key(ec.SECP256R1())
    own = certificate.read(certificate.sign(authority, key.public_key(), Names(("a.local",))))
    assert own is not None
    old = own.certificate
    extensions = [
        x509.Extension(x509.BasicConstraints.oid, True, x509.BasicConstraints(ca=True, path_length=None)),
        x509.Extension(x509.KeyUsage.oid, True, authorities.usage(signs_certificates=True)),
    ]
    builder = x509.CertificateBuilder(
        old.issuer, x509.Name([]), old.public_key(), 7, old.not_valid_before_utc, old.not_valid_after_utc
    )
    for each in extensions:
        builder = builder.add_extension(each.value, each.critical)
    middle = builder.sign(authority.key, old.signature_hash_algorithm)
    leaf_key = certificate.make_key()
    leaf = (
        x509.CertificateBuilder(middle.subject, old.subject, leaf_key.public_key(), 8,
                                old.not_valid_before_utc, old.not_valid_after_utc)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("a.local")]), False)
        .sign(key, old.signature_hash_algorithm)
    )  # fmt: skip
    (tmp_path / "middle.pem").write_bytes(middle.public_bytes(serialization.Encoding.PEM))
    (tmp_path / "leaf.pem").write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
    done = subprocess.run(
        ["openssl", "verify", "-CAfile", authority.path, "-untrusted", tmp_path / "middle.pem",
         tmp_path / "leaf.pem"], capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, "path length constraint exceeded" in done.stderr) == (2, True), done.stderr


# --- What it signs when it is asked by the commands.

# A host of a camera; what of it gets into a certificate.
HOSTS = [
    ("camera.local", Names(("camera.local",))),
    ("camera.home.arpa", Names(("camera.home.arpa",))),
    ("localhost", Names(("localhost",))),
    ("192.168.1.7", Names((), ("192.168.1.7",))),
    ("127.0.0.1", Names(("localhost",), ("127.0.0.1",))),
    ("[fd00::1]", Names((), ("fd00::1",))),
    ("[::1]", Names(("localhost",), ("::1",))),
]
_PUBLIC = "for a public name take a proxy with a certificate of a public authority: docs/recipes.md"
_ONE = "write one name or address, such as camera.lan"
FAULTS = [
    ("cam.example.com", f"a public name, and your authority signs names below {', '.join(SUFFIXES)}, "
     f"and private addresses; {_PUBLIC}"),
    ("8.8.8.8", f"not a private address; {_PUBLIC}"),
    ("0.0.0.0", f"not a private address; {_PUBLIC}"),
    ("[2001:db8::1]", f"not a private address; {_PUBLIC}"),
    ("camera", "a name without a dot, which no certificate of a private authority has; write camera.local"),
    ("*.lan", f"not one name or address; {_ONE}"),
    ("camera.lan:80", f"not one name or address; {_ONE}"),
    ("Camera.lan", f"upper case; {_ONE}"),
    ("a b.lan", None),
    ("", None),
    ("camera.lan/x", None),
]  # fmt: skip


@pytest.mark.parametrize(("host", "names"), HOSTS)
def test_a_host_that_is_named(host: str, names: Names) -> None:
    assert part([host, host]) == (names, {})


@pytest.mark.parametrize(("host", "fault"), FAULTS)
def test_a_host_that_is_left_out(host: str, fault: str | None) -> None:
    found = fault_of(host)
    assert found.endswith(_ONE) if fault is None else found == fault
    assert part([host]) == (Names(), {host: found})


def own(name: str) -> tuple[str, ...]:
    return tuple(f"{name}.{suffix}" for suffix in SUFFIXES[:-1])


# The names of a certificate; those that somebody gave it besides.
BEFORE = [
    (Names(own("camcors"), ("10.0.0.7",)), Names()),
    (Names((*own("camcors"), "porch.lan", "localhost"), ("10.0.0.7",)), Names(("porch.lan", "localhost"))),
    (Names((*own("a"), *own("b"))), Names()),
    (Names(own("a")[1:]), Names(own("a")[1:])),
]


@pytest.mark.parametrize(("before", "given"), BEFORE)
def test_what_was_given_to_a_certificate_stays(before: Names, given: Names) -> None:
    assert given_before(before) == given


# --- How it lies on this computer.


def test_only_the_person_can_read_it(authority: Authority, config: Path) -> None:
    folder = config / "camcors" / "authority"
    assert {each.name: stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()} == {
        "camcors-authority.crt": 0o600,
        "key.pem": 0o600,
    }
    assert [stat.S_IMODE(each.stat().st_mode) for each in (folder, folder.parent)] == [0o700, 0o700]
    assert [each.name for each in folder.parent.iterdir()] == ["authority"]
    assert b"PRIVATE KEY" in (folder / "key.pem").read_bytes()
    assert b"PRIVATE" not in (folder / "camcors-authority.crt").read_bytes()


def test_it_is_made_once(authority: Authority) -> None:
    again, is_new = authorities.load_or_make()
    assert (again.certificate, is_new) == (authority.certificate, False)
    assert again.key.private_numbers() == authority.key.private_numbers()


def test_of_two_at_once_one_makes_it(config: Path) -> None:
    code = "from camcors_cli import tree; from camcors_cli.tls import authority as a; "
    code += "made, new = a.load_or_make(); print(made.name, int(new))"
    running = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    said = [each.communicate(timeout=60)[0].rpartition(" ") for each in running]
    assert len({name for name, _, _ in said}) == 1
    assert sorted(int(new) for _, _, new in said) == [0, 0, 0, 1]
    assert [each.name for each in (config / "camcors").iterdir()] == ["authority"]


_CUT = """
import os, sys
from camcors_cli import tree
from camcors_cli.tls import authority as a
left = int(sys.argv[1])
def count(event, args):
    global left
    if event in ("open", "os.mkdir", "os.rename") and "camcors" in str(args[0]) and "config" in str(args[0]):
        left -= 1
        if left < 0:
            os._exit(9)
sys.addaudithook(count)
a.load_or_make()
"""


def test_cut_off_anywhere_it_is_whole_or_not_there(tmp_path: Path) -> None:
    """As by a power cut before each thing that it does with a file."""
    stages = []
    for count in range(40):
        home = tmp_path / str(count) / "config"
        env = {**os.environ, "XDG_CONFIG_HOME": str(home)}
        done = subprocess.run([sys.executable, "-c", _CUT, str(count)], env=env, timeout=60)
        if done.returncode == 0:
            break
        assert done.returncode == 9
        folder = home / "camcors" / "authority"
        stages.append(folder.exists())
        code = "from camcors_cli import tree; from camcors_cli.tls import authority as a; a.load_or_make()"
        subprocess.run([sys.executable, "-c", code], env=env, timeout=60, check=True)
        assert sorted(each.name for each in folder.iterdir()) == ["camcors-authority.crt", "key.pem"]
    assert stages.count(False) >= 5 and stages == sorted(stages)


BACK = (
    "bring its folder back from a backup of this computer; or move the folder away: camcors tls setup then "
)
BACK += "makes another authority, which every browser has to trust"


def test_what_is_wrong_with_it_is_said_and_nothing_is_overwritten(authority: Authority) -> None:
    folder = authority.path.parent
    key, path = folder / "key.pem", authority.path
    text, certificate_text = key.read_bytes(), path.read_bytes()
    other = pem_of(certificate.key_bytes(certificate.make_key()))
    # What is done to it, and what is said.
    rows: list[tuple[Path, bytes | None, int, str, str]] = [
        (key, None, 0o600, f"{key} is missing", BACK),
        (key, b"x", 0o600, f"{key} is damaged", BACK),
        (key, text[:-40], 0o600, f"{key} is damaged", BACK),
        (key, other, 0o600, f"{key} is not the key of {path}", BACK),
        (key, text, 0o640, f"others may get at {key}", f"chmod 600 {key}"),
        (key, text, 0o604, f"others may get at {key}", f"chmod 600 {key}"),
        (path, b"", 0o600, f"{path} is damaged", BACK),
        (path, None, 0o600, f"there is no private authority in {folder}", "camcors tls setup makes it"),
    ]
    for file, content, mode, message, remedy in rows:
        file.unlink()
        if content is not None:
            file.write_bytes(content)
            file.chmod(mode)
        before = {each: each.read_bytes() for each in folder.iterdir()}
        with pytest.raises(Failure) as raised:
            authorities.load_or_make()
        assert (raised.value.message, raised.value.remedy) == (message, remedy)
        assert {each: each.read_bytes() for each in folder.iterdir()} == before
        for each, whole in ((key, text), (path, certificate_text)):
            each.write_bytes(whole)
            each.chmod(0o600)
    folder.chmod(0o750)
    with pytest.raises(Failure) as raised:
        authorities.load_or_make()
    assert raised.value.message == f"others may get at {folder}"


def test_no_room_for_it(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(authorities.os, "fsync", full)
    with pytest.raises(Failure) as raised:
        authorities.load_or_make()
    assert raised.value.message == f"cannot write {authorities.folder()}: No space left on device"
    assert list((config / "camcors").iterdir()) == []


def test_json_of_a_certificate(authority: Authority) -> None:
    found = certificate.read(
        certificate.sign(authority, certificate.make_key().public_key(), Names(("a.lan",)))
    )
    assert found is not None
    said = json.loads(json.dumps(found.to_json()))
    assert list(said) == ["names", "addresses", "not_before", "not_after", "days_left", "issuer", "sha256"]
    assert (said["names"], said["addresses"], said["issuer"]) == (["a.lan"], [], authority.name)
    assert said["not_after"] == found.not_after.strftime("%Y-%m-%dT%H:%M:%SZ")
