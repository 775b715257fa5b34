"""The lock before the camera's paths: who gets what, on CPython and in the frozen firmware."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from access.document import SENTENCES, Access
from access.lock import ANYONE
from access.sessions import COOKIE
from access.store import Store
from camcors import access, routes
from cors import Policy
from strict import late
from strict.sender import NO_ORIGIN
from tests.firmware import access_cases
from tests.firmware.access_cases import ALLOWED, CREDENTIALS, NEEDS, ORIGINS, TOKENS
from tests.kit.tokens import access_file

cases: Any = access_cases  # untyped

COUNT = len(NEEDS) * len(CREDENTIALS) * len(ORIGINS)
BEARER = {"authorization": "Bearer " + TOKENS["view"]}


def test_every_path_is_in_the_table() -> None:
    assert set(routes.ROUTES) <= set(NEEDS)


def test_who_gets_what_on_cpython() -> None:
    assert cases.run() == (COUNT, [])


def test_who_gets_what_in_the_firmware(program: Path) -> None:
    done = subprocess.run(
        [str(program), access_cases.__file__], capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.stdout, done.stderr) == (f"{COUNT} requests, 0 wrong, micropython\n", "")


def test_the_heap_of_a_request_with_a_token(program: Path) -> None:
    """On a computer, whose words are twice as long as a board's."""
    command = [str(program), access_cases.__file__, "heap"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    assert max(json.loads(done.stdout)) <= 400


@pytest.fixture
def camera() -> Any:
    made = cases.Camera()
    made.renew()
    made.cors.policy = Policy(allowed_origins=[ALLOWED], block_cross_origin_writes=False)
    return made


def post(camera: Any, path: str, body: object, scheme: str = "http", **headers: str) -> Any:
    return camera.ask("POST", path, headers, json.dumps(body).encode(), scheme)[0]


def test_a_session_from_its_start_to_its_end(camera: Any) -> None:
    answer = post(camera, "/api/session", {"token": TOKENS["control"]}, origin="http://camera.local")
    assert answer.status_code == 200
    assert json.loads(answer.body) == {"role": "control", "idle_s": 43200}
    cookie, *attributes = answer.headers["Set-Cookie"].split("; ")
    assert cookie.startswith(COOKIE + "=")
    assert attributes == ["HttpOnly", "Path=/", "SameSite=Strict"]
    assert TOKENS["control"] not in cookie
    given = {"cookie": cookie, "origin": "http://camera.local"}
    assert camera.ask("PUT", "/api/led", given)[0].status_code == 200
    answer = camera.ask("DELETE", "/api/session", given)[0]
    assert answer.status_code == 204
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    assert camera.ask("PUT", "/api/led", given)[0].status_code == 401


def test_a_session_over_https_is_for_https_only(camera: Any) -> None:
    answer = post(camera, "/api/session", {"token": TOKENS["view"]}, "https")
    assert answer.headers["Set-Cookie"].endswith("; SameSite=Strict; Secure")
    camera.cors.policy = Policy(allowed_origins=[ALLOWED], allow_credentials=True)
    answer = post(camera, "/api/session", {"token": TOKENS["view"]}, "https", origin=ALLOWED)
    assert answer.headers["Set-Cookie"].endswith("; SameSite=None; Secure; Partitioned")


@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS)
def test_a_preflight_is_anyones_whatever_it_shows(camera: Any, token: str) -> None:
    shown = {"authorization": f"Bearer {token}", "origin": ALLOWED, "access-control-request-method": "PUT"}
    assert camera.door.judge(camera.request("OPTIONS", "/api/led", shown)) is ANYONE


@pytest.mark.parametrize("origin", [ALLOWED, "https://evil.example", "null"])
def test_a_page_that_no_cookie_counts_for_gets_none(camera: Any, origin: str) -> None:
    """Foreign writes pass here, by the policy."""
    answer = post(camera, "/api/session", {"token": TOKENS["view"]}, origin=origin)
    assert (answer.status_code, json.loads(answer.body)["code"]) == (403, "foreign-write")
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("body", [{}, {"token": TOKENS["wrong"]}, {"token": 5}, {"token": None}])
def test_a_wrong_token_logs_nobody_in(camera: Any, body: object) -> None:
    answer, paused_ms = camera.ask("POST", "/api/session", {}, json.dumps(body).encode())
    assert (answer.status_code, json.loads(answer.body)["code"], paused_ms) == (401, "wrong-token", 250)
    assert "Set-Cookie" not in answer.headers
    assert TOKENS["wrong"] not in str(answer.body)


def test_a_link_is_good_for_its_path(camera: Any) -> None:
    answer = post(camera, "/api/links", {"path": "/api/stream?fps=5", "for_s": 60}, **BEARER)
    made = json.loads(answer.body)
    assert (answer.status_code, made["role"], made["for_s"]) == (200, "view", 60)
    assert made["path"].startswith("/api/stream?fps=5&link=1060.view.")
    assert camera.ask("GET", made["path"], {"origin": "https://evil.example"})[0].status_code == 200
    elsewhere = made["path"].replace("stream", "capture")
    assert camera.ask("GET", elsewhere, {})[0].status_code == 401


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "bad-value"),
        ({"path": "/api/stream"}, "bad-value"),
        ({"path": "//evil.example", "for_s": 60}, "bad-value"),
        ({"path": "/api/stream", "for_s": 86401}, "bad-value"),
        ({"path": "/api/stream", "for_s": True}, "bad-value"),
        ({"path": "/api/stream", "for_s": 60, "role": "control"}, "bad-value"),
        ({"path": "/api/stream", "for_s": 60, "role": "admin"}, "bad-value"),
        ({"path": "/api/stream", "for_s": 60, "x": 1}, "unknown-field"),
        ([], "bad-json"),
    ],
)
def test_a_link_that_is_not_made(camera: Any, body: object, code: str) -> None:
    answer = post(camera, "/api/links", body, **BEARER)
    assert (answer.status_code, json.loads(answer.body)["code"]) == (400, code)
    assert json.loads(answer.body)["remedy"]


def test_who_has_a_token(camera: Any) -> None:
    answer = camera.ask("GET", "/api/access", {"authorization": "Bearer " + TOKENS["admin"]})[0]
    tokens = [{"name": name, "role": name, "created_s": None} for name in ("view", "control", "admin")]
    assert json.loads(answer.body) == {"open": None, "tokens": tokens}


def test_too_large_a_body_gets_413_and_runs_nothing(camera: Any) -> None:
    """As the connection layer's own refusals, which pass here as well."""
    answer, paused_ms = camera.ask("PUT", "/api/led", {"authorization": "Bearer x"}, b" " * 20000)
    assert (answer.status_code, camera.ran, paused_ms) == (413, 0, 0)


def test_a_role_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="write one of view, control, admin"):
        access.needs("root")
    with pytest.raises(TypeError, match="right above the handler"):
        access.public("/path")  # type: ignore[type-var]


FULL = ["access.lock.Verdict", "frames.end"]


@pytest.mark.parametrize("where", FULL)
def test_a_full_heap_delays_a_removal_and_does_not_lose_it(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory ends once while the access file without the token comes into force."""
    for name, module in {
        "board": SimpleNamespace(SETTINGS={}, NAME="X", FIRMWARE="0"),
        "filesystem": SimpleNamespace(fault=None, is_new=False),
    }.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.delitem(sys.modules, "camcors.state", raising=False)
    state = importlib.import_module("camcors.state").State()
    ended: list[Any] = []
    state.frames = SimpleNamespace(end=ended.append)
    state._access = Store(*(str(tmp_path / name) for name in ("access.json", "good", "record")))
    state._access.save(access_file("view", "control"))
    state.load_access()
    state.make_lock()
    state._access.save(access_file("view"))
    with monkeypatch.context() as full:

        def fails(*args: Any) -> None:
            raise MemoryError

        if where == "frames.end":
            full.setattr(state.frames, "end", fails)
        else:
            full.setattr(where, fails)
        with pytest.raises(MemoryError):
            for _ in range(8):
                state.poll_access()
    state.poll_access()
    headers = {"Authorization": "Bearer " + TOKENS["control"]}
    found = state.lock.judge("view", "GET", "/api/status", None, headers, NO_ORIGIN, 0)
    assert (found.code, ended) == ("wrong-token", [state.lock.is_over])


#: A credential -> the modules without which it is not judged.
UNJUDGED = {
    "none": ("access.refusal",),
    "wrong": ("access.judge", "access.refusal", "access.guesses"),
    "link": ("access.judge", "access.links"),
    "ended link": ("access.judge", "access.links", "access.refusal"),
    "basic admin": ("access.judge",),
    "cookie admin": ("access.judge", "access.sessions"),
}


def without(*names: str) -> Callable[[str], Any]:
    """late.load() that finds no memory for these modules."""
    real = late.load

    def load(name: str) -> Any:
        if name in names:
            raise MemoryError
        return real(name)

    return load


@pytest.mark.parametrize(
    ("credential", "name"), [(c, name) for c, names in UNJUDGED.items() for name in names]
)
def test_what_there_is_no_memory_to_judge_does_not_pass(
    camera: Any, credential: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera.cors.policy = Policy(allowed_origins=[ALLOWED], allow_credentials=True)
    target, headers = cases.show(camera, credential, "/api/status")
    monkeypatch.setattr(late, "load", without(name))
    answer, paused_ms = camera.ask("GET", target, {**headers, "origin": ALLOWED})
    assert (answer.status_code, json.loads(answer.body)["code"]) == (503, "no-memory")
    assert answer.headers["Retry-After"] == "5"
    assert answer.headers["Access-Control-Allow-Origin"] == ALLOWED
    assert (camera.ran, paused_ms, camera.keeper.lock.guesses) == (0, 0, 0)


def test_what_most_requests_show_is_judged_without_them(camera: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    preflight = {"origin": ALLOWED, "access-control-request-method": "PUT"}
    opened = Access(open_view=SENTENCES["open_view"][0])
    camera.ask("GET", "/", {"origin": ALLOWED})  # the policy is compiled
    monkeypatch.setattr(late, "load", without(*late._NAMES))  # type: ignore[attr-defined]
    assert camera.ask("GET", "/api/capture", BEARER)[0].status_code == 200
    assert camera.ask("OPTIONS", "/api/led", preflight)[0].status_code == 204
    assert camera.ask("GET", "/", {})[0].status_code == 200
    camera.keeper.lock.access = opened
    for target in ("/api/capture", "/api/stream?fps=5", "/api/capture?blink=1"):
        assert camera.ask("GET", target, {"origin": "https://evil.example"})[0].status_code == 200


def test_an_origin_whose_cookie_does_not_count_ends_no_session(camera: Any) -> None:
    answer = post(camera, "/api/session", {"token": TOKENS["control"]}, origin="http://camera.local")
    cookie = answer.headers["Set-Cookie"].split(";")[0]
    answer = camera.ask("DELETE", "/api/session", {"cookie": cookie, "origin": ALLOWED})[0]
    assert (answer.status_code, json.loads(answer.body)["code"]) == (403, "foreign-write")
    given = {"cookie": cookie, "origin": "http://camera.local"}
    assert camera.ask("PUT", "/api/led", given)[0].status_code == 200
