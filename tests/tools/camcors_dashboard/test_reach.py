"""Each row of the table of what browsers do by where page and camera are, in Chromium and in Firefox."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.kit.authority import Authority
from tests.kit.engines.firefox import Firefox, FirefoxTab
from tests.kit.pages import wait_until, watch
from tests.kit.reach import ROWS, Row, outcome
from tests.kit.spaces import KINDS, Spaces, permit
from tests.kit.spaces import browser as browser
from tests.kit.spaces import firefox as firefox

PERMISSIONS = ("granted", "denied", "prompt")
PAGES = sorted({row.page for row in ROWS})

# What the page asks, all at once. What waits for the person stays out of `done`, and nobody waits for it.
_START = """
window.done = {};
for (const [key, url, target] of %s) {
  const options = {cache: "no-store", ...(target && {targetAddressSpace: target})};
  const say = (what) => { done[key] = what; };
  if (key.startsWith("picture")) {
    const image = new Image();
    image.onload = () => say("read");
    image.onerror = () => say("refused");
    image.src = url;
  } else fetch(url, options).then(() => say("read"), () => say("refused"));
}
"""
_STATES = (
    "return await Promise.all(['local-network', 'loopback-network']"
    ".map((name) => navigator.permissions.query({name}).then(({state}) => state)))"
)


def asked(spaces: Spaces, page: str, permission: str) -> dict[str, tuple[Row, str]]:
    """Return what a page asks: a fetch() for each of its rows, and a picture for those without the option.

    Each has an address of its own, since pictures stay in the browser.
    """
    found = {}
    for number, row in enumerate(ROWS):
        if row.page != page:
            continue
        url = spaces.url(row.camera)
        found[f"fetch {number}"] = row, f"{url}/?{number}-{permission}"
        if not row.target:
            found[f"picture {number}"] = row, f"{url}/picture?{number}-{permission}"
    return found


def start(requests: dict[str, tuple[Row, str]]) -> str:
    return _START % json.dumps([[key, url, row.target] for key, (row, url) in requests.items()])


@pytest.fixture(scope="module")
def spaces(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spaces]:
    here = Spaces(authority)
    with here.serving(tmp_path_factory.mktemp("nginx")):
        yield here


#: Verdict -> what DevTools calls the refusal.
REASONS = {
    "mixed": "mixed-content",
    "insecure": "InsecureLocalNetwork",
    "mismatch": "InvalidLocalNetworkAccess",
    "asks": "LocalNetworkAccessPermissionDenied",
}


def listen(page: Page) -> dict[str, str]:
    """Return a table that gets the reason why each URL was refused."""
    urls: dict[str, str] = {}
    reasons: dict[str, str] = {}
    session = page.context.new_cdp_session(page)
    session.on("Network.requestWillBeSent", lambda e: urls.update({e["requestId"]: e["request"]["url"]}))

    def failed(event: dict[str, Any]) -> None:
        by_cors = event.get("corsErrorStatus", {}).get("corsError")
        reasons[urls[event["requestId"]]] = event.get("blockedReason") or by_cors or event["errorText"]

    session.on("Network.loadingFailed", failed)
    session.send("Network.enable")
    return reasons


def permissions_of(page: str) -> tuple[str, ...]:
    """Chromium lets nobody answer for a page that is not secure, which it does not ask about."""
    return PERMISSIONS if page.startswith("https:") or page == "http://localhost" else ("denied",)


@pytest.mark.parametrize(
    ("page_origin", "permission"), [(page, each) for page in PAGES for each in permissions_of(page)]
)
def test_chromium(browser: Browser, spaces: Spaces, page_origin: str, permission: str) -> None:
    """Without a window it cannot ask: what would wait is refused, and the permission stays as it was."""
    requests = asked(spaces, page_origin, permission)
    context = browser.new_context()
    page = context.new_page()
    reasons = listen(page)
    page.goto(spaces.url(page_origin))
    if len(permissions_of(page_origin)) > 1:
        permit(page, permission)
    page.evaluate(f"() => {{{start(requests)}}}")
    watch(page, lambda: page.evaluate("Object.keys(done).length") == len(requests))
    expected = {
        key: outcome(row.chromium, permission).replace("waits", "refused")
        for key, (row, _) in requests.items()
    }
    assert page.evaluate("done") == expected
    # A picture of mixed content has another reason: it is asked for over https first.
    refused = {
        url: REASONS[row.chromium]
        for key, (row, url) in requests.items()
        if key.startswith("fetch") and expected[key] == "refused"
    }
    watch(page, lambda: refused.keys() <= reasons.keys())
    assert {url: reasons[url] for url in refused} == refused
    assert page.evaluate(f"async () => {{{_STATES}}}") == [permission] * len(KINDS)
    context.close()


# One after the other: of several that wait, Firefox refuses all but the last. Each waits until it is taken back,
# and another request has passed meanwhile.
_WAIT = """
const said = {};
for (const [key, url] of %s) {
  const back = new AbortController();
  const asked = fetch(url, {cache: "no-store", signal: back.signal})
    .then(() => "read", (error) => error.name === "AbortError" ? "waits" : "refused");
  await fetch("/", {cache: "no-store"});
  back.abort();
  said[key] = await asked;
}
return said;
"""


@pytest.mark.parametrize("page_origin", PAGES)
def test_firefox(firefox: Firefox, spaces: Spaces, page_origin: str) -> None:
    with firefox.new_tab() as tab:
        tab.open(spaces.url(page_origin))
        for permission in PERMISSIONS:
            for kind in KINDS:
                tab.permit(f"{kind}-network", permission, spaces.url(page_origin))
            in_firefox(tab, asked(spaces, page_origin, permission), permission)


def in_firefox(tab: FirefoxTab, requests: dict[str, tuple[Row, str]], permission: str) -> None:
    # Pictures of mixed content are asked for over https, which is what another row is about.
    expected = {
        key: outcome(row.firefox, permission)
        for key, (row, _) in requests.items()
        if row.firefox != "mixed" or key.startswith("fetch")
    }
    answered = {key: what for key, what in expected.items() if what != "waits"}
    tab.run(start({key: requests[key] for key in answered}))
    wait_until(lambda: tab.run("return Object.keys(done).length") == len(answered))
    assert tab.run("return done") == answered
    waits = {key: requests[key][1] for key in expected.keys() - answered if key.startswith("fetch")}
    assert tab.run(_WAIT % json.dumps([*waits.items()])) == dict.fromkeys(waits, "waits")
    assert tab.run(_STATES) == [permission] * len(KINDS)
