"""What became of one fetch, in words: each of its steps, and the first reason why it is blocked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from strict import error

from ..device.answers import error_code
from ..ui.findings import Step, no, note, ok
from .agent import Browser, Verdict, asked_for
from .fetch import (
    REDIRECTS,
    SAFE_RESPONSE,
    Asked,
    Blocked,
    Pairs,
    Request,
    Response,
    get,
    is_forbidden_request_header,
    mime_essence,
    needs_preflight,
    origin_of,
    preflight_check,
    preflight_request,
    unsafe_names,
)

#: What the camera's lock says in the code of a refusal, in words.
LOCK_WORDS = {
    error.NO_TOKEN: "it needs a token",
    error.WRONG_TOKEN: "the camera does not know the token",
    error.LINK_ENDED: "the link has ended",
    error.ROLE_TOO_LOW: "the role of the token is too low",
}
_ALLOW = "Access-Control-Allow-"
_SAFE = ("GET", "HEAD", "OPTIONS")  # RFC 9110 section 9.2.1; a page cannot send TRACE
_SAFELISTED_NAMES = ("accept", "accept-language", "content-language", "range")

Send = Callable[[Request], tuple[Response, str]]


class Question(NamedTuple):
    """What a page asks for. url: http or https. credentials: they are included.

    target: the option targetAddressSpace of its fetch(), "" without it.
    """

    origin: str
    url: str
    method: str = "GET"
    headers: Pairs = []
    credentials: bool = False
    target: str = ""


class Reason(NamedTuple):
    """Why a page does not get its answer. names: the header names that were refused."""

    blocked: Blocked | None  # None: a guard of the camera's refused the request
    text: str
    names: tuple[str, ...] = ()
    is_host: bool = False

    @property
    def code(self) -> str:
        """A name for programs."""
        return self.blocked.name if self.blocked else "HOST_REFUSED" if self.is_host else "WRITE_GUARD"


class _Exchange(NamedTuple):
    request: Request
    response: Response
    body: str


class Journey:
    """One fetch by the Browser model over `send`.

    stand_in: the method that `send` sends in place of the page's, "" if it sends that.
    asked: Asked. verdict: the model's. reason: the first Reason why it is blocked, or None.
    """

    def __init__(self, question: Question, send: Send, stand_in: str = ""):
        self.question = question
        self._stand_in = stand_in
        self.exchanges: list[_Exchange] = []
        self._send = send
        credentials = "include" if question.credentials else "same-origin"
        self.verdict: Verdict = Browser(self._record).fetch(*question[:4], credentials)
        self.asked: Asked = asked_for(*question[:4], credentials)
        self.reason: Reason | None = self._guard_reason() or self._browser_reason()

    def _record(self, request: Request) -> Response:
        response, body = self._send(request)
        self.exchanges.append(_Exchange(request, response, body))
        return response

    @property
    def is_same_origin(self) -> bool:
        return self.asked.origin == origin_of(self.asked.url)

    @property
    def reaches_endpoint(self) -> bool:
        """Whether something is sent, to a Host that the camera answers to."""
        return bool(self.exchanges) and not (self.reason and self.reason.is_host)

    @property
    def answer(self) -> tuple[Response, str] | None:
        """The endpoint's own answer to the request, or to its stand-in.

        None if it was not sent, or a guard of the camera's refused it.
        """
        if not self.verdict.sent or self._is_stopped() or self.exchanges[-1].response.status == 421:
            return None
        return self.exchanges[-1][1:]

    def _guard_reason(self) -> Reason | None:
        """Return a refusal of the camera's Host guard, whose answer no foreign page may read."""
        for _, response, body in self.exchanges:
            if response.status == 421:
                host = self.asked.url.split("/")[2]
                by = "" if error_code(body) == error.FOREIGN_HOST else " (status 421)"
                return Reason(None, f"the camera does not answer to the Host {host}{by}", is_host=True)
        return None

    def _browser_reason(self) -> Reason | None:
        blocked = self.verdict.blocked_by
        if blocked is None:
            stopped = self.exchanges[-1].response.status == 403 and self._is_stopped()
            return Reason(None, f"the camera's write guard stops {self.asked.method}") if stopped else None
        names = self._refused_names() if blocked in _HEADER_FAULTS else ()
        return Reason(blocked, self._words(blocked, names), names)

    def _is_stopped(self) -> bool:
        return error_code(self.exchanges[-1].body) == error.FOREIGN_WRITE

    def _refused_names(self) -> tuple[str, ...]:
        """Return the headers that are not allowed: a camera that refuses one names none, so each is asked
        alone."""
        names = []
        for pair in self.asked.headers:
            alone = self.asked._replace(method="GET", headers=[pair])
            if needs_preflight(alone) and preflight_check(alone, self._send(preflight_request(alone))[0]):
                names.append(pair[0])
        return tuple(dict.fromkeys(names))

    def _words(self, blocked: Blocked, names: tuple[str, ...]) -> str:
        asked = self.asked
        last = self.exchanges[-1].response if self.exchanges else Response(0, [])
        match blocked:
            case Blocked.NO_ALLOW_ORIGIN | Blocked.OTHER_ORIGIN:
                return f"the origin {asked.origin} is not allowed"
            case Blocked.STAR_WITH_CREDENTIALS:
                return "any origin is allowed (*), and so none with credentials"
            case Blocked.NO_ALLOW_CREDENTIALS:
                return "credentials are not allowed"
            case Blocked.PREFLIGHT_METHOD:
                return f"the method {asked.method} is not allowed"
            case Blocked.PREFLIGHT_HEADER | Blocked.PREFLIGHT_AUTHORIZATION if not names:
                return "the headers are too many, or too long together"
            case Blocked.PREFLIGHT_HEADER | Blocked.PREFLIGHT_AUTHORIZATION:
                said = f"the header{'s'[: len(names) != 1]} {', '.join(names)} {_are(names)} not allowed"
                covered = blocked is Blocked.PREFLIGHT_AUTHORIZATION and "*" in _allowed_names(last)
                return said + ("; * does not cover Authorization" if covered else "")
            case Blocked.PREFLIGHT_STATUS:
                return f"the preflight is answered {last.status}, not 200 to 299"
            case Blocked.FORBIDDEN_METHOD:
                return f"no page may use the method {asked.method}"
            case Blocked.REDIRECT:
                return f"the answer is a redirect to {get(last.headers, 'Location') or 'nowhere'}"
        return str(blocked.value)

    def steps(self) -> Iterator[Step]:
        """Each step of the fetch, in order."""
        yield from self._before()
        if not self.exchanges:
            yield no(f"nothing is sent: {self.reason.text}" if self.reason else "nothing is sent")
            return
        if self.verdict.preflighted:
            yield self._preflight()
        if self.verdict.sent:
            yield from self._request()
        else:
            yield no(f"so the {self.asked.method} is not sent")

    def _before(self) -> Iterator[Step]:
        """What the browser does before it sends anything."""
        asked, question = self.asked, self.question
        for name, value in question.headers:
            if is_forbidden_request_header(name, value):
                yield note(f"the browser leaves {name} out: no page may set it")
        if question.method != asked.method:
            yield note(f"{question.method} is sent as {asked.method}")
        if asked.method == "patch":
            yield note("patch stays in lower case and is not PATCH: write PATCH, unless patch is meant")
        if self.verdict.blocked_by in (Blocked.FORBIDDEN_METHOD, Blocked.BAD_METHOD, Blocked.BAD_HEADER):
            return
        if self.is_same_origin:
            yield ok("the page is of the camera itself: same origin, so CORS does not ask anything of it")
        elif needs_preflight(asked):
            yield ok(f"a preflight is needed: {'; '.join(preflight_reasons(asked))}")
        else:
            yield ok(f"no preflight is needed: {asked.method} and its headers are safelisted")

    def _preflight(self) -> Step:
        response = self.exchanges[0].response
        passes = self.verdict.sent
        said = self._decisive(response, "Origin", "Credentials", "Methods", "Headers")
        return (ok if passes else no)(f"the preflight is answered {response.status} with {said}")

    def _request(self) -> Iterator[Step]:
        asked, response = self.asked, self.exchanges[-1].response
        method = asked.method
        words = LOCK_WORDS.get(error_code(self.exchanges[-1].body) or "", "")
        why = f": {words}" if words else ""
        if self._stand_in:
            said = f"a {self._stand_in} in its place is answered {response.status}{why}"
            yield note(f"the {method} itself is not sent; {said}")
        elif self._is_stopped():
            yield no(f"the {method} is sent, and the camera's write guard stops it: {response.status}")
        elif response.status == 421:
            yield no(f"the {method} is sent, and the camera's Host guard refuses it: 421")
        elif response.status >= 400:
            yield note(f"the {method} is sent and answered {response.status}{why}")
        else:
            yield ok(f"the {method} is sent and answered {response.status}")
            if method not in _SAFE and not self.verdict.readable:
                yield note(f"the camera acts on the {method}, though the page cannot read the answer")
        yield from self._reading(response)

    def _reading(self, response: Response) -> Iterator[Step]:
        if self.is_same_origin:
            yield ok("the page may read the answer and all its headers")
            return
        said = self._decisive(response, "Origin", "Credentials")
        if not self.verdict.readable:
            redirected = response.status in REDIRECTS
            yield no(f"the page may not read the answer: {'it is a redirect' if redirected else said}")
            return
        yield ok(f"the page may read the answer: {said}")
        yield ok(f"of its headers it may read {self._readable_headers()}")

    def _decisive(self, response: Response, *ends: str) -> str:
        """Those Access-Control-Allow-* headers that the answer has, and the one that it lacks."""
        found = [(_ALLOW + end, get(response.headers, _ALLOW + end)) for end in ends]
        said = [f"{name}: {value}" for name, value in found if value is not None]
        blocked = self.verdict.blocked_by
        missing = _ALLOW + _LACKS.get(blocked, "Origin")
        if not said or (blocked in _LACKS and get(response.headers, missing) is None):
            said.append(f"no {missing}")
        return ", ".join(said)

    def _readable_headers(self) -> str:
        names = [name for name in self.exposed() if name.lower() not in SAFE_RESPONSE]
        return "the safelisted ones" + (f", and {', '.join(names)}" if names else " alone")

    def exposed(self) -> list[str]:
        """Return the names of the answer's headers that the page may read."""
        return [name for name, _ in self.verdict.readable_headers]


# What a fault is about, where the header may be missing: the end of its name.
_LACKS: dict[Blocked | None, str] = {
    Blocked.NO_ALLOW_ORIGIN: "Origin",
    Blocked.NO_ALLOW_CREDENTIALS: "Credentials",
    Blocked.PREFLIGHT_METHOD: "Methods",
    Blocked.PREFLIGHT_HEADER: "Headers",
    Blocked.PREFLIGHT_AUTHORIZATION: "Headers",
}
_HEADER_FAULTS = (Blocked.PREFLIGHT_HEADER, Blocked.PREFLIGHT_AUTHORIZATION)


def preflight_reasons(asked: Asked) -> list[str]:
    """Return why a browser asks first, each in words."""
    reasons = []
    if needs_preflight(asked._replace(headers=[])):
        reasons.append(f"the method {asked.method} is not GET, HEAD or POST")
    for name, value in asked.headers:
        small = name.lower()
        if not unsafe_names([(name, value)]):
            continue
        if small == "content-type":
            reasons.append(f"the content type {mime_essence(value) or value} is not one that a form can send")
        elif small in _SAFELISTED_NAMES:
            reasons.append(f"the header {name} has a value that is not safelisted")
        else:
            reasons.append(f"the header {name} is not safelisted")
    if not reasons:  # Fetch, "CORS-unsafe request-header names": more than 1024 bytes of safe values
        reasons.append("the headers are too long together")
    return reasons


def _allowed_names(response: Response) -> list[str]:
    return [name.strip() for name in (get(response.headers, _ALLOW + "Headers") or "").split(",")]


def _are(names: tuple[str, ...]) -> str:
    return "is" if len(names) == 1 else "are"
