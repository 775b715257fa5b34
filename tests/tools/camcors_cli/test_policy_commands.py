"""`camcors policy` show, push, pull and rollback against a running camera."""

from __future__ import annotations

import json
import time
from pathlib import Path

import httpx
import pytest

from cors import Policy
from tests.kit.camera import Camera, streaming

A = '{\n  "version": 1,\n  "allowed_origins": ["https://a.example"]\n}\n'
B = A.replace("a.example", "b.example")
A_TO_B = """\
--- on the camera
+++ new
@@ -1,4 +1,4 @@
 {
   "version": 1,
-  "allowed_origins": ["https://a.example"]
+  "allowed_origins": ["https://b.example"]
 }
"""
INVALID = '{\n "version": 1,\n "allowed_origins": ["https://A.example"]\n}\n'
FAULT = 'allowed_origins[0]: "https://A.example": upper case; write "https://a.example"'
MISSING = "no /policy.json; no other origin may read the camera until there is one"
NONE = "camcors: there is no /policy.json on the camera; camcors policy push FILE makes one\n"
TABLE = """\

 field                       value
 ─────────────────────────────────────────────────
 version                     1
 allowed_origins             ["https://a.example"]
 allow_credentials           false
 allowed_methods             null
 allowed_headers             null
 expose_headers              null
 max_age                     null
 allow_private_network       false
 resource_policy             "same-origin"
 allowed_hosts               null
 block_cross_origin_writes   true
"""


def digest(text: str) -> str:
    return Policy.from_json(text).digest


def allows(camera: Camera, origin: str) -> bool:
    answer = httpx.get(f"{camera.url}/api/status", headers={"Origin": origin})
    return answer.headers.get("access-control-allow-origin") == origin


def wait_state(camera: Camera, state: str, digest: str | None) -> None:
    end = time.monotonic() + 5
    while (found := httpx.get(f"{camera.url}/api/status").json()["policy"]) and (
        (found["state"], found["digest"]) != (state, digest)
    ):
        assert time.monotonic() < end, found
        time.sleep(0.05)


def put(camera: Camera, text: str, state: str = "active") -> None:
    camera.put("policy.json", text)
    wait_state(camera, state, digest(text))


def remove(camera: Camera) -> None:
    camera.exec("import os; os.remove('/policy.json')")
    wait_state(camera, "missing", None)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with the policy B."""
    path = tmp_path / "b.json"
    path.write_text(B)
    return path


def test_show_of_the_file_in_force(camera: Camera) -> None:
    put(camera, A)
    done = camera.camcors_process("policy", "show")
    shown = f"state   active: /policy.json is in force\ndigest  {digest(A)}\n{TABLE}"
    assert (done.stdout, done.stderr, done.returncode) == (shown, "", 0)


def show(camera: Camera) -> tuple[dict[str, object], int]:
    """The JSON of `show` and its exit status; asserts that /api/status says the same."""
    done = camera.camcors("policy", "show", "--json")
    shown = json.loads(done.stdout)
    stands = {key: shown[key] for key in ("state", "digest", "error")}
    assert stands == httpx.get(f"{camera.url}/api/status").json()["policy"]
    assert set(shown) == {"state", "error", "digest", "started", "policy", "warnings"}
    return shown, done.returncode


def test_show_in_each_state(new_camera: Camera) -> None:
    camera = new_camera
    a = {
        "error": None,
        "digest": digest(A),
        "started": True,
        "policy": json.loads(Policy.from_json(A).to_json()),
        "warnings": [],
    }
    put(camera, A)
    assert show(camera) == ({**a, "state": "active"}, 0)
    camera.put("policy.json", INVALID)
    wait_state(camera, "invalid", digest(A))
    assert show(camera) == ({**a, "state": "invalid", "error": FAULT}, 1)
    camera.reset()
    camera.wait_ready()
    assert show(camera) == ({**a, "state": "last-good", "error": FAULT}, 1)
    done = camera.camcors("policy", "show")
    heading = (
        "state   last-good: /policy.json is not valid; the last good copy, /policy.good.json, is in force\n"
    )
    shown = f"{heading}digest  {digest(A)}\n{TABLE}"
    assert (done.stdout, done.stderr, done.returncode) == (shown, f"camcors: {FAULT}\n", 1)
    remove(camera)
    nobody = {
        **a,
        "policy": json.loads(Policy().to_json()),
        "state": "missing",
        "digest": None,
        "error": MISSING,
    }
    assert show(camera) == (nobody, 1)


def test_a_camera_that_is_not_started(new_camera: Camera, file: Path) -> None:
    """The file /disable counts at the next start; until then the camera runs, whatever the file."""
    put(new_camera, A)
    new_camera.put("disable", "")
    assert show(new_camera)[0]["started"] is True
    new_camera.reset()
    new_camera.wait_for("camcors: not started")
    new_camera.exec("")  # before boot.py has ended, the command would interrupt it
    said = "camcors: the camera is not started; remove the file /disable if there is one, "
    said += "and start it with camcors reset\n"
    done = new_camera.camcors("policy", "show")
    assert (done.stdout.splitlines()[0], done.stderr) == ("state   the camera is not started", said)
    assert done.returncode == 1
    done = new_camera.camcors("policy", "push", str(file))
    assert done.stdout == f"{A_TO_B}saved; in force when the camera starts: {digest(B)}\n"
    assert (done.stderr, done.returncode) == (said, 0)
    new_camera.exec("import os; os.remove('/disable')")
    assert new_camera.camcors("policy", "show").stderr == said
    new_camera.camcors("reset")
    assert show(new_camera)[0]["digest"] == digest(B)


def test_a_push_is_in_force_when_it_returns_and_drops_no_stream(camera: Camera, file: Path) -> None:
    put(camera, A)
    with streaming(camera):
        done = camera.camcors_process("policy", "push", str(file))
        assert [allows(camera, f"https://{name}.example") for name in "ab"] == [False, True]
    assert done.stdout == f"{A_TO_B}saved; in force: {digest(B)}\n"
    assert (done.stderr, done.returncode) == ("", 0)
    assert camera.content("policy.json") == B.encode()
    assert camera.content("policy.prev.json") == A.encode()

    again = camera.camcors("policy", "push", str(file))
    assert again.stdout == f"nothing to change, the camera has it; in force: {digest(B)}\n"
    assert (again.stderr, again.returncode) == ("", 0)
    assert camera.content("policy.prev.json") == A.encode()


def test_a_push_from_standard_input_in_json(camera: Camera) -> None:
    put(camera, A)
    done = camera.camcors_process("policy", "push", "-", "--json", stdin=B)
    stands = {"digest": digest(B), "state": "active", "started": True}
    assert json.loads(done.stdout) == {
        **stands, "changed": True, "diff": A_TO_B.splitlines(), "wider": [], "warnings": []
    }  # fmt: skip
    assert (done.stderr, done.returncode) == ("", 0)


def test_the_diff_shows_tabs_and_no_control_characters(camera: Camera, file: Path) -> None:
    camera.put("policy.json", b'{\n\t"version": 1,\x1b[31m \x9b\n}\n')
    done = camera.camcors("policy", "push", str(file))
    assert '-       "version": 1,\\x1b[31m \\x9b\n' in done.stdout
    assert done.returncode == 0


def test_an_invalid_file_does_not_get_to_the_camera(camera: Camera, tmp_path: Path) -> None:
    put(camera, A)
    path = tmp_path / "p.json"
    path.write_text(INVALID)
    done = camera.camcors_process("policy", "push", str(path), CAMCORS_PORT="socket://127.0.0.1:1")
    words = f"camcors: {path} is not a valid policy (1 fault)\n{path}:3: {FAULT}\n"
    assert (done.stdout, done.stderr, done.returncode) == ("", words, 1)
    assert camera.content("policy.json") == A.encode()


def test_a_push_of_8192_bytes_and_back(camera: Camera, tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_bytes(A.replace("\n", "\r\n").encode().ljust(8192, b"\t"))
    assert camera.camcors("policy", "push", str(path)).returncode == 0
    assert camera.content("policy.json") == path.read_bytes()
    done = camera.camcors_process("policy", "pull", str(tmp_path / "back.json"))
    assert (done.stdout, done.returncode) == (f"{tmp_path}/back.json: 8192 bytes\n", 0)
    assert (tmp_path / "back.json").read_bytes() == path.read_bytes()


def test_a_full_filesystem_keeps_the_old_policy(new_camera: Camera, tmp_path: Path) -> None:
    camera = new_camera
    put(camera, A.ljust(8000))
    camera.fill()
    path = tmp_path / "p.json"
    path.write_text(B.ljust(8192))
    done = camera.camcors_process("policy", "push", str(path))
    said = "camcors: the camera did not take the policy: cannot write /policy.record.json: "
    said += "the filesystem is full; remove a file; nothing was changed\n"
    assert (done.stderr, done.returncode) == (said, 4)
    assert camera.content("policy.json") == A.ljust(8000).encode()
    assert allows(camera, "https://a.example")
    camera.exec("import os; os.remove('/full65536_0')")
    assert camera.camcors("policy", "push", str(path)).returncode == 0
    assert allows(camera, "https://b.example")


def test_pull_writes_the_file_as_it_is_and_overwrites_nothing(camera: Camera, tmp_path: Path) -> None:
    text = b'{"version": \xff 1,\r\n\t"max_age": \x00\n'
    camera.put("policy.json", text)
    path = tmp_path / "p.json"
    done = camera.camcors("policy", "pull", "--json", str(path))
    assert json.loads(done.stdout) == {"file": str(path), "bytes": len(text)}
    assert path.read_bytes() == text
    path.write_text("mine")
    done = camera.camcors("policy", "pull", str(path))
    said = f"camcors: {path} exists; choose another name, or add --force\n"
    assert (done.stdout, done.stderr, done.returncode) == ("", said, 4)
    assert path.read_text() == "mine"
    assert camera.camcors("policy", "pull", "--force", str(path)).returncode == 0
    assert path.read_bytes() == text
    done = camera.camcors("policy", "pull", str(tmp_path / "none" / "p.json"))
    said = f"camcors: cannot write {tmp_path}/none/p.json: No such file or directory; choose another name\n"
    assert (done.stdout, done.stderr, done.returncode) == ("", said, 4)


def test_pull_to_standard_output(camera: Camera) -> None:
    put(camera, A)
    done = camera.camcors_process("policy", "pull")
    assert (done.stdout, done.stderr, done.returncode) == (A, "", 0)
    assert json.loads(camera.camcors("policy", "pull", "--json").stdout) == {"text": A}


def roll_back(camera: Camera) -> tuple[str | None, str]:
    """-> the digests of what was in force, and of what is now; the camera must say the same."""
    done = camera.camcors("policy", "rollback", "--json")
    assert (done.stderr, done.returncode) == ("", 0)
    said = json.loads(done.stdout)
    assert (said["state"], said["changed"]) == ("active", True)
    assert camera.status()["policy"] == {"state": "active", "digest": said["digest"], "error": None}
    return said["before"], said["digest"]


def test_a_second_rollback_undoes_the_first(new_camera: Camera, file: Path) -> None:
    camera = new_camera
    none = camera.camcors("policy", "rollback")
    said = "camcors: there is nothing to go back to: no other policy was in force yet; "
    said += "camcors policy push FILE puts a policy in force\n"
    assert (none.stdout, none.stderr, none.returncode) == ("", said, 4)
    put(camera, A)
    assert camera.camcors("policy", "push", str(file)).returncode == 0
    assert roll_back(camera) == (digest(B), digest(A))
    assert camera.content("policy.json") == A.encode()
    assert allows(camera, "https://a.example")
    again = camera.camcors_process("policy", "rollback")
    assert again.stdout == f"{A_TO_B}saved; in force: {digest(B)}\nin force before: {digest(A)}\n"
    assert camera.content("policy.json") == B.encode()
    assert allows(camera, "https://b.example")


def test_a_rollback_after_a_broken_file_loses_nothing(new_camera: Camera, file: Path) -> None:
    camera = new_camera
    put(camera, A)
    put(camera, B)
    camera.put("policy.json", INVALID)
    wait_state(camera, "invalid", digest(B))
    assert roll_back(camera) == (digest(B), digest(A))
    assert roll_back(camera) == (digest(A), digest(B))
    camera.put("policy.json", "{")
    camera.reset()
    camera.wait_ready()
    assert roll_back(camera) == (digest(B), digest(A))


def test_a_rollback_after_the_file_was_removed_loses_nothing(new_camera: Camera) -> None:
    camera = new_camera
    put(camera, A)
    put(camera, B)
    remove(camera)
    assert roll_back(camera) == (None, digest(B))
    assert roll_back(camera) == (digest(B), digest(A))
    assert roll_back(camera) == (digest(A), digest(B))
    remove(camera)
    done = camera.camcors("policy", "rollback")
    assert done.stdout.endswith(f"saved; in force: {digest(B)}\nin force before: none\n")


def test_a_rollback_at_once_after_an_edit(new_camera: Camera) -> None:
    """No poll has seen what was copied: it was in force all the same."""
    camera = new_camera
    put(camera, A)
    camera.put("policy.json", B)
    camera.exec("from cors.store import Store; s = Store(); s.save(open(s.before(None)[0]).read())")
    wait_state(camera, "active", digest(A))
    assert roll_back(camera) == (digest(A), digest(B))


def test_a_missing_file_is_made(camera: Camera, file: Path) -> None:
    put(camera, A)
    remove(camera)
    done = camera.camcors("policy", "pull")
    assert (done.stdout, done.stderr, done.returncode) == ("", NONE, 4)
    done = camera.camcors("policy", "push", str(file))
    added = "".join(f"+{line}\n" for line in B.splitlines())
    shown = f"--- on the camera\n+++ new\n@@ -0,0 +1,4 @@\n{added}saved; in force: {digest(B)}\n"
    assert (done.stdout, done.stderr, done.returncode) == (shown, "", 0)


def test_the_option_comes_before_the_environment(camera: Camera) -> None:
    port = camera.repl
    done = camera.camcors_process("policy", "pull", "--port", port, CAMCORS_PORT="socket://127.0.0.1:1")
    assert done.returncode == 0
    assert camera.camcors_process("policy", "pull", "--port", "socket://127.0.0.1:1").returncode == 3
