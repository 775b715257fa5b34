"""DNS on the access point, where every name is the camera, so that a phone opens the set-up form by itself.

A phone that has joined a network asks for a page of its maker's. It gets the camera's address for that name,
and from Guard a redirect to the form.

To one question for an address (type A, class IN) the answer is the camera's; to any other it is that there is
no such record (RFC 2308 section 2.2), since "no such name" would count for the address as well. Nobody may
keep an answer (time to live 0): outside this network it is wrong. What is not exactly one question is
dropped, and no byte behind the question is read, so the answer needs no EDNS (RFC 6891 section 7).
"""

import asyncio
import select
import socket

from camcors.http.clock import sleep_ms
from camcors.http.waits import until_ready
from camcors.log import log
from strict.address import ipv4
from strict.compat import const

_PAUSE_MS = const(500)  # a phone asks again after a second or more
_FAILURES = (OSError, MemoryError)  # made once: a tuple in an `except` is allocated when something is raised
_PORT = 53

# A message, RFC 1035 section 4.1.
_HEADER = const(12)
_NAME_MAX = const(255)
_LABEL_MAX = const(63)
_TYPE_AND_CLASS = const(4)
_NOT_A_QUERY = const(0xFA)  # QR, OPCODE and TC
_QR_AND_AA = const(0x84)
_RD = const(0x01)
# Without RA and AA, glibc takes an answer without records for a server that cannot help (res_send.c).
_RA = const(0x80)
_RECORD = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4"  # the name at byte 12; A, IN, time to live 0, four bytes

#: Bytes of the longest query that is read, and of the longest answer.
QUERY_MAX = const(271)
REPLY_MAX = const(287)


def answer(query, address, reply):
    """Write the answer to `query` (bytes) into `reply` (bytearray of REPLY_MAX bytes).

    address: what every name leads to, four numbers. Return the answer's length (int), 0 where there is none.
    Allocates nothing.
    """
    end = _question_end(query)
    for i in range(end):
        reply[i] = query[i]
    if not end:
        return 0
    reply[2] = _QR_AND_AA | query[2] & _RD
    reply[3] = _RA
    reply[10] = reply[11] = 0
    if query[end - 4] or query[end - 3] != 1 or query[end - 2] or query[end - 1] != 1:
        return end
    reply[7] = 1
    for i in range(len(_RECORD)):
        reply[end + i] = _RECORD[i]
    end += len(_RECORD)
    for i in range(4):
        reply[end + i] = address[i]
    return end + 4


def _question_end(query):
    """Return where the question of `query` (bytes) ends (int), 0 if it does not ask exactly one."""
    size = len(query)
    if size < _HEADER or query[2] & _NOT_A_QUERY or query[4] or query[5] != 1:
        return 0
    if query[6] or query[7] or query[8] or query[9]:  # records that only an answer has
        return 0
    at = _HEADER
    while at < size and query[at]:
        if query[at] > _LABEL_MAX:  # a pointer, and there is nothing before to point to
            return 0
        at += 1 + query[at]
    end = at + 1 + _TYPE_AND_CLASS
    return end if end <= size and at + 1 - _HEADER <= _NAME_MAX else 0


class Resolver:
    """Answers at `address` (str) from its making to close(). Owned by AccessPoint.

    Allocates a buffer, a socket and a task; for each query, what the socket gives and a view of the answer.
    """

    def __init__(self, address):
        self._address = ipv4(address)
        self._where = socket.getaddrinfo(address, _PORT)[0][-1]
        self._reply = bytearray(REPLY_MAX)
        self._view = memoryview(self._reply)
        self._socket = None
        self._said = False
        self._task = asyncio.create_task(self._serve())

    def close(self):
        """Answer no more."""
        self._task.cancel()

    async def _serve(self):
        try:
            while True:
                try:
                    if self._socket is None:
                        self._open()
                    await until_ready(self._socket, select.POLLIN)
                    self._take()
                except _FAILURES:  # the port is taken, the client has left, or there is no memory for it
                    await sleep_ms(_PAUSE_MS)
        finally:
            self._close()

    def _open(self):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.bind(self._where)
            self._socket.setblocking(False)
        except _FAILURES as exc:
            self._close()
            if not self._said:
                self._said = True
                log.say("camcors: network: no DNS (" + str(exc) + "); open the form by its address")
            raise

    def _take(self):
        query, client = self._socket.recvfrom(QUERY_MAX)
        if not query:
            # After an empty datagram the port takes the socket for one whose peer has left, and reads nothing
            # more from it (modsocket.c, _socket_read_data).
            return self._close()
        size = answer(query, self._address, self._reply)
        if size:
            self._socket.sendto(self._view[:size], client)

    def _close(self):
        if self._socket is not None:
            self._socket.close()
            self._socket = None
