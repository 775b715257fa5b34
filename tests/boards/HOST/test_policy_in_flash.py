"""Editing the policy of the running camera: in force within 2 s, no reset, no dropped stream."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from pathlib import Path

import httpx
import pytest

from cors import Policy
from tests.kit.camera import ACCESS_FILES, Camera, streaming

IN_FORCE_S = 2
INVALID = '{"version": 1, "allowed_origins": ["https://A.example"]}'
FAULT = 'allowed_origins[0]: "https://A.example": upper case; write "https://a.example"'
MISSING = "no /policy.json; no other origin may read the camera until there is one"


def policy(name: str, size: int = 0) -> str:
    """A policy file that allows https://NAME.example, filled with spaces up to `size` bytes."""
    return f'{{"version": 1, "allowed_origins": ["https://{name}.example"]}}'.ljust(size)


def report(camera: Camera) -> dict:
    return httpx.get(f"{camera.url}/api/status").json()


def status(camera: Camera) -> tuple[str, str | None, str | None]:
    found = report(camera)["policy"]
    assert set(found) == {"state", "digest", "error"}
    return found["state"], found["digest"], found["error"]


def stands(state: str, text: str | None, error: str | None = None) -> tuple[str, str | None, str | None]:
    return state, text and Policy.from_json(text).digest, error


def allows(camera: Camera, name: str) -> bool:
    origin = f"https://{name}.example"
    answer = httpx.get(f"{camera.url}/api/status", headers={"Origin": origin})
    assert answer.status_code == 200
    assert answer.headers.get("access-control-allow-origin") in (None, origin)
    return "access-control-allow-origin" in answer.headers


def wait(camera: Camera, expected: tuple[str, str | None, str | None], since: float | None = None) -> None:
    """Wait until the policy stands as `expected`; fail IN_FORCE_S after `since`, now if not given."""
    end = (since or time.monotonic()) + IN_FORCE_S
    while (found := status(camera)) != expected:
        assert time.monotonic() < end, (found, expected)
        time.sleep(0.02)


def put(camera: Camera, text: str) -> None:
    camera.put("policy.json", text)


def content(camera: Camera, name: str) -> str:
    return camera.exec(f"import sys; sys.stdout.write(open('{name}').read())")


def names(camera: Camera) -> set[str]:
    return set(json.loads(camera.exec("import json, os; print(json.dumps(os.listdir('/')))")))


def said(camera: Camera) -> list[str]:
    return [line for line in camera.drain() if line.startswith("camcors: ")]


def test_an_edit_is_in_force_without_a_reset_and_without_dropping_a_stream(camera: Camera) -> None:
    with streaming(camera):
        for name in ("a", "b", "c"):
            text = policy(name)
            put(camera, text)
            wait(camera, stands("active", text))
            assert [allows(camera, other) for other in "abc"] == [other == name for other in "abc"]
    assert content(camera, "policy.good.json") == policy("c")
    assert not [line for line in camera.drain() if line.startswith("ready ")][1:]
    assert said(camera) == []


def test_a_policy_of_8192_bytes_works_and_8193_are_refused(camera: Camera) -> None:
    text = policy("a", 8192)
    put(camera, text)
    wait(camera, stands("active", text))
    assert content(camera, "policy.good.json") == text
    put(camera, policy("b", 8193))
    wait(camera, stands("invalid", text, "file: 8193: file too large; write at most 8192 bytes"))
    assert allows(camera, "a")
    assert not allows(camera, "b")


# Each piece reaches the flash; from the second on what is there would be a valid policy.
SLOWLY = """
import time
text = {text!r}
with open('/policy.json', 'w') as f:
    for start in range(0, len(text), 60):
        f.write(text[start:start + 60])
        f.flush()
        time.sleep(0.2)
"""


@pytest.mark.parametrize("text", [policy("b", 900), INVALID.ljust(900)], ids=["valid", "invalid"])
def test_a_file_that_is_written_slowly_counts_when_it_is_whole(new_camera: Camera, text: str) -> None:
    before = policy("a")
    put(new_camera, before)
    wait(new_camera, stands("active", before))
    slow = threading.Thread(target=new_camera.exec, args=(SLOWLY.format(text=text),))
    seen = set()
    slow.start()
    while slow.is_alive():
        seen.add(status(new_camera))
        time.sleep(0.02)
    whole = time.monotonic()
    if text == policy("b", 900):
        wait(new_camera, stands("active", text), whole)
    else:
        wait(new_camera, stands("invalid", before, FAULT), whole)
        new_camera.wait_for("camcors: ")  # it is printed once the program on the REPL has ended
    assert seen <= {stands("active", before), status(new_camera)}
    assert stands("active", before) in seen
    assert len(said(new_camera)) == (text != policy("b", 900))


def test_of_two_edits_in_a_row_the_last_wins(camera: Camera) -> None:
    for first, last in (("a", "b"), ("c", "a"), ("b", "c")):
        put(camera, policy(first))
        put(camera, policy(last))
        wait(camera, stands("active", policy(last)))
        time.sleep(IN_FORCE_S)
        assert status(camera) == stands("active", policy(last))


def test_an_invalid_file_keeps_the_running_policy_and_after_a_reset_the_good_copy_serves(
    new_camera: Camera,
) -> None:
    camera = new_camera
    put(camera, policy("a"))
    wait(camera, stands("active", policy("a")))
    with streaming(camera):
        put(camera, INVALID)
        wait(camera, stands("invalid", policy("a"), FAULT))
        assert allows(camera, "a")
        time.sleep(3)  # four polls
    assert said(camera) == [f"camcors: /policy.json: {FAULT}"]
    assert report(camera)["faults"] == [f"/policy.json: {FAULT}"]
    assert content(camera, "policy.json") == INVALID

    camera.reset()
    camera.wait_ready()
    assert status(camera) == stands("last-good", policy("a"), FAULT)
    assert allows(camera, "a")
    assert content(camera, "policy.json") == INVALID

    put(camera, policy("b"))
    wait(camera, stands("active", policy("b")))
    assert report(camera)["faults"] == []
    assert said(camera)[1:] == [f"camcors: /policy.json: {FAULT}"]  # once at each boot


def test_a_deleted_file_allows_nobody_at_once_and_after_a_reset(new_camera: Camera) -> None:
    camera = new_camera
    put(camera, policy("a"))
    wait(camera, stands("active", policy("a")))
    with streaming(camera):
        camera.exec("import os; os.remove('/policy.json')")
        wait(camera, stands("missing", None, MISSING))
        assert not allows(camera, "a")
        time.sleep(2)
    assert said(camera) == [f"camcors: {MISSING}"]
    camera.reset()
    camera.wait_ready()
    assert status(camera) == stands("missing", None, MISSING)
    assert not allows(camera, "a")
    assert names(camera) == {*ACCESS_FILES, "policy.good.json", "policy.prev.json", "policy.record.json"}
    put(camera, policy("b"))
    wait(camera, stands("active", policy("b")))


SAVE = """
from cors.store import Store
try:
    Store().save({text!r})
except OSError as exc:
    print(exc.errno, exc.args[-1])
"""


# For one file, and not for its copy; the directory takes blocks as well.
MAKE_ROOM = """
import os
for n in range(100):
    try:
        with open('/policy.json', 'w') as f:
            f.write({text!r})
        break
    except OSError:
        os.remove('/full4096_%d' % n)
"""


def test_a_full_filesystem_stops_neither_the_policy_nor_its_next_edit(new_camera: Camera) -> None:
    camera = new_camera
    old = policy("a", 8192)
    put(camera, old)
    wait(camera, stands("active", old))
    before = names(camera)
    camera.fill()
    full = camera.exec(SAVE.format(text=policy("b", 8192)))
    assert full == "28 cannot write /policy.record.json: the filesystem is full; remove a file\n"
    assert content(camera, "policy.json") == old
    assert {name for name in names(camera) if not name.startswith("full")} == before

    text = policy("b", 8192)
    camera.exec(MAKE_ROOM.format(text=text))
    error = "in force, but there is no last good copy of it: cannot write /policy.prev.json: "
    error += "the filesystem is full; remove a file"
    wait(camera, stands("active", text, error))
    assert allows(camera, "b")
    assert f"/policy.json: {error}" in report(camera)["faults"]
    assert content(camera, "policy.good.json") == old
    assert not {name for name in names(camera) if name.endswith(".new")}

    camera.exec("import os; os.remove('/full65536_0')")
    camera.reset()
    camera.wait_ready()
    assert status(camera) == stands("active", text)
    assert content(camera, "policy.good.json") == text


def test_save_is_in_force_by_itself_and_keeps_the_previous(new_camera: Camera) -> None:
    first = content(new_camera, "policy.json")
    assert new_camera.exec(SAVE.format(text=policy("a"))) == ""
    wait(new_camera, stands("active", policy("a")))
    assert content(new_camera, "policy.prev.json") == first
    refused = new_camera.mpremote("resume", "exec", SAVE.format(text=INVALID))
    assert refused.returncode == 1
    assert FAULT in refused.stdout + refused.stderr
    assert content(new_camera, "policy.json") == policy("a")


def test_what_a_power_cut_left_goes_at_boot(new_camera: Camera) -> None:
    new_camera.put("policy.json.new", "half")
    new_camera.put("policy.good.json.new", "half")
    new_camera.put("other.new", "the person's")
    new_camera.reset()
    new_camera.wait_ready()
    left = {*ACCESS_FILES, "policy.json", "policy.good.json", "policy.record.json", "other.new"}
    assert names(new_camera) == left


def test_mpremote_edit_alone(new_camera: Camera, tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nexec sed -i "s|http://localhost:8000|https://a.example|" "$1"\n')
    editor.chmod(0o755)
    with streaming(new_camera):
        done: subprocess.CompletedProcess[str] = new_camera.mpremote(
            "resume", "edit", ":policy.json", EDITOR=str(editor)
        )
        assert done.returncode == 0, done.stdout + done.stderr
        wait(new_camera, stands("active", policy("a")))
    assert allows(new_camera, "a")


# Notes when the camera polls, beside what it does then.
POLL_TIMES = """
import time
from camcors.start import state
times = []
poll = state.poll_policy
def noting(cors):
    times.append(time.ticks_ms())
    return poll(cors)
state.poll_policy = noting
"""
POLL_PAUSES = """
while len(times) < 8: time.sleep_ms(50)
state.poll_policy = poll
print([time.ticks_diff(b, a) for a, b in zip(times, times[1:])])
"""


def test_the_camera_polls_as_the_store_asks(new_camera: Camera) -> None:
    """In its own time. A busy machine makes a pause longer, never shorter; one that is undisturbed tells."""
    asked = int(new_camera.exec("from cors.store import Store; print(Store().wait_ms())"))
    pauses = json.loads(new_camera.exec(POLL_TIMES + POLL_PAUSES))
    assert asked <= min(pauses) < asked + 100


POLL_COST = """
import gc
from cors.store import Store
store = Store()
store.load()
store.poll()
gc.collect()
gc.disable()
before = gc.mem_alloc()
store.poll()
after = gc.mem_alloc()
gc.enable()
print(after - before)
"""


def test_a_poll_costs_little(new_camera: Camera) -> None:
    """On the camera's own flash, while it serves: less than 4 KB of garbage for the largest file."""
    put(new_camera, policy("a", 8192))
    wait(new_camera, stands("active", policy("a")))
    assert 0 < int(new_camera.exec(POLL_COST)) < 4096
