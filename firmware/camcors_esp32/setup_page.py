"""The set-up form: a page without a script that asks for a Wi-Fi network and writes it to /camera.json.

Who may send it: a page of the camera's own, by its Origin, on top of what Guard refuses. The policy's
allowed_origins do not count here, nor does a request without Origin, for every browser sends one with a POST
(Fetch, "append a request `Origin` header"). The page's Referrer-Policy is same-origin, since no-referrer
would make that Origin `null`.
"""

import asyncio
import json
import os

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
)
from settings import document
from strict import json as strict_json
from strict.compat import const
from strict.fault import lines

_RESTART_MS = 1500  # the answer must have reached the phone
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
    will be found, as NAME.local. path: the settings' file. flag: removed when they are written, if it is
    there. restart: called without arguments after the answer.
    """

    def __init__(self, point, name, path, flag, restart):
        self._point = point
        self._name = name
        self._path = path
        self._flag = flag
        self._restart = restart
        self._task = None

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
            ssid = form.get("network") or form.get("ssid", "")  # chosen of those found, or typed
            return self._save({"ssid": ssid, "password": form.get("password", "")})

    def _save(self, wifi):
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
        self._task = asyncio.create_task(self._restart_soon())
        return self._page(200, SETUP_SAVED.format(ssid=_escape(wifi["ssid"]), name=self._name))

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

    async def _restart_soon(self):
        await sleep_ms(_RESTART_MS)
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
        form = SETUP_FORM.format(ssid=_escape(typed), found=found, checked=checked)
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
