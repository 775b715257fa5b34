"""The three things that MicroPython and CPython do not do alike."""

try:
    from micropython import const

    def utf8(text):
        """Return a str as what hashlib takes for its UTF-8: here that is the str itself."""
        return text

    #: Returns a str with A to Z in lower case, and no other letter changed (py/unicode.c, unichar_tolower).
    lower = str.lower

except ImportError:

    def const(value):
        """Return `value` (int, str, bytes, or a tuple of these): MicroPython's compiler folds it into the
        code, CPython has no such thing."""
        return value

    def utf8(text):
        """Return a str as what hashlib takes for its UTF-8; half a surrogate pair, which MicroPython has not,
        is no fault."""
        return text.encode("utf-8", "surrogatepass")

    def lower(text):
        """Return `text` with A to Z in lower case.

        CPython's str.lower goes further: it turns the Kelvin sign into k, which no browser's
        comparison of header names or origins does.
        """
        return "".join([chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text])
