"""What this command trusts when it asks a camera over https."""

from __future__ import annotations

import ssl

import httpx

from ..ui.errors import Failure


def system() -> ssl.SSLContext:
    """Return a context that trusts what this system trusts, as Python sees it."""
    return ssl.create_default_context()


def with_own() -> ssl.SSLContext:
    """Return a context that trusts the system's authorities, those of Mozilla, and this person's own.

    Python on macOS does not see the keychain, so the system's by themselves may be none.
    """
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    return add_own(context)


def add_own(context: ssl.SSLContext) -> ssl.SSLContext:
    """Have `context` trust the private authority of this person, if there is one; return it."""
    from cryptography.hazmat.primitives.serialization import Encoding

    from . import authority

    try:
        own = authority.certificate()
    except Failure:
        return context  # a damaged one is said by camcors tls
    if own is not None:
        context.load_verify_locations(cadata=own.public_bytes(Encoding.DER))
    return context
