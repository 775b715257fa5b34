"""One answer, from what a handler gave to the bytes that a client gets."""

from .answer import has_body, head_of
from .refusal import FAILURE, dispatch_unknown, failure
from .sender import close_body


async def respond(server, sender, response, is_head, is_last):
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
        try:
            head = head_of(response, len(body) if known else None, is_last)
        except ValueError as error:
            server.fault(error)
            known, body, is_bare = True, FAILURE, is_head
            head = await _head_of_failure(server, is_last)
        if is_bare:
            await sender.send(head)
        elif known:
            await sender.send_with(head, body)
        else:
            await sender.send(head)
            await sender.send_pieces(body)
    finally:
        closing = close_body(response.body)
        if closing is not None:
            await closing
    return is_last


async def _head_of_failure(server, is_last):
    """Return the head of a 500, without the hooks' headers if it is they that are faulty."""
    try:
        response = await dispatch_unknown(server.app, failure())
        return head_of(response, len(FAILURE), is_last)
    except ValueError:
        return head_of(failure(), len(FAILURE), is_last)
    except Exception as error:  # of a hook
        server.fault(error)
        return head_of(failure(), len(FAILURE), is_last)
