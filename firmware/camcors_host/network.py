"""The network of the HOST board: the computer's own, which is there before the camera starts."""


class Network:
    """The interface of every board's Network, here over a network that needs nothing.

    settings: what settings_file.load gave. camera: the driver, whose lamp may show the state. changed: called
    without arguments when `address` has changed.

    name: host name (str). address: the camera's address (str), None if it has none or listens on all.
    """

    def __init__(self, settings, camera, changed):
        self.name = settings["name"]
        self.address = None if settings["host"] == "0.0.0.0" else settings["host"]

    def attach(self, app):
        """Add the network's own routes to `app` (microdot.Microdot), before the camera's."""

    async def start(self):
        """Bring the network up in tasks of its own; end when it is up or has failed once."""

    def report(self):
        """Return the `network` object of /api/status (dict of JSON values)."""
        return {"state": "wired", "address": self.address, "name": self.name, "rssi": None, "error": None}
