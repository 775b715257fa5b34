"""The set-up form: a page without a script that asks for a Wi-Fi network and writes it to /camera.json.

Who may send it: a page of the camera's own, by its Origin, on top of what Guard refuses. The policy's
allowed_origins do not count here, nor does a request without Origin, for every browser sends one with a POST
(Fetch, "append a request `Origin` header"). The page's Referrer-Policy is same-origin, since no-referrer
would make that Origin `null`.

A camera without an access file gets its first token with the network. It is shown once, to who sent the
form; the same form, sent twice by an impatient hand, replaces it, since the browser shows the last answer
only. Where there is a file, whatever it says, nobody gets a token here. Before the restart the person writes
the token down: a phone closes the page when the camera's network ends.
"""

import asyncio
import binascii
import errno
import hashlib
import json
import os

from access import secret
from access import store as access_store
from access.document import Access
from access.roles import CONTROL
from camcors import access, settings_file
from camcors.http.clock import sleep_ms
from camcors_pages import (
    SETUP_ALERT,
    SETUP_FORM,
    SETUP_HEAD,
    SETUP_NETWORK,
    SETUP_NONE,
    SETUP_SAVED,
    SETUP_STYLE,
    SETUP_TOKEN,
)
from flash.files import MISSING
from settings import document
from strict import json as strict_json
from strict.compat import const
from strict.fault import lines

_RESTART_MS = 1500  # the answer must have reached the phone
_WRITTEN_MS = const(300000)  # for the person to write the token down
_TOKEN_NAME = "setup"
_NO_TOKEN = "No token was made ({}). To make one: camcors token add NAME --role control"
_STRONG_DBM = const(-60)
_GOOD_DBM = const(-72)
_CHECKED = " checked"
_EXAMPLE = "fix it or remove it over USB; nothing was changed"

_HEADERS = {
    "Content-Type": "text/html; charset=UTF-8",
    "Content-Security-Policy": (
        "default-src 'none'; img-src data:; style-src " + SETUP_STYLE + "; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class SetupPage:
    """The form's routes. Owned by AccessPoint.

    point: its `networks` (list of (name, dBm)) are offered, its scan() looks again. name: where the camera
    will be found, as NAME.local. path: the settings' file, beside which the access file is. flag: removed
    when they are written, if it is there. restart: called without arguments after the answer.
    """

    def __init__(self, point, name, path, flag, restart):
        self._point = point
        self._name = name
        self._path = path
        self._flag = flag
        self._restart = restart
        self._task = None
        self._ssid = None  # what was saved
        self._sent = None  # the form that got a token
        self._written = MISSING  # the SHA-256 of the access file that has it

    def attach(self, app):
        """Add GET / and POST / to `app` (microdot.Microdot)."""

        @app.get("/")
        async def get_form(request):
            if "again" in request.args:
                self._point.scan()
            return self._answer(200)

        @app.post("/")
        @access.public
        async def post_form(request):
            if not _is_same_origin(request.headers):
                return self._answer(403, "Send the form from the camera's own page.")
            try:
                form = request.form
            except ValueError:
                form = None
            if form is None:
                return self._answer(400, "Send the form as the page does.")
            if "written" in form and self._ssid is not None:
                return self._finish()
            ssid = form.get("network") or form.get("ssid", "")  # chosen of those found, or typed
            return self._save({"ssid": ssid, "password": form.get("password", "")}, form.get("form"))

    def _save(self, wifi, sent):
        _, faults = document.read_wifi(wifi)
        if faults:
            return self._answer(400, lines(faults).replace("\n", ". "), wifi["ssid"])
        try:
            chosen = self._chosen()
        except ValueError as exc:
            return self._answer(409, str(exc))
        chosen["wifi"] = wifi
        from board_drivers import Camera  # which imports this module

        try:
            settings_file.save(json.dumps(chosen).encode(), Camera.FIELDS, self._path)
        except ValueError as exc:
            return self._answer(409, str(exc).replace("\n", ". ") + "; " + _EXAMPLE)
        except OSError as exc:
            return self._answer(500, str(exc.args[-1]))
        try:
            os.remove(self._flag)
        except OSError:  # nobody had asked by it
            pass
        self._ssid = wifi["ssid"]
        try:
            token = self._make_token(sent)
        except OSError as exc:
            return self._finish(SETUP_ALERT.format(error=_escape(_NO_TOKEN.format(exc.args[-1]))))
        if token is None:
            return self._finish()
        self._restart_in(_WRITTEN_MS)
        return self._page(200, SETUP_TOKEN.format(token=token))

    def _finish(self, words=""):
        """Return the page that says what comes next, and restart; words: what stands above (HTML)."""
        self._restart_in(_RESTART_MS)
        return self._page(200, words + SETUP_SAVED.format(ssid=_escape(self._ssid), name=self._name))

    def _make_token(self, sent):
        """Return the camera's first token (str), whose hash is written; None if there is an access file.

        sent: what tells one form from another (str), None if it tells nothing. Raises OSError.
        """
        before = self._written if sent and sent == self._sent else MISSING
        token = secret.make_token()
        digits = binascii.hexlify(secret.hash_of(token)).decode()
        text = Access().with_token(_TOKEN_NAME, CONTROL, digits).to_json()
        base = self._path[: -len("camera.json")] + "access"
        store = access_store.Store(base + ".json", base + ".good.json", base + ".record.json")
        try:
            store.save(text, before)
        except OSError as exc:
            if exc.args[0] != errno.EEXIST:
                raise
            return None
        self._sent = sent
        self._written = hashlib.sha256(text.encode()).digest()
        return token

    def _chosen(self):
        """Return the object in the settings' file (dict), empty if there is no file.

        Raises ValueError in words.
        """
        try:
            with open(self._path, "rb") as f:
                data = f.read(document.FILE_MAX + 1)
        except OSError:
            return {}
        value, faults = strict_json.read(data, 1)
        if faults or type(value) is not dict or len(data) > document.FILE_MAX:
            raise ValueError(
                "/camera.json is not a JSON object of at most %d bytes; " % document.FILE_MAX + _EXAMPLE
            )
        return value

    def _restart_in(self, duration_ms):
        if self._task is not None:
            self._task.cancel()
        self._task = asyncio.create_task(self._restart_after(duration_ms))

    async def _restart_after(self, duration_ms):
        await sleep_ms(duration_ms)
        self._restart()

    def _answer(self, status, error=None, ssid=""):
        """Return the form with what is wrong above it, `ssid` chosen, and never a password in it."""
        rows = []
        typed = ssid
        for name, dbm in self._point.networks:
            checked = ""
            if name == ssid:
                checked = _CHECKED
                typed = ""
            strength = "strong" if dbm >= _STRONG_DBM else "good" if dbm >= _GOOD_DBM else "weak"
            row = {"number": len(rows), "name": _escape(name), "checked": checked, "strength": strength}
            rows.append(SETUP_NETWORK.format(**row))
        found = "".join(rows) or SETUP_NONE
        checked = _CHECKED if typed or not rows else ""
        number = binascii.hexlify(secret.random_bytes()).decode()
        form = SETUP_FORM.format(ssid=_escape(typed), found=found, checked=checked, form=number)
        return self._page(status, (SETUP_ALERT.format(error=_escape(error)) if error else "") + form)

    def _page(self, status, content):
        return SETUP_HEAD + content, status, _HEADERS


def _is_same_origin(headers):
    host = headers.get("Host")
    return host is not None and headers.get("Origin") == "http://" + host.lower()


def _escape(text):
    """`text` for HTML, also within double quotes."""
    for char, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(char, entity)
    return text
