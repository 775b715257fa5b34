"""`camcors tls` with a camera that serves https: from the first certificate to one that has expired."""

from __future__ import annotations

import json
import ssl
import subprocess
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest
from camcors_cli.tls import authority as authorities
from camcors_cli.tls import certificate
from camcors_cli.tls.authority import Authority
from camcors_cli.tls.names import Names
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from tests.kit.camera import Camera
from tests.kit.pages import wait_until

HERE = Names(("localhost",), ("127.0.0.1",))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The person's home."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home" / ".config"))
    return tmp_path / "home"


@pytest.fixture
def served(new_camera: Camera, on: Any) -> Camera:
    """A camera after `camcors tls setup`."""
    done = on(new_camera, "tls", "setup", "--json")
    assert done.exit_code == 0, done.stderr
    said = json.loads(done.stdout)
    url = f"https://localhost:{new_camera.tls_port}"
    assert (said["tls"]["state"], said["tls"]["port"], said["url"]) == ("active", new_camera.tls_port, url)
    assert said["tls"]["not_after"] == said["certificate"]["not_after"]
    return new_camera


def trusting() -> ssl.SSLContext:
    """A client that trusts the person's authority and nobody else."""
    return ssl.create_default_context(cafile=str(authorities.certificate_path()))


def shown(camera: Camera) -> x509.Certificate:
    """The certificate that a new connection gets."""
    pem = ssl.get_server_certificate(("127.0.0.1", camera.tls_port), timeout=10)
    return x509.load_pem_x509_certificate(pem.encode())


def serial(camera: Camera) -> int:
    """The number of that."""
    return shown(camera).serial_number


def test_setup_and_the_camera_serves_https(served: Camera, on: Any) -> None:
    for host in ("127.0.0.1", "localhost"):
        url = f"https://{host}:{served.tls_port}/api/status"
        answer = httpx.get(url, verify=trusting())
        assert (answer.status_code, answer.json()["tls"]["state"]) == (200, "active")
        done = subprocess.run(
            ["curl", "-sf", "--cacert", authorities.certificate_path(), url], capture_output=True, timeout=30
        )
        assert done.returncode == 0 and json.loads(done.stdout)["board"] == "HOST"
    assert on(served, "tls", "status").exit_code == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{served.tls_url}/api/status")


def test_renewed_while_a_connection_is_open(served: Camera, on: Any) -> None:
    before = serial(served)
    made = shown(served).not_valid_before_utc + certificate._PATIENCE
    # By its end, in seconds, `renew` knows that the new one is in force.
    wait_until(lambda: datetime.now(timezone.utc) >= made + timedelta(seconds=1))
    with httpx.stream("GET", f"{served.tls_url}/api/stream?fps=10", verify=trusting(), timeout=20) as answer:
        frames = answer.iter_raw()
        next(frames)
        done = on(served, "tls", "renew")
        assert done.exit_code == 0, done.stderr
        assert serial(served) != before
        for _ in range(20):
            next(frames)
    assert httpx.get(f"{served.tls_url}/api/status", verify=trusting()).status_code == 200


def test_trust_is_checked(served: Camera, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"https://localhost:{served.tls_port}"
    done = run("tls", "trust", "--check", url, "--json")
    said = json.loads(done.stdout)
    assert "error" not in said, said
    reason = "its authority is yours, and this system does not trust that yet"
    assert (done.exit_code, said["trusted"], said["reason"]) == (1, False, reason)
    monkeypatch.setenv("SSL_CERT_FILE", str(authorities.certificate_path()))
    assert run("tls", "trust", "--check", url).exit_code == 0
    done = run("tls", "trust", "--check", f"https://localhost:{served.port}", "--json")
    said = json.loads(done.stdout)
    assert (done.exit_code, said["reason"]) == (1, "it speaks plain http there, and no TLS")


def test_doctor_asks_over_https_and_says_where_http_leads(served: Camera, run: Any) -> None:
    done = run("doctor", f"https://localhost:{served.tls_port}", "--origin", "http://localhost:8000")
    assert (done.exit_code, done.stderr) == (0, "")
    assert "ok   it is a camcors camera: HOST, firmware 0.1.0" in done.stdout.splitlines()
    for method in ("GET", "PUT"):
        done = run("doctor", served.url, "--origin", "http://localhost:8000", "--method", method)
        lines = done.stdout.splitlines()
        place = f"https://127.0.0.1:{served.tls_port}"
        assert lines[3:5] == ["ok   it is a camcors camera", "note it sends plain http on to https"]
        assert f"blocked: the answer is a redirect to {place}/api/status" in lines
        assert f"write {place} in the page, and ask there: camcors doctor {place}" in lines
        assert done.exit_code == 1


def put_expired(camera: Camera, authority: Authority) -> None:
    """Give a camera a pair that its authority has signed, and whose time is over."""
    key = certificate.make_key()
    end = datetime.now(timezone.utc) - timedelta(days=1)
    builder = x509.CertificateBuilder(
        authority.certificate.subject, x509.Name([]), key.public_key(), 7, end - timedelta(days=9), end
    ).add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
    made = builder.sign(authority.key, hashes.SHA256()).public_bytes(Encoding.DER)
    replace(camera, key, made)


def replace(camera: Camera, key: ec.EllipticCurvePrivateKey | None, made: bytes) -> None:
    """Write a pair as `setup` does."""
    code = "import os\nos.remove('/tls/cert.der')\n"
    if key:
        code += f"with open('/tls/key.der', 'wb') as f: f.write({certificate.key_bytes(key)!r})\n"
    camera.exec(code + f"with open('/tls/cert.der', 'wb') as f: f.write({made!r})")


def wait_for_state(camera: Camera, state: str) -> None:
    end = time.monotonic() + 10
    while camera.report()["tls"]["state"] != state:
        assert time.monotonic() < end, camera.report()["tls"]
        time.sleep(0.1)


def test_an_expired_certificate_is_renewed(served: Camera, on: Any) -> None:
    put_expired(served, authorities.load())
    wait_for_state(served, "expired")
    assert httpx.get(f"{served.url}/api/status").status_code == 200, "plain http goes on"
    done = on(served, "tls", "status")
    need = "camcors: the certificate has expired: camcors tls renew makes another for the same key\n"
    assert (done.stderr, done.exit_code) == (need, 1)
    assert on(served, "tls", "renew").exit_code == 0
    assert httpx.get(f"{served.tls_url}/api/status", verify=trusting()).status_code == 200
    assert on(served, "tls", "status").exit_code == 0


def test_a_certificate_of_another_key_is_said_and_repaired(served: Camera, on: Any) -> None:
    other = certificate.make_key().public_key()
    replace(served, None, certificate.sign(authorities.load(), other, HERE))
    wait_for_state(served, "invalid")
    done = on(served, "tls", "status")
    assert done.exit_code == 1
    said = "camcors: the camera does not serve https, its state is invalid: "
    assert done.stderr.startswith(said + "/tls/key.der does not belong to /tls/cert.der")
    assert on(served, "tls", "setup").exit_code == 0
    assert httpx.get(f"{served.tls_url}/api/status", verify=trusting()).status_code == 200


def test_an_image_with_a_pair_serves_https_from_its_first_start(
    run: Any, program: Path, tmp_path: Path
) -> None:
    flash = tmp_path / "flash.bin"
    done = run("image", "HOST", "--tls", "--output", flash)
    assert done.exit_code == 0, done.stderr
    with Camera(flash) as camera:
        camera.wait_for("ready ")
        assert httpx.get(f"{camera.tls_url}/api/status", verify=trusting()).status_code == 401
        assert camera.report()["tls"]["state"] == "active"


def test_without_its_certificate_it_speaks_plain_http_again(served: Camera, on: Any) -> None:
    assert httpx.get(f"{served.url}/api/status").status_code == 308
    served.exec("import os; os.remove('/tls/cert.der')")
    wait_for_state(served, "missing")
    assert httpx.get(f"{served.url}/api/status").status_code == 200
    done = on(served, "tls", "status")
    assert (done.stderr, done.exit_code) == (
        "camcors: the camera has no certificate: camcors tls setup makes one\n",
        1,
    )
