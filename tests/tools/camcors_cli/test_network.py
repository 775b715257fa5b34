"""Mixed content and local-network access: where page and camera are, names resolved by a table."""

from __future__ import annotations

import json
import socket
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from camcors_cli.browser import reach, requests
from camcors_cli.browser.examination import examine
from camcors_cli.browser.fetch import Response
from camcors_cli.browser.reach import Agent, Space, Verdict
from camcors_cli.browser.verdict import Question
from camcors_cli.commands.explain import explain
from camcors_cli.ui.findings import Mark
from click.testing import CliRunner

from tests.kit.camera import TOP
from tests.kit.places import NAMES, SPACES
from tests.kit.reach import ROWS, WORDS, Row
from tests.kit.reach import resolve as resolve_row


def resolve(host: str) -> list[str]:
    return NAMES.get(host, [])


@pytest.mark.parametrize(("host", "space"), SPACES)
def test_space_of(host: str, space: Space) -> None:
    assert reach.space_of(host, resolve) is space


CHROME = 'targetAddressSpace: "local"'


@pytest.mark.parametrize(
    ("origin", "url", "mark", "remedy"),
    [
        ("http://a.example", "http://192.168.4.1/", Mark.OK, False),
        ("null", "http://192.168.4.1/", Mark.OK, False),
        ("https://a.example", "https://cam.example/", Mark.OK, False),
        ("https://a.example", "http://127.0.0.1:8080/", Mark.OK, False),
        ("https://a.example", "http://127.9.9.9/", Mark.OK, False),
        ("https://a.example", "http://[::1]/", Mark.OK, False),
        ("https://a.example", "http://localhost/", Mark.OK, False),
        ("https://a.example", "http://b.localhost/", Mark.OK, False),
        ("https://a.example", "http://192.168.4.1/", Mark.NOTE, False),
        ("https://a.example", "http://[fe80::1]/", Mark.NOTE, False),
        ("https://a.example", "http://camcors.local/", Mark.NOTE, False),
        ("https://a.example", "http://0.0.0.0/", Mark.NOTE, False),
        ("https://a.example", "http://93.184.215.14/", Mark.NO, False),
        ("https://a.example", "http://public.example/", Mark.NO, False),
        ("https://a.example", "http://home.example/", Mark.NO, True),
        ("https://a.example", "http://camcors/", Mark.NO, True),
    ],
)
def test_mixed_content(origin: str, url: str, mark: Mark, remedy: bool) -> None:
    step = reach.mixed_content(origin, url, resolve)
    assert step.mark is mark
    assert (CHROME in step.remedy) is remedy
    assert bool(step.remedy) is (mark is Mark.NO)
    assert ("Firefox and Safari block" in step.text) is (mark is Mark.NOTE)
    ways_out = [words in step.text + step.remedy for words in ("camcors tls setup", "http://localhost:8000")]
    assert ways_out == [mark is not Mark.OK, mark is Mark.NO]


def test_the_option_is_named_as_the_address_is() -> None:
    step = reach.mixed_content("https://a.example", "http://here.example/", resolve)
    assert 'targetAddressSpace: "loopback"' in step.remedy


BLOCKED, UNKNOWN = Verdict.MIXED, Verdict.UNKNOWN
COLUMNS = [(Agent.CHROMIUM, "chromium"), (Agent.FIREFOX, "firefox"), (Agent.OTHER, "other")]


@pytest.mark.parametrize(("agent", "column"), COLUMNS)
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_judge(row: Row, agent: Agent, column: str) -> None:
    found = reach.judge(agent, row.page, f"{row.camera}/", resolve_row, row.target)
    assert found.value == row.verdict(column)


@pytest.mark.parametrize(("agent", "column"), COLUMNS)
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_the_steps_say_it_in_words(row: Row, agent: Agent, column: str) -> None:
    """A step blocks where the browser refuses, and where the person is asked there is a note of it."""
    judges = (reach.mixed_content, reach.local_network)
    steps = [each(row.page, f"{row.camera}/", resolve_row, agent, row.target) for each in judges]
    is_refused = row.verdict(column) not in ("passes", "asks")
    assert any(step.mark is Mark.NO for step in steps) is is_refused
    assert row.words(column) in "; ".join(step.text for step in steps if step.mark is not Mark.OK)


DOCUMENTED = {"passes": "passes", "asks": "asks", "mixed": "mixed", "insecure": "refuses"}
SECTION = (
    (TOP / "docs" / "security.md").read_text().split("\n## Where page and camera are\n")[1].split("\n## ")[0]
)


def test_the_documentation_has_the_table() -> None:
    found = []
    page = ""
    for line in SECTION.splitlines():
        cells = [cell.strip().replace("`", "") for cell in line.strip("|").split("|")]
        if len(cells) == 5 and "://" in cells[1]:
            target = "local" if "targetAddressSpace" in cells[0] else ""
            page = page if target else cells[0]
            (row,) = [row for row in ROWS if row[:3] == (page, cells[1], target)]
            found.append(row)
            assert cells[2:] == [DOCUMENTED[row.verdict(column)] for _, column in COLUMNS]
    assert len(found) == 14
    questions = WORDS["asks"]["chromium"]  # type: ignore[index]
    assert all(f'"{each}"' in " ".join(SECTION.split()) for each in questions.values())


# Where a name was not resolved, or there is none: page, camera, what Chromium and Firefox do.
NOT_KNOWN = [
    ("https://unknown.example", "http://192.168.4.1/", UNKNOWN, BLOCKED),
    ("https://unknown.example", "https://192.168.4.1/", UNKNOWN, UNKNOWN),
    ("https://public.example", "http://unknown.example/", BLOCKED, BLOCKED),
    ("https://public.example", "https://unknown.example/", UNKNOWN, UNKNOWN),
    ("http://localhost:8000", "http://unknown.example/", Verdict.PASSES, Verdict.PASSES),
    ("null", "http://192.168.4.1/", UNKNOWN, UNKNOWN),
    ("null", "http://93.184.215.14/", Verdict.PASSES, Verdict.PASSES),
]


@pytest.mark.parametrize(("origin", "url", "chromium", "firefox"), NOT_KNOWN)
def test_what_is_not_known(origin: str, url: str, chromium: Verdict, firefox: Verdict) -> None:
    found = [reach.judge(agent, origin, url, resolve) for agent in reach.AGENTS]
    assert found == [chromium, firefox]


def test_a_page_may_say_where_a_name_is_that_nobody_resolves() -> None:
    for target in reach.TARGETS:
        found = reach.judge(
            Agent.CHROMIUM, "https://public.example", "http://camera.lan/", reach.not_resolved, target
        )
        assert found is Verdict.UNKNOWN  # of the page
        page = "https://93.184.215.14"
        found = reach.judge(Agent.CHROMIUM, page, "http://camera.lan/", reach.not_resolved, target)
        assert found is Verdict.ASKS


ALLOWING = '{"version": 1, "allowed_origins": %s, "allowed_hosts": %s}'


def run_explain(row: Row, tmp_path: Path) -> dict[str, Any]:
    """Return what `camcors explain` says of a row, with a policy that allows it."""
    file = tmp_path / "policy.json"
    host = urlsplit(row.camera).hostname
    file.write_text(ALLOWING % (json.dumps([row.page]), json.dumps([host])))
    place = row.camera.removeprefix("http://")
    target = ["--target-address-space", row.target] if row.target else []
    arguments = [row.page, "--host", place, "--file", str(file), "--json", *target]
    return json.loads(CliRunner().invoke(explain, arguments).stdout)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_doctor_and_explain_agree(row: Row, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`explain` asks nobody for the address of a name: it says less there, and nothing else."""
    answer = Response(200, [("Access-Control-Allow-Origin", row.page)])
    monkeypatch.setattr(requests, "send", lambda *_: (answer, ""))
    monkeypatch.setattr(reach, "resolve", resolve_row)
    found = examine(Question(row.page, f"{row.camera}/api/status", target=row.target))
    expected = {column: Verdict(row.verdict(column)).access.value for column in ("chromium", "firefox")}
    assert found.to_json()["browsers"] == expected
    code = {"mixed": "MIXED_CONTENT", "insecure": "LOCAL_NETWORK", "mismatch": "LOCAL_NETWORK"}
    assert found.code == code.get(row.chromium)
    told = run_explain(row, tmp_path)
    differs = {column: said for column, said in told["browsers"].items() if said != expected[column]}
    assert set(differs.values()) <= {"unknown"}
    is_name = any(
        reach.space_of(urlsplit(place).hostname or "", reach.not_resolved) is Space.UNKNOWN
        for place in (row.page, row.camera)
    )
    assert is_name or not differs
    if not is_name:
        words = "; ".join(step["text"] for step in told["steps"])
        assert all(row.words(column) in words for column in expected)


@pytest.mark.parametrize("agent", reach.AGENTS)
def test_a_doctor_for_one_browser(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Firefox lets through is not blocked there because of Chromium."""
    page, camera = "http://dashboard.example.com", "http://192.168.4.1/api/status"
    monkeypatch.setattr(
        requests, "send", lambda *_: (Response(200, [("Access-Control-Allow-Origin", page)]), "")
    )
    monkeypatch.setattr(reach, "resolve", resolve_row)
    found = examine(Question(page, camera), agent=agent)
    assert found.verdict == ("blocked" if agent is Agent.CHROMIUM else "allowed")


@pytest.mark.parametrize(
    ("user_agent", "agent"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36",
         Agent.CHROMIUM),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0",
         Agent.CHROMIUM),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0", Agent.FIREFOX),
        ("Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
         Agent.OTHER),
        ("Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 CriOS/156.0 Mobile/15E148 Safari/604.1", Agent.OTHER),
        ("Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 FxiOS/153.0 Mobile/15E148 Safari/605.1.15", Agent.OTHER),
        ("", Agent.OTHER),
    ],
)  # fmt: skip
def test_agent_of(user_agent: str, agent: Agent) -> None:
    assert reach.agent_of(user_agent) is agent


NOT_NEEDED = "no local-network permission is needed: "
CHROME_ASKS = "Chrome 142 and later asks the person for the permission to "
ASKS = f'{CHROME_ASKS}"Access other devices on your local network"'
ASKS_HERE = f'{CHROME_ASKS}"Access other apps and services on this device"'
TO_FIREFOX = 'to "access apps and services on devices connected to your local network"'
UNKNOWN_PAGE = "whether u.example is public is unknown"
REFUSES = "Chrome 142 and later refuses"


@pytest.mark.parametrize(
    ("origin", "url", "mark", "text"),
    [
        ("https://public.example", "http://93.184.215.14/", Mark.OK, NOT_NEEDED + "the camera's address is"),
        ("https://unknown.example", "http://public.example/", Mark.OK, NOT_NEEDED),
        ("http://localhost:8000", "http://192.168.4.1/", Mark.OK, NOT_NEEDED + "the page is not public"),
        ("http://localhost:8000", "http://127.0.0.1/", Mark.OK, NOT_NEEDED),
        ("http://localhost:8000", "http://unknown.example/", Mark.OK, NOT_NEEDED),
        ("http://192.168.4.2", "http://192.168.4.1/", Mark.OK, NOT_NEEDED),
        ("http://192.168.4.2", "http://127.0.0.1/", Mark.OK, NOT_NEEDED),
        ("http://192.168.4.2", "http://camcors/", Mark.OK, NOT_NEEDED),
        ("https://home.example", "http://camcors.local/", Mark.OK, NOT_NEEDED),
        ("https://public.example", "http://192.168.4.1/", Mark.NOTE, f"{ASKS}; no header"),
        ("https://public.example", "https://192.168.4.1/", Mark.NOTE, f"{ASKS}, Firefox {TO_FIREFOX}"),
        ("https://93.184.215.14", "http://localhost/", Mark.NOTE, ASKS_HERE),
        ("https://public.example", "http://home.example/", Mark.NOTE, f"{ASKS}; no header"),
        ("http://public.example", "http://192.168.4.1/", Mark.NO, f"{REFUSES}: a public"),
        ("http://93.184.215.14", "http://127.0.0.1/", Mark.NO, f"{REFUSES}: a public"),
        ("null", "http://192.168.4.1/", Mark.NOTE, f"whether null is public is unknown; if so, {ASKS}"),
        ("https://u.example", "http://192.168.4.1/", Mark.NOTE, f"{UNKNOWN_PAGE}; if so, {ASKS}"),
        ("http://u.example", "http://127.0.0.1/", Mark.NOTE, f"{UNKNOWN_PAGE}; if so, {REFUSES}"),
        ("https://public.example", "http://camcors/", Mark.NOTE, "whether camcors is local is unknown"),
        ("https://u.example", "http://camcors/", Mark.NOTE, UNKNOWN_PAGE),
    ],
)  # fmt: skip
def test_local_network(origin: str, url: str, mark: Mark, text: str) -> None:
    step = reach.local_network(origin, url, resolve)
    assert step.text.startswith(text)
    assert (step.mark, bool(step.remedy)) == (mark, mark is Mark.NO)


def test_firefox_asks_for_a_page_over_http_which_chromium_refuses() -> None:
    said = [reach.local_network("http://u.example", "http://10.0.0.1/", resolve, each).text for each in Agent]
    asks = f"asks the person for the permission {TO_FIREFOX}; no header can grant it"
    assert said == [
        f"{UNKNOWN_PAGE}; if so, {REFUSES} a page over http",
        f"{UNKNOWN_PAGE}; if so, Firefox {asks}",
        "no local-network permission is needed: this browser has none",
    ]


def test_resolve_literals_and_what_is_no_name() -> None:
    assert reach.resolve("127.0.0.1") == ["127.0.0.1"]
    assert reach.resolve("a" * 64 + ".example") == []


def test_a_resolver_that_never_answers_does_not_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = threading.Event()
    released = threading.Event()

    def hang(*_: object, **__: object) -> list[object]:
        asked.set()
        released.wait(60)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    monkeypatch.setattr(reach, "_LOOK_UP_S", 0.05)
    before = time.monotonic()
    assert reach.resolve("slow.example") == []
    assert time.monotonic() - before < 30
    assert asked.is_set()
    released.set()


def test_offline_nothing_is_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", None)
    assert reach.space_of("a.example", reach.not_resolved) is Space.UNKNOWN
