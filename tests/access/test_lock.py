"""The Lock over time: sessions, links and guesses; and its costs. Who may send a request is in lock.json."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from access import links, secret
from access.document import Access
from access.lock import ANYONE, LOCKED, Lock
from access.sessions import COOKIE, IDLE_S, MOST, Sessions, log_in, log_out, set_cookie
from strict import error
from strict.sender import FOREIGN, NO_ORIGIN, OWN
from tests.access.run_cases import PATH, TOKENS, after, before


def make_lock(access=None):
    made = Lock(b"key")
    made.access = access or after()
    return made


def bearer(name):
    return {"Authorization": "Bearer " + TOKENS[name]}


def judge(lock, headers, *, needed="view", method="GET", path=PATH, query=None, origin=NO_ORIGIN, now_s=0):
    return lock.judge(needed, method, path, query, headers, origin, now_s)


def logged_in(lock, name, now_s=0):
    verdict, session = log_in(lock, TOKENS[name], {}, now_s)
    assert (verdict.code, verdict.role) == (None, name)
    return {"Cookie": f"{COOKIE}={session}"}


def test_a_new_lock_is_locked():
    assert Lock(b"key").access is LOCKED
    assert judge(Lock(b"key"), {}).code == error.NO_TOKEN


def test_the_words_say_how_to_make_a_token():
    verdict = judge(make_lock(), {}, needed="control")
    assert verdict.words == "this needs a token of the role control"
    assert verdict.remedy == "make a token: camcors token add NAME --role control"
    verdict = judge(make_lock(), bearer("view"), needed="control")
    assert verdict.words == "this needs the role control, and the token has view"


def test_the_words_say_what_to_send_in_place_of_a_password():
    headers = {"Authorization": "bAsIc eDp5", "Origin": "https://a.example"}
    verdict = judge(make_lock(), headers, origin=FOREIGN)
    assert (
        verdict.words == "the password that a browser remembers does not count for a page of another origin"
    )
    assert "Authorization: Bearer" in verdict.remedy


# --- sessions


def test_a_session_has_the_role_that_its_token_has_now():
    lock = make_lock(before())
    _, session = log_in(lock, TOKENS["lowered"], {}, 0)
    cookie = {"Cookie": f"{COOKIE}={session}"}
    assert judge(lock, cookie).role == "control"
    lock.access = after()
    assert judge(lock, cookie).role == "view"


def test_a_session_ends_with_its_token_and_does_not_come_back_with_it():
    lock = make_lock(before())
    _, session = log_in(lock, TOKENS["removed"], {}, 0)
    cookie = {"Cookie": f"{COOKIE}={session}"}
    assert judge(lock, cookie).role == "admin"
    for access in (after(), before()):
        lock.access = access
        assert judge(lock, cookie).code == error.NO_TOKEN


def test_a_session_lasts_as_long_as_it_is_used():
    lock = make_lock()
    cookie = logged_in(lock, "view")
    for turn in range(1, 5):
        assert judge(lock, cookie, now_s=turn * IDLE_S).role == "view"
    assert judge(lock, cookie, now_s=5 * IDLE_S + 1).code == error.NO_TOKEN


def test_the_session_that_was_used_least_lately_gives_way():
    lock = make_lock()
    cookies = [logged_in(lock, "view", now_s) for now_s in range(MOST)]
    assert judge(lock, cookies[0], now_s=50).role == "view"
    cookies.append(logged_in(lock, "view", 60))
    found = [judge(lock, cookie, now_s=70).role for cookie in cookies]
    assert found == ["view", None] + ["view"] * (MOST - 1)


def test_no_token_ends_the_sessions_of_others():
    lock = make_lock()
    other = logged_in(lock, "control")
    for now_s in range(1, 2 * MOST):
        logged_in(lock, "view", now_s)
    assert judge(lock, other, now_s=2 * MOST).role == "control"


def test_idle_sessions_give_way_first():
    sessions = Sessions([])
    old = [sessions.open(b"1" * 32, 0) for _ in range(MOST - 1)]
    kept = sessions.open(b"2" * 32, IDLE_S)
    new = [sessions.open(b"3" * 32, IDLE_S + 1) for _ in range(MOST - 1)]
    assert [sessions.find(text, IDLE_S + 1) for text in old] == [None] * (MOST - 1)
    assert [sessions.find(text, IDLE_S + 1) for text in (kept, *new)] == [b"2" * 32] + [b"3" * 32] * (
        MOST - 1
    )


def test_logging_out_ends_one_session():
    lock = make_lock()
    one, other = logged_in(lock, "view"), logged_in(lock, "view")
    log_out(lock, one)
    log_out(lock, {"Cookie": f"{COOKIE}=unknown"})
    log_out(lock, {})
    assert judge(lock, one).code == error.NO_TOKEN
    assert judge(lock, other).role == "view"


@pytest.mark.parametrize(
    "text", ["", "x", TOKENS["wrong"], TOKENS["view"] + "0", "\ud800" * 34, None, 5, [TOKENS["view"]]]
)
def test_who_logs_in_with_a_wrong_token_waits(text):
    lock = make_lock()
    verdict, session = log_in(lock, text, {"Origin": "http://camera"}, 0)
    assert (verdict.code, verdict.wait_ms, session) == (error.WRONG_TOKEN, 250, None)
    assert verdict.challenge == ('Bearer realm="camcors", error="invalid_token"',)
    assert lock.guesses == 1


def test_a_typed_token_logs_in():
    verdict, session = log_in(make_lock(), TOKENS["view"].upper().replace("0", "O"), {}, 0)
    assert (verdict.role, len(session)) == ("view", 32)


@pytest.mark.parametrize(
    ("over_https", "for_others", "attributes"),
    [
        (False, False, "SameSite=Strict"),
        (False, True, "SameSite=Strict"),
        (True, False, "SameSite=Strict; Secure"),
        (True, True, "SameSite=None; Secure; Partitioned"),
    ],
)
def test_the_cookie(over_https, for_others, attributes):
    head = f"{COOKIE}=id; HttpOnly; Path=/; "
    assert set_cookie("id", over_https, for_others) == head + attributes
    head = f"{COOKIE}=; HttpOnly; Path=/; Max-Age=0; "
    assert set_cookie("", over_https, for_others) == head + attributes


# --- links


def test_a_link_gives_no_more_than_its_asker_may():
    lock = make_lock()
    verdict = judge(lock, bearer("view"))
    with pytest.raises(ValueError, match="ask for no more than the role of your token, view"):
        links.make(lock, verdict, PATH, 60, 0, "control")
    path, _, query = links.make(lock, verdict, PATH, 60, 0).partition("?")
    assert judge(lock, {}, path=path, query=query).role == "view"


def test_who_needs_no_token_gets_the_path_itself():
    lock = make_lock(after("open"))
    verdict = judge(lock, {}, needed="control")
    assert verdict.role == "control"
    assert links.make(lock, verdict, PATH, 60, 0) == PATH
    with pytest.raises(ValueError, match="write a path of this camera"):
        links.make(lock, verdict, "//evil.example", 60, 0)


def test_who_came_by_a_link_cannot_ask_for_another():
    lock = make_lock()
    path, _, query = links.make(lock, judge(lock, bearer("view")), "/api/links", 60, 0).partition("?")
    assert judge(lock, {}, path=path, query=query).role == "view"
    assert judge(lock, {}, method="POST", path=path, query=query).code == error.LINK_ENDED


# --- guesses


def test_a_right_token_never_waits():
    lock = make_lock()
    waits = [judge(lock, bearer("wrong"), now_s=5).wait_ms for _ in range(7)]
    assert waits == [250, 500, 1000, 2000, 4000, 4000, 4000]
    verdict = judge(lock, bearer("view"), now_s=5)
    assert (verdict.code, verdict.wait_ms) == (None, 0)
    assert judge(lock, {}, now_s=5).wait_ms == 0  # nor who shows nothing
    assert lock.guesses == 7


# --- what it costs


def test_a_token_is_compared_with_all_of_them_whichever_it_is(monkeypatch):
    lock = make_lock()
    compared = []
    real = secret.is_same

    def is_same(one, other):
        compared.append(one)
        return real(one, other)

    monkeypatch.setattr(secret, "is_same", is_same)
    for name in ("view", "lowered"):
        compared.clear()
        judge(lock, bearer(name))
        assert compared == [token.sha256 for token in lock.access.tokens]


class Bytes(bytes):
    """Counts how many bytes of it are looked at."""

    looks = 0

    def __getitem__(self, index):
        Bytes.looks += 1
        return super().__getitem__(index)


@pytest.mark.parametrize("other", [b"1" * 32, b"2" * 32, b"1" * 15 + b"2" * 17, b"2" + b"1" * 31])
def test_a_comparison_takes_the_same_time_wherever_it_fails(other):
    Bytes.looks = 0
    assert secret.is_same(Bytes(b"1" * 32), other) is (other == b"1" * 32)
    assert Bytes.looks == 16


def test_what_passes_is_the_same_verdict_each_time():
    lock = make_lock()
    assert judge(lock, bearer("view")) is judge(lock, bearer("view"))
    assert judge(lock, bearer("view"), origin=FOREIGN) is judge(lock, logged_in(lock, "view"), origin=OWN)
    assert judge(lock, {}, needed="public") is ANYONE


_HEAP = """
import gc, sys
sys.path.append({folder!r})
from run_cases import TOKENS, after
from access.lock import Lock
from camcors.http.parse import parse

def headers(line):
    return parse(("GET /api/status HTTP/1.1\\r\\nHost: a" + line).encode())[3]

def cost(lock, asked):
    for _ in range(2):
        gc.collect()
        gc.disable()
        before = gc.mem_alloc()
        verdict = lock.judge("view", "GET", "/api/status", None, asked, 0, 5)
        used = gc.mem_alloc() - before
        gc.enable()
        assert verdict.code is None
    return used

lock = Lock(b"key")
lock.access = after()
bearer = cost(lock, headers("\\r\\nAuthorization: Bearer " + TOKENS["view"]))
lock.access = after("open")
print(bearer, cost(lock, headers("")))
"""


def test_the_heap_that_a_request_takes(program, tmp_path):
    """At most 400 bytes with a token, whatever their number; nothing where the camera is open."""
    script = tmp_path / "heap.py"
    folder = str(Path(__file__).parent)
    script.write_text(_HEAP.format(folder=folder))
    done = subprocess.run([program, script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    bearer, opened = map(int, done.stdout.split())
    assert bearer <= 400
    assert opened == 0


def test_the_access_in_force():
    lock = make_lock()
    assert lock.access.tokens == after().tokens
    lock.access = Access()
    assert judge(lock, bearer("view")).code == error.WRONG_TOKEN
