"""Programs that people point at the camera, by the recipes; `make test-clients` installs them."""

from __future__ import annotations

import base64
import io
import json
import shlex
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests.kit.camera import TOP, Camera, free_port
from tests.kit.pages import status, wait_until
from tests.kit.recipe import blocks, decode, fill, is_picture, make_certificate, section, serving

pytestmark = pytest.mark.clients

_PROGRAMS = TOP / "build" / "clients" / "bin"


def command_of(camera: Camera, program: str) -> list[str]:
    """The words of the recipe's line."""
    (text,) = blocks("ffmpeg, mpv, GStreamer")
    (line,) = [line for line in fill(text, camera).splitlines() if line.startswith(f"$ {program} ")]
    return shlex.split(line)[1:]


def check_files(folder: Path, count: int) -> None:
    files = sorted(folder.glob("*.png"))
    assert len(files) == count
    for file in files:
        with Image.open(file) as image:
            assert is_picture(image)


def test_mpv(camera: Camera, tmp_path: Path) -> None:
    command = command_of(camera, "mpv")
    command += ["--no-config", "--vo=image", "--vo-image-format=png", f"--vo-image-outdir={tmp_path}"]
    done = subprocess.run([*command, "--frames=10"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout
    check_files(tmp_path, 10)


def test_gstreamer(camera: Camera, tmp_path: Path) -> None:
    command = command_of(camera, "gst-launch-1.0")
    assert command.pop() == "autovideosink"
    end = f"identity eos-after=11 ! videoconvert ! pngenc ! multifilesink location={tmp_path}/%02d.png"
    done = subprocess.run([*command, *end.split()], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    check_files(tmp_path, 10)


def test_motion_takes_one_stream_and_serves_many(camera: Camera, tmp_path: Path) -> None:
    port = free_port()
    one = ["ffmpeg", "-v", "quiet", "-nostdin", "-i", f"http://127.0.0.1:{port}/", "-frames:v", "1"]
    recipe = next(text for text in blocks("Many viewers") if text.startswith("daemon off\n"))
    (tmp_path / "motion.conf").write_text(
        fill(
            recipe,
            camera,
            {"stream_port 8081": f"stream_port {port}", "stream_localhost off": "stream_localhost on"},
        )
    )
    with serving(["motion", "-c", str(tmp_path / "motion.conf")], port, tmp_path / "log"):
        wait_until(lambda: subprocess.run([*one, "-f", "null", "-"], timeout=30).returncode == 0)
        with ThreadPoolExecutor(6) as pool:
            seen = list(pool.map(lambda _: decode(["-i", f"http://127.0.0.1:{port}/"], 10), range(6)))
        assert status(camera)["clients"]["viewers"] == 1
    assert all(is_picture(Image.frombytes("RGB", (640, 480), pictures[-1])) for pictures in seen)


def test_caddy(camera: Camera, tmp_path: Path) -> None:
    port = free_port()
    certificate, key = make_certificate(tmp_path)
    (recipe,) = blocks("Behind nginx or Caddy", "caddyfile")
    here = f"https://localhost:{port} {{\n    tls {certificate} {key}\n"
    text = fill(recipe, camera, {"home.example {\n": here})
    (tmp_path / "Caddyfile").write_text(f"{{\n    admin off\n    auto_https disable_redirects\n}}\n{text}")
    command = ["caddy", "run", "--adapter", "caddyfile", "--config", str(tmp_path / "Caddyfile")]
    home = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    with serving(command, port, tmp_path / "log", home):
        pictures = decode(["-i", f"https://localhost:{port}/cam/api/stream"], 10)
    assert all(is_picture(Image.frombytes("RGB", (640, 480), rgb)) for rgb in pictures)


_PROBE = """
import asyncio, sys
from motioneye.utils.mjpeg import test_mjpeg_url
async def main():
    data = {"scheme": "http", "host": "127.0.0.1", "port": sys.argv[1], "path": "/api/stream"}
    found = await test_mjpeg_url(data, ["basic"], allow_jpeg=False)
    print([each["name"] for each in found.cameras], found.error)
asyncio.run(main())
"""


def test_motioneye_finds_the_camera(camera: Camera) -> None:
    """It hands the address to motion, which is tested above."""
    command = [str(_PROGRAMS / "python"), "-c", _PROBE, str(camera.port)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stdout == "['MJPEG Network Camera'] None\n", done.stderr


_WITHOUT = ["announcements", "backup", "discovery", "errortracking", "health_check", "pluginmanager"]
_WITHOUT += ["softwareupdate", "tracking"]


@pytest.fixture
def octoprint(camera: Camera, tmp_path: Path) -> Iterator[str]:
    """The origin of an OctoPrint whose webcam is the camera."""
    port = free_port()
    text = section("OctoPrint")
    stream, snapshot = "http://192.168.1.7/api/stream", "http://192.168.1.7/api/capture"
    assert stream in text and snapshot in text
    webcam = {"stream": fill(stream, camera), "snapshot": fill(snapshot, camera)}
    settings = {
        "server": {"firstRun": False, "onlineCheck": {"enabled": False}},
        "plugins": {"classicwebcam": webcam, "_disabled": _WITHOUT},
    }
    (tmp_path / "config.yaml").write_text(json.dumps(settings))
    program = [str(_PROGRAMS / "octoprint"), "--basedir", str(tmp_path)]
    subprocess.run(
        [*program, "user", "add", "--admin", "--password", "secret", "me"], check=True, capture_output=True
    )
    command = [*program, "serve", "--iknowwhatimdoing", "--host", "127.0.0.1", "--port", str(port)]
    with serving(command, port, tmp_path / "log"):
        yield f"http://localhost:{port}"


def is_served(client: httpx.Client) -> bool:
    """A first server says that OctoPrint is starting, and makes room for it."""
    try:
        return client.get("/login/").status_code == 200 and len(client.cookies) > 0
    except httpx.TransportError:
        return False


def test_octoprint(camera: Camera, octoprint: str) -> None:
    """Its server takes the snapshot, as the button beside the setting has it do."""
    with httpx.Client(base_url=octoprint, timeout=30) as client:
        wait_until(lambda: is_served(client), 60, every=0.5)
        (token,) = [value for name, value in client.cookies.items() if name.startswith("csrf_token")]
        client.headers["X-CSRF-Token"] = token
        login = client.post("/api/login", json={"user": "me", "pass": "secret"})
        assert login.status_code == 200, login.text
        asked = {"command": "url", "url": f"{camera.url}/api/capture", "method": "GET", "response": "bytes"}
        found = client.post("/api/util/test", json=asked).json()
    with Image.open(io.BytesIO(base64.b64decode(found["response"]["content"]))) as image:
        assert is_picture(image)
