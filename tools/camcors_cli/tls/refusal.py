"""Why a certificate is refused, in words: what a handshake's fault says of it."""

from __future__ import annotations

import ssl

# OpenSSL's numbers of a fault (x509_vfy.h, X509_V_ERR_...), which Python passes on.
_NOT_YET_VALID, _EXPIRED = 9, 10
_NOT_PERMITTED = (47, 48)
#: The authority is not known: self-signed, its issuer self-signed, not found, or the only one and not known.
UNKNOWN = (18, 19, 20, 21)
#: The certificate is for another host, or another address.
OTHER_NAME = (62, 64)

_TRUST = "camcors tls trust --check tells more"


def words(error: ssl.SSLCertVerificationError, host: str) -> tuple[str, str]:
    """Return why the certificate of `host` is refused, and what to do about it."""
    code = error.verify_code
    if code == _EXPIRED:
        return "its certificate has expired", "camcors tls renew makes another, over the camera's REPL"
    if code == _NOT_YET_VALID:
        return "its certificate is not valid yet", "set the clock of this computer right"
    if code in OTHER_NAME:
        return f"its certificate is not for {host}", "open it by a name in it, or camcors tls renew"
    if code in _NOT_PERMITTED:
        return (
            f"its authority may not sign for {host}",
            "open it by a name below local, or by a private address",
        )
    if code in UNKNOWN:
        return "the authority of its certificate is not known here", _TRUST
    return f"its certificate is refused: {error.verify_message}", _TRUST
