"""Tokens, of which names of methods and headers are made (RFC 9110 section 5.6.2)."""

# MicroPython's strip() looks for each character from the beginning, so what is common comes first. Each is
# written out: what is frozen costs no heap, and a sum of texts is none that can be frozen.
TOKEN = "abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+.^_`|~"
_TOKENS = "abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+.^_`|~,"


def is_token(text):
    """Return whether `text` (str) is a token: one or more of the characters of tchar."""
    # strip() stops at the first strange character from either side: one call, no loop.
    return text != "" and not text.strip(TOKEN)


def is_tokens(text):
    """Return whether `text` (str) has no characters but those of tokens, and commas."""
    return not text.strip(_TOKENS)
