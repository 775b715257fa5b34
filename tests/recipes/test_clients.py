"""Programs that people point at the camera, by the recipes; `make test-clients` installs them."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import re
import shlex
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.kit.authority import Authority, put_pair
from tests.kit.camera import TOP, Camera, free_port
from tests.kit.pages import set_policy, status, wait_until
from tests.kit.recipe import (
    block,
    decode,
    fill,
    is_picture,
    refusal,
    section,
    serving,
)
from tests.kit.tokens import TOKENS, bearer

pytestmark = pytest.mark.clients

_PROGRAMS = TOP / "build" / "clients" / "bin"
_NOBODY = 65534
refused = pytest.mark.parametrize("role", [None, "wrong"])


def without_token(text: str) -> str:
    """Return a recipe in which nobody has written a token."""
    text = text.replace("me:TOKEN@", "").replace(" user-id=me user-pw=TOKEN", "")
    return re.sub("^.*TOKEN.*\n", "", text, flags=re.MULTILINE)


def fill_for(role: str | None, text: str, camera: Camera, places: dict[str, object] | None = None) -> str:
    """Return the recipe with the token of a role, None for none."""
    if role is None:
        return fill(without_token(text), camera, places)
    return fill(text, camera, places, TOKENS[role])


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def check_files(folder: Path, count: int) -> None:
    files = sorted(folder.glob("*.png"))
    assert len(files) == count
    for file in files:
        with Image.open(file) as image:
            assert is_picture(image)


def playlist(camera: Camera, folder: Path, role: str | None) -> str:
    """Make the playlist of the recipe; return its name."""
    file = folder / "camera.m3u"
    file.write_text(fill_for(role, block("mpv, VLC", "", "TOKEN"), camera))
    return str(file)


def mpv(camera: Camera, folder: Path, role: str | None) -> subprocess.CompletedProcess[str]:
    (line,) = re.findall(r"^\$ (mpv .+)$", section("mpv, VLC"), re.MULTILINE)
    command = shlex.split(line.replace("camera.m3u", playlist(camera, folder, role)))
    command += ["--no-config", "--vo=image", "--vo-image-format=png", f"--vo-image-outdir={folder}"]
    return run([*command, "--frames=10"])


@contextlib.contextmanager
def vlc(camera: Camera, role: str | None) -> Iterator[Path]:
    """Run VLC, which writes its pictures into a folder. It refuses to run as root."""
    (line,) = re.findall(r"^\$ (vlc .+)$", section("mpv, VLC"), re.MULTILINE)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        command = shlex.split(line.replace("camera.m3u", playlist(camera, folder, role)))
        command += ["-I", "dummy", "--no-audio", "--vout=dummy", "--play-and-exit", "--video-filter=scene"]
        command += ["--scene-format=png", "--scene-ratio=5", f"--scene-path={folder}"]
        command += ["--keystore=memory", "vlc://quit"]  # a desktop's would wait for the desktop
        other: dict[str, Any] = {}
        if os.geteuid() == 0:
            other = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}
            for path in (folder, *folder.iterdir()):
                os.chown(path, _NOBODY, _NOBODY)
        with open(folder / "log", "wb") as log:
            running = subprocess.Popen(
                command, stdout=log, stderr=log, env={**os.environ, "HOME": str(folder)}, **other
            )
        try:
            yield folder
        finally:
            running.kill()
            running.wait(timeout=30)


def test_vlc(camera: Camera) -> None:
    with vlc(camera, "view") as folder:
        # The last one may not be whole yet.
        files = wait_until(lambda: len(found := sorted(folder.glob("*.png"))) > 3 and found[:3], 40)
        for file in files:
            with Image.open(file) as image:
                assert is_picture(image)


@refused
def test_vlc_is_refused(camera: Camera, role: str | None) -> None:
    with vlc(camera, role) as folder:
        wait_until(lambda: "HTTP 401 error" in (folder / "log").read_text(), 40)
        check_files(folder, 0)


def gstreamer(camera: Camera, folder: Path, role: str | None) -> subprocess.CompletedProcess[str]:
    command = shlex.split(fill_for(role, block("GStreamer", "", "gst-launch"), camera))[1:]
    assert command.pop() == "autovideosink"
    end = f"identity eos-after=11 ! videoconvert ! pngenc ! multifilesink location={folder}/%02d.png"
    return run([*command, *end.split()])


Play = Callable[[Camera, Path, str | None], subprocess.CompletedProcess[str]]


@pytest.mark.parametrize("play", [mpv, gstreamer])
def test_a_player(camera: Camera, tmp_path: Path, play: Play) -> None:
    done = play(camera, tmp_path, "view")
    assert done.returncode == 0, done.stdout + done.stderr
    check_files(tmp_path, 10)


@refused
@pytest.mark.parametrize(
    ("play", "said"), [(mpv, "HTTP error 401 Unauthorized"), (gstreamer, "Unauthorized (401)")]
)
def test_a_player_is_refused(camera: Camera, tmp_path: Path, play: Play, said: str, role: str | None) -> None:
    done = play(camera, tmp_path, role)
    assert done.returncode != 0
    assert said in done.stdout + done.stderr
    check_files(tmp_path, 0)


@contextlib.contextmanager
def motion(camera: Camera, folder: Path, role: str | None) -> Iterator[tuple[str, Path]]:
    """Run motion by the recipe: the address of its stream, and its log."""
    port = free_port()
    places = {"stream_port 8081": f"stream_port {port}", "stream_localhost off": "stream_localhost on"}
    text = fill_for(role, block("Many viewers", "", "daemon off\n"), camera, places)
    (folder / "motion.conf").write_text(text)
    with serving(["motion", "-c", str(folder / "motion.conf")], port, folder / "log"):
        yield f"http://127.0.0.1:{port}/", folder / "log"


def test_motion_takes_one_stream_and_serves_many(camera: Camera, tmp_path: Path) -> None:
    with motion(camera, tmp_path, "view") as (url, log):
        one = ["ffmpeg", "-v", "quiet", "-nostdin", "-i", url, "-frames:v", "1", "-f", "null", "-"]
        wait_until(lambda: subprocess.run(one, timeout=30).returncode == 0)
        with ThreadPoolExecutor(6) as pool:
            seen = list(pool.map(lambda _: decode(["-i", url], 10), range(6)))
        assert status(camera)["clients"]["viewers"] == 1
        assert TOKENS["view"] not in log.read_text()
    assert all(is_picture(Image.frombytes("RGB", (640, 480), pictures[-1])) for pictures in seen)


@refused
def test_motion_is_refused(camera: Camera, tmp_path: Path, role: str | None) -> None:
    with motion(camera, tmp_path, role) as (_, log):
        wait_until(lambda: "401 Unauthorized" in log.read_text(), 40)
        assert status(camera)["clients"]["viewers"] == 0


#: (the name asked, the page's origin's name, what the client forges, the status of a write)
CADDY_WRITES = [
    ("home.example", "home.example", {}, 200),
    ("home.example", "evil.example", {}, 403),
    ("home.example", "evil.example", {"X-Forwarded-Host": "evil.example"}, 403),
    ("evil.example", "evil.example", {}, 421),
    ("evil.example", "evil.example", {"X-Forwarded-Host": "home.example"}, 421),
]


def written(url: str, authority: Authority, name: str, page: str, forged: dict[str, str]) -> int:
    """Return the status of a write through the proxy at `url`, asked by a name."""
    port = url.split(":")[2].split("/")[0]
    headers = {"Host": f"{name}:{port}", "Origin": f"https://{page}:{port}", **forged, **bearer("control")}
    asked = {"sni_hostname": name}
    with httpx.Client(verify=authority.trust) as client:
        return client.put(f"{url}/led", json={"level": 0}, headers=headers, extensions=asked).status_code


@pytest.mark.parametrize("has_certificate", [False, True])
def test_caddy(new_camera: Camera, authority: Authority, tmp_path: Path, has_certificate: bool) -> None:
    """The camera learns that it is https from Caddy itself, and sends all others on to its own https."""
    camera, port = new_camera, free_port()
    settings = block("Behind nginx or Caddy", "json", "trusted_proxies")
    camera.put("camera.json", settings.replace("192.168.1.2", "127.0.0.1"))
    if has_certificate:
        put_pair(camera, authority.leaf("camcors.local"))
    camera.reset()
    camera.wait_for("ready http://")
    set_policy(camera, allowed_hosts=["home.example"])
    leaf = authority.leaf("localhost", "home.example", "evil.example")
    here = f"https://localhost:{port}, https://home.example:{port}, https://evil.example:{port} {{\n"
    here += f"    tls {leaf.certificate} {leaf.key}\n"
    recipe = block("Behind nginx or Caddy", "caddyfile", "reverse_proxy")
    text = fill(recipe, camera, {"home.example {\n": here})
    (tmp_path / "Caddyfile").write_text(f"{{\n    admin off\n    auto_https disable_redirects\n}}\n{text}")
    command = ["caddy", "run", "--adapter", "caddyfile", "--config", str(tmp_path / "Caddyfile")]
    home = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    with serving(command, port, tmp_path / "log", home):
        url = f"https://localhost:{port}/cam/api"
        pictures = decode(["-i", url.replace("//", f"//me:{TOKENS['view']}@") + "/stream"], 10)
        for user in ("", f"me:{TOKENS['wrong']}@"):
            assert "401 Unauthorized" in refusal(["-i", url.replace("//", f"//{user}") + "/stream"])
        token = {"token": TOKENS["view"]}
        logged_in = httpx.post(f"{url}/session", json=token, verify=authority.trust)
        statuses = [written(url, authority, *row[:3]) for row in CADDY_WRITES]
        with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.2")) as other:
            assert other.get(f"{camera.url}/").status_code == (308 if has_certificate else 200)
    assert statuses == [row[3] for row in CADDY_WRITES]
    assert all(is_picture(Image.frombytes("RGB", (640, 480), rgb)) for rgb in pictures)
    assert "; Secure" in logged_in.headers["set-cookie"]


_PROBE = """
import asyncio, json, sys
from motioneye.utils.mjpeg import test_mjpeg_url
async def main():
    data = {"scheme": "http", "host": "127.0.0.1", "path": "/api/stream", **json.load(sys.stdin)}
    found = await test_mjpeg_url(data, ["basic"], allow_jpeg=False)
    print([each["name"] for each in found.cameras or []], found.error)
asyncio.run(main())
"""


def found_by_motioneye(camera: Camera, role: str | None) -> str:
    (user, word) = re.findall(r"username `(\S+)`, password `(\S+)`", section("motionEye"))[0]
    data = {"port": str(camera.port)}
    if role is not None:
        data |= {"username": user, "password": word.replace("TOKEN", TOKENS[role])}
    command = [str(_PROGRAMS / "python"), "-c", _PROBE]
    done = subprocess.run(command, input=json.dumps(data), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_motioneye_finds_the_camera(camera: Camera) -> None:
    """It hands the address to motion, which is tested above."""
    assert found_by_motioneye(camera, "view") == "['MJPEG Network Camera'] None\n"


@refused
def test_motioneye_is_refused(camera: Camera, role: str | None) -> None:
    (said,) = re.findall(r'it says\s+"(.+?)"', section("motionEye"))
    assert found_by_motioneye(camera, role) == f"[] {said}\n"


_WITHOUT = ["announcements", "backup", "discovery", "errortracking", "health_check", "pluginmanager"]
_WITHOUT += ["softwareupdate", "tracking"]


@pytest.fixture(scope="module")
def octoprint(camera: Camera, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A person who is logged in to an OctoPrint whose webcam is the camera."""
    port, folder = free_port(), tmp_path_factory.mktemp("octoprint")
    stream = "http://192.168.1.7/api/stream"
    webcam = {"stream": fill(stream, camera), "snapshot": fill(snapshot_url(), camera)}
    settings = {
        "server": {"firstRun": False, "onlineCheck": {"enabled": False}},
        "plugins": {"classicwebcam": webcam, "_disabled": _WITHOUT},
    }
    (folder / "config.yaml").write_text(json.dumps(settings))
    program = [str(_PROGRAMS / "octoprint"), "--basedir", str(folder)]
    subprocess.run(
        [*program, "user", "add", "--admin", "--password", "secret", "me"], check=True, capture_output=True
    )
    command = [*program, "serve", "--iknowwhatimdoing", "--host", "127.0.0.1", "--port", str(port)]
    with (
        serving(command, port, folder / "log"),
        httpx.Client(base_url=f"http://localhost:{port}", timeout=30) as client,
    ):
        wait_until(lambda: is_served(client), 60, every=0.5)
        (token,) = [value for name, value in client.cookies.items() if name.startswith("csrf_token")]
        client.headers["X-CSRF-Token"] = token
        login = client.post("/api/login", json={"user": "me", "pass": "secret"})
        assert login.status_code == 200, login.text
        yield client


def is_served(client: httpx.Client) -> bool:
    """A first server says that OctoPrint is starting, and makes room for it."""
    try:
        return client.get("/login/").status_code == 200 and len(client.cookies) > 0
    except httpx.TransportError:
        return False


def snapshot_url(words: str = "snapshot URL") -> str:
    (url,) = re.findall(words + r"\s+`(\S+)`", section("OctoPrint"))
    return str(url)


def snapshot(octoprint: httpx.Client, url: str, **more: str) -> dict[str, Any]:
    """Return what the server says of the address, which the button beside the setting has it fetch."""
    asked = {"command": "url", "url": url, "method": "GET", "response": "bytes", **more}
    asked["timeout"] = "20"  # a wrong token waits for its answer
    said: dict[str, Any] = octoprint.post("/api/util/test", json=asked).json()
    return said


def is_snapshot(said: dict[str, Any]) -> bool:
    with Image.open(io.BytesIO(base64.b64decode(said["response"]["content"]))) as image:
        return is_picture(image)


def test_octoprint(camera: Camera, octoprint: httpx.Client) -> None:
    """By its field for the token, and by the address for one that has no such field."""
    url = fill(snapshot_url(), camera)
    assert is_snapshot(snapshot(octoprint, url, bearerAuth=TOKENS["view"]))
    assert is_snapshot(snapshot(octoprint, fill(snapshot_url("takes the URL"), camera)))


@refused
def test_octoprint_is_refused(camera: Camera, octoprint: httpx.Client, role: str | None) -> None:
    more = {} if role is None else {"bearerAuth": TOKENS[role]}
    said = snapshot(octoprint, fill(snapshot_url(), camera), **more)
    assert (said["status"], said["result"]) == (401, False)
