"""A camera in set-up mode on loopback, with the radio's fakes; runs on CPython and MicroPython.

As a script: setup_device.py PORT FOLDER. Its settings are FOLDER/camera.json. Prints "ready", serves until
it is ended, and prints "restart" when it would restart.
"""

import asyncio
import sys

HERE = __file__.rpartition("/")[0]
sys.path.append(HERE + "/../../../firmware")  # after the frozen modules
sys.path.insert(0, HERE + "/fakes")

import install  # noqa: F401

# isort: split
from fake_network import radio

from camcors import api
from camcors.http.server import Server
from camcors.limits import Limits
from camcors.stream import Frames
from camcors_esp32 import access_point, setup_page
from camcors_testcard.camera import Camera
from cors import CORS, Policy
from cors.guard import Guard
from microdot import Microdot

NETWORKS = [('küche <5 GHz> & "co"'.encode(), -40), (b"home", -60), (b"\xff\xfe", -30), (b"", -20)]


def note_restart():
    print("restart")


async def main(port, folder):
    app = Microdot()
    cors = CORS(app)
    # As open as a policy can be: the form is the camera's own page's alone all the same.
    cors.policy = Policy.from_json(
        '{"version": 1, "allowed_origins": ["http://friend.example"], "block_cross_origin_writes": false}'
    )
    Guard(app, cors, ("camcors", "camcors.local", "192.168.4.1"), (("http", 80),))
    point = access_point.AccessPoint("camcors", folder + "/setup", folder + "/camera.json")
    point._page._restart = note_restart
    setup_page._RESTART_MS = 50
    radio.found = NETWORKS
    holding = asyncio.create_task(point.hold(lambda state, address: None))
    camera = Camera()
    camera.start({})
    limits = Limits()
    server = Server(app, limits)
    point.attach(app)
    api.attach(app, camera, Frames(camera, limits), server, lambda: {})
    await asyncio.sleep(0)
    await server.start("127.0.0.1", port)
    print("key " + radio.ap["key"])
    print("ready")
    await holding


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
