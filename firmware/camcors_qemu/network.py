"""The network of the emulated board: Ethernet through the emulator, which answers DHCP itself."""

import asyncio

import open_eth

_WAIT_S = 10
_NONE = "0.0.0.0"


class Network:
    """The interface of every board's Network; Ethernet once up stays up, so there is nothing to reconnect.

    name: host name (str). address: the camera's address (str), None before DHCP has answered.
    """

    def __init__(self, settings, camera, changed):
        self.name = settings["name"]
        self.address = None
        self._changed = changed
        self._error = None

    def attach(self, app):
        """Add the network's own routes to `app`: none."""

    async def start(self):
        """Bring the network up; end when it has an address, or none within 10 s."""
        try:
            open_eth.connect()
        except OSError as exc:
            self._error = "the emulated Ethernet did not start: " + repr(exc)
            return
        for _ in range(_WAIT_S * 10):
            address = open_eth.ifconfig()[0]
            if address != _NONE:
                self.address = address
                self._changed()
                return
            await asyncio.sleep(0.1)
        self._error = "no address by DHCP within 10 s; start the emulator with -nic user,model=open_eth"

    def report(self):
        """Return the `network` object of /api/status (dict of JSON values)."""
        state = "wired" if self.address else "down"
        return {
            "state": state,
            "address": self.address,
            "name": self.name,
            "rssi": None,
            "error": self._error,
        }
