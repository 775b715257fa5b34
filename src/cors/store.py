"""The policy file in flash: read it, and say how it stands."""

from ._compat import const
from .policy import Policy, PolicyError

_READ_MAX = const(8193)  # one byte over the limit of the file: Policy says what is wrong with a longer one


class Store:
    """Reads one policy file. The camera owns it; a load allocates the file's text and the Policy."""

    def __init__(self, path):
        self.path = path
        #: "active", "missing" or "invalid".
        self.state = "missing"
        #: The faults in words, one a line, or None.
        self.error = None
        self._digest = None

    def load(self):
        """Reads the file -> Policy, or None if it is missing or invalid; sets `state` and `error`.

        The file is never changed. Raises nothing: a fault must not stop the camera.
        """
        policy = None
        self.error = self._digest = None
        try:
            with open(self.path, "rb") as f:
                policy = Policy.from_json(f.read(_READ_MAX))
            self.state = "active"
            self._digest = policy.digest
        except OSError:
            self.state = "missing"
            self.error = "no " + self.path + "; no other origin may read the camera until there is one"
        except PolicyError as exc:
            self.state = "invalid"
            self.error = str(exc)
        return policy

    def messages(self):
        """What the console should say of the last load: a list of lines, empty if all is well."""
        if self.error is None:
            return []
        if self.state == "missing":
            return [self.error]
        return [self.path + ": " + line for line in self.error.split("\n")]

    def status(self):
        """The `policy` object of /api/status: state, digest of the policy in force, error."""
        return {"state": self.state, "digest": self._digest, "error": self.error}
