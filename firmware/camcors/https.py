"""https: the certificate in flash, and where the camera listens because of it.

- No certificate: plain http only, as without TLS.
- A certificate with its key: https on `tls.port` of /camera.json, and `tls.plain` says what the port for
  plain http does.
- A faulty or expired one: plain http goes on, unless `tls.plain` is "off" and https can be had all the same;
  the state says what is wrong.

Whoever writes a new pair removes the certificate first and writes it last (`camcors tls setup` does): so at
any moment there is none, or a pair. A renewed certificate of the same key replaces it.
"""

import time

from flash import files
from strict.compat import const

_CERT = "/tls/cert.der"
_KEY = "/tls/key.der"
_MOST = const(4096)  # bytes
_BLOCK = const(256)
_POLL_MS = const(500)
_SETTLE_MS = const(250)  # two equal readings settle an edit, as in flash.store
_UNKNOWN = const(-1)  # equals no reading
_NO_C = "this firmware cannot serve https: it lacks the module _tls"
_REMEDY = "; to make another: camcors tls setup"
#: With P-256 and nothing older: forward secrecy and authenticated encryption (RFC 7525 section 4.2).
_CIPHERS = ("TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256", "TLS-ECDHE-ECDSA-WITH-AES-256-GCM-SHA384")


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
        self._certificate = None
        self._block = bytearray(_BLOCK)
        self._judged = self._seen = (_UNKNOWN, _UNKNOWN)

    def load(self):
        """Read the files as they are at boot, and remove what a power cut has left. Raise nothing but
        MemoryError."""
        files.remove_temporary(_CERT)
        files.remove_temporary(_KEY)
        self._seen = self._reading()
        self._judge()

    def poll(self):
        """Look at the files and the clock; return whether anything has changed. An edit counts when two polls
        read the same."""
        before = self.state, self.error, self.context
        found = self._reading()
        is_settled = found == self._seen
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
        found = files.reading(_CERT, self._block, _MOST)
        # Without a certificate the key is of no matter, and most cameras have neither.
        return found, files.MISSING if found == files.MISSING else files.reading(_KEY, self._block, _MOST)

    def _judge(self):
        found = self._seen
        self.state, self.error = "missing", None
        self.not_after = self.context = self._certificate = None
        if found[0] != files.MISSING:
            try:
                self._take_pair(found)
            except _Fault as exc:
                self.state, self.error = "invalid", exc.args[0]
        self._judged = found

    def _take_pair(self, found):
        # Only now: a camera without a certificate has no use for what they take of the heap.
        from . import certificate
        from .http.secure import is_possible

        cert = _read(_CERT, found[0])
        if found[1] == files.MISSING:
            raise _Fault("there is no " + _KEY + _REMEDY)
        key = _read(_KEY, found[1])
        self._certificate = _parsed(certificate.Certificate, _CERT, cert)
        if _parsed(certificate.point_of_key, _KEY, key) != self._certificate.point:
            raise _Fault(_KEY + " does not belong to " + _CERT + _REMEDY)
        if not is_possible:
            raise _Fault(_NO_C)
        self.context = _context(cert, key)
        self.not_after = certificate.text_of(self._certificate.not_after)
        self.state = "active"
        self._see_time()

    def _see_time(self):
        """Follow the clock past the certificate's end, and back when somebody sets it."""
        if self.context is None:
            return
        from . import certificate

        if certificate.is_over(self._certificate, time.gmtime()[:6]):
            self.state = "expired"
            self.error = "the certificate has ended; to renew it: camcors tls renew"
        else:
            self.state, self.error = "active", None


class _Fault(Exception):
    pass


def _read(path, found):
    """Return the file's bytes, whose reading is `found`."""
    text = None
    try:
        if isinstance(found, bytes):
            text = files.read(path, found)
    except OSError as exc:
        found = exc.errno
    if text is None:
        raise _Fault(path + " cannot be read (" + str(found) + ")")
    return text


def _parsed(parse, path, der):
    try:
        return parse(der)
    except ValueError as exc:
        raise _Fault(path + ": " + exc.args[0] + _REMEDY)


def _context(cert, key):
    import tls

    try:
        context = tls.SSLContext(tls.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        context.set_ciphers(_CIPHERS)
        return context
    except (OSError, ValueError) as exc:
        raise _Fault("TLS does not take " + _CERT + " and " + _KEY + ": " + str(exc) + _REMEDY)
