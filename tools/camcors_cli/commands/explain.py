"""`camcors explain`: what a browser would do with a policy, and why."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import click
from click.core import ParameterSource

from access import roles
from access.document import Access
from cors import Policy
from cors.pattern import parse
from settings.document import defaults
from strict import fault

from ..browser import embedding, endpoint, reach
from ..browser.endpoint import Endpoint
from ..browser.fetch import Request
from ..browser.remedies import Change, Plan, plan
from ..browser.simulator import Engine, own_names
from ..browser.verdict import Journey, Question
from ..device import camera
from ..device.board import Board
from ..policy import document
from ..ui import input_file
from ..ui.arguments import METHOD, ORIGIN, credentials_option, faults_of, header_option, target_option
from ..ui.errors import Status
from ..ui.findings import Mark, Step, no, note, ok, show, show_verdict
from ..ui.options import on_board
from ..ui.output import Output

_OWN = own_names(defaults()["name"])  # the firmware's name where /camera.json gives none
_PORTS: tuple[tuple[str, int], ...] = (("http", 80),)  # and its port

_AUTHORIZATION = "Authorization"
_PATH = re.compile("/[!-~]*")


class _Host(click.ParamType[str]):
    """A host as it stands in a URL: `name`, `address` or `[address]`, with `:port` or without.

    With https:// before it where the page asks the camera so.
    """

    name = "host"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value)
        pattern = parse(text if text.startswith("https://") else f"http://{text}")
        if pattern.reasons:
            faults = faults_of(pattern).replace('"http://', '"')
            self.fail(f"{fault.show(value)}: {faults}", param, ctx)
        if pattern.wildcard or pattern.port == "*":
            self.fail(f"{fault.show(value)} is a pattern; write one host, as in 192.168.4.1", param, ctx)
        return str(value)


class _Path(click.ParamType[str]):
    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not _PATH.fullmatch(value) or "#" in value:
            remedy = "write it percent-encoded, as in /api/status"
            self.fail(f"{fault.show(value)} is not a path of a URL; {remedy}", param, ctx)
        return str(value)


@click.command()
@click.argument("origin", type=ORIGIN)
@click.argument("method", type=METHOD, default="GET")
@header_option
@credentials_option
@click.option(
    "--path", type=_Path(), default="/api/status", show_default=True, help="What the page asks for."
)
@click.option(
    "--host", type=_Host(), help="The camera in the page's URLs: 192.168.4.1, NAME:PORT or https://NAME."
)
@target_option
@click.option("--file", type=click.File("rb"), help="Explain the policy in this file (-: standard input).")
@on_board
@click.pass_context
def explain(
    context: click.Context,
    origin: str,
    method: str,
    headers: tuple[tuple[str, str], ...],
    credentials: bool,
    path: str,
    host: str | None,
    target: str | None,
    file: Any,
    port: str | None,
    as_json: bool,
) -> None:
    """Tell what a browser does with a page's request, and why.

    ORIGIN is the page's. The policy is the one in force on the camera, or that in a file. Nothing is
    sent: the camera's own rules run here, and a model of a browser asks them. A page of the camera
    itself is one whose ORIGIN is http:// and what --host says.

    \b
    camcors explain https://dashboard.example.com
    camcors explain https://a.example PUT --path /api/led --header Content-Type
    camcors explain http://localhost:8000 --credentials --file policy.json

    What the browser decides is one line of the verdict, and whether the camera has such an endpoint is
    another. Exit status 0 if both let the request through, 1 if it is blocked or the endpoint refuses it.
    """
    out = Output(as_json)
    own, ports = _OWN, _PORTS
    access: Access | None = None
    name = ""
    if file is not None:
        name = getattr(file, "name", "<stdin>")
        policy = document.read(input_file.read_open(file, name), name)
    else:
        with Board(port, out) as board:
            asked = camera.POLICY, camera.OWN, camera.ACCESS
            policy, found, access = board.ask_camera(*asked, what="asking for its policy")
            own, ports = found or (_OWN, _PORTS)
    place = host or own[1]
    url = f"{place}{path}" if place.startswith("https://") else f"http://{place}{path}"
    question = Question(origin, url, method, list(headers), credentials, target or "")
    explanation = _Explanation(question, policy, own, ports, access)
    given = context.get_parameter_source("port") is ParameterSource.COMMANDLINE
    explanation.tell(out, f" --port {port}" if given and file is None else "", name)
    if not explanation.works:
        raise SystemExit(Status.REFUSED)


class _Explanation:
    """One question asked under one policy. access: the camera's tokens, None if nobody knows them."""

    def __init__(
        self,
        question: Question,
        policy: Policy,
        own: tuple[str, ...],
        ports: tuple[tuple[str, int], ...],
        access: Access | None,
    ):
        self._access = access
        self._question = question
        self._policy = policy
        self._own = own
        self._ports = ports
        self.journey = self._ask(policy)
        self.plan: Plan = plan(self.journey, policy, self._ask)

    def _engine(self, policy: Policy) -> Engine:
        return Engine(policy, self._own, self._ports)

    def _ask(self, policy: Policy) -> Journey:
        return Journey(self._question, self._engine(policy).send)

    @functools.cached_property
    def endpoint(self) -> Endpoint | None:
        """What the endpoint makes of the request, None if it reaches none."""
        asked = self.journey.asked
        if not self.journey.reaches_endpoint:
            return None
        answer = self._engine(self._policy).send(Request(asked.method, asked.url, []))
        return endpoint.judged(asked.method, *answer)

    @property
    def _place(self) -> tuple[str, str, reach.Resolve]:
        return self._question.origin, self._question.url, reach.not_resolved

    @property
    def works(self) -> bool:
        return not self.journey.reason and (self.endpoint is None or bool(self.endpoint.works))

    def steps(self) -> Iterator[Step]:
        yield self._host()
        if not self.journey.reason or not self.journey.reason.is_host:
            yield from self.journey.steps()
            yield from self._token()
            page, url = self._question[:2]
            send = self._engine(self._policy).send
            yield from embedding.steps(page, url, send, self._policy.matches(page))
            yield self._websocket()
        for step in (reach.mixed_content, reach.local_network):
            found = step(*self._place, target=self._question.target)
            if found.mark is not Mark.OK:
                yield note("; ".join(filter(None, (found.text, found.remedy))))

    def _host(self) -> Step:
        host = self._question.url.split("/")[2]
        response, _ = self._engine(self._policy).send(Request("GET", self._question.url, []))
        if response.status == 421:
            return no(f"the camera answers 421 to the Host {host}: the request reaches nothing")
        return ok(f"the camera answers to the Host {host}")

    def _token(self) -> Iterator[Step]:
        """What the page has to know of the camera's lock."""
        asked = self.journey.asked
        if any(name.lower() == _AUTHORIZATION.lower() for name, _ in asked.headers):
            return
        needed = roles.needed(asked.method, urlsplit(asked.url).path)
        if self._access and needed != roles.PUBLIC and not roles.includes(self._access.open_role, needed):
            said = f"the camera is locked: the page has to send a token of the role {needed}"
            yield note(f"{said}, as Authorization: Bearer (--header Authorization explains that)")
        if self.journey.is_same_origin or not self._policy.matches(asked.origin):
            return
        names = self._policy.allowed_headers
        if names is not None and _AUTHORIZATION.lower() not in [name.lower() for name in names]:
            change = Change("allowed_headers", [*names, _AUTHORIZATION])
            words = f"a page that sends a token needs {_AUTHORIZATION} in allowed_headers"
            yield note(f"{words}, which no * covers: {change.command}")

    def _websocket(self) -> Step:
        headers = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Origin", self._question.origin)]
        response, _ = self._engine(self._policy).send(Request("GET", self._question.url, headers))
        if response.status == 403:
            return note("the page may not open a WebSocket: the camera's websocket guard answers 403")
        return ok("the page may open a WebSocket")

    def tell(self, out: Output, port: str, file: str) -> None:
        """Print it; `port` is added to the commands. file: the name of that with the policy, "" if the
        camera was asked."""
        steps = list(self.steps())
        reason = self.journey.reason
        commands = [change.command + port for change in self.plan.changes]
        remarks = []
        if file:
            lines = {change.field: json.dumps(change.value) for change in self.plan.changes}
            remarks = [f'in {file}: "{field}": {value}' for field, value in lines.items()]
        remarks += [f"mind: {change.warning}" for change in self.plan.changes if change.warning]
        if self.plan.left:
            remarks.append(f"{'and then' if commands else 'but'}: {self.plan.left}")
        out.result(
            {
                "verdict": "blocked" if reason else "allowed",
                "reason": reason and reason.text,
                "code": reason and reason.code,
                "endpoint": self.endpoint and self.endpoint.to_json(),
                "commands": commands,
                "remarks": remarks,
                "browsers": {
                    agent.value: reach.judge(agent, *self._place, self._question.target).access.value
                    for agent in reach.AGENTS
                },
                "readable_headers": self.journey.exposed(),
                "steps": [step.to_json() for step in steps],
                "policy": self._policy.digest,
            }
        )
        asked = self.journey.asked
        out.say(f"{asked.method} {asked.url} by a page of {asked.origin}", "bold")
        out.say("")
        show(out, steps)
        show_verdict(
            out, reason.text if reason else None, self.endpoint and self.endpoint.step, commands, remarks
        )
