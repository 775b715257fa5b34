"""The server's limits, all with their defaults in one place, and the clock that they are timed by.

Every name ends in its unit, unless it counts things. `/camera.json` changes them by these names.
"""

try:
    from asyncio import sleep_ms
    from time import ticks_add, ticks_diff, ticks_ms
except ImportError:  # CPython has neither
    import asyncio
    import time

    def ticks_ms():
        """Milliseconds of a clock that only goes forward."""
        return time.monotonic_ns() // 1000000

    def ticks_add(ticks, delta_ms):
        """`ticks` moved by `delta_ms`."""
        return ticks + delta_ms

    def ticks_diff(end, start):
        """Milliseconds from `start` to `end`."""
        return end - start

    def sleep_ms(duration_ms):
        """Awaitable that ends after `duration_ms`."""
        return asyncio.sleep(duration_ms / 1000)


#: Where the port bounds the TCP connections, how many there are: CONFIG_LWIP_MAX_ACTIVE_TCP in
#: ports/esp32/boards/sdkconfig.base of MicroPython.
TCP_CONNECTIONS = {"esp32": 12}

#: Clients without a slot that may be told so at a time; more are closed unheard.
TOLD = 2

#: name -> (default, lowest, highest). The defaults suit an ESP32.
TABLE = {
    "connections": (6, 1, 256),
    "head_bytes": (8192, 512, 65536),
    "body_bytes": (16384, 256, 1048576),
    "drain_bytes": (262144, 0, 4194304),
    "head_timeout_ms": (10000, 100, 600000),
    "body_timeout_ms": (10000, 100, 600000),
    "write_timeout_ms": (20000, 100, 600000),
    "linger_ms": (1000, 0, 10000),
    "keepalive_requests": (100, 1, 1000000),
    "keepalive_timeout_ms": (75000, 100, 600000),
    "slot_wait_ms": (2000, 1000, 10000),
    "slot_waiters": (32, 0, 256),
    "handler_idle_ms": (60000, 100, 3600000),
    "stream_viewers": (4, 0, 64),
    "stream_fps": (25, 1, 60),
}


class Limits:
    """One attribute (int) for each name of `TABLE`; `changes` replace defaults.

    connections: clients served at a time. slot_wait_ms, slot_waiters: how long one more waits for a slot
    before it gets 503, and how many may wait; slots.py says who gives one up. 32 is enough for three
    browsers that ask for twelve pictures each at once; fit() leaves an ESP32 four.
    head_bytes: request line and headers; more gets 431.
    body_bytes: a request's body; more gets 413.
    drain_bytes, linger_ms: how much, and for how long, an over-long request is still read after
    its refusal, so that the client can read the answer before the connection goes.
    head_timeout_ms, body_timeout_ms: for all of the head, all of the body; later gets 408.
    write_timeout_ms: for an answer in one piece, or each piece of a longer one, as a stream's pictures; a
    client that has not taken it by then is dropped.
    keepalive_requests: answers on one connection, of which the last says `Connection: close`.
    keepalive_timeout_ms: a connection that waits so long for its next request is closed. It is longer than
    the pauses of clients that poll, since a request that crosses the close is lost; and it may be, since an
    idle connection gives way to whoever wants its slot.
    handler_idle_ms: a connection whose handler waits so long for its client, and sends nothing, is closed.
    The camera sends no pings: they would prove that a client is there, not that it needs its slot, and the
    connection layer knows nothing of WebSocket's frames. Where silence is normal, either side sends a ping
    in time.
    stream_viewers, stream_fps: viewers at a time, pictures a second at most.

    Raises ValueError for an unknown name or a value out of range.
    """

    def __init__(self, **changes):
        for name, (default, _, _) in TABLE.items():
            setattr(self, name, default)
        for name, value in changes.items():
            if name not in TABLE:
                raise ValueError("limits.{}: unknown; write one of {}".format(name, names()))
            remedy = check(name, value)
            if remedy:
                raise ValueError("limits.{}: {}: {}".format(name, value, remedy))
            setattr(self, name, value)

    def fit(self, platform):
        """Have no more clients wait than the TCP connections of the port (sys.platform) leave places for."""
        most = TCP_CONNECTIONS.get(platform)
        if most is not None:
            self.slot_waiters = min(self.slot_waiters, max(0, most - self.connections - TOLD))


def check(name, value):
    """What to write instead of `value` for the limit `name` (str), or None if it is good."""
    _, low, high = TABLE[name]
    if type(value) is int and low <= value <= high:
        return None
    return "write a whole number from {} to {}".format(low, high)


def names():
    """The limits' names in one line of text."""
    return ", ".join(sorted(TABLE))
