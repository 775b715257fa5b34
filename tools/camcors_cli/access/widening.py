"""Whom another access file lets in that the one before did not."""

from __future__ import annotations

from collections.abc import Iterator

from access.document import Access
from access.roles import includes

from . import document


def widenings(old: Access, new: Access) -> Iterator[str]:
    """Yield what `new` opens and the tokens that it lets in, a line each."""
    opened = document.opened(None, new)
    if opened and not includes(old.open_role, opened.role):
        yield f"{document.PATH}: {opened.sentence}"
    before = {token.sha256: token.role for token in old.tokens}
    for token in new.tokens:
        role = before.get(token.sha256)
        if role is None:
            yield f"{document.PATH}: the token of {token.name} gets in, with the role {token.role}"
        elif not includes(role, token.role):
            yield f"{document.PATH}: the token of {token.name} gets the role {token.role}; it has {role}"
