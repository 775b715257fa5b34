"""IP literals as hosts of an origin, in the one form that browsers write (URL Standard, "host
serializer"), and which hosts are on this machine or this network."""

_HEX = "0123456789abcdefABCDEF"
DIGITS = "0123456789"


def ipv4(host):
    """Return `host` as a tuple of four ints, or None if it is not a canonical IPv4 address.

    `1`, `0x7f.1` and `127.0.0.01` are addresses to a browser's address bar, never in an Origin.
    """
    parts = host.split(".")
    if len(parts) != 4:
        return None
    numbers = []
    for part in parts:
        if not decimal(part, 255):
            return None
        numbers.append(int(part))
    return tuple(numbers)


def decimal(text, most):
    """Return whether `text` is a number from 0 to `most` (ASCII digits, no leading zeros)."""
    if not 0 < len(text) <= 5 or (text[0] == "0" and text != "0"):
        return False
    # Not str.isdigit: that takes the digits of every script.
    return not text.strip(DIGITS) and int(text) <= most


def ipv6(text):
    """Return the eight pieces (ints) of an IPv6 address without brackets, or None."""
    if text.count("::") > 1 or ":::" in text:
        return None
    head, gap, tail = text.partition("::")
    left = _pieces(head)
    right = _pieces(tail)
    if left is None or right is None:
        return None
    missing = 8 - len(left) - len(right)
    if (missing < 1) if gap else (missing != 0):
        return None
    return left + [0] * missing + right


def _pieces(text):
    if not text:
        return []
    pieces = []
    for part in text.split(":"):
        if not 0 < len(part) <= 4 or part.strip(_HEX):
            return None
        pieces.append(int(part, 16))
    return pieces


def ipv6_text(pieces):
    """Return eight pieces as a browser writes them (URL Standard, "IPv6 serializer").

    The first longest run of two or more zero pieces becomes `::`.
    """
    start, length = _longest_zeros(pieces)
    if length < 2:
        return _join(pieces)
    return _join(pieces[:start]) + "::" + _join(pieces[start + length :])


def _join(pieces):
    return ":".join(["%x" % piece for piece in pieces])


def _longest_zeros(pieces):
    best = (0, 0)
    start = 0
    for i in range(8):
        if pieces[i]:
            start = i + 1
        elif i + 1 - start > best[1]:
            best = (start, i + 1 - start)
    return best


def is_local(host):
    """Return whether plain http to `host` (canonical, IPv6 in brackets) stays on this network.

    True for loopback, private and link-local addresses (RFC 1918, 3927, 4193, 4291),
    `localhost` (RFC 6761) and names under `.local` (RFC 6762).
    """
    if host[:1] == "[":
        pieces = ipv6(host[1:-1])
        if pieces is None:
            return False
        top = pieces[0]
        return (pieces[:7] == [0] * 7 and pieces[7] == 1) or top >> 9 == 0x7E or top >> 6 == 0x3FA
    numbers = ipv4(host)
    if numbers is None:
        return host.split(".")[-1] in ("localhost", "local")
    a, b = numbers[:2]
    return a in (10, 127) or (a == 172 and 16 <= b < 32) or (a == 192 and b == 168) or (a == 169 and b == 254)
