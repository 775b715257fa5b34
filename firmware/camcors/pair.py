"""A certificate and its key, as https takes them from flash. A camera has this module only while it takes a
pair, see strict/late.py.
"""

from flash import files

from . import certificate
from .http.secure import is_possible

_NO_C = "this firmware cannot serve https: it lacks the module _tls"
_REMEDY = "; to make another: camcors tls setup"
#: With P-256 and nothing older: forward secrecy and authenticated encryption (RFC 7525 section 4.2).
_CIPHERS = ("TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256", "TLS-ECDHE-ECDSA-WITH-AES-256-GCM-SHA384")


class _Fault(Exception):
    pass


def take(cert_path, key_path, found):
    """Return (context, end, end as text, error) of the pair in two files (str), whose readings are `found`.

    context: the tls.SSLContext; end: the certificate's (year, month, day, hour, minute, second) in UTC, ints;
    error: None. Of a pair that does not count the three are None, and error says why (str).
    """
    try:
        return _take(cert_path, key_path, found)
    except _Fault as exc:
        return None, None, None, exc.args[0]


def _take(cert_path, key_path, found):
    cert = _read(cert_path, found[0])
    if found[1] == files.MISSING:
        raise _Fault("there is no " + key_path + _REMEDY)
    key = _read(key_path, found[1])
    parsed = _parsed(certificate.Certificate, cert_path, cert)
    if _parsed(certificate.point_of_key, key_path, key) != parsed.point:
        raise _Fault(key_path + " does not belong to " + cert_path + _REMEDY)
    if not is_possible:
        raise _Fault(_NO_C)
    end = parsed.not_after
    return _context(cert_path, key_path, cert, key), end, certificate.text_of(end), None


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


def _context(cert_path, key_path, cert, key):
    import tls

    try:
        context = tls.SSLContext(tls.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        context.set_ciphers(_CIPHERS)
        return context
    except (OSError, ValueError) as exc:
        raise _Fault("TLS does not take " + cert_path + " and " + key_path + ": " + str(exc) + _REMEDY)
