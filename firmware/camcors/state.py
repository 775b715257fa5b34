"""What the camera knows of itself: the flash, the policy and the faults, for /api/status and the console."""

import os
import sys

import board
import filesystem
from access import store as access_store
from access.lock import Lock
from cors import Policy
from cors.store import Store
from strict.fault import show

from .heap import Heap
from .http.clock import Clock
from .log import log

_FAULTS_MAX = 16
_TELL_S = 60
_KEY_BYTES = 32
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

    lock: the access.lock.Lock of all requests, None before make_lock().
    network, guard, frames, https: the board's Network, the Guard, stream.Frames and https.Https, None before
    the start.
    has_served: whether the server has listened once. restart: why the camera was started, as restart.why()
    says it. name, title: the host name, and what people call the camera; None before the start.
    """

    def __init__(self):
        self.faults = []
        self.network = None
        self.guard = None
        self.https = None
        self.frames = None
        self.has_served = False
        self.restart = None
        self.name = None
        self.title = None
        self.lock = None
        self._store = Store()
        self._policy = None  # the one that was put in force
        self._policy_lines = []
        self._access = access_store.Store()
        self._access_lines = []
        self._https_lines = []
        self._are_ended = True  # the streams of those whom the access file no longer lets in
        self._told_wrong = 0
        self._tell_wrong_next_s = 0
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
        """Report what is wrong with the flash; give a new filesystem its first policy, and the access
        file that it was started with, if it was."""
        if filesystem.fault:
            self.fault(filesystem.fault)
        elif filesystem.is_new:
            try:
                self._store.save(_FIRST_POLICY % board.SETTINGS.get("dashboard_port", 8000))
                if "access" in board.SETTINGS:
                    self._access.save(board.SETTINGS["access"])
            except OSError as exc:
                self.fault(str(exc.args[-1]))

    def load_policy(self, cors):
        """Put the policy file in force on `cors`, or report why it is not."""
        policy = self._policy = self._store.load()
        if policy is not None:
            cors.policy = policy
        self._policy_lines = self._tell(self._store, self._policy_lines)

    def poll_policy(self, cors):
        """Put an edit of the policy file in force on `cors`; return milliseconds until it is
        called again (int)."""
        is_news = self._store.poll()
        policy = self._store.policy
        # Else what /main.py may have set on `cors` stays. Noted last: without memory it is tried again.
        if policy is not self._policy:
            cors.policy = policy or Policy()
            self._policy = policy
        if is_news:
            self._policy_lines = self._tell(self._store, self._policy_lines)
        return self._store.wait_ms()

    def load_access(self):
        """Read the access file, and report what is wrong with it."""
        self._access.load()
        self._access_lines = self._tell(self._access, self._access_lines)

    def make_lock(self):
        """Make the lock, with the access file in force."""
        lock = Lock(os.urandom(_KEY_BYTES))
        lock.access = self._access.access
        self.lock = lock

    def poll_access(self):
        """Put an edit of the access file in force; return milliseconds until it is called again (int)."""
        is_news = self._access.poll()
        access = self._access.access
        # Without memory it is tried again at the next poll, until what was removed is out.
        if access is not self.lock.access:
            self._are_ended = False
            self.lock.access = access
        if not self._are_ended:
            self.frames.end(self.lock.is_over)
            self._are_ended = True
        if is_news:
            self._access_lines = self._tell(self._access, self._access_lines)
        return self._access.wait_ms()

    def load_https(self):
        """Read the certificate, and report what is wrong with it."""
        self.https.load()
        self._https_lines = self._tell(self.https, self._https_lines)

    def poll_https(self):
        """Look at the certificate; return milliseconds until it is called again (int)."""
        if self.https.poll():
            self._https_lines = self._tell(self.https, self._https_lines)
        return self.https.wait_ms()

    def _tell(self, store, told):
        """Say what is new of the faults of a file, and drop from `faults` what is fixed.

        store: the file's. told: what was said of it before (list of str). Return what is so now.
        """
        lines = store.messages()
        for line in told:
            if line not in lines and line in self.faults:
                self.faults.remove(line)
        for line in lines:
            if line not in told:
                self.fault(line)
        return lines

    def measure_heap(self):
        """Measure the heap for the reports, once the camera serves; return the bytes that are free (int)."""
        return self._heap.sample(self.uptime_s())

    def poll_heap(self):
        """Measure the heap again if it is time to. Called like `poll_policy`, between the requests."""
        self._heap.poll(self.uptime_s())

    def poll_refused(self):
        """Say that another name was refused, at most once a minute. Called like `poll_policy`."""
        host = self.guard.refused_host
        if host != self._told_host and self.uptime_s() >= self._tell_next_s:
            self._told_host = host
            self._tell_next_s = self.uptime_s() + _TELL_S
            log.say("camcors: refused: a request for the name " + show(host) + _ALLOW_HOST)

    def poll_wrong(self):
        """Say that tokens were wrong, at most once a minute. Called like `poll_policy`."""
        count = self.lock.guesses
        if count != self._told_wrong and self.uptime_s() >= self._tell_wrong_next_s:
            log.say("camcors: refused: %d with a wrong token" % (count - self._told_wrong))
            self._told_wrong = count
            self._tell_wrong_next_s = self.uptime_s() + _TELL_S

    def _access_report(self, role):
        """Return what is said of the lock to who has `role`: no name of a token, nor what is kept of it."""
        lock = self.lock
        if lock is None:
            return None
        access = lock.access
        return {
            "state": self._access.state,
            "tokens": len(access.tokens),
            "open": access.open_role,
            "role": role,
            "wrong_tokens": lock.guesses,
        }

    def _refused(self):
        guard = self.guard
        if guard is None or not guard.refused_count:
            return None
        return {"host": guard.refused_host, "count": guard.refused_count}

    def uptime_s(self):
        """Return seconds since the start (int)."""
        return self._clock.read_ms() // 1000

    def report(self, role=None):
        """Return what /api/status says beside the camera's part (dict of JSON values).

        role: that of who asks, one of access.roles.ROLES; None on the REPL.
        """
        return {
            "name": self.name,
            "title": self.title,
            "board": board.NAME,
            "micropython": ".".join(str(n) for n in sys.implementation.version[:3]),
            "firmware": board.FIRMWARE,
            "uptime_s": self.uptime_s(),
            "restart": self.restart,
            "network": self.network and self.network.report(),
            "heap": self._heap.report(),
            "policy": self._store.status(),
            "access": self._access_report(role),
            "tls": self.https and self.https.report(),
            "refused": self._refused(),
            "faults": self.faults,
        }


#: What /api/status reports.
state = State()
