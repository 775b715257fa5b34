"""`camcors doctor`: asks a camera as a browser does, and names the first thing that blocks."""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import urlsplit

import click

from cors.origin import parse
from strict import fault

from ..browser import reach, remedies, requests
from ..browser.fetch import Request, Response, normalize_method
from ..browser.verdict import Journey, Question, Reason
from ..device import answers
from ..device.answers import Summary
from ..ui.arguments import METHOD, ORIGIN, credentials_option, faults_of, header_option
from ..ui.errors import Failure, Status
from ..ui.findings import Mark, Step, no, note, ok, show, show_verdict
from ..ui.options import json_option
from ..ui.output import Output

_STATUS = "/api/status"
_HARMLESS = ("GET", "HEAD", "OPTIONS")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class _Address(NamedTuple):
    """text: a URL. assumed: its scheme was not written."""

    text: str
    assumed: bool


class _Url(click.ParamType[_Address]):
    """An http or https URL, or the host of one; a path that is none becomes /api/status."""

    name = "url"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> _Address:
        text = value if "://" in value else f"http://{value}"
        try:
            parts = urlsplit(text)
        except ValueError:
            self.fail(f"{fault.show(value)} is not a URL; write http://192.168.4.1", param, ctx)
        if parts.scheme not in ("http", "https"):
            self.fail(f"{fault.show(value)}: the camera speaks http; write http://{parts.netloc}", param, ctx)
        place = parts.netloc.lower().removesuffix(_DEFAULT_PORTS[parts.scheme])
        pattern = parse(f"{parts.scheme}://{place}")
        if pattern.reasons:
            self.fail(f"{fault.show(value)}: {faults_of(pattern)}", param, ctx)
        if pattern.wildcard or pattern.port == "*":
            self.fail(f"{fault.show(value)} is a pattern; write one URL, as http://192.168.4.1", param, ctx)
        path = (_STATUS if parts.path in ("", "/") else parts.path) + (
            f"?{parts.query}" if parts.query else ""
        )
        if not all("!" <= char <= "~" for char in path):
            self.fail(f"{fault.show(value)}: write the path percent-encoded, as in /a%20b", param, ctx)
        return _Address(f"{parts.scheme}://{place}{path}", "://" not in value)


@click.command()
@click.argument("url", type=_Url())
@click.option("--origin", type=ORIGIN, required=True, help="The page's origin, as https://a.example.")
@click.option("--method", type=METHOD, default="GET", show_default=True, help="What the page sends.")
@header_option
@credentials_option
@click.option("--send", is_flag=True, help="Send METHOD itself too, whatever it changes on the camera.")
@json_option
def doctor(
    url: _Address,
    origin: str,
    method: str,
    headers: tuple[tuple[str, str], ...],
    credentials: bool,
    send: bool,
    as_json: bool,
) -> None:
    """Ask the camera at URL as a browser does for a page of ORIGIN, and name the first thing that blocks.

    URL may be a host alone; without a path, /api/status is asked. The camera is not changed: of a
    METHOD other than GET and HEAD only the preflight is sent, and a GET in its place, unless --send
    is given.

    \b
    camcors doctor 192.168.4.1 --origin https://dashboard.example.com
    camcors doctor http://camcors.local --origin http://localhost:8000 --method PUT

    Exit status 0 if nothing blocks, 1 if something does, 3 if the camera is not reached.
    """
    out = Output(as_json)
    question = Question(origin, url.text, method, list(headers), credentials)
    examination = _Examination(question, send)
    if url.assumed:
        examination.steps.append(note("http:// is assumed"))
    out.say(f"{normalize_method(method)} {url.text} by a page of {origin}", "bold")
    out.say("")
    unreachable = None
    try:
        with out.progress(f"asking {examination.place}"):
            examination.run()
    except requests.Unreachable as exc:
        unreachable = exc
        examination.steps.append(no(exc.args[0]))
    show(out, examination.steps)
    if unreachable:
        steps = [step.to_json() for step in examination.steps]
        message, remedy = unreachable.args
        raise Failure(message, remedy, Status.UNREACHABLE, steps=steps)
    examination.tell(out)
    if examination.reason:
        raise SystemExit(Status.REFUSED)


class _Examination:
    """What was found on the way to the camera.

    steps: what passes and what does not. reason: the first thing that blocks, or None; code: its name
    for programs. commands, remarks: what mends it. is_camera: what answers is camcors.
    """

    def __init__(self, question: Question, send_itself: bool):
        self.steps: list[Step] = []
        self.reason: str | None = None
        self.code: str | None = None
        self.commands: list[str] = []
        self.remarks: list[str] = []
        self.is_camera = False
        self.place = urlsplit(question.url).netloc
        self._question = question
        is_harmless = normalize_method(question.method) in _HARMLESS
        self._stand_in = "" if send_itself or is_harmless else "GET"

    def run(self) -> None:
        """Asks, and judges. Raises probe.Unreachable."""
        self._look_up()
        if self._identify():
            self._fetch()
        self._look_around()

    def _look_up(self) -> None:
        host = urlsplit(self._question.url).hostname or ""
        if reach.space_of(host, reach.not_resolved) in (reach.Space.UNKNOWN, reach.Space.LOCAL):
            if reach.resolve(host):
                return
            remedy = "check its spelling, or write the camera's IP address"
            raise requests.Unreachable(f"no address is known of {host}", remedy)

    def _identify(self) -> bool:
        """Whether the camera answers to its Host."""
        parts = urlsplit(self._question.url)
        response, body = requests.send(Request("GET", f"{parts.scheme}://{parts.netloc}{_STATUS}", []))
        self.steps.append(ok(f"{self.place} answers"))
        if response.status == 503:
            raise requests.Unreachable(
                f"{self.place} is busy: {body.strip()}", "close a viewer, or try again"
            )
        if response.status == 421:
            self.is_camera = body.startswith("host guard:")
            self.steps.append(no(f"it does not answer to the Host {self.place}: 421"))
            text = f"the camera does not answer to the Host {self.place}"
            self._block(Reason(None, text, is_host=True))
            return False
        self._name(response, body)
        self.steps.append(ok(f"it answers to the Host {self.place}"))
        return True

    def _name(self, response: Response, body: str) -> None:
        """Says whether it is a camcors camera."""
        camera = _summary(body)
        self.is_camera = camera is not None
        if camera is None:
            status = f"{_STATUS} is answered {response.status} without a camera's report"
            self.steps.append(note(f"it is no camcors camera ({status}); judged all the same"))
            return
        self.steps.append(ok(f"it is a camcors camera: {camera.board}, firmware {camera.firmware}"))
        if camera.state == "active":
            self.steps.append(ok("its /policy.json is in force"))
        else:
            why = {"missing": "there is none", "damaged": "it is damaged"}.get(
                camera.state, "it is not valid"
            )
            self.steps.append(note(f"its /policy.json is not in force, {why}: see camcors policy show"))

    def _fetch(self) -> None:
        journey = Journey(self._question, self._send, self._stand_in)
        self.steps += journey.steps()
        if journey.reason:
            self._block(journey.reason)

    def _send(self, request: Request) -> tuple[Response, str]:
        is_preflight = any(name == "Access-Control-Request-Method" for name, _ in request.headers)
        if self._stand_in and not is_preflight:
            request = request._replace(method=self._stand_in)
        return requests.send(request)

    def _block(self, reason: Reason) -> None:
        self.reason, self.code = reason.text, reason.code
        if self.is_camera:
            self.commands, self.remarks = remedies.blind(reason, self._question)
        else:
            self.remarks = ["it is no camcors camera, so no command of camcors changes that"]

    def _look_around(self) -> None:
        """What the browser decides by where page and camera are."""
        for code, judge in (
            ("MIXED_CONTENT", reach.mixed_content),
            ("LOCAL_NETWORK", reach.local_network),
        ):
            step = judge(self._question.origin, self._question.url, reach.resolve)
            self.steps.append(step)
            if step.mark is Mark.NO and self.reason is None:
                self.reason, self.code = step.text, code
                self.remarks = [f"to mend it: {step.remedy}"]

    def tell(self, out: Output) -> None:
        """Prints the verdict; the steps are printed."""
        out.result(
            {
                "verdict": "blocked" if self.reason else "allowed",
                "reason": self.reason,
                "code": self.code,
                "commands": self.commands,
                "remarks": self.remarks,
                "is_camera": self.is_camera,
                "steps": [step.to_json() for step in self.steps],
            }
        )
        show_verdict(out, self.reason, self.commands, self.remarks)


def _summary(body: str) -> Summary | None:
    """What a camera's report says first, or None if `body` is none."""
    try:
        return answers.summary(answers.loads(body))
    except ValueError:
        return None
