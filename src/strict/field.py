"""The kinds of value that a camera's field takes: one table serves validation and the API."""


class Range:
    """Whole numbers from `low` to `high`, both allowed. True and False are not numbers here."""

    def __init__(self, low, high):
        self.low = low
        self.high = high

    def accepts(self, value):
        """Whether `value` may be stored in the field."""
        return type(value) is int and self.low <= value <= self.high

    def describe(self):
        """The allowed values in words, to follow "must be"."""
        return "a whole number from {} to {}".format(self.low, self.high)

    def to_json(self):
        """The allowed values for programs: `{"min": int, "max": int}`."""
        return {"min": self.low, "max": self.high}


class Choice:
    """One of `values`, compared by type and value, so that 1 does not pass for True."""

    def __init__(self, *values):
        self.values = values

    def accepts(self, value):
        """Whether `value` may be stored in the field."""
        for allowed in self.values:
            if type(value) is type(allowed) and value == allowed:
                return True
        return False

    def describe(self):
        """The allowed values in words, written as in JSON, to follow "must be"."""
        return "one of " + ", ".join(_literal(value) for value in self.values)

    def to_json(self):
        """The allowed values for programs: `{"values": [...]}`."""
        return {"values": list(self.values)}


def _literal(value):
    if type(value) is bool:
        return "true" if value else "false"
    return '"{}"'.format(value) if type(value) is str else str(value)
