"""https: the certificate in flash, and where the camera listens because of it.

- No certificate: plain http only, as without TLS.
- A certificate with its key: https on `tls.port` of /camera.json, and `tls.plain` says what the port for
  plain http does.
- A faulty or expired one: plain http goes on, unless `tls.plain` is "off" and https can be had all the same;
  the state says what is wrong.

Whoever writes a new pair removes the certificate first and writes it last (`camcors tls setup` does): so at
any moment there is none, or a pair. A renewed certificate of the same key replaces it.

pair.py takes a pair; a camera has it only for that.
"""

import time

from flash import files
from strict import late
from strict.compat import const

_CERT = const("/tls/cert.der")
_KEY = const("/tls/key.der")
_MOST = const(4096)  # bytes
_POLL_MS = const(500)
_SETTLE_MS = const(250)  # two equal readings settle an edit, as in flash.store
_UNKNOWN = const(-1)  # equals no reading


class Https:
    """Watches the certificate and its key. Owned by the camera; a poll reads both files.

    port: int. plain: what the port for plain http does, "redirect", "serve" or "off". state: "missing",
    "active", "invalid" or "expired". error: words, or None. not_after: the certificate's end, as text, or
    None. context: the tls.SSLContext with the pair, None without one that TLS takes.
    """

    def __init__(self, settings):
        """settings: the section `tls` (dict)."""
        self.port = settings["port"]
        self.plain = settings["plain"]
        self.state = "missing"
        self.error = None
        self.not_after = None
        self.context = None
        self._end = None  # the certificate's, as time.gmtime() has it
        self._judged = self._seen = (_UNKNOWN, _UNKNOWN)

    def load(self):
        """Read the files as they are at boot, and remove what a power cut has left. Raise nothing but
        MemoryError."""
        with files.lock:
            files.remove_temporary(_CERT)
            files.remove_temporary(_KEY)
            self._seen = self._reading()
            self._judge()

    def poll(self):
        """Look at the files and the clock; return whether anything has changed. An edit counts when two polls
        read the same."""
        if not files.lock.acquire(False):
            return False  # another file is being saved
        try:
            return self._look()
        finally:
            files.lock.release()

    def _look(self):
        before = self.state, self.error, self.context
        found = self._reading()
        is_settled = found == self._seen
        if not is_settled:  # else that stays, which lies where it lay in the heap
            self._seen = found
        if is_settled and found != self._judged:
            self._judge()
        else:
            self._see_time()
        return before != (self.state, self.error, self.context)

    def wait_ms(self):
        """Return milliseconds until the next poll (int)."""
        return _POLL_MS if self._seen == self._judged else _SETTLE_MS

    @property
    def serves_plain(self):
        """Whether the camera listens for plain http."""
        return self.plain != "off" or self.context is None

    @property
    def redirects(self):
        """Whether it sends plain http on to https: not to a certificate that browsers would refuse."""
        return self.plain == "redirect" and self.state == "active"

    def report(self):
        """Return the `tls` object of /api/status (dict of JSON values)."""
        return {
            "state": self.state,
            "port": self.port,
            "plain": self.plain,
            "not_after": self.not_after,
            "error": self.error,
        }

    def messages(self):
        """Return what is wrong, in lines for people (list of str)."""
        return ["https: " + self.error] if self.error else []

    def _reading(self):
        found = files.reading(_CERT, _MOST)
        # Without a certificate the key is of no matter, and most cameras have neither.
        return found, files.MISSING if found == files.MISSING else files.reading(_KEY, _MOST)

    def _judge(self):
        found = self._seen
        self.state, self.error = "missing", None
        self.not_after = self.context = self._end = None
        if found[0] != files.MISSING:
            taken = late.load("camcors.pair").take(_CERT, _KEY, found)
            self.context, self._end, self.not_after, self.error = taken
            self.state = "invalid" if self.error else "active"
            self._see_time()
        self._judged = found

    def _see_time(self):
        """Follow the clock past the certificate's end, and back when somebody sets it. One that
        nobody has set begins long before."""
        if self.context is None:
            return
        if time.gmtime()[:6] > self._end:
            self.state = "expired"
            self.error = "the certificate has ended; to renew it: camcors tls renew"
        else:
            self.state, self.error = "active", None
