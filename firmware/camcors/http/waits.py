"""What a task waits for, without garbage: asyncio's own ways make a generator for each wait.

Nothing may happen between the call of one of these functions and the `await` of what it gives.
"""

import asyncio
import select
import time

try:
    from asyncio import core
except ImportError:  # CPython, whose asyncio keeps the sockets to itself
    core = None

from strict.compat import const

_RETRY_MS = const(5)
_EIO = const(5)
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


def run(main):
    """asyncio.run() that a poll without memory does not end.

    lwIP's select() allocates; where it cannot, poll() raises EIO (MicroPython v1.28.0, modsocket.c of its
    ESP32 port, socket_ioctl), out of the loop itself and into no task. Nothing is lost: the loop goes on.
    """
    if core is None:
        return asyncio.run(main)
    task = core.create_task(main)
    while True:
        try:
            return core.run_until_complete(task)
        except OSError as exc:
            # After an exception of `main` there is no current task (asyncio/core.py).
            if exc.errno != _EIO or core.cur_task is None:
                raise
        time.sleep_ms(_RETRY_MS)


def until_ready(socket, event):
    """Awaitable that ends when `socket` is ready for `event` (select's number; on CPython, POLLIN only).

    If the heap is full when the poller takes the socket, it keeps a key without a value and crashes at its
    next poll (extmod/modselect.c says so); taking it again fixes that.
    """
    if core is None:
        return _until_readable(socket)
    try:
        if event == select.POLLIN:
            core._io_queue.queue_read(socket)
        else:
            core._io_queue.queue_write(socket)
    except MemoryError:
        if id(socket) not in core._io_queue.map:
            raise
        _take_again(socket, event)
    return _turn


async def _until_readable(socket):
    ready = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(socket, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(socket)


def _take_again(socket, event):
    """Have the poller take the socket as soon as there is memory."""
    queue = core._io_queue
    _register(queue.poller, socket, event)
    core.cur_task.data = queue


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
