"""https of the camera: its certificate in flash, the handshakes, and what each kind of client is told."""

from __future__ import annotations

import contextlib
import random
import re
import select
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path

import httpx
import pytest

from tests.bench import tls_soak
from tests.bench.camera_heap import HEAP_SLACK
from tests.kit.authority import Authority, put_pair
from tests.kit.camera import Camera, streaming
from tests.kit.https import HOSTS, begun, connect, hello, start, tls_bytes, tls_of, wait_idle, wait_state
from tests.kit.small_board import needs_large_card
from tests.kit.tokens import TOKENS, access_file

SUITES = {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"}
ALERT = re.compile(r"alert (protocol version|handshake failure)")


@pytest.fixture(scope="module")
def secure(program: Path, tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Camera]:
    """A camera that serves https, with the default settings."""
    with start(tmp_path_factory.mktemp("secure") / "flash.bin", authority.leaf(*HOSTS)) as running:
        yield running


# What is in flash, and what is served.


def test_a_certificate_is_in_force_at_once_and_its_end_as_well(
    new_camera: Camera, authority: Authority
) -> None:
    assert tls_of(new_camera) == {
        "state": "missing", "port": new_camera.tls_port, "plain": "redirect", "not_after": None,
        "error": None,
    }  # fmt: skip
    put_pair(new_camera, authority.leaf(*HOSTS))
    found = wait_state(new_camera, "active")
    assert (found["not_after"], found["error"]) == ("3000-01-01T00:00:00Z", None)
    assert httpx.get(new_camera.tls_url, verify=authority.trust).status_code == 200
    assert httpx.get(new_camera.url).status_code == 308
    new_camera.exec("import os\nos.remove('/tls/cert.der')")
    wait_state(new_camera, "missing")
    assert httpx.get(new_camera.url).status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(new_camera.tls_url, verify=authority.trust)


def test_a_renewed_certificate_ends_no_stream(new_camera: Camera, authority: Authority) -> None:
    first, second = authority.leaf(*HOSTS), authority.leaf(*HOSTS, "porch.local")
    new_camera.put("camera.json", '{"tls": {"plain": "serve"}}')
    new_camera.reset()
    new_camera.wait_ready()
    put_pair(new_camera, first)
    wait_state(new_camera, "active")
    before = connect(new_camera, authority.trust)
    with before, streaming(new_camera):
        session = before.session
        put_pair(new_camera, second)  # another key: for a moment they do not belong together
        end = time.monotonic() + 10
        while True:
            with contextlib.suppress(OSError), connect(new_camera, authority.trust, session) as after:
                if after.getpeercert(True) == second.certificate_der:
                    break
            assert time.monotonic() < end
        assert not after.session_reused  # by no ticket of the key before
        before.sendall(b"GET /api/status HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert before.recv(4096).startswith(b"HTTP/1.1 200 ")


#: what is put into flash, by file: a leaf's, another leaf's, or bytes; and the state and the words.
FAULTS = [
    ("no key", {"cert": "leaf"}, "there is no /tls/key.der; to make another: camcors tls setup"),
    (
        "another key",
        {"cert": "leaf", "key": "other"},
        "/tls/key.der does not belong to /tls/cert.der; to make another: camcors tls setup",
    ),
    (
        "half a certificate",
        {"cert": "half", "key": "leaf"},
        "/tls/cert.der: it is not whole; to make another: camcors tls setup",
    ),
    (
        "PEM",
        {"cert": "pem", "key": "leaf"},
        "/tls/cert.der: it is PEM; write it in DER: openssl x509 -in FILE -outform DER -out cert.der; "
        "to make another: camcors tls setup",
    ),
    (
        "a key of zeros",
        {"cert": "leaf", "key": "zeros"},
        "/tls/key.der: it is something else; to make another: camcors tls setup",
    ),
]


@pytest.mark.parametrize(("files", "words"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
@pytest.mark.parametrize("plain", ["redirect", "off"])
def test_a_faulty_pair_leaves_plain_http(
    program: Path, tmp_path: Path, authority: Authority, plain: str, files: dict[str, str], words: str
) -> None:
    leaf, other = authority.leaf(*HOSTS), authority.leaf(*HOSTS)
    cert = leaf.certificate_der
    given = {
        "cert": {"leaf": cert, "half": cert[: len(cert) // 2], "pem": leaf.certificate.read_bytes()},
        "key": {"leaf": leaf.key_der, "other": other.key_der, "zeros": bytes(121)},
    }
    with Camera(tmp_path / "flash.bin").wait_ready() as camera:
        camera.put("camera.json", '{"tls": {"plain": "%s"}}' % plain)
        camera.exec("import os\nos.mkdir('/tls')")
        for name, what in files.items():
            camera.put(f"tls/{name}.der", given[name][what])
        camera.reset()
        camera.wait_for("camcors: https: " + words)
        camera.wait_ready()
        found = camera.status()
        assert found["tls"] == {
            "state": "invalid", "port": camera.tls_port, "plain": plain, "not_after": None, "error": words,
        }  # fmt: skip
        assert found["faults"] == ["https: " + words]
        put_pair(camera, leaf)  # as the REPL repairs it
        wait_state(camera, "active")
        assert camera.report()["faults"] == []
        assert httpx.get(camera.tls_url, verify=authority.trust).status_code == 200


def test_an_expired_certificate_redirects_nobody(new_camera: Camera, authority: Authority) -> None:
    day = timedelta(days=1)
    now = datetime.now(timezone.utc)
    put_pair(new_camera, authority.leaf(*HOSTS, not_before=now - 9 * day, not_after=now - day))
    found = wait_state(new_camera, "expired")
    assert found["error"] == "the certificate has ended; to renew it: camcors tls renew"
    assert new_camera.report()["faults"] == [
        "https: the certificate has ended; to renew it: camcors tls renew"
    ]
    assert httpx.get(new_camera.url).status_code == 200
    with pytest.raises(httpx.ConnectError, match="certificate has expired"):
        httpx.get(new_camera.tls_url, verify=authority.trust)
    assert httpx.get(new_camera.tls_url, verify=False).status_code == 200  # who looks away is served
    put_pair(new_camera, authority.leaf(*HOSTS, not_before=now - day, not_after=now + day))
    wait_state(new_camera, "active")
    assert new_camera.report()["faults"] == []
    assert httpx.get(new_camera.url).status_code == 308


def test_a_certificate_ends_while_the_camera_runs(new_camera: Camera, authority: Authority) -> None:
    now = datetime.now(timezone.utc)
    put_pair(
        new_camera,
        authority.leaf(*HOSTS, not_before=now - timedelta(days=1), not_after=now + timedelta(seconds=8)),
    )
    wait_state(new_camera, "active")
    end = time.monotonic() + 20
    while tls_of(new_camera)["state"] != "expired":
        assert time.monotonic() < end
        time.sleep(0.2)
    assert httpx.get(new_camera.url).status_code == 200


@pytest.mark.parametrize(("plain", "status"), [("serve", 200), ("off", None)])
def test_what_plain_http_does(
    program: Path, tmp_path: Path, authority: Authority, plain: str, status: int | None
) -> None:
    settings = '{"tls": {"plain": "%s"}}' % plain
    with start(tmp_path / "flash.bin", authority.leaf(*HOSTS), settings) as camera:
        assert httpx.get(camera.tls_url, verify=authority.trust).status_code == 200
        if status:
            assert httpx.get(camera.url).status_code == status
        else:
            with pytest.raises(httpx.ConnectError):
                httpx.get(camera.url)
        camera.exec("import os\nos.remove('/tls/cert.der')")  # by the REPL: nobody is locked out
        wait_state(camera, "missing")
        assert httpx.get(camera.url).status_code == 200


def test_a_port_that_is_taken_redirects_nobody(program: Path, tmp_path: Path, authority: Authority) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with Camera(tmp_path / "flash.bin", tls_port=port).wait_ready() as camera:
            put_pair(camera, authority.leaf(*HOSTS))
            camera.wait_for(f"camcors: cannot listen on 127.0.0.1:{port} ([Errno 98] EADDRINUSE); retrying")
            assert httpx.get(camera.url).status_code == 200
            taken.close()
            end = time.monotonic() + 10
            while httpx.get(camera.url).status_code != 308:
                assert time.monotonic() < end
                time.sleep(0.1)
            assert httpx.get(camera.tls_url, verify=authority.trust).status_code == 200


def test_a_soft_reset_brings_it_back(secure: Camera, authority: Authority) -> None:
    with connect(secure, authority.trust):
        secure.drain()
        assert secure.mpremote("exec", "print(1)").stdout.strip() == "1"  # it begins with a soft reset
        secure.wait_ready(secure.tls_url)
    assert httpx.get(secure.tls_url, verify=authority.trust).status_code == 200
    assert not [line for line in secure.drain() if "sockets open" in line or "cut off" in line]


# Who is sent on.

LOCATIONS = [
    ("/", "localhost:{plain}", "https://localhost:{tls}/"),
    ("/api/status?a=%22<b>", "127.0.0.1", "https://127.0.0.1:{tls}/api/status?a=%22<b>"),
    ("/", "CAMCORS.local", "https://camcors.local:{tls}/"),
    ("http://camcors.local/x", "camcors.local", "https://camcors.local:{tls}/x"),
]


@pytest.mark.parametrize(("target", "host", "location"), LOCATIONS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
def test_plain_http_is_sent_on(secure: Camera, method: str, target: str, host: str, location: str) -> None:
    ports = {"plain": secure.port, "tls": secure.tls_port}
    host = host.format(**ports)
    answer = ask_plain(secure, f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 308 ")
    assert f"\r\nLocation: {location.format(**ports)}\r\n".encode() in head
    assert b"\r\nCache-Control: no-store\r\n" in head
    assert b"Strict-Transport-Security" not in head
    assert bool(body) is (method != "HEAD")


def ask_plain(camera: Camera, request: str, port: int | None = None) -> bytes:
    """The answer to one request, as it came."""
    with socket.create_connection(("127.0.0.1", port or camera.port), timeout=20) as client:
        client.sendall(request.encode("latin-1"))
        client.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: client.recv(65536), b""))


def test_without_a_host_it_is_sent_to_the_address(secure: Camera) -> None:
    answer = ask_plain(secure, "GET / HTTP/1.0\r\n\r\n")
    assert f"\r\nLocation: https://127.0.0.1:{secure.tls_port}/\r\n".encode() in answer


def test_a_preflight_is_answered_and_not_sent_on(secure: Camera) -> None:
    """No browser follows a redirect of one; that of the request itself it follows."""
    headers = {"Origin": "http://localhost:8000", "Access-Control-Request-Method": "PUT"}
    answer = httpx.options(secure.url + "/api/camera", headers=headers)
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost:8000"
    for method, but in (("PUT", ""), ("OPTIONS", "Origin")):  # what only looks like one
        fields = {name: value for name, value in headers.items() if name != but}
        assert httpx.request(method, secure.url + "/api/camera", headers=fields).status_code == 308
    answer = httpx.get(secure.url + "/api/camera", headers={"Origin": "http://localhost:8000"})
    assert answer.status_code == 308
    assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost:8000"
    assert (
        "Access-Control-Allow-Origin"
        not in httpx.get(secure.url, headers={"Origin": "http://a.example"}).headers
    )


def test_a_foreign_name_and_garbage_are_refused_before_they_are_sent_on(secure: Camera) -> None:
    assert httpx.get(secure.url, headers={"Host": "evil.example"}).status_code == 421
    assert ask_plain(secure, "GET / HTTP/9.9\r\nHost: localhost\r\n\r\n").startswith(b"HTTP/1.1 505 ")
    assert ask_plain(secure, "nonsense\r\n\r\n").startswith(b"HTTP/1.1 400 ")


# What is its own.


def write(camera: Camera, authority: Authority, origin: str) -> int:
    answer = httpx.put(
        camera.tls_url + "/api/led", json={"level": 0}, headers={"Origin": origin}, verify=authority.trust
    )
    return answer.status_code


def test_the_cameras_own_page_is_that_over_https(secure: Camera, authority: Authority) -> None:
    """One over plain http may be of somebody in the network between."""
    assert write(secure, authority, secure.tls_url) == 200
    assert write(secure, authority, f"https://camcors.local:{secure.tls_port}") == 200
    for other in (
        secure.url,
        f"http://127.0.0.1:{secure.tls_port}",
        f"https://127.0.0.1:{secure.port}",
        "null",
    ):
        assert write(secure, authority, other) == 403


def test_a_session_cookie_is_for_https_only(program: Path, tmp_path: Path, authority: Authority) -> None:

    with Camera(tmp_path / "flash.bin", access=access_file("control")).wait_ready() as camera:
        put_pair(camera, authority.leaf(*HOSTS))
        wait_state(camera, "active")
        answer = httpx.post(
            camera.tls_url + "/api/session", json={"token": TOKENS["control"]}, verify=authority.trust
        )
        assert answer.status_code == 200
        assert answer.headers["Set-Cookie"].endswith("; HttpOnly; Path=/; SameSite=Strict; Secure")


def test_the_key_is_at_no_path(secure: Camera, authority: Authority) -> None:
    key = secure.content("/tls/key.der") or secure.exec("print(open('/tls/key.der', 'rb').read().hex())")
    assert key
    for path in (
        "/tls/key.der",
        "/tls/",
        "/../tls/key.der",
        "/%2e%2e/tls/key.der",
        "//tls/key.der",
        "/api/../tls/key.der",
    ):
        with connect(secure, authority.trust) as client:
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            answer = b"".join(iter(lambda client=client: client.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 404 "), path
    assert "key" not in str(tls_of(secure))


# What a client may speak.


def s_client(camera: Camera, *options: str, send: str = "") -> str:
    done = subprocess.run(
        [
            "openssl",
            "s_client",
            "-connect",
            f"127.0.0.1:{camera.tls_port}",
            "-cipher",
            "ALL:@SECLEVEL=0",
            *options,
        ],
        input=send,
        capture_output=True,
        text=True,
        timeout=30,
    )
    return done.stdout + done.stderr


def test_nothing_older_than_tls_1_2(secure: Camera) -> None:
    for version in ("-tls1", "-tls1_1", "-tls1_3"):
        assert ALERT.search(s_client(secure, version)), version
    said = s_client(secure, "-tls1_2")
    assert "Protocol  : TLSv1.2" in said
    assert "Compression: NONE" in said
    assert "Secure Renegotiation IS supported" in said


def test_nobody_negotiates_a_second_time(secure: Camera) -> None:
    assert "no renegotiation" in s_client(secure, "-tls1_2", send="R\n")


def test_the_suites_are_the_two_that_authenticate_and_keep_no_secret(secure: Camera) -> None:
    every = subprocess.run(
        ["openssl", "ciphers", "-tls1_2", "-s", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"],
        capture_output=True, text=True, check=True,
    ).stdout.strip().split(":")  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    taken = set()
    for name in every:
        context.set_ciphers(f"{name}:@SECLEVEL=0")
        with contextlib.suppress(ssl.SSLError, ConnectionError), connect(secure, context) as client:
            cipher = client.cipher()
            taken.add(cipher and cipher[0])
    assert taken == SUITES
    assert len(every) > 40


def test_a_client_cannot_ask_for_dearer_sums(secure: Camera) -> None:
    """It has to take P-256 for the certificate's sake, and what the camera likes best counts."""
    said = s_client(secure, "-tls1_2", "-curves", "P-521:P-384:P-256")
    assert "Server Temp Key: ECDH, prime256v1, 256 bits" in said
    for curve in ("P-384", "P-521", "X25519"):
        assert ALERT.search(s_client(secure, "-tls1_2", "-curves", curve)), curve


def test_who_comes_again_resumes_the_session(secure: Camera, authority: Authority) -> None:
    with connect(secure, authority.trust) as first:
        assert not first.session_reused
        session = first.session
    with connect(secure, authority.trust, session) as second:
        assert second.session_reused


def test_the_end_is_said(secure: Camera, authority: Authority) -> None:
    """A client knows that it has got all (RFC 5246 section 7.2.1)."""
    with connect(secure, authority.trust) as client:
        client.sendall(b"GET /api/camera HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200 ")


def test_who_speaks_plain_http_there_is_told(secure: Camera) -> None:
    answer = ask_plain(secure, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", secure.tls_port)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.endswith(
        b'{"error": "this port speaks https; write https:// in the address", "code": "bad-request"}'
    )


def test_who_speaks_tls_to_the_plain_port_is_told(secure: Camera) -> None:
    context = ssl.create_default_context()
    with (
        socket.create_connection(("127.0.0.1", secure.port), timeout=20) as client,
        pytest.raises(ssl.SSLError, match="alert protocol version"),
    ):
        context.wrap_socket(client, server_hostname="localhost")


def test_a_client_that_does_not_trust_it_is_no_fault(secure: Camera) -> None:
    before = secure.report()
    with pytest.raises(ssl.SSLCertVerificationError):
        connect(secure, ssl.create_default_context())
    end = time.monotonic() + 10
    while (counted := httpx_counters(secure))["tls_failed"] == 0:
        assert time.monotonic() < end
    assert counted["faults"] == 0
    assert secure.report()["faults"] == before["faults"]


def httpx_counters(camera: Camera) -> dict[str, int]:
    found = httpx.get(camera.tls_url + "/api/status", verify=False).json()["clients"]
    assert isinstance(found, dict)
    return found


# Requests over it.


def test_a_stream_and_polls_beside_it(secure: Camera, authority: Authority) -> None:
    frames = 0
    with (
        httpx.Client(verify=authority.trust, timeout=20) as client,
        client.stream("GET", secure.tls_url + "/api/stream?fps=25") as stream,
    ):
        for chunk in stream.iter_raw():
            frames += chunk.count(b"--frame\r\n")
            if frames >= 10:
                break
            assert client.get(secure.tls_url + "/api/camera").status_code == 200


@needs_large_card
def test_every_picture_arrives_whole(secure: Camera, authority: Authority) -> None:
    with httpx.Client(verify=authority.trust) as client:
        assert client.put(secure.tls_url + "/api/camera", json={"frame_size": "SVGA"}).status_code == 200
        for _ in range(20):
            picture = client.get(secure.tls_url + "/api/capture").content
            assert picture[:2] == b"\xff\xd8" and picture[-2:] == b"\xff\xd9"


@needs_large_card
def test_a_client_that_takes_little_at_a_time_gets_all(secure: Camera, authority: Authority) -> None:
    """The camera's records wait half sent meanwhile; each goes on where it stopped."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    raw.settimeout(20)
    raw.connect(("127.0.0.1", secure.tls_port))
    with authority.trust.wrap_socket(raw, server_hostname="localhost") as client:
        client.sendall(b"GET /api/stream?fps=60 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        data = b""
        while len(data) < 400_000:
            select.select([client], [], [], 0.002)
            data += client.recv(1000)
    parts = re.split(rb"--frame\r\n", data.partition(b"\r\n\r\n")[2])[1:-1]
    assert len(parts) > 5
    for part in parts:
        head, _, picture = part.partition(b"\r\n\r\n")
        length = re.search(rb"Content-Length: (\d+)", head)
        assert length and picture[: int(length[1])][-2:] == b"\xff\xd9"
        assert len(picture) - int(length[1]) <= 2


# Handshakes that come to nothing.


@pytest.fixture
def hurried(program: Path, tmp_path: Path, authority: Authority) -> Iterator[Camera]:
    """A camera that gives a handshake one second."""
    settings = '{"limits": {"tls_handshake_ms": 1000}, "tls": {"plain": "serve"}}'
    with start(tmp_path / "flash.bin", authority.leaf(*HOSTS), settings) as running:
        yield running


def test_a_handshake_has_a_time_limit(hurried: Camera, authority: Authority) -> None:
    for size in (0, 1, 5, 100, 10000):
        with socket.create_connection(("127.0.0.1", hurried.tls_port), timeout=20) as client:
            begin = time.monotonic()
            client.sendall(hello(authority.trust)[:size])
            while client.recv(4096):
                pass
            assert time.monotonic() - begin > 0.9
    assert hurried.status()["clients"]["timeouts"] == 5


def test_silent_handshakes_hold_nobody(secure: Camera, authority: Authority) -> None:
    """Both places are taken by clients that have said hello and say no more; who comes gets one."""
    with contextlib.ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(begun(secure, authority.trust))
        begin = time.monotonic()
        assert httpx.get(secure.url, timeout=20).status_code == 308  # plain http does not wait
        with connect(secure, authority.trust) as client:
            client.sendall(b"GET /api/camera HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert client.recv(4096).startswith(b"HTTP/1.1 200 ")
        assert time.monotonic() - begin < 8  # the limit of a handshake is ten seconds


def test_who_has_waited_for_a_place_keeps_it(secure: Camera, authority: Authority) -> None:
    """Its silence counts from the place on, though others wait as well."""
    with contextlib.ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(begun(secure, authority.trust))

        def come(_: int) -> bytes:
            with connect(secure, authority.trust) as client:
                client.sendall(b"GET /api/camera HTTP/1.1\r\nHost: localhost\r\n\r\n")
                return client.recv(12)

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(come, range(4))) == [b"HTTP/1.1 200"] * 4


def test_handshakes_that_end_at_any_byte_leave_nothing(
    program: Path, tmp_path: Path, authority: Authority
) -> None:
    """Of both the client's flights, by an end and by a reset; make bench does it at every byte."""
    with start(tmp_path / "flash.bin", authority.leaf(*HOSTS), '{"tls": {"plain": "serve"}}') as camera:
        done = tls_soak.run(camera, authority.trust, wholes=20, step=7)
        counted = camera.status()["clients"]
        assert done["cut"] > 150
        assert counted["tls_failed"] >= done["cut"] - 2  # all but those without a byte
        assert done["resumed"] == 10
        assert done["bytes_kept"]["tls"] <= tls_soak.SLACK
        assert done["bytes_kept"]["heap"] <= HEAP_SLACK
        assert done["faults"] == 0, camera.drain()
        assert counted["connections"] == 1


def test_garbage_in_a_handshake_leaves_nothing(secure: Camera, authority: Authority) -> None:
    wait_idle(secure, idle := tls_bytes(secure))
    seeded = random.Random(18)
    whole = hello(authority.trust)
    for _ in range(150):
        garbage = bytearray(whole)
        for _ in range(seeded.randrange(1, 6)):
            garbage[seeded.randrange(1, len(garbage))] = seeded.randrange(256)
        with (
            contextlib.suppress(ConnectionError),
            socket.create_connection(("127.0.0.1", secure.tls_port), timeout=20) as client,
        ):
            client.sendall(garbage)
            client.shutdown(socket.SHUT_WR)
            while client.recv(4096):
                pass
    wait_idle(secure, idle)
    counted = httpx_counters(secure)
    assert counted["faults"] == 0, secure.drain()


def test_a_record_that_is_not_authentic_ends_the_connection(secure: Camera, authority: Authority) -> None:
    with connect(secure, authority.trust) as client:
        raw = socket.socket(fileno=socket.dup(client.fileno()))
        with raw:
            raw.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))
            raw.settimeout(20)
            with contextlib.suppress(ConnectionError):
                while raw.recv(4096):
                    pass
    assert httpx_counters(secure)["faults"] == 0


_MAIN = """
from camcors import app
from microdot.websocket import with_websocket

@app.get('/socket')
@with_websocket
async def socket(request, ws):
    while True:
        await ws.send(request.scheme + ' ' + await ws.receive())
"""


def test_a_websocket_over_it(program: Path, tmp_path: Path, authority: Authority) -> None:
    with Camera(tmp_path / "flash.bin").wait_ready() as camera:
        camera.put("main.py", _MAIN)
        put_pair(camera, authority.leaf(*HOSTS))
        camera.reset()
        camera.wait_ready(camera.tls_url)
        where = f"localhost:{camera.tls_port}"
        with connect(camera, authority.trust) as client:
            client.sendall(
                b"GET /socket HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                + f"Host: {where}\r\nOrigin: https://{where}\r\n\r\n".encode()
            )
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += client.recv(4096)
            assert head.startswith(b"HTTP/1.1 101 ") and b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head
            for _ in range(2):
                client.sendall(b"\x81\x84\0\0\0\0open")  # masked with zeros (RFC 6455 section 5.3)
                assert client.recv(100) == b"\x81\x0ahttps open"


def test_what_a_power_cut_has_left_of_a_key_goes_at_the_start(new_camera: Camera) -> None:
    new_camera.exec("import os\nos.mkdir('/tls')")
    for name in ("key.der.new", "cert.der.new", "mine.txt"):
        new_camera.put(f"tls/{name}", "half")
    new_camera.reset()
    new_camera.wait_ready()
    assert new_camera.exec("import os\nprint(os.listdir('/tls'))") == "['mine.txt']\n"
