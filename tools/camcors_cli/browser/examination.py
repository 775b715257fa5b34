"""One examination of a camera: asks it as a browser does, and finds the first thing that blocks a page.

It prints nothing. `camcors doctor` shows what it found, and so does the dashboard.
"""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from access import roles
from camcors import routes
from cors.origin import DEFAULT_PORTS
from cors.pattern import parse
from strict import error, fault

from ..device import answers
from ..device.answers import Summary, error_code, error_sentence, error_words
from ..ui.findings import Mark, Step, no, note, ok
from . import embedding, endpoint, reach, remedies, requests
from .endpoint import Endpoint
from .fetch import (
    Asked,
    Blocked,
    Request,
    Response,
    get,
    normalize_method,
    preflight_check,
    preflight_request,
)
from .reach import Access, Agent
from .requests import Unreachable
from .verdict import LOCK_WORDS, Journey, Question, Reason

LIMIT_S = 60.0
_STATUS = "/api/status"
_LINKS = "/api/links"
_HARMLESS = ("GET", "HEAD", "OPTIONS")
_LISTED = ("PUT", "PATCH", "DELETE")  # what policies list beside the methods that need no listing
_LISTED_HEADERS = [("Content-Type", "application/json"), ("Authorization", "")]  # what pages of cameras send
_WITHHELD = Endpoint(None, "not asked with the token, which only the page has")


class Address(NamedTuple):
    """text: a URL. assumed: its scheme was not written."""

    text: str
    assumed: bool


def parse_url(value: str) -> Address:
    """Return the http or https URL in `value`, or of the host there; without a path, /api/status is meant.

    Raises ValueError, in words.
    """
    text = value if "://" in value else f"http://{value}"
    shown = fault.show(value)
    try:
        parts = urlsplit(text)
    except ValueError:
        raise ValueError(f"{shown} is not a URL; write http://192.168.4.1") from None
    if parts.scheme not in DEFAULT_PORTS:
        raise ValueError(f"{shown}: a camera speaks http or https; write http://{parts.netloc}")
    place = parts.netloc.lower().removesuffix(f":{DEFAULT_PORTS[parts.scheme]}")
    pattern = parse(f"{parts.scheme}://{place}")
    if pattern.reasons:
        raise ValueError(f"{shown}: {', '.join(pattern.reasons)}; {pattern.remedy}")
    if pattern.wildcard or pattern.port == "*":
        raise ValueError(f"{shown} is a pattern; write one URL, such as http://192.168.4.1")
    path = _STATUS if parts.path in ("", "/") else parts.path
    path += f"?{parts.query}" if parts.query else ""
    if not all("!" <= char <= "~" for char in path):
        raise ValueError(f"{shown}: write the path percent-encoded, such as /a%20b")
    return Address(f"{parts.scheme}://{place}{path}", "://" not in value)


@dataclass
class Examination:
    """What was found on the way to the camera.

    steps: what passes and what does not. reason: the first thing that blocks, or None; code: its name
    for programs. commands, remarks: what changes that. is_camera: what answers is camcors. access: what
    browsers make of where page and camera are, by family. endpoint: what it makes of the request, None if
    the request reaches none. frames: whether the page may show the answer in an <iframe>, None if that is not
    known. unreachable: no answer came, and why.
    """

    steps: list[Step] = field(default_factory=list)
    reason: str | None = None
    code: str | None = None
    commands: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    is_camera: bool = False
    access: dict[Agent, Access] = field(default_factory=dict)
    endpoint: Endpoint | None = None
    frames: bool | None = None
    unreachable: Unreachable | None = None

    @property
    def verdict(self) -> str:
        if self.unreachable:
            return "unreachable"
        return "blocked" if self.reason else "allowed"

    @property
    def works(self) -> bool:
        """Whether nothing blocks, and no endpoint refuses."""
        return self.verdict == "allowed" and (self.endpoint is None or self.endpoint.works is not False)

    def to_json(self) -> dict[str, Any]:
        return {
            "verdict": self.verdict,
            "reason": self.reason,
            "code": self.code,
            "endpoint": self.endpoint and self.endpoint.to_json(),
            "frames": self.frames,
            "commands": self.commands,
            "remarks": self.remarks,
            "is_camera": self.is_camera,
            "browsers": {agent.value: access.value for agent, access in self.access.items()},
            "steps": [step.to_json() for step in self.steps],
        }


def examine(
    question: Question, *, send_itself: bool = False, agent: Agent | None = None, limit_s: float = LIMIT_S
) -> Examination:
    """Ask the camera, and judge. Return at the latest after `limit_s`, and never raise for what it finds.

    An Authorization header without a value stands for one that only the page knows: only the preflight tells
    of it.

    send_itself: the method is sent, whatever it changes on the camera. agent: the browser that is meant,
    None: any.
    """
    asking = _Asking(question, send_itself, agent, time.monotonic() + limit_s)
    try:
        asking.run()
    except Unreachable as exc:
        message, remedy = exc.args
        found = asking.found
        found.unreachable = exc
        found.steps.append(no(message))
        found.reason, found.code = message, "UNREACHABLE"
        found.commands, found.remarks = [], [remedy]
    return asking.found


class _Asking:
    """One examination under way."""

    def __init__(self, question: Question, send_itself: bool, agent: Agent | None, end: float):
        self.found = Examination()
        self._question = question
        self._agent = agent
        self._end = end
        self._place = urlsplit(question.url).netloc
        self._resolve = functools.cache(reach.resolve)
        is_harmless = normalize_method(question.method) in _HARMLESS
        self._stand_in = "" if send_itself or is_harmless else "GET"
        shown = [pair for pair in question.headers if _is_authorization(pair)]
        self._token = [pair for pair in shown if pair[1]]
        self._is_withheld = len(self._token) < len(shown)
        self._summary: Summary | None = None
        self._is_refused = False  # the lock has refused what asked for the camera's report
        self._secure = ""  # the URL to which a camera sends plain http on

    def run(self) -> None:
        """Raises Unreachable."""
        self._look_up()
        if self._identify():
            self._fetch()
        self._look_around()

    def _look_up(self) -> None:
        host = urlsplit(self._question.url).hostname or ""
        needs_address = reach.space_of(host, reach.not_resolved) in (reach.Space.UNKNOWN, reach.Space.LOCAL)
        if needs_address and not self._resolve(host):
            remedy = "check its spelling, or write the camera's IP address"
            raise Unreachable(f"no address is known of {host}", remedy)

    def _identify(self) -> bool:
        """Return whether the camera answers to its Host."""
        parts = urlsplit(self._question.url)
        asked = Request("GET", f"{parts.scheme}://{parts.netloc}{_STATUS}", self._token)
        response, body = self._exchange(asked)
        self.found.steps.append(ok(f"{self._place} answers"))
        if response.status == 503:
            raise Unreachable(f"{self._place} is busy: {error_words(body)}", "close a viewer, or try again")
        if response.status == 421:
            self.found.is_camera = error_code(body) == error.FOREIGN_HOST
            self.found.steps.append(no(f"it does not answer to the Host {self._place}: 421"))
            text = f"the camera does not answer to the Host {self._place}"
            self._block(Reason(None, text, is_host=True))
            return False
        self._name(response, body)
        self.found.steps.append(ok(f"it answers to the Host {self._place}"))
        return True

    def _name(self, response: Response, body: str) -> None:
        """Say whether it is a camcors camera."""
        camera = self._summary = _summary(body)
        self._is_refused = error_code(body) in LOCK_WORDS
        if error_code(body) == error.USE_HTTPS:
            self._secure = get(response.headers, "Location") or ""
        self.found.is_camera = camera is not None or self._is_refused or bool(self._secure)
        steps = self.found.steps
        if self._secure:
            steps += [ok("it is a camcors camera"), note("it sends plain http on to https")]
            return
        if self._is_refused:
            steps += [ok("it is a camcors camera"), _refused_by_lock(response, body)]
            return
        if camera is None:
            status = f"{_STATUS} is answered {response.status} without a camera's report"
            steps.append(note(f"it is not a camcors camera ({status}); judged all the same"))
            return
        steps.append(ok(f"it is a camcors camera: {camera.board}, firmware {camera.firmware}"))
        if camera.has_lock and self._token:
            steps.append(ok("it knows the token"))
        if camera.refused:
            steps.append(note(_refusal(*camera.refused)))
        if camera.state == "active":
            steps.append(ok("its /policy.json is in force"))
        else:
            why = {"missing": "there is none", "damaged": "it is damaged"}.get(
                camera.state, "it is not valid"
            )
            steps.append(note(f"its /policy.json is not in force, {why}: see camcors policy show"))

    def _fetch(self) -> None:
        journey = Journey(self._question, self._send, self._stand_in)
        self.found.steps += journey.steps()
        if journey.reaches_endpoint:
            found = self._endpoint(journey)
            self.found.endpoint = _WITHHELD if self._is_withheld and found.status == 401 else found
        page, url = self._question[:2]
        if not journey.is_same_origin:
            picture, frame = embedding.steps(page, url, self._exchange, journey.verdict.readable)
            self.found.steps += [picture, frame]
            self.found.frames = frame.mark is Mark.OK
        if journey.reason:
            self._block(journey.reason, self._passing(journey))

    def _endpoint(self, journey: Journey) -> Endpoint:
        """Judge what the endpoint makes of the request, by its answer or by requests that change nothing."""
        method, url, answer = journey.asked.method, journey.asked.url, journey.answer
        if not self._stand_in and (answer or method in _HARMLESS):
            return endpoint.answered(*(answer or self._exchange(Request(method, url, self._token))))
        response, body = answer or self._exchange(Request("GET", url, self._token))
        if response.status == 404 or error_code(body) == error.WRONG_TOKEN:
            return endpoint.answered(response, body)
        options, _ = self._exchange(Request("OPTIONS", url, self._token))
        found = endpoint.listed(method, options) or endpoint.unknown(method)
        return found if found.works is False else self._locked(method) or found

    def _locked(self, method: str) -> Endpoint | None:
        """Judge what the lock makes of a request that is not sent; None if it passes, or nobody knows."""
        url = urlsplit(self._question.url)
        needed = roles.needed(method, url.path)
        has_lock = self._is_refused or (self._summary is not None and self._summary.has_lock)
        if not has_lock or needed == roles.PUBLIC or not routes.is_own(method, url.path):
            return None  # a handler of /main.py may say itself what it needs
        if not self._token:
            is_open = self._summary is not None and roles.includes(self._summary.open, needed)
            return None if is_open else endpoint.locked(needed)
        if needed != roles.CONTROL or self._has_control():
            return None
        return endpoint.role_too_low(needed)

    def _has_control(self) -> bool:
        """Ask by a link, which changes nothing: one of a role that the token does not have is refused."""
        parts = urlsplit(self._question.url)
        body = json.dumps({"path": _STATUS, "for_s": 1, "role": roles.CONTROL})
        asked = Request("POST", f"{parts.scheme}://{parts.netloc}{_LINKS}", self._token, body)
        response, said = self._exchange(asked)
        return error_code(said) != error.BAD_VALUE or response.status != 400

    def _send(self, request: Request) -> tuple[Response, str]:
        is_preflight = any(name == "Access-Control-Request-Method" for name, _ in request.headers)
        if self._stand_in and not is_preflight:
            request = request._replace(method=self._stand_in)
        return self._exchange(request)

    def _exchange(self, request: Request) -> tuple[Response, str]:
        headers = [pair for pair in request.headers if pair[1] or not _is_authorization(pair)]
        return requests.send(request._replace(headers=headers), self._end - time.monotonic())

    def _block(self, reason: Reason, passing: Sequence[str] = ()) -> None:
        found = self.found
        found.reason, found.code = reason.text, reason.code
        if self._secure and reason.blocked is Blocked.REDIRECT:
            place = urlsplit(self._secure).netloc
            found.remarks = [
                f"write https://{place} in the page, and ask there: camcors doctor https://{place}"
            ]
        elif found.is_camera:
            found.commands, found.remarks = remedies.blind(reason, self._question, passing)
        else:
            found.remarks = ["it is not a camcors camera, so no command of camcors changes that"]

    def _passing(self, journey: Journey) -> list[str]:
        """Return the methods or headers that pass where the policy refuses one, by preflights, which change
        nothing."""
        reason, asked = journey.reason, journey.asked
        if not (self.found.is_camera and reason):
            return []
        if reason.blocked is Blocked.PREFLIGHT_METHOD:
            others = [asked._replace(method=each) for each in _LISTED if each != asked.method]
            return [each.method for each in others if self._passes(each)]
        if not reason.names:
            return []
        own = [name.lower() for name, _ in asked.headers]
        alone = [pair for pair in _LISTED_HEADERS if pair[0].lower() not in own]
        return [pair[0] for pair in alone if self._passes(asked._replace(method="GET", headers=[pair]))]

    def _passes(self, asked: Asked) -> bool:
        return preflight_check(asked, self._exchange(preflight_request(asked))[0]) is None

    def _look_around(self) -> None:
        """What the browser decides by where page and camera are."""
        found = self.found
        place = (self._question.origin, self._question.url, self._resolve)
        target = self._question.target
        agents = [self._agent] if self._agent else reach.AGENTS
        found.access = {agent: reach.judge(agent, *place, target).access for agent in agents}
        for code, judge in (
            ("MIXED_CONTENT", reach.mixed_content),
            ("LOCAL_NETWORK", reach.local_network),
        ):
            step = judge(*place, self._agent, target)
            found.steps.append(step)
            if step.mark is Mark.NO and found.reason is None:
                found.reason, found.code = step.text, code
                found.remarks = [f"to let it through: {step.remedy}"]


def _is_authorization(pair: tuple[str, str]) -> bool:
    return pair[0].lower() == "authorization"


def _refused_by_lock(response: Response, body: str) -> Step:
    """Say why a camera does not tell what it is."""
    code = error_code(body) or ""
    said = f"it is locked, and answers {response.status}: {LOCK_WORDS[code]}"
    return note(said) if code == error.NO_TOKEN else no(said, error_sentence(body))


def _refusal(host: str, count: int) -> str:
    """Words for requests that others sent with a foreign Host; it may be anybody's."""
    said = f"it refused {count} {'request' if count == 1 else 'requests'}, the last for the Host {host}"
    name = remedies.host_of(f"http://{host}")
    if parse(f"http://{name}").reasons:
        return said
    command = remedies.Change("allowed_hosts", [name]).command
    return f"{said}; if a proxy or a router of yours sends it: {command}"


def _summary(body: str) -> Summary | None:
    """Return what a camera's report says first, or None if `body` is none."""
    try:
        return answers.summary(answers.loads(body))
    except ValueError:
        return None
