"""One answer, from what a handler gave to the bytes that a client gets."""

from strict.compat import const

from .answer import has_body, head_of
from .refusal import FAILURE, dispatch_unknown, failure
from .wire import close_body

_JOINED_MAX = const(4096)  # bytes of a body that is sent together with its head


async def respond(response, server, wire, is_head, is_last):
    """Send `response` (microdot.Response), and close its body whatever happens -> whether the connection has
    to end with it (bool).

    server: told of faults. is_head: whether it answers a HEAD request. is_last: whether the connection ends
    with it anyway.
    """
    body = response.body
    if body is None:
        body = b""
    elif isinstance(body, str):
        body = body.encode()
    known = isinstance(body, (bytes, bytearray, memoryview))
    try:
        is_bare = is_head or not has_body(response.status_code)
        if response.status_code < 200 or not (known or is_bare):
            is_last = True  # the close is the end of such an answer, RFC 9112 section 6.3
        size = len(body) if known else None
        is_whole = is_bare or (known and size <= _JOINED_MAX)
        try:
            data = head_of(response, size, is_last, body if is_whole and not is_bare else b"")
        except ValueError as error:
            server.fault(error)
            is_whole = True
            data = await _head_of_failure(server, is_last, b"" if is_head else FAILURE)
        except MemoryError:  # both together may have no room where each has
            is_whole = is_bare
            data = head_of(response, size, is_last, b"")
        await wire.send(data)
        data = None  # a stream may go on for hours
        if not is_whole:
            await (wire.send(body) if known else wire.send_pieces(body))
    finally:
        closing = close_body(response.body)
        if closing is not None:
            await closing
    return is_last


async def _head_of_failure(server, is_last, body):
    """Return the head of a 500, and `body` behind it; without the hooks' headers if those are faulty."""
    try:
        response = await dispatch_unknown(server.app, failure())
        return head_of(response, len(FAILURE), is_last, body)
    except ValueError:
        pass
    except Exception as error:  # of a hook
        server.fault(error)
    return head_of(failure(), len(FAILURE), is_last, body)
