"""Real requests to a camera, with exactly the headers that a browser would decide about."""

from __future__ import annotations

import asyncio
import errno
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx

from ..tls import context, refusal
from ..ui.output import silence_logs
from .fetch import Request, Response

_CONNECT_S = 4.0
_READ_S = 5.0
_WHOLE_S = 10.0  # a server may send a byte now and then, and never end
_BODY_S = 2.0
_BODY_BYTES = 16384  # of a status report or a guard's words; a stream has no end

_NOT_HTTP = "is it the camera's port? its pages are at port 80, unless /camera.json gives another"
_NOT_HTTPS = "camcors tls status tells whether the camera serves https, and at which port"
_SWITCHED_OFF = "check that the camera is switched on and in this network, and its address"
_NO_WAY = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EADDRNOTAVAIL)


class Unreachable(Exception):
    """No answer. args: what is wrong, and what to do about it."""


class Untrusted(Unreachable):
    """The handshake was refused, since the certificate is not trusted. error: why."""

    def __init__(self, error: ssl.SSLCertVerificationError, place: str):
        what, remedy = refusal.words(error, urlsplit(f"//{place}").hostname or "")
        super().__init__(f"{place} is not trusted: {what}", remedy)
        self.error = error


def send(
    request: Request, left_s: float = _WHOLE_S, trusted: ssl.SSLContext | None = None
) -> tuple[Response, str]:
    """Return the answer to `request` and the beginning of its body.

    No redirect is followed and no proxy of the environment is asked. Raises Unreachable, at the
    latest after 10 s, or `left_s` if that is less. trusted: whose certificates count; without it, those of
    the system and of this person's own authority.
    """
    silence_logs()
    place = request.url.split("/")[2]
    if left_s <= 0:
        raise Unreachable(f"{place} answers too slowly to be judged", "try again when it is less busy")
    try:
        return asyncio.run(asyncio.wait_for(_exchange(request, trusted), min(left_s, _WHOLE_S)))
    except (asyncio.TimeoutError, httpx.ReadTimeout, httpx.WriteTimeout):
        raise Unreachable(f"{place} takes the connection, but does not answer", _SWITCHED_OFF) from None
    except httpx.ConnectTimeout as exc:
        if request.url.startswith("https:"):
            raise _lost(exc, place, request.url) from None
        raise Unreachable(f"nothing answers at {place}", _SWITCHED_OFF) from None
    except httpx.ProtocolError as exc:
        ended = "disconnected" in str(exc)
        what = "closes the connection without an answer" if ended else "does not speak HTTP"
        raise Unreachable(f"{place} {what}", _NOT_HTTP) from None
    except httpx.TransportError as exc:
        raise _lost(exc, place, request.url) from None


def _lost(error: Exception, place: str, url: str) -> Unreachable:
    """By what is at the bottom of a fault of the connection."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Untrusted(cause, place)
    numbers = [cause.errno for cause in causes if isinstance(cause, OSError)]
    if errno.ECONNREFUSED in numbers:
        remedy = _NOT_HTTPS if url.startswith("https:") else _NOT_HTTP
        return Unreachable(f"{place} refuses the connection", remedy)
    if any(number in _NO_WAY for number in numbers):
        return Unreachable(f"there is no way to {place} from here", _SWITCHED_OFF)
    if url.startswith("https:"):
        return Unreachable(f"there is no TLS at {place}", f"the camera speaks http: write http{url[5:]}")
    return Unreachable(f"the connection to {place} was lost", "try again")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """`error` and all that led to it; the connection's own errors lie under three libraries."""
    seen: list[BaseException | None] = [error]
    for each in seen:
        if each is None:
            continue
        yield each
        below = [each.__cause__, each.__context__, *getattr(each, "exceptions", ())]
        seen += [one for one in below if one not in seen]


async def _exchange(request: Request, trusted: ssl.SSLContext | None) -> tuple[Response, str]:
    sent = httpx.Request(request.method, request.url)
    sent.method = request.method  # the constructor writes it in upper case
    sent.headers = httpx.Headers(_headers(request))
    sent.stream = httpx.ByteStream(request.body.encode())
    sent.extensions = {"timeout": httpx.Timeout(_READ_S, connect=_CONNECT_S).as_dict()}
    # Not a Client: it adds headers of its own, and reads where a redirect leads.
    async with httpx.AsyncHTTPTransport(
        verify=trusted or _trusted(request.url), trust_env=False
    ) as transport:
        answer = await transport.handle_async_request(sent)
        try:
            body = await _beginning(answer)
        finally:
            await answer.aclose()
    pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers.raw]
    return Response(answer.status_code, pairs), body


def _trusted(url: str) -> ssl.SSLContext:
    """Return whose certificates count at `url`; for plain http nobody's, which are slow to read."""
    return context.with_own() if url.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _headers(request: Request) -> list[tuple[bytes, bytes]]:
    """Fetch, "HTTP-network-or-cache fetch", the step of contentLength, beside those of the page."""
    first = [("Host", urlsplit(request.url).netloc)]
    if request.method in ("POST", "PUT"):
        first.append(("Content-Length", str(len(request.body.encode()))))
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in first + request.headers]


async def _beginning(answer: httpx.Response) -> str:
    """As much of the body as comes soon, decoded."""
    data = bytearray()

    async def read() -> None:
        async for chunk in answer.aiter_raw():
            data.extend(chunk)
            if len(data) >= _BODY_BYTES:
                return

    try:
        await asyncio.wait_for(read(), _BODY_S)
    except (asyncio.TimeoutError, httpx.TransportError):
        pass  # the headers have come: they are what counts
    return data[:_BODY_BYTES].decode(errors="replace")
