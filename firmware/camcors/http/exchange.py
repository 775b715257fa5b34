"""What one connection is doing, and every decision about it. Pure: no socket, no clock, no tasks.

Theory of operation
===================

An exchange is one request and its answer. One Exchange object lasts as long as its connection and begins
again with each request. The connection moves the bytes and waits; it reports what has happened, with the
ticks of the moment, and asks what to do next. So all rules of RFC 9112 sections 6 and 9 that are not about
the text of a head (parse.py) or a chunk (chunked.py) stand here, and are tested on bytes.

The phase says what the connection waits for:

    WAITING ──no slot──> TURNED_AWAY ──it speaks──> RUNNING (503)
       │ slot
       v
   (SHAKING, over https)
       v
      NEW ──first byte──> HEAD ──all there──┬─Content-Length──> BODY ────┬──> RUNNING <──> LISTENING
                           ^                ├─chunked─────────> CHUNKS ──┤       │             │
                           │                └─no body────────────────────┘       v             v
                          IDLE <──────────────the connection is kept───────── SENDING <────────┘
                                                                                 │ last answer
                                                                                 v
                                                                              LINGERING ──> closed

phases.py has a row for each. The row names the limit that bounds the phase:

- NEW and HEAD share head_timeout_ms, counted from the connection's start. In a later request it counts from
  the first byte. It is for the whole head: a byte now and then must not hold a slot.
- IDLE has keepalive_timeout_ms, which is long: an idle connection costs only its slot, and gives that up.
- BODY and CHUNKS have body_timeout_ms, again for the whole of it.
- RUNNING has none: a handler is ours, and ended it might leave half of its work done.
- LISTENING, SENDING: a client that says nothing to a handler, or takes nothing of an answer, is gone.
- DELAYED has none: a wrong token's answer waits, and the connection is the first to give its slot up.
- SHAKING has tls_handshake_ms, the wait for a place among the handshakes among them.
- LINGERING lasts only until the client has read its answer: to close with bytes unread makes TCP reset the
  connection, and the answer is lost (RFC 9112 section 9.6).

Three may end a wait: the client, by closing (hear_end); the time, by expire(); and another client that gets
the slot, by evict(). What its end would cost stands in the row, and slots.py goes by that. Who has bytes
lying that nobody has looked at is neither late nor silent: they are looked at first, for a moment.

The client is told why whenever nothing of an answer has gone out and it has begun to ask: 408 after the time,
503 after an eviction or with a full heap, 400 if its end cuts the request off. A client that has asked
nothing is closed without a word: an answer there would be taken for that to its next request.

After an answer the connection is KEPT, unless it is the LAST for a reason that the client knows (it asked, or
it was refused; or the close marks the end of the content) or it is CUT for one that it does not know (the
limit of requests; somebody waits for the slot). Both say "Connection: close". The difference is what may be
under way: a client that pipelines does not know of a cut and may have sent more, which is read and dropped.
A refusal is always the last answer, since nobody knows where the next request would begin.
"""

from strict import late
from strict.compat import const
from strict.error import NO_MEMORY

from .clock import ticks_add
from .head import Refusal, wants_close
from .inbox import Inbox
from .methods import STANDARD
from .phases import (
    BODY,
    CHUNKS,
    CUT_OFF,
    DELAYED,
    HEAD,
    IDLE,
    IS_TIMEOUT,
    IS_VANISHED,
    LATE,
    LIMIT,
    LISTENING,
    NEW,
    PHASES,
    RUNNING,
    SENDING,
    SHAKING,
    WAITING,
    WORDS_EVICTED,
    WORDS_FULL,
    WORDS_LATE,
    WORDS_NO_MEMORY,
    WORDS_NO_METHOD,
)

# Whether the connection stays after the answer.
KEPT = const(0)
LAST = const(1)
CUT = const(2)  # the last one, for a reason that the client does not know

# Who ended the wait.
_NOBODY = const(0)
_TIME = const(1)
_EVICTED = const(2)
_EVICTED_TOLD = const(3)

#: The type of the record that a TLS client begins with (RFC 5246 section 6.2.1).
TLS_HANDSHAKE = const(22)

#: A connection may be evicted once it has been in its phase for so long: its client may be sending.
SETTLED_MS = const(1000)

_LOOK_MS = const(100)
_DIGITS_MAX = const(15)  # of a Content-Length; one of thousands of digits is refused as any too large one


class Exchange:
    """Owned by the Connection. limits: Limits. takes: whether a route takes a method (function of str).
    buffers: Buffers.

    phase, since: what the connection does, and the ticks at which that, or its last wait, began.
    deadline: ticks at which expire() is due, None for never. inbox: what the client has sent (Inbox).
    asked: what is known of the request that is read, by parse() or by salvage(); None for nothing yet.
    body: of a complete request (bytes). persistence: KEPT, LAST or CUT.
    wants_continue: whether the client waits for "100 Continue" before it sends the body.
    """

    # In the class, since few exchanges change them, and each attribute of its own takes time to make.
    phase = WAITING
    since = None
    deadline = None
    asked = None
    body = b""
    persistence = KEPT
    wants_continue = False
    was_met = False  # whether the deadline has come once, or somebody has wanted the slot
    pipelines = False  # whether the client has sent a request before the last one's answer
    _is_heard = False  # whether a handler waits for its client; it may send meanwhile
    _is_tls = False
    _served = 0
    _unread = 0  # bytes that the client may still send after its last answer
    _length = 0
    _chunks = None

    def __init__(self, limits, takes, buffers):
        self.inbox = Inbox(buffers)
        self._limits = limits
        self._takes = takes
        self._ended_by = _NOBODY  # not in the class: an eviction must allocate nothing

    def enter(self, phase, now):
        """Begin `phase` at the ticks `now`, and with it the time that it may take."""
        self.phase = phase
        self.since = now
        self.was_met = False
        limit = PHASES[phase][LIMIT]
        self.deadline = None if limit is None else ticks_add(now, getattr(self._limits, limit))

    # A request arrives.

    def begin(self, now):
        """Wait for a request."""
        self.enter(IDLE if self._served else NEW, now)

    def take(self, now):
        """Return (method, target, version, headers) of a request that is complete, else None.

        Call it after begin(), and after each piece that the inbox has got. Raise Refusal.
        """
        if self.phase <= HEAD:
            inbox = self.inbox
            if not inbox.find_head(self._limits.head_bytes):
                if self.phase < HEAD and inbox.has_begun:
                    self._begin_head(now)
                return None
            self.phase = HEAD  # for no time: what comes next has a deadline of its own, or none
            self._take_head(now)
        if self.phase == BODY:
            body = self.inbox.take_body(self._length)
            if body is None:
                return None
            self.body = body
        elif self.phase == CHUNKS and not self._take_chunks():
            return None
        return self.asked

    def _begin_head(self, now):
        if self.phase == IDLE:
            self.enter(HEAD, now)
        else:  # its time runs since the connection's start
            self.phase = HEAD
            self.since = now
            self.was_met = False

    def _take_head(self, now):
        self.asked = self.inbox.take_asked()
        if self.asked is None:
            self._parse(self.inbox.take_head())
        method, _, version, headers = self.asked
        self._served += 1
        if self._served >= self._limits.keepalive_requests:
            self.persistence = CUT
        elif wants_close(version, headers):
            self.persistence = LAST
        if method not in STANDARD and not self._takes(method):
            raise Refusal(501, WORDS_NO_METHOD)
        if headers.is_chunked:
            chunks = late.load("camcors.http.chunked").Chunks
            self._chunks = chunks(self._limits.body_bytes, self._limits.head_bytes)
            self.wants_continue = not self.inbox.unread and "expect" in headers
            self.enter(CHUNKS, now)
        else:
            digits = headers.get("content-length")
            if digits is not None:
                self._expect_body(digits, version, headers, now)

    def _parse(self, head):
        self.asked = ()  # what is unread now does not belong to this head
        try:
            self.asked = late.load("camcors.http.parse").parse(head)
        except Refusal:
            self.asked = _salvage(head + b"\r\n\r\n")
            self._is_tls = (
                bool(head) and head[0] == TLS_HANDSHAKE
            )  # which may hold what looks like the end of a head
            raise

    def _expect_body(self, digits, version, headers, now):
        length = int(digits) if len(digits) <= _DIGITS_MAX else 10**_DIGITS_MAX
        headers["content-length"] = str(length)
        if length > self._limits.body_bytes:  # microdot answers 413 to it, and the body is left unread
            self._end_here(length)
        elif length:
            self._length = length
            self.wants_continue = "expect" in headers and version == "1.1" and self.inbox.unread < length
            self.enter(BODY, now)

    def _take_chunks(self):
        """Return whether the last chunk has come, or more than is taken."""
        chunks = self._chunks
        if not self.inbox.take_chunks(chunks):
            return False
        self._chunks = None
        headers = self.asked[3]
        headers.pop("transfer-encoding")  # as RFC 9112 section 7.1.3 says
        headers["content-length"] = str(chunks.length)
        if chunks.length > self._limits.body_bytes:
            self._end_here(self._limits.drain_bytes)
        else:
            self.body = bytes(chunks.body)
        return True

    def continued(self, now):
        """The client has been told to go on with the body."""
        self.wants_continue = False
        self.enter(BODY if self._chunks is None else CHUNKS, now)

    def hear_end(self):
        """The client has ended its side. Raise Refusal if that cuts a request off."""
        words = PHASES[self.phase][CUT_OFF]
        if words is not None:
            raise Refusal(400, words)

    # A handler works, and an answer goes out.

    def run(self):
        """The request is a handler's now."""
        self.phase = RUNNING
        self.asked = self.deadline = None
        if self.body:  # else it would be an attribute of its own
            self.body = b""
        self.inbox.rest()

    def delay(self, now):
        """Its answer waits for a while, in which the slot is anybody's, until run()."""
        self.enter(DELAYED, now)

    def listen(self, now):
        """A handler begins to wait for its client."""
        self._is_heard = True
        if self.deadline is None:  # else another task of the handler sends, and ends with sent()
            self.enter(LISTENING, now)

    def heard(self):
        """That wait is over."""
        self._is_heard = False
        if self.phase == LISTENING:
            self.phase = RUNNING
            self.deadline = None

    def send(self, now):
        """A piece of an answer goes out."""
        self.enter(SENDING, now)

    def pass_by(self, now):
        """A piece of an answer has gone out at once, without a wait."""
        self.since = now
        if self.phase != SENDING:
            self.phase = SENDING
            if self.sent():
                self.listen(now)

    def sent(self):
        """It has gone out. The phase stays: an answer has begun. Return whether to call listen(), since a
        handler waits for its client."""
        self.deadline = None
        return self._is_heard

    # Whether the connection stays.

    def _end_here(self, unread):
        """The next request cannot be found: so many bytes may be under way before it."""
        self.lose_track()
        self._unread = unread

    def lose_track(self):
        """Nobody knows where the next request begins."""
        if self.persistence == KEPT:
            self.persistence = LAST

    def cut(self):
        """Somebody else needs the slot."""
        if self.persistence == KEPT:
            self.persistence = CUT

    def unread_after_last(self, has_news):
        """Return how many bytes are read and dropped after the last answer (int).

        has_news: whether the socket has something, if the connection is CUT.
        """
        if self.persistence == CUT and (has_news or self.pipelines or self.inbox.unread):
            return self._limits.drain_bytes
        return min(self._unread, self._limits.drain_bytes)

    # A refusal.

    @property
    def begins_with_tls(self):
        """Whether the client's first bytes, which are refused, begin a TLS handshake."""
        return not self._served and (self._is_tls or self.inbox.begins_with(TLS_HANDSHAKE))

    def known(self):
        """Return what is certain of a request that is refused: as parse() has it, or ()."""
        return _salvage(self.inbox.peek()) if self.asked is None else self.asked

    def refuse(self):
        """What came is refused: the answer to it is the last."""
        self.phase = RUNNING
        self.deadline = None
        self.persistence = LAST
        self._unread = self._limits.drain_bytes

    def full(self):
        """Return what a client without a slot is told (Refusal)."""
        return Refusal(503, WORDS_FULL.format(self._limits.connections))

    def starve(self):
        """The heap is full. Return what the client is told (Refusal), or None: then an answer may have begun,
        which nothing may be written into."""
        return Refusal(503, WORDS_NO_MEMORY, NO_MEMORY) if self.phase <= CHUNKS else None

    @property
    def is_unanswered(self):
        """Whether nothing of an answer has gone out, and plain words may."""
        return self.phase <= RUNNING or WAITING <= self.phase < SHAKING

    # The end.

    def look(self, now):
        """Something has arrived by the deadline: give it a moment."""
        self.deadline = ticks_add(now, _LOOK_MS)

    def hold(self, now):
        """Something has arrived when another client wanted the slot: pass for busy for a moment."""
        self.since = ticks_add(now, _LOOK_MS - SETTLED_MS)

    def expire(self):
        """The deadline has come, and nothing with it."""
        self._end_by(_TIME)

    def evict(self, may_tell):
        """The slot is another client's. Return whether this one is told so."""
        is_told = may_tell and PHASES[self.phase][LATE] is not None
        self._end_by(_EVICTED_TOLD if is_told else _EVICTED)
        return is_told

    def _end_by(self, who):
        self.deadline = None
        self._ended_by = who

    @property
    def is_ended(self):
        """Whether the time or another client has ended the wait."""
        return self._ended_by != _NOBODY

    @property
    def is_timeout(self):
        """Whether that counts as a time-out."""
        return self._ended_by == _TIME and PHASES[self.phase][IS_TIMEOUT]

    @property
    def is_vanished(self):
        """Whether a client that is lost now counts as vanished."""
        return PHASES[self.phase][IS_VANISHED]

    def farewell(self):
        """Return what a client is told whose wait was ended (Refusal), None for nothing."""
        what = PHASES[self.phase][LATE]
        who = self._ended_by
        if what is None or who == _EVICTED:
            return None
        self._ended_by = _NOBODY
        if who == _TIME:
            return Refusal(408, WORDS_LATE.format(what))
        return Refusal(503, WORDS_EVICTED.format(what))


def _salvage(data):
    return late.load("camcors.http.salvage").salvage(data)
