"""Joining a Wi-Fi network and staying in it, by MicroPython's network.WLAN on the ESP32."""

import network
from network import WLAN

from camcors.http.clock import sleep_ms
from camcors.log import log

_POLL_MS = 250
_ATTEMPT_MS = 15000
_WATCH_MS = 1000
_SSID_MAX = 32
_NO_ADDRESS = "0.0.0.0"
_OLD_NAME = " answers after a hard reset: camcors reset"
_GONE = "the Wi-Fi network went away"
_NOT_FOUND = "the Wi-Fi network is not in reach; check its name, and that it is a 2.4 GHz one"
_REFUSED = "the Wi-Fi network refused the camera; check the password"
_OTHER_SECURITY = "the Wi-Fi network asks for another kind of security; WPA2 and WPA3 with a password will do"
_SILENT = "the Wi-Fi network gave no address in time"

#: Reasons of status() by ESP-IDF's numbers (esp_wifi_types_generic.h, wifi_err_reason_t): what they mean.
_REASONS = {
    2: _REFUSED,  # AUTH_EXPIRE
    15: _REFUSED,  # 4WAY_HANDSHAKE_TIMEOUT, the usual answer to a wrong password
    200: _GONE,  # BEACON_TIMEOUT
    201: _NOT_FOUND,  # NO_AP_FOUND
    202: _REFUSED,  # AUTH_FAIL
    204: _REFUSED,  # HANDSHAKE_TIMEOUT
    210: _OTHER_SECURITY,  # NO_AP_FOUND_W_COMPATIBLE_SECURITY
    211: _OTHER_SECURITY,  # NO_AP_FOUND_IN_AUTHMODE_THRESHOLD
    212: "the Wi-Fi network is too weak here",  # NO_AP_FOUND_IN_RSSI_THRESHOLD
}


class Station:
    """The camera as a client of a network. Owned by Network.

    name: host name (str), by which multicast DNS and the router know the camera. wifi: dict of ssid and
    password ("" of an open network).

    The port would retry by itself, at once and without end; here Network decides when.
    """

    def __init__(self, name, wifi):
        self._name = name
        self._ssid = wifi["ssid"]
        self._password = wifi["password"]
        self._wlan = None

    def attach(self, app):
        """No routes."""

    def rssi(self):
        """Return the signal in dBm (int), or None if the radio does not say."""
        try:
            return self._wlan.status("rssi")
        except OSError:  # the network has just gone
            return None

    async def hold(self, up):
        """Join the network, call up("connected", address) each second while it lasts -> what ended it, in
        words. Raises OSError or RuntimeError of the radio."""
        if not self._activate():
            error = await self._join()
            if error:
                self._wlan.disconnect()
                return error
        while self._wlan.isconnected():
            address = self._wlan.ipconfig("addr4")[0]
            if address == _NO_ADDRESS:
                return _SILENT
            up("connected", address)
            await sleep_ms(_WATCH_MS)
        return _GONE

    def _activate(self):
        """Switch the radio on; return whether it is in the network already, as after a soft reset."""
        wlan = self._wlan = WLAN(WLAN.IF_STA)
        if network.hostname() != self._name:
            # Multicast DNS takes it at the first connection since the chip was reset, and only then
            # (network_wlan.c, network_wlan_ip_event_handler).
            if wlan.active() and wlan.isconnected():
                log.say("camcors: network: " + self._name + ".local" + _OLD_NAME)
            network.hostname(self._name)
        point = WLAN(WLAN.IF_AP)
        if point.active():  # left from a set-up before a soft reset
            point.active(False)
        if not wlan.active():
            wlan.active(True)
        if wlan.isconnected() and self._is_own(wlan.config("ssid")):
            return True
        # It takes no settings while it joins, and connect() would raise without MicroPython's lock, which it
        # has given up for the call (network_wlan.c, network_wlan_connect): a crash.
        wlan.disconnect()
        # Without sleeping between beacons: pictures come late otherwise.
        wlan.config(reconnects=0, pm=WLAN.PM_NONE)
        return False

    def _is_own(self, ssid):
        """Return whether `ssid`, as the radio gives it, is the network's: it has no end at 32 bytes, and the
        password comes after it (network_wlan.c, network_wlan_config)."""
        return ssid == self._ssid or (len(self._ssid.encode()) == _SSID_MAX and ssid.startswith(self._ssid))

    async def _join(self):
        """Return None when there is an address, else what is wrong in words."""
        wlan = self._wlan
        wlan.connect(self._ssid, self._password or None)
        # Until it is connected, status() may tell the reason of an earlier attempt (network_wlan.c), so only
        # a change of it counts before the time is over.
        before = wlan.status()
        for _ in range(_ATTEMPT_MS // _POLL_MS):
            if wlan.isconnected():
                return None
            reason = wlan.status()
            if reason != before and reason in _REASONS:
                break
            await sleep_ms(_POLL_MS)
        return _REASONS.get(wlan.status(), _SILENT)
