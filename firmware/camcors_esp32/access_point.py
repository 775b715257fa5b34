"""The camera's own Wi-Fi network, for setting up another.

It is never open: WPA2 with a password of 12 characters from the chip's random generator, made once, kept in
the chip's NVS (which outlives the files and the resets) and printed on the console, which only who holds the
board can read. A password made of the MAC would be none, for every beacon tells the MAC.
"""

import os

from esp32 import NVS
from machine import reset
from network import WLAN

from camcors.http.clock import sleep_ms
from camcors.log import print_secret

from . import dns, setup_page

_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # 32: no l, o, 0, 1
_KEY_LENGTH = 12
_WATCH_MS = 5000
_NETWORKS_MAX = 20


class AccessPoint:
    """The access point and the form on it. Owned by Network; keeps the names of the networks found.

    name: the camera's host name, by which the form says it will be found. flag: the file that asked for the
    set-up, removed when it is done, if it is there. path: the settings that the form writes.
    """

    def __init__(self, name, flag, path="/camera.json"):
        #: The networks in reach (list of (name, dBm), str and int), the strongest first.
        self.networks = []
        self._page = setup_page.SetupPage(self, name, path, flag, reset)
        self._said = False

    def attach(self, app):
        """Add the form to `app` (microdot.Microdot)."""
        self._page.attach(app)

    def rssi(self):
        """No signal of another's."""
        return None

    async def hold(self, up):
        """Open the access point and call up("access-point", address) while it lasts -> what ended it."""
        station = WLAN(WLAN.IF_STA)
        if not station.active():
            station.active(True)  # scanning and the random generator need the radio
        if station.isconnected():  # from before a soft reset
            station.disconnect()
        self.scan()
        point = WLAN(WLAN.IF_AP)
        ssid = "camcors-{:02X}{:02X}".format(*point.config("mac")[-2:])
        key = _key()
        self._open(point, ssid, key)
        resolver = dns.Resolver(point.ipconfig("addr4")[0])
        try:
            while point.active():
                up("access-point", point.ipconfig("addr4")[0])
                self._tell(ssid, key)
                await sleep_ms(_WATCH_MS)
        finally:
            resolver.close()
        return "the access point was switched off"

    def _open(self, point, ssid, key):
        # The radio takes the settings only once it is on, so it is open for a moment: nothing is served yet.
        point.active(True)
        try:
            point.config(ssid=ssid, key=key, security=WLAN.SEC_WPA2)
            is_closed = point.config("security") == WLAN.SEC_WPA2
        except Exception:
            point.active(False)
            raise
        if not is_closed:
            point.active(False)
            raise OSError("the access point does not take a password")

    def _tell(self, ssid, key):
        """Say how to join it, once; not in the log, which people pass on to others."""
        if not self._said:
            text = "camcors: network: to set up Wi-Fi, join " + ssid + " with the password " + key
            self._said = print_secret(text)

    def scan(self):
        """Look for networks, which takes some 2 s during which nobody is served; set `networks`."""
        # An empty list may be a failure (network_wlan.c, network_wlan_scan).
        found = _scan() or _scan()
        names = set()
        networks = []
        for row in sorted(found, key=lambda row: -row[3]):
            name = _text(row[0])
            if name and name not in names and len(networks) < _NETWORKS_MAX:
                names.add(name)
                networks.append((name, row[3]))
        self.networks = networks


def _scan():
    try:
        return WLAN(WLAN.IF_STA).scan()
    except (OSError, RuntimeError):  # the name can be typed
        return []


def _text(ssid):
    """Return a network's name as text, "" if it is none that /camera.json could hold."""
    try:
        text = ssid.decode()
    except UnicodeError:
        return ""
    return text if text.strip("\0") else ""


def _key():
    """Return the access point's password (str): the one in NVS, or a new one."""
    nvs = NVS("camcors")
    key = bytearray(_KEY_LENGTH)
    try:
        if nvs.get_blob("setup_key", key) == _KEY_LENGTH:
            return key.decode()
    except OSError:  # none yet
        pass
    key = "".join([_ALPHABET[byte & 31] for byte in os.urandom(_KEY_LENGTH)])
    nvs.set_blob("setup_key", key.encode())
    nvs.commit()
    return key
