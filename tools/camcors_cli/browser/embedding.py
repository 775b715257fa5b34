"""Whether a page may show the camera's answer without CORS: by a plain <img>, and in an <iframe>."""

from __future__ import annotations

from collections.abc import Callable

from strict import error

from ..device.answers import error_code
from ..ui.findings import Step, note, ok
from . import framing
from .fetch import Request, Response, embedding_request, get, is_embeddable, origin_of, referrer

_POLICY = "Cross-Origin-Resource-Policy"
_CROSSORIGIN = "write <img crossorigin>"


def steps(
    page: str, url: str, send: Callable[[Request], tuple[Response, str]], is_allowed: bool
) -> list[Step]:
    """Return a step for <img> and one for <iframe>: a browser asks for both without Origin.

    page: its origin. is_allowed: the page may read the answer.
    """
    response, body = send(embedding_request(page, url))
    if error_code(body) == error.NO_TOKEN:
        words = "a plain <img> or <video> sends no token; give it a link, which POST /api/links makes"
        return [note(words), _frame(page, url, response, is_allowed)]
    return [_picture(page, url, response, is_allowed), _frame(page, url, response, is_allowed)]


def _picture(page: str, url: str, response: Response, is_allowed: bool) -> Step:
    said = f"{_POLICY}: {get(response.headers, _POLICY)}"
    if is_embeddable(page, response, url):
        text = f"the page may show the picture with a plain <img> ({said})"
        by_referer = "referer" in (get(response.headers, "Vary") or "").lower()
        if by_referer and page != origin_of(url):
            text += f"; with a Referrer-Policy of no-referrer it may not: {_CROSSORIGIN} there"
        return ok(text)
    why = f"the page may not show the picture with a plain <img> ({said})"
    if not is_allowed:
        return note(why)
    if referrer(page, url) is None:
        why += ": its browser names no page to the camera"
    return note(f"{why}; {_CROSSORIGIN}")


def _frame(page: str, url: str, response: Response, is_allowed: bool) -> Step:
    if framing.is_frameable(page, response, url):
        return ok("the page may show the camera's answers in an <iframe>")
    why = "Content-Security-Policy has no name for its origin" if is_allowed else "the policy does not let it"
    return note(f"the page may not show the camera's answers in an <iframe>: {why}")
