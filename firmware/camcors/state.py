"""What the camera knows of itself: the flash, the policy and the faults, for /api/status and the console."""

import sys

import board
import filesystem
from cors import Policy
from cors.store import Store
from strict.fault import show

from .heap import Heap
from .http.clock import Clock
from .log import log

_FAULTS_MAX = 16
_TELL_S = 60
_ALLOW_HOST = "; if it is yours, list it in allowed_hosts"

#: What a new filesystem gets: the dashboard's address on the person's own machine, and nothing else.
_FIRST_POLICY = """\
{
  "version": 1,
  "allowed_origins": ["http://localhost:%s"]
}
"""


class State:
    """Owned by the camera; allocates a report when one is asked for, nothing otherwise.

    network, guard: the board's Network and the Guard, None before the start. has_served: whether the server
    has listened once. restart: why the camera was started, as restart.why() says it. name, title: the host
    name, and what people call the camera; None before the start.
    """

    def __init__(self):
        self.faults = []
        self.network = None
        self.guard = None
        self.has_served = False
        self.restart = None
        self.name = None
        self.title = None
        self._store = Store()
        self._policy_lines = []
        self._clock = Clock()
        self._heap = Heap()
        self._told_host = None
        self._tell_next_s = 0

    def fault(self, text):
        """Say `text` and keep it for /api/status."""
        log.say("camcors: " + text)
        if len(self.faults) < _FAULTS_MAX:
            self.faults.append(text)

    def check_flash(self):
        """Report what is wrong with the flash; give a new filesystem its first policy."""
        if filesystem.fault:
            self.fault(filesystem.fault)
        elif filesystem.is_new:
            try:
                self._store.save(_FIRST_POLICY % board.SETTINGS.get("dashboard_port", 8000))
            except OSError as exc:
                self.fault(str(exc.args[-1]))

    def load_policy(self, cors):
        """Put the policy file in force on `cors`, or report why it is not."""
        policy = self._store.load()
        if policy is not None:
            cors.policy = policy
        self._tell_policy()

    def poll_policy(self, cors):
        """Put an edit of the policy file in force on `cors`; return milliseconds until it is
        called again (int)."""
        before = self._store.policy
        if self._store.poll():
            policy = self._store.policy
            if policy is not before:  # else what /main.py may have set on `cors` stays
                cors.policy = policy or Policy()
            self._tell_policy()
        return self._store.wait_ms()

    def _tell_policy(self):
        """Say what is new of the policy's faults, and drop from `faults` what is fixed."""
        lines = self._store.messages()
        for line in self._policy_lines:
            if line not in lines and line in self.faults:
                self.faults.remove(line)
        for line in lines:
            if line not in self._policy_lines:
                self.fault(line)
        self._policy_lines = lines

    def measure_heap(self):
        """Measure the heap for the reports; return its size in bytes (int). Called once the camera serves."""
        return self._heap.sample(self._uptime_s())

    def poll_heap(self):
        """Measure the heap again if it is time to. Called like `poll_policy`, between the requests."""
        self._heap.poll(self._uptime_s())

    def poll_refused(self):
        """Say that another name was refused, at most once a minute. Called like `poll_policy`."""
        host = self.guard.refused_host
        if host != self._told_host and self._uptime_s() >= self._tell_next_s:
            self._told_host = host
            self._tell_next_s = self._uptime_s() + _TELL_S
            log.say("camcors: refused: a request for the name " + show(host) + _ALLOW_HOST)

    def _refused(self):
        guard = self.guard
        if guard is None or not guard.refused_count:
            return None
        return {"host": guard.refused_host, "count": guard.refused_count}

    def _uptime_s(self):
        return self._clock.read_ms() // 1000

    def report(self):
        """Return what /api/status says beside the camera's part: a dict of JSON values."""
        return {
            "name": self.name,
            "title": self.title,
            "board": board.NAME,
            "micropython": ".".join(str(n) for n in sys.implementation.version[:3]),
            "firmware": board.FIRMWARE,
            "uptime_s": self._uptime_s(),
            "restart": self.restart,
            "network": self.network and self.network.report(),
            "heap": self._heap.report(),
            "policy": self._store.status(),
            "refused": self._refused(),
            "faults": self.faults,
        }
