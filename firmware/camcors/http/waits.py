"""What a task waits for, without garbage: asyncio's own ways make a generator for each wait.

Nothing may happen between the call of one of these functions and the `await` of what it gives.
"""

import select
import time

try:
    from asyncio import core
except ImportError:  # CPython, whose asyncio keeps the sockets to itself
    core = None

from strict.compat import const

_RETRY_MS = const(5)
_over = StopIteration()  # made once, as asyncio does for sleep_ms()


class _Turn:
    """Awaitable: lets the others go on until whoever the task has queued with gives it back."""

    def __iter__(self):
        self._is_over = False
        return self

    def __next__(self):
        if self._is_over:
            _over.__traceback__ = None
            raise _over
        self._is_over = True


# One for all tasks: an `await` restarts it and gives way at once.
_turn = _Turn()


def until_ready(socket, event):
    """Awaitable that ends when `socket` is ready for `event` (select's number). MicroPython only.

    If the heap is full when the poller takes the socket, it keeps a key without a value and crashes at its
    next poll (extmod/modselect.c says so); taking it again fixes that.
    """
    queue = core._io_queue
    try:
        if event == select.POLLIN:
            queue.queue_read(socket)
        else:
            queue.queue_write(socket)
    except MemoryError:
        if id(socket) not in queue.map:
            raise
        _register(queue.poller, socket, event)
        core.cur_task.data = queue
    return _turn


def _register(poller, socket, event):
    """Try until there is memory. Nobody may poll meanwhile, so the thread itself sleeps."""
    while True:
        try:
            return poller.register(socket, event)
        except MemoryError:
            time.sleep_ms(_RETRY_MS)


def until_set(event):
    """Awaitable that ends when `event` (asyncio.Event, not set now) is set."""
    if core is None:
        return event.wait()
    event.waiting.push(core.cur_task)
    core.cur_task.data = event.waiting
    return _turn
