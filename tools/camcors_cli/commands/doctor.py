"""`camcors doctor`: asks a camera as a browser does, and names the first thing that blocks."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import click

from access.secret import canonical

from ..browser.examination import Address, examine, parse_url
from ..browser.fetch import normalize_method
from ..browser.reach import AGENTS, Agent
from ..browser.verdict import Question
from ..ui import input_file
from ..ui.arguments import METHOD, ORIGIN, credentials_option, header_option, target_option
from ..ui.errors import Failure, Status
from ..ui.findings import note, show, show_verdict
from ..ui.options import json_option
from ..ui.output import Output

_FORM = "camcors_ and 26 letters and digits"


class _Url(click.ParamType[Address]):
    name = "url"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Address:
        try:
            return parse_url(value)
        except ValueError as exc:
            self.fail(str(exc), param, ctx)


class _TokenFile(click.File):
    """The token in a file; what is in it is never shown."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        text = input_file.read_open(super().convert(value, param, ctx), str(value)).decode(errors="replace")
        token = canonical(text.strip())
        if token is None:
            self.fail(
                f"there is no token in it; write the line that camcors token add prints: {_FORM}", param, ctx
            )
        return token


@click.command()
@click.argument("url", type=_Url())
@click.option("--origin", type=ORIGIN, required=True, help="The page's origin, as https://a.example.")
@click.option("--method", type=METHOD, default="GET", show_default=True, help="What the page sends.")
@header_option
@click.option(
    "--token-file",
    "token",
    type=_TokenFile("rb"),
    metavar="FILE",
    help="The page sends the token in FILE (- for standard input), as Authorization: Bearer.",
)
@credentials_option
@target_option
@click.option(
    "--browser",
    type=click.Choice([agent.value for agent in AGENTS]),
    help="Judge for this browser only; without it, what differs between them is said.",
)
@click.option("--send", is_flag=True, help="Send METHOD itself too, whatever it changes on the camera.")
@json_option
def doctor(
    url: Address,
    origin: str,
    method: str,
    headers: tuple[tuple[str, str], ...],
    token: str | None,
    credentials: bool,
    target: str | None,
    browser: str | None,
    send: bool,
    as_json: bool,
) -> None:
    """Ask a camera as a browser does, and name what blocks.

    It plays a page of ORIGIN, and stops at the first thing that blocks. URL may be just a host; without
    a path, /api/status is asked. The camera is not changed: of a METHOD other than GET, HEAD and OPTIONS
    only the preflight is sent, and a GET and an OPTIONS in its place, unless --send is given.

    \b
    camcors doctor 192.168.4.1 --origin https://dashboard.example.com
    camcors doctor http://camcors.local/api/led --origin http://localhost:8000 --method PUT
    camcors doctor 192.168.4.1 --origin http://localhost:8000 --token-file kitchen.token

    What the browser decides is one line of the verdict, and what the endpoint makes of the request is
    another. Exit status 0 if both let it through, or if what the endpoint answers is not known; 1 if
    something blocks or the endpoint refuses (404 and 405 are the common ones); 3 if the camera is not
    reached.
    """
    sent = list(headers)
    if token:
        if "authorization" in (name.lower() for name, _ in headers):
            raise click.UsageError("--token-file sends a header Authorization already")
        sent.append(("Authorization", f"Bearer {token}"))
    out = Output(as_json)
    out.say(f"{normalize_method(method)} {url.text} by a page of {origin}", "bold")
    out.say("")
    question = Question(origin, url.text, method, sent, credentials, target or "")
    with out.progress(f"asking {urlsplit(url.text).netloc}"):
        found = examine(question, send_itself=send, agent=Agent(browser) if browser else None)
    if url.assumed:
        found.steps.insert(0, note("http:// is assumed"))
    show(out, found.steps)
    if found.unreachable:
        message, remedy = found.unreachable.args
        steps = [step.to_json() for step in found.steps]
        raise Failure(message, remedy, Status.UNREACHABLE, steps=steps)
    if found.endpoint and found.endpoint.works is None:
        found.remarks.append(f"--send sends the {normalize_method(method)} itself, whatever it changes")
    if found.endpoint and found.endpoint.status == 401 and not token:
        found.remarks.append("a page that has a token sends it: --token-file FILE asks as that page does")
    out.result(found.to_json())
    show_verdict(out, found.reason, found.endpoint and found.endpoint.step, found.commands, found.remarks)
    if not found.works:
        raise SystemExit(Status.REFUSED)
