"""The network of the ESP32 boards: the Wi-Fi network of /camera.json, or an access point to set one up.

A camera without a network makes its own, camcors-XXXX, so that a phone can set one (setup_page.py of
camcors_esp32). So does one with a file /setup, which is how a person asks for it. A camera whose network is
out of reach goes on trying and opens no access point: else whoever jams the network could make it open one.
"""

import asyncio

from camcors.http.clock import sleep_ms
from camcors.log import log
from camcors_esp32.access_point import AccessPoint
from camcors_esp32.station import Station
from flash.files import stamp

_SETUP = "/setup"
_FIRST_PAUSE_S = 1
_LONGEST_PAUSE_S = 60

#: ((LED is on, for so many milliseconds), ...) by state.
_PATTERNS = {
    "connected": ((False, 500),),
    "connecting": ((True, 500), (False, 500)),
    "access-point": ((True, 100), (False, 150), (True, 100), (False, 1650)),
    "fault": ((True, 100), (False, 100)),
}


class Network:
    """The radio's owner, as camcors_host/network.py describes it. Allocates two tasks.

    state: "off", "connecting", "connected" or "access-point". error: what is wrong, in words, or None.
    Neither it nor anything else here holds or shows a password.
    """

    def __init__(self, settings, camera, changed):
        self.name = settings["name"]
        self.address = None
        self.state = "off"
        self.error = None
        self._camera = camera
        self._changed = changed
        self._pause_s = _FIRST_PAUSE_S
        self._settled = asyncio.Event()
        self._tasks = ()
        if settings["wifi"] and not stamp(_SETUP):
            self._link = Station(self.name, settings["wifi"])
        else:
            self._link = AccessPoint(self.name, _SETUP)

    def attach(self, app):
        """Add the set-up form in the place of the camera's page while there is no network."""
        self._link.attach(app)

    async def start(self):
        """Bring the network up in tasks of its own; end when it is up or has failed once."""
        self._tasks = (asyncio.create_task(self._run()), asyncio.create_task(self._blink()))
        await self._settled.wait()

    def report(self):
        """Return the `network` object of /api/status (dict of JSON values)."""
        return {
            "state": self.state,
            "address": self.address,
            "name": self.name,
            "rssi": self._link.rssi() if self.state == "connected" else None,
            "error": self.error,
        }

    async def _run(self):
        """Keep the link up. Retry indefinitely, backing off from 1 s to 60 s."""
        while True:
            try:
                self._tell("connecting", None, self.error)
                error = await self._link.hold(self._up)
                self._tell("connecting", None, error)
            except (
                Exception
            ) as exc:  # OSError and RuntimeError of the radio: it is tried again whatever it says
                self._tell("off", None, "the radio reports: " + str(exc))
            self._settled.set()
            await sleep_ms(1000 * self._pause_s)
            self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)

    def _up(self, state, address):
        """The link's word that it is up, each second."""
        self._pause_s = _FIRST_PAUSE_S
        self._tell(state, address, None)
        self._settled.set()

    def _tell(self, state, address, error):
        if error and error != self.error:
            log.say("camcors: network: " + error + "; retrying")
        if address and address != self.address:
            log.say("camcors: network: " + state + ", http://" + address)
        self.state = state
        self.error = error
        if address != self.address:
            self.address = address
            self._changed()

    async def _blink(self):
        while True:
            error = self._camera.error if self.state == "connected" else self.error
            for is_on, duration_ms in _PATTERNS["fault" if error else self.state]:
                self._camera.signal(is_on)
                await sleep_ms(duration_ms)
