"""The camera in Home Assistant, the whole program: tests send what its page would, and read its API."""

from __future__ import annotations

import io
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests.kit.camera import TOP, Camera, free_port
from tests.kit.pages import status, wait_until
from tests.kit.recipe import decode, fill, is_picture, section, serving
from tests.kit.tokens import TOKENS, access_file, give

_HASS = TOP / "build" / "homeassistant" / "bin" / "hass"

pytestmark = [
    pytest.mark.clients,
    pytest.mark.skipif(not _HASS.exists(), reason="Home Assistant 2024.3.3 runs on Python 3.11 and 3.12"),
]

#: The names that the network's router, or Docker, gives to this machine.
_ROUTER = ("camcors.lan", "host.docker.internal")

# Stands for the frontend, 50 MB of a page that nobody looks at, without which Home Assistant only recovers;
# and for the router.
_FRONTEND = f"""
import socket

_asked = socket.getaddrinfo

def _found(host, *more, **named):
    return _asked("127.0.0.1" if host in {_ROUTER} else host, *more, **named)

async def async_setup(hass, config):
    socket.getaddrinfo = _found
    return True
"""
_MANIFEST = {"domain": "frontend", "name": "None", "version": "0", "dependencies": ["http"]}


class HomeAssistant:
    """A running one, and a person in it who is logged in."""

    def __init__(self, url: str):
        self.url = url
        self.client = httpx.Client(base_url=url, timeout=30)
        client_id = f"{url}/"
        login = {"client_id": client_id, "handler": ["homeassistant", None], "redirect_uri": client_id}
        person = {"client_id": client_id, "username": "me", "password": "secret"}
        code = self._fill_in("/auth/login_flow", login, person)["result"]
        grant = {"client_id": client_id, "grant_type": "authorization_code", "code": code}
        token = self.client.post("/auth/token", data=grant).json()["access_token"]
        self.headers = {"Authorization": f"Bearer {token}"}
        self.client.headers.update(self.headers)

    def _fill_in(self, path: str, begin: object, form: object) -> dict[str, object]:
        """Send a form; return what is said to it."""
        flow = self.client.post(path, json=begin).json()["flow_id"]
        said: dict[str, object] = self.client.post(f"{path}/{flow}", json=form).json()
        return said

    def add(self, name: str, camera: Camera, host: str = "127.0.0.1", role: str | None = "view") -> object:
        """Add an MJPEG IP Camera by the recipe, with the token of a role, None for none; return the errors
        in its form, None if it is taken."""
        text = section("Home Assistant")
        urls = [fill(url, camera).replace("127.0.0.1", host) for url in re.findall(r"URL `(\S+)`", text)]
        stream, still = urls
        form = {"name": name, "mjpeg_url": stream, "still_image_url": still, "verify_ssl": True}
        if role is not None:
            ((user, word),) = re.findall(r"username `(\S+)`, password `(\S+)`", text)
            form |= {"username": user, "password": word.replace("TOKEN", TOKENS[role])}
        said = self._fill_in("/api/config/config_entries/flow", {"handler": "mjpeg"}, form)
        assert said["type"] == ("form" if said.get("errors") else "create_entry"), said
        return said.get("errors")

    def still(self, name: str) -> Image.Image:
        path = f"/api/camera_proxy/camera.{name}"
        wait_until(lambda: self.client.get(f"/api/states/camera.{name}").status_code == 200)
        return Image.open(io.BytesIO(self.client.get(path).raise_for_status().content))

    def stream_of(self, name: str) -> str:
        return f"{self.url}/api/camera_proxy_stream/camera.{name}"


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("log") / "home-assistant"


@pytest.fixture(scope="module")
def home_assistant(tmp_path_factory: pytest.TempPathFactory, log: Path) -> Iterator[HomeAssistant]:
    folder, port = tmp_path_factory.mktemp("hass"), free_port()
    frontend = folder / "custom_components" / "frontend"
    frontend.mkdir(parents=True)
    (frontend / "manifest.json").write_text(json.dumps(_MANIFEST))
    (frontend / "__init__.py").write_text(_FRONTEND)
    # JSON is YAML.
    parts = {"homeassistant": {}, "auth": {}, "api": {}, "config": {}, "camera": {}}
    http = {"server_host": "127.0.0.1", "server_port": port}
    (folder / "configuration.yaml").write_text(json.dumps({**parts, "http": http}))
    user = ["--script", "auth", "--config", str(folder), "add", "me", "secret"]
    subprocess.run([str(_HASS), *user], check=True, capture_output=True, timeout=60)
    with serving([str(_HASS), "--config", str(folder), "--skip-pip"], port, log):
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: httpx.get(f"{url}/auth/providers").status_code == 200, 60)
        yield HomeAssistant(url)


def test_the_version_that_the_recipes_name(home_assistant: HomeAssistant) -> None:
    version = home_assistant.client.get("/api/config").json()["version"]
    assert f"| Home Assistant {version}, " in section("What was tried")


def test_the_still_and_the_stream(home_assistant: HomeAssistant, camera: Camera) -> None:
    assert home_assistant.add("door", camera) is None
    assert is_picture(home_assistant.still("door"))
    token = "".join(f"{name}: {value}\r\n" for name, value in home_assistant.headers.items())
    pictures = decode(["-headers", token, "-i", home_assistant.stream_of("door")], 10)
    assert all(is_picture(Image.frombytes("RGB", (640, 480), rgb)) for rgb in pictures)


@pytest.mark.parametrize("role", [None, "wrong"])
def test_a_camera_without_a_token_and_with_a_wrong_one(
    home_assistant: HomeAssistant, camera: Camera, role: str | None
) -> None:
    errors = home_assistant.add("garden", camera, role=role)
    assert errors == {"username": "invalid_auth"}
    (strings,) = TOP.glob(
        "build/homeassistant/lib/*/site-packages/homeassistant/components/mjpeg/translations/en.json"
    )
    words = json.loads(strings.read_text())["config"]["error"]["invalid_auth"]
    assert f'its form says "{words}"' in " ".join(section("Home Assistant").split())


def test_a_token_that_is_removed(home_assistant: HomeAssistant, new_camera: Camera) -> None:
    """Home Assistant takes the refusal for a picture: nothing says why it is broken."""
    assert home_assistant.add("porch", new_camera) is None
    assert is_picture(home_assistant.still("porch"))
    give(new_camera, access_file("control"))
    shown = home_assistant.client.get("/api/camera_proxy/camera.porch")
    assert (shown.status_code, json.loads(shown.content)["code"]) == (200, "wrong-token")


def test_each_viewer_of_home_assistant_is_one_of_the_camera(
    home_assistant: HomeAssistant, new_camera: Camera
) -> None:
    assert home_assistant.add("yard", new_camera) is None
    home_assistant.still("yard")
    client, path = home_assistant.client, home_assistant.stream_of("yard")
    with client.stream("GET", path) as one, client.stream("GET", path) as other:
        assert next(one.iter_bytes()) and next(other.iter_bytes())
        assert status(new_camera)["clients"]["viewers"] == 2
    wait_until(lambda: status(new_camera)["clients"]["viewers"] == 0)


def test_a_name_of_the_router(home_assistant: HomeAssistant, new_camera: Camera, log: Path) -> None:
    """The camera's own name is taken; of another, Home Assistant's form says only that nothing answers."""
    assert home_assistant.add("attic", new_camera, "camcors.lan") is None
    assert is_picture(home_assistant.still("attic"))
    assert status(new_camera)["refused"] is None
    (remedy,) = re.findall("`camcors (.+)`", section("Home Assistant"))
    foreign = remedy.split()[-1]
    assert home_assistant.add("cellar", new_camera, foreign) == {"mjpeg_url": "cannot_connect"}
    wait_until(lambda: "421 Client Error" in log.read_text())
    assert status(new_camera)["refused"] == {"host": f"{foreign}:{new_camera.port}", "count": 1}
    done = new_camera.camcors_process(*remedy.split())
    assert done.returncode == 0, done.stderr
    assert home_assistant.add("cellar", new_camera, foreign) is None
    assert is_picture(home_assistant.still("cellar"))
