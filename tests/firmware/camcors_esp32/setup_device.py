"""A camera in set-up mode on loopback, with the radio's fakes; runs on CPython and MicroPython.

As a script: setup_device.py PORT FOLDER DNS_PORT [none]. Its settings are FOLDER/camera.json; with none, no
network is in reach. Prints "ready", serves until it is ended, and prints "restart" when it would restart.

To see what a phone does: run it, and
    chromium --host-resolver-rules="MAP * 127.0.0.1:PORT" http://connectivitycheck.gstatic.com/generate_204
    dig -p DNS_PORT @127.0.0.1 captive.apple.com
"""

import asyncio
import sys

HERE = __file__.rpartition("/")[0]
sys.path.append(HERE + "/../../../firmware")  # after the frozen modules
sys.path.insert(0, HERE + "/fakes")

import install  # noqa: F401

# isort: split
from fake_network import radio

from access.lock import ANYONE
from camcors import api
from camcors.http.server import Server
from camcors.limits import Limits
from camcors.stream import Frames
from camcors_esp32 import access_point, dns, setup_page
from camcors_testcard.camera import Camera
from cors import CORS, Policy
from cors.guard import Guard
from microdot import Microdot

NETWORKS = [
    ('küche <5 GHz> & "co"'.encode(), -40),
    (b"far & away", -80),
    (b"home", -65),
    (b"\xff\xfe", -30),
    (b"", -20),
    (b"home", -70),
]


def note_restart():
    print("restart")


async def main(port, folder, dns_port):
    app = Microdot()
    cors = CORS(app)
    # As open as a policy can be: the form is the camera's own page's alone all the same.
    cors.policy = Policy.from_json(
        '{"version": 1, "allowed_origins": ["http://friend.example"], "block_cross_origin_writes": false}'
    )
    guard = Guard(app, cors, ("camcors", "camcors.local", "127.0.0.1"), (("http", port),))
    point = access_point.AccessPoint("camcors", folder + "/setup", folder + "/camera.json")
    point._page._restart = note_restart
    setup_page._RESTART_MS = 50
    radio.found = [] if sys.argv[4:] == ["none"] else NETWORKS
    radio.ap_address = "127.0.0.1"
    dns._PORT = dns_port

    def up(state, address):
        guard.portal = address

    holding = asyncio.create_task(point.hold(up))
    camera = Camera()
    camera.start({})
    limits = Limits()
    server = Server(app, limits)
    point.attach(app)
    api.attach(app, camera, Frames(camera, limits), server, lambda role: {}, lambda request: ANYONE)
    await asyncio.sleep(0)
    await server.start("127.0.0.1", port)
    print("key " + radio.ap["key"])
    print("ready")
    await holding


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
