"""`camcors tls trust`: the private authority, and whether this computer trusts it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from ..browser.examination import parse_url
from ..browser.requests import Unreachable
from ..tls import authority as authorities
from ..tls import certificate
from ..tls import trust as trusting
from ..ui import output_file
from ..ui.errors import Failure, Status
from ..ui.findings import Step, no, note, ok, show
from ..ui.options import json_option
from ..ui.output import Output

_NEW = click.Path(dir_okay=False, path_type=Path)


class _HttpsUrl(click.ParamType[str]):
    """A URL; https is meant where it says nothing."""

    name = "url"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value)
        try:
            address = parse_url(text if "://" in text else f"https://{text}")
        except ValueError as exc:
            self.fail(str(exc), param, ctx)
        if not address.text.startswith("https:"):
            self.fail(
                f"{text!r}: plain http has no certificate; write https://{urlsplit(text).netloc}", param, ctx
            )
        return address.text


@click.command()
@click.option(
    "--check", type=_HttpsUrl(), metavar="URL", help="Tell whether this computer trusts the camera at URL."
)
@click.option("--export", type=_NEW, metavar="FILE", help="Write the authority's certificate to FILE.")
@json_option
def trust(check: str | None, export: Path | None, as_json: bool) -> None:
    """Show your private authority, and how to trust it here.

    Browsers show a camera without a warning once they trust the authority that signed its certificate. That
    certificate is no secret; for a phone, --export it to a file and open that there.

    With --check, a handshake with the camera at URL says whether this system trusts it, as Python sees that,
    and why not; and the stores of Firefox and of Chromium on Linux are looked into. Exit status 1 if
    one of them does not trust it.
    """
    out = Output(as_json)
    if check is not None:
        if export is not None:
            raise click.UsageError("--export belongs to trust without --check")
        return _check(out, check)
    own = authorities.certificate()
    if own is None:
        raise Failure(
            "there is no private authority yet", "camcors tls setup makes it, with a camera's certificate"
        )
    if export is not None:
        output_file.write(export, own.public_bytes(Encoding.PEM), force=False)
    _tell_authority(out, own, export)
    return None


def _tell_authority(out: Output, own: x509.Certificate, export: Path | None) -> None:
    commands = trusting.commands(own)
    name, fingerprint = authorities.name_of(own.subject), own.fingerprint(hashes.SHA256()).hex()
    out.result(
        {
            "name": name,
            "file": str(authorities.certificate_path()),
            "sha256": fingerprint,
            "not_after": certificate.written(own.not_valid_after_utc),
            "exported": None if export is None else str(export),
            "commands": [{"for": who, "command": command} for who, command in commands],
        }
    )
    out.table(
        [
            ("authority", name),
            ("certificate", str(authorities.certificate_path())),
            ("SHA-256", fingerprint),
            ("valid until", certificate.day(own.not_valid_after_utc)),
        ]
    )
    for who, command in commands:
        out.say(f"{who}: {command}")
    out.say(f"Firefox, phones and other systems: {trusting.DOCS}")
    if export is not None:
        out.say(f"{export} is the certificate")


def _check(out: Output, url: str) -> None:
    """Tell whether this computer trusts the camera at `url`. Raises Failure, SystemExit."""
    with out.progress(f"asking {urlsplit(url).netloc}"):
        try:
            found = trusting.check(url)
        except Unreachable as exc:
            message, remedy = exc.args
            raise Failure(message, remedy, Status.UNREACHABLE) from None
    out.result(found.to_json())
    show(out, _steps(found))
    if sys.platform == "darwin" and found.reason:
        out.note("Python does not see the keychain of macOS: open the URL in Safari, which does")
    if not found.is_whole:
        raise SystemExit(Status.REFUSED)


def _steps(found: trusting.Trust) -> Iterator[Step]:
    place = urlsplit(found.url).netloc
    made = found.found
    if made:
        whose = "your authority" if found.is_yours else "another authority"
        yield note(f"its certificate is of {whose}, {made.issuer}, until {certificate.day(made.not_after)}")
    if found.reason:
        yield no(f"this system does not trust {place}: {found.reason}; {found.remedy}")
    else:
        yield ok(f"this system trusts {place}")
    for store in found.stores:
        if store.trusts is None:
            yield note(f"{store.browser} keeps its authorities in {store.folder}, which cannot be read")
        elif store.trusts:
            yield ok(f"{store.browser} trusts your authority: {store.folder}")
        else:
            yield no(f"{store.browser} does not trust your authority yet: {store.folder}; {trusting.DOCS}")
