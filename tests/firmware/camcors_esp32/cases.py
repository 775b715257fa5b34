"""What the ESP32's driver and network do, played against the fakes in virtual time.

As a script: cases.py NAME prints the case's outcome as one line of JSON. Runs on CPython and MicroPython.
"""

import asyncio
import json
import sys

HERE = __file__.rpartition("/")[0]
sys.path.append(HERE + "/../../../firmware")  # after the frozen modules
sys.path.insert(0, HERE + "/fakes")

import install  # noqa: F401

# isort: split
import fake_board
import fake_camera
import fake_esp32
import fake_machine
from clock import BlockingTime, clock
from fake_network import radio

import supply
from access.document import SENTENCES, Access
from access.lock import Lock
from camcors import serving, settings_file, start, stream, watchdog
from camcors.http import clock as camera_clock
from camcors_esp32 import access_point, dns, outgrown, probe, sensors, station
from camcors_esp32 import camera as camera_driver
from camcors_esp32 import network as network_driver
from settings import document
from strict import field as kinds

TASKS = []
WIFI = {"ssid": "home", "password": "a secret"}

for module in (access_point, dns, network_driver, station, stream):
    module.sleep_ms = clock.sleep_ms
for module in (camera_clock, camera_driver, stream):
    module.ticks_ms = clock.ticks_ms
camera_driver.time = camera_driver.power.time = outgrown.time = BlockingTime()


class Lights:
    """The camera as Network sees it."""

    error = None

    def __init__(self):
        self.shown = []

    def signal(self, is_on):
        self.shown.append([clock.now, is_on])


class Resolver:
    """DNS, which this machine cannot give at the access point's address."""

    log = []

    def __init__(self, address):
        self.log.append(address)

    def close(self):
        self.log.append("closed")


access_point.dns = Resolver
Resolver.Resolver = Resolver


class Told:
    """The addresses that the guard was told, in order."""

    def __init__(self):
        self.addresses = []
        self.network = None

    def __call__(self):
        self.addresses.append(self.network.address)


def make_network(wifi=WIFI, name="camcors"):
    told = Told()
    lights = Lights()
    network = network_driver.Network({"name": name, "wifi": wifi}, lights, told)
    told.network = network
    return network, told.addresses, lights


async def started(network):
    task = asyncio.create_task(network.start())
    TASKS.append(task)  # the loop itself holds no reference
    await clock.run(0)
    return task


def attempts():
    return [when for when, what, *_ in radio.log if what == "connect"]


# The network.


async def joins_a_network():
    radio.networks = {"home": "a secret"}
    network, addresses, _ = make_network()
    before = network.report()
    task = await started(network)
    connecting = network.report()
    await clock.run(3000)
    return [before, connecting, network.report(), addresses, task.done(), radio.log, radio.reconnects]


async def joins_an_open_network():
    radio.networks = {"home": ""}
    network, _, _ = make_network({"ssid": "home", "password": ""})
    await started(network)
    await clock.run(3000)
    return network.state


async def tries_on_with_longer_pauses():
    network, addresses, _ = make_network()
    task = await started(network)
    await clock.run(400000)
    return [attempts(), network.report(), addresses, task.done()]


async def takes_a_network_that_comes_late():
    network, _, _ = make_network()
    await started(network)
    await clock.run(100000)
    radio.networks = {"home": "a secret"}
    await clock.run(100000)
    late = [network.state, network.error]
    start, count = clock.now, len(attempts())
    radio.vanish()
    await clock.run(3000)
    return late + [[when - start for when in attempts()[count:]]]


async def names_a_wrong_password():
    radio.networks = {"home": "another one"}
    network, _, _ = make_network()
    await started(network)
    await clock.run(3000)
    return network.report()


async def comes_back_when_the_network_does():
    radio.networks = {"home": "a secret"}
    network, addresses, _ = make_network()
    await started(network)
    await clock.run(60000)
    radio.vanish()
    await clock.run(20000)
    gone = network.report()
    radio.networks = {"home": "a secret"}
    await clock.run(40000)
    return [gone, network.state, addresses]


async def learns_another_address():
    radio.networks = {"home": "a secret"}
    network, addresses, _ = make_network()
    await started(network)
    await clock.run(5000)
    radio.address = "192.168.1.99"
    await clock.run(2000)
    return [network.address, addresses]


async def keeps_a_connection_over_a_soft_reset():
    radio.networks = {"home": "a secret"}
    first, _, _ = make_network()
    await started(first)
    await clock.run(5000)
    count = len(attempts())
    for task in first._tasks:
        task.cancel()
    second, _, _ = make_network()
    await started(second)
    return [count, len(attempts()), second.state]


async def keeps_a_connection_to_a_name_of_32_bytes():
    ssid = "kü" + 29 * "c"
    wifi = {"ssid": ssid, "password": "a secret"}
    radio.networks = {ssid: "a secret", ssid[:-1]: "a secret"}
    out = []
    for chosen in (wifi, wifi, {"ssid": ssid[:-1], "password": "a secret"}):
        network, _, _ = make_network(chosen)
        await started(network)
        await clock.run(5000)
        out.append([network.state, len(attempts())])
        for task in network._tasks:
            task.cancel()
    return [len(ssid.encode()), out]


async def says_that_a_new_name_needs_a_reset():
    radio.networks = {"home": "a secret"}
    out = []
    for name in ("garden", "garden", "gate"):
        network, _, _ = make_network(name=name)
        await started(network)
        await clock.run(5000)
        out.append([network.state, radio.hostname, radio.mdns_name])
        for task in network._tasks:
            task.cancel()
    return out


async def joins_though_a_soft_reset_broke_a_join_off():
    radio.networks = {"home": "a secret"}
    first, _, _ = make_network()
    await started(first)
    await clock.run(1000)
    for task in first._tasks:
        task.cancel()
    second, _, _ = make_network()
    await started(second)
    await clock.run(3000)
    return [second.state, attempts()]


async def survives_a_radio_that_fails():
    radio.networks = {"home": "a secret"}
    radio.active_errors = [OSError("WiFi Out of Memory"), RuntimeError("Wifi Unknown Error 0x3001")]
    network, _, _ = make_network()
    task = await started(network)
    first = network.report()
    await clock.run(1000)
    second = network.report()
    await clock.run(10000)
    return [first, second, task.done(), network.state]


async def sets_the_host_name_before_it_joins():
    radio.networks = {"home": "a secret"}
    network, _, _ = make_network(name="c" * 32)
    await started(network)
    names = [what for _, what, *_ in radio.log]
    return [radio.hostname, names.index("hostname") < names.index("sta") < names.index("connect")]


async def opens_a_closed_access_point():
    radio.found = [(b"far", -90), ("küche".encode(), -40), (b"far", -50), (b"\xff\xfe", -30), (b"", -20)]
    network, addresses, _ = make_network(None)
    task = await started(network)
    key = radio.ap["key"]
    report = network.report()
    is_clean = len(key) == 12 and not [c for c in key if c not in access_point._ALPHABET]
    ap = dict(radio.ap, key=is_clean)
    return [
        report,
        ap,
        radio.is_ap_active,
        addresses,
        task.done(),
        network._link.networks,
        key in str(report),
    ]


async def opens_an_access_point_when_a_file_asks_for_it():
    radio.networks = {"home": "a secret"}
    network_driver._SETUP = __file__
    network, _, _ = make_network()
    await started(network)
    return [network.state, attempts()]


async def keeps_the_key_of_the_access_point():
    keys = []
    for _ in range(2):
        network, _, _ = make_network(None)
        await started(network)
        keys.append(radio.ap["key"])
        for task in network._tasks:
            task.cancel()
        fake_esp32.power_cycle()
    return [keys[0] == keys[1], radio.ap["key"] != ""]


async def never_leaves_an_open_access_point():
    radio.config_errors = [OSError("Wifi Invalid Password")]
    network, _, _ = make_network(None)
    await started(network)
    first = [radio.is_ap_active, network.report()["state"], network.error]
    await clock.run(2000)
    return [first, radio.is_ap_active, radio.ap["security"], network.state]


async def opens_though_the_scan_fails():
    radio.scan_errors = [OSError("Wifi Internal State Error")]
    network, _, _ = make_network(None)
    await started(network)
    return [network.state, network._link.networks]


async def scans_again_where_a_scan_finds_nothing():
    radio.found = [(b"home", -40)]
    found = []
    for failures in (1, 2):
        radio.scan_failures = failures
        network, _, _ = make_network(None)
        await started(network)
        found.append(network._link.networks)
        for task in network._tasks:
            task.cancel()
    return found


async def answers_dns_while_the_access_point_is_up():
    network, _, _ = make_network(None)
    Resolver.log.clear()
    await started(network)
    seen = [list(Resolver.log)]
    radio.is_ap_active = False
    await clock.run(5500)
    seen.append([list(Resolver.log), network.state])
    await clock.run(1000)
    seen.append([list(Resolver.log), network.state])
    for task in network._tasks:
        task.cancel()
    await clock.run(0)
    return seen + [Resolver.log[-1]]


class Datagrams:
    """A socket module of which the sockets give what `script` holds, and raise its exceptions."""

    AF_INET, SOCK_DGRAM = 2, 2

    def __init__(self, script, binds=()):
        self.script = list(script)
        self.binds = list(binds)
        self.log = []

    def getaddrinfo(self, address, port):
        return [(2, 2, 17, "", (address, port))]

    def socket(self, family, kind):
        self.log.append("open")
        return self

    def bind(self, where):
        if self.binds:
            raise self.binds.pop(0)
        self.log.append(list(where))

    def setblocking(self, is_blocking):
        self.log.append(is_blocking)

    def recvfrom(self, size):
        given = self.script.pop(0)
        if isinstance(given, Exception):
            raise given
        return given[:size], "phone"

    def sendto(self, data, client):
        self.log.append([client, len(data)])
        if self.script and self.script[0] is None:
            self.script.pop(0)
            raise OSError(118)  # EHOSTUNREACH of lwIP: the phone has left

    def close(self):
        self.log.append("close")


async def resolved(fake):
    """What a Resolver does with the sockets of `fake`, until those have no more to give."""

    async def ready():
        while not fake.script:
            await clock.sleep_ms(1000)

    dns.socket = fake
    dns.until_ready = lambda sock, event: ready()
    resolver = dns.Resolver("192.168.4.1")
    await clock.run(3000)
    resolver.close()
    await clock.run(0)
    return fake.log


QUERY = b"\0\1\1\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1"


async def dns_survives_errors():
    refused = [OSError(112), MemoryError()]
    return [
        await resolved(Datagrams([QUERY, b"noise", QUERY])),
        await resolved(Datagrams([OSError(11), QUERY, None, MemoryError(), QUERY])),
        await resolved(Datagrams([b"", QUERY])),
        await resolved(Datagrams([QUERY], refused)),
    ]


async def closes_the_access_point_when_there_is_a_network():
    first, _, _ = make_network(None)
    await started(first)
    for task in first._tasks:
        task.cancel()
    radio.networks = {"home": "a secret"}
    second, _, _ = make_network()
    await started(second)
    await clock.run(3000)
    return [radio.is_ap_active, second.state]


async def blinks_by_state():
    shown = []
    for wifi, networks, error, duration in (
        (WIFI, {"home": "a secret"}, None, 1000),
        (WIFI, {"home": "a secret"}, None, 5000),
        (WIFI, {"home": "a secret"}, "no sensor", 5000),
        (WIFI, {}, None, 20000),
        (None, {}, None, 2000),
    ):
        radio.__init__()
        radio.networks = networks
        network, _, lights = make_network(wifi)
        lights.error = error
        start = clock.now
        await started(network)
        await clock.run(duration)
        times = [[when - start, is_on] for when, is_on in lights.shown]
        shown.append(times[-4:])
        for task in network._tasks:
            task.cancel()
    return shown


# Both, started as boot.py does.


def open_access():
    """As with an access file that opens the camera, which has no flash here."""
    start.state.lock = Lock(b"key")
    start.state.lock.access = Access(open=SENTENCES["open"][0])


async def booted(port, wifi):
    """camcors.start with the fakes, in this loop and not in a thread."""
    begun = []
    settings = {"host": "127.0.0.1", "port": port}
    if wifi:
        settings["wifi"] = wifi
    settings_file.load = lambda fields: document.read(json.dumps(settings), fields)
    start.state.load_access = lambda: None
    start.state.make_lock = open_access
    start.state.poll_access = lambda: 1000
    serving._thread = FakeThread(begun)
    start._start(watchdog.Watchdog())
    task = asyncio.create_task(begun[0])
    TASKS.append(task)
    await clock.run(5000)
    for _ in range(100):
        await asyncio.sleep(0.02)
        if start.state.network.state in ("connected", "access-point"):
            break
        await clock.run(1000)


class FakeThread:
    def __init__(self, begun):
        self._begun = begun

    def stack_size(self, size):
        pass

    def start_new_thread(self, function, arguments):
        self._begun.extend(arguments)


async def ask(port, line, body=""):
    """One request -> [status, JSON or None]."""
    for _ in range(100):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            break
        except OSError:
            await asyncio.sleep(0.02)
    method, path, host = line
    head = "{} {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n"
    writer.write((head.format(method, path, host, len(body)) + body).encode())
    await writer.drain()
    answer = b""
    block = await reader.read(4096)
    while block:
        answer += block
        block = await reader.read(4096)
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    value = json.loads(body) if b"application/json" in head else None
    return [int(head.split(b" ")[1]), value]


async def boots_the_radio_before_the_sensor():
    radio.networks = {"home": "a secret"}
    fake_camera.log.clear()
    port = int(sys.argv[2])
    await booted(port, WIFI)
    status = (await ask(port, ("GET", "/api/status", "192.168.1.7")))[1]
    no_form = await ask(port, ("POST", "/", "192.168.1.7"))
    foreign = await ask(port, ("GET", "/generate_204", "connectivitycheck.gstatic.com"))
    connect = [when for when, what, *_ in radio.log if what == "connect"]
    return [connect, fake_camera.started_at, status["network"], status["camera"], no_form[0], foreign[0]]


async def boots_without_a_sensor_and_a_network():
    fake_camera.sensor = None
    port = int(sys.argv[2])
    await booted(port, None)
    status = (await ask(port, ("GET", "/api/status", "192.168.4.1")))[1]
    settings = await ask(port, ("GET", "/api/camera", "192.168.4.1"))
    change = await ask(port, ("PUT", "/api/camera", "192.168.4.1"), '{"quality": 50}')
    foreign = []
    for method in ("GET", "POST"):
        foreign.append((await ask(port, (method, "/", "evil.example")))[0])
    page = await ask(port, ("GET", "/", "192.168.4.1"))
    return [status["network"], status["camera"], status["faults"][-1], settings, change, foreign, page[0]]


# The camera.


def make_camera(wished=None):
    camera = camera_driver.Camera()
    return camera, camera.start(wished or {})


def frames_of(camera):
    return stream.Frames(camera)


async def capture(frames):
    """One capture -> the picture's first bytes and how many differ after them, or the failure's words."""
    task = asyncio.create_task(frames.capture())
    await clock.run(6000)
    try:
        jpeg, number, _ = await task
    except stream.CaptureFailed as failure:
        return failure.args[0]
    return [jpeg[0], jpeg[1], sorted(set(jpeg[2:])), number]


async def starts_the_sensor():
    camera = camera_driver.Camera()
    before = [camera.name, camera.error, camera.FIELDS, camera.settings()]
    faults = camera.start({"quality": 100, "frame_size": "SVGA", "vflip": True})
    ranges = {name: kinds.to_json(*field) for name, field in camera.FIELDS.items()}
    after = [camera.name, camera.error, camera.settings(), ranges]
    last = [[row for row in fake_camera.log if row[0] == name][-1] for name in ("quality", "vflip")]
    return [before, faults, after, fake_camera.log[0], last]


async def powers_the_sensor_first():
    supply.hold()
    make_camera()
    return fake_machine.log


async def says_what_is_wrong():
    words = []
    fake_camera.sensor = None
    words.append(make_camera()[1])
    fake_camera.sensor = "OV2640"
    fake_camera.has_frames = False
    words.append(make_camera()[1])
    fake_camera.has_frames = True
    fake_esp32.has_psram = False
    words.append(make_camera()[1])
    fake_esp32.has_psram = True
    fake_machine.chip_answers = False
    words.append(make_camera()[1])  # a revision of the board without the chip feeds the sensor by itself
    fake_machine.chip_answers = True
    fake_board.CAMERA["fb"] = 2
    words.append([line.split(":")[0] for line in make_camera()[1]])
    del fake_board.CAMERA["fb"]
    camera, faults = make_camera()
    words.append([faults, camera.error])
    return words


async def asks_a_sensor_with_a_slower_clock():
    out = []
    for is_deaf in (True, False):
        fake_camera.is_deaf = is_deaf
        fake_camera.fastest_hz = 10000000
        fake_camera.clocks.clear()
        camera, faults = make_camera()
        frames = frames_of(camera)
        await clock.run(60000)
        fake_camera.has_frames = False
        failed = await capture(frames)
        await clock.run(60000)
        fake_camera.has_frames = True
        await capture(frames)
        out.append([faults, failed, (await capture(frames))[:2], fake_camera.clocks[:]])
    return out


def starts():
    """[MHz, buffers] of each start since the last call."""
    buffers = [row[3] for row in fake_camera.log if row[0] == "init"]
    made = [[hz // 1000000, count] for hz, count in zip(fake_camera.clocks, buffers)]
    fake_camera.clocks.clear()
    fake_camera.log.clear()
    return made


async def chooses_the_next_attempt():
    kinds = [probe.OTHER, probe.ABSENT, probe.FULL, probe.UNSET, probe.SILENT]
    made = []
    for attempt in ((20000000, 2), (20000000, 1), (10000000, 2), (10000000, 1), (8000000, 2)):
        made.append([probe.next_attempt(attempt, kind) for kind in kinds])
    return made


async def tries_a_slower_clock_and_one_buffer():
    """Sensors that send pictures with so fast a clock and so many buffers at most."""
    out = []
    fake_camera.is_deaf = False
    camera_driver.log.say = probe.log.say = lambda line: said.append(line)
    for fastest_mhz, most_buffers, room in (
        (40, 2, 2), (10, 2, 2), (40, 1, 2), (10, 1, 2), (5, 2, 2), (40, 2, 1), (10, 2, 1), (40, 2, 0),
    ):  # fmt: skip
        fake_camera.fastest_hz = fastest_mhz * 1000000
        fake_camera.most_buffers = most_buffers
        fake_camera.room = room
        said = []
        camera, faults = make_camera()
        made = starts()
        picture = None
        if not faults:
            await clock.run(60000)
            picture = (await capture(frames_of(camera)))[:2]
        out.append([made, said, faults, picture])
    return out


async def stays_with_one_buffer_once_it_has_found_it():
    """Also over a standby; and a picture that has waited in it is stale."""
    fake_camera.most_buffers = 1
    camera, _ = make_camera()
    frames = frames_of(camera)
    starts()
    await clock.run(10000)
    first = await capture(frames)
    camera.stand_by()
    second = await capture(frames)
    return [first[2], second[2], starts(), fake_camera.blocked_ms]


async def tells_what_it_has_reached():
    """A start that got further says more than one that did not, whatever came last."""
    silent = OSError("Failed to capture initial frame. Construct a new object.")
    absent = OSError(95, "ESP_ERR_NOT_SUPPORTED")
    unset = OSError(-131075, "ERROR")
    no_memory = OSError(12, "ESP_ERR_NO_MEM")
    out = []
    for errors in (
        [silent, absent], [absent, silent, silent], [unset, unset], [unset, None], [no_memory],
        [silent, no_memory],
    ):  # fmt: skip
        fake_camera.start_errors = errors
        out.append([make_camera()[1], starts()])
    return out


async def tries_nothing_slower_than_a_slow_board():
    fake_board.CAMERA["xclk_freq"] = 10000000
    fake_board.CAMERA["fb_count"] = 1
    fake_camera.has_frames = False
    return [make_camera()[1], starts()]


async def names_a_sensor_without_jpeg():
    fake_camera.sensor = "GC2145"
    camera, faults = make_camera()
    silent = [faults, camera.FIELDS, fake_camera.clocks[:], fake_camera.log[-1]]
    fake_camera.has_frames = False
    return [silent, make_camera()[1]]


async def lowers_the_quality_of_pictures_that_outgrow_their_buffer():
    camera, _ = make_camera({"quality": 90})
    frames = frames_of(camera)
    fake_camera.fits = sensors.module_quality(75)
    said = [await capture(frames), await capture(frames), await capture(frames)]
    settings = camera.settings()["quality"]
    blocked = fake_camera.blocked_ms
    fake_camera.fits = 100
    camera.set("frame_size", "SVGA")
    return [said[:2], said[2][:2], settings, blocked, camera.error, camera.settings()["quality"]]


async def rests_when_no_quality_fits():
    fake_board.CAMERA["fb_count"] = 1
    camera, _ = make_camera({"quality": 11})
    frames = frames_of(camera)
    fake_camera.fits = -1
    await clock.run(10000)
    said = [await capture(frames), await capture(frames), await capture(frames), await capture(frames)]
    blocked = fake_camera.blocked_ms
    error = camera.error
    await clock.run(60000)
    fake_camera.fits = 100
    return [said, blocked, error, (await capture(frames))[:2], camera.error, fake_camera.blocked_ms - blocked]


async def keeps_a_lowered_quality_over_a_new_start():
    """After a standby, and after a stall."""
    camera, _ = make_camera({"quality": 90})
    frames = frames_of(camera)
    fake_camera.fits = sensors.module_quality(75)
    await capture(frames)
    await capture(frames)
    out = [camera.settings()["quality"], fake_camera.blocked_ms]
    for is_standby in (True, False):
        if is_standby:
            camera.stand_by()
        else:
            await clock.run(60000)
            fake_camera.has_frames = False
            await capture(frames)
            await clock.run(60000)
            fake_camera.has_frames = True
            out.append(await capture(frames))
        blocked = fake_camera.blocked_ms
        picture = await capture(frames)
        sent = fake_camera._running._values["quality"] == sensors.module_quality(70)
        out.append([picture[:2], camera.settings()["quality"], sent, fake_camera.blocked_ms - blocked])
    return out


async def forgets_a_lowered_quality_once_another_is_set():
    """Also while it rests."""
    out = []
    for is_standby in (False, True):
        for field, value in (("quality", 85), ("frame_size", "SVGA"), ("vflip", True)):
            camera, _ = make_camera({"quality": 80})
            fake_camera.fits = sensors.module_quality(75)
            await capture(frames_of(camera))
            fake_camera.fits = 100
            if is_standby:
                camera.stand_by()
            camera.set(field, value)
            shown = camera.settings()["quality"]
            camera.stand_by()
            picture = await capture(frames_of(camera))
            out.append([shown, picture[:2], camera.settings()["quality"]])
    return out


async def does_not_wake_when_no_quality_fits():
    camera, _ = make_camera({"quality": 1})
    frames = frames_of(camera)
    fake_camera.fits = -1
    said = [await capture(frames)]
    camera.stand_by()
    begun = len(fake_camera.clocks)
    said.append(await capture(frames))
    still = [camera.is_standby, camera.error, len(fake_camera.clocks) - begun]
    fake_camera.fits = 100
    camera.set("frame_size", "SVGA")
    return [said, still, (await capture(frames))[:2], camera.error]


async def serves_without_a_sensor():
    fake_camera.sensor = None
    camera, _ = make_camera()
    frames = frames_of(camera)
    camera.led = 30
    return [await capture(frames), frames.failures, camera.settings(), camera.FIELDS, camera.led]


async def finds_a_sensor_that_comes_later():
    fake_camera.sensor = None
    camera, _ = make_camera({"vflip": True})
    frames = frames_of(camera)
    fake_camera.sensor = "OV2640"
    first = await capture(frames)
    await clock.run(60000)
    second = await capture(frames)
    third = await capture(frames)
    return [first, second, third, camera.error, camera.settings()["vflip"]]


async def never_looks_again_for_psram():
    fake_esp32.has_psram = False
    camera, _ = make_camera()
    fake_esp32.has_psram = True
    await clock.run(100000)
    return [await capture(frames_of(camera)), fake_camera.log]


async def copies_each_picture():
    camera, _ = make_camera()
    frames = frames_of(camera)
    return [await capture(frames), await capture(frames), fake_camera.blocked_ms]


async def next_part(viewer):
    while (part := viewer.next_part()) is None:
        await viewer.until_next()
    return part


async def viewers_keep_their_picture():
    camera, _ = make_camera()
    frames = frames_of(camera)
    viewer = frames.viewer()
    viewer.enter(lambda part: False)
    seen = []
    for _ in range(2):
        task = asyncio.create_task(next_part(viewer))
        await clock.run(100)
        part = bytes(await task)
        body = part[part.index(b"\r\n\r\n") + 4 : -2]
        seen.append([len(body), body[0], body[1], sorted(set(body[2:]))])
    viewer.close()
    return seen


async def waits_without_the_lock():
    camera, _ = make_camera()
    frames = frames_of(camera)
    fake_camera.has_frames = False
    ticked = []

    async def other():
        for _ in range(3):
            await clock.sleep_ms(1000)
            ticked.append(clock.now)

    start = clock.now
    task = asyncio.create_task(other())
    said = await capture(frames)
    await task
    return [said, [when - start for when in ticked], fake_camera.blocked_ms, camera.error]


async def lets_all_who_wait_go_together():
    camera, _ = make_camera()
    frames = frames_of(camera)
    fake_camera.has_frames = False
    tasks = [asyncio.create_task(frames.capture()) for _ in range(6)]
    await clock.run(4500)
    said = []
    for task in tasks:
        if task.done():
            try:
                await task
            except stream.CaptureFailed as failure:
                said.append(failure.args[0])
    return said


async def starts_a_stalled_sensor_anew_once_a_minute():
    camera, _ = make_camera({"hmirror": True})
    camera.set("contrast", 2)
    frames = frames_of(camera)
    await clock.run(30000)
    fake_camera.has_frames = False
    for _ in range(40):
        await capture(frames)
    inits = [row for row in fake_camera.log if row[0] == "init"]
    fake_camera.has_frames = True
    await clock.run(60000)
    first = await capture(frames)
    second = await capture(frames)
    kept = [camera.settings()["hmirror"], camera.settings()["contrast"]]
    return [len(inits), fake_camera.blocked_ms, first, second[:2], camera.error, kept]


async def drops_a_stale_picture_of_one_buffer():
    fake_board.CAMERA["fb_count"] = 1
    camera, _ = make_camera()
    mode = [row for row in fake_camera.log if row[0] == "init"][-1][3:]
    frames = frames_of(camera)
    await clock.run(10000)
    first = await capture(frames)
    task = asyncio.create_task(frames.capture())
    await clock.run(450)
    return [mode, first, (await task)[1], fake_camera.blocked_ms]


async def goes_on_with_one_buffer_after_a_stall():
    fake_board.CAMERA["fb_count"] = 1
    camera, _ = make_camera()
    frames = frames_of(camera)
    first = await capture(frames)
    fake_camera.has_frames = False
    stalled = await capture(frames)
    fake_camera.has_frames = True
    seen = []
    for pause_ms in (100, 1000, 20000):
        await clock.run(pause_ms)
        seen.append((await capture(frames))[:2])
    inits = len([row for row in fake_camera.log if row[0] == "init"])
    return [first[:2], stalled, seen, inits, fake_camera.blocked_ms]


async def gives_back_a_buffer_that_there_is_no_memory_to_show():
    fake_board.CAMERA["fb_count"] = 1
    camera, _ = make_camera()
    frames = frames_of(camera)
    fake_camera.has_memory = False
    failed = await capture(frames)
    fake_camera.has_memory = True
    return [failed, (await capture(frames))[:2], fake_camera.blocked_ms]


async def takes_the_pins_of_the_module_where_the_board_names_none():
    fake_board.CAMERA.clear()
    _, needs = make_camera()
    fake_camera.knows_pins = True
    camera, faults = make_camera()
    return [needs, faults, [row[3:] for row in fake_camera.log if row[0] == "init"], camera.error]


async def survives_a_soft_reset():
    make_camera()
    fake_camera.log.clear()
    camera, faults = make_camera()
    return [faults, [row[0] for row in fake_camera.log if row[0] in ("init", "deinit")], camera.error]


async def rests_and_wakes_for_the_next_picture():
    camera, _ = make_camera({"hmirror": True, "quality": 50})
    frames = frames_of(camera)
    before = (await capture(frames))[:2]
    fake_machine.log.clear()
    camera.stand_by()
    camera.stand_by()
    rest = [camera.is_standby, fake_camera.log[-1], fake_machine.log[:], camera.error]
    await clock.run(3600000)
    fake_camera.log.clear()
    begun = clock.now
    task = asyncio.create_task(frames.capture())
    await clock.run(1000)
    waits = not task.done()
    await clock.run(20)
    jpeg, number, _ = await task
    values = fake_camera._running._values
    kept = [camera.settings()["hmirror"], values["hmirror"], camera.settings()["quality"]]
    started = [when - begun for when in fake_camera.started_at[1:]]
    return [before, rest, waits, [jpeg[0], number], camera.is_standby, kept, started]


async def never_waits_for_days_after_waking():
    """Who woke it was gone at once, and who comes next finds ticks that have turned over."""
    camera, _ = make_camera()
    await clock.run(10000)
    camera.stand_by()
    waits = [camera.poll(), camera.poll()]
    clock.now -= 5000
    return waits + [camera.poll()]


async def takes_settings_while_it_rests():
    camera, _ = make_camera()
    camera.stand_by()
    fake_camera.log.clear()
    fields = sorted(camera.FIELDS) == sorted(camera.settings())
    camera.set("frame_size", "SVGA")
    camera.set("vflip", True)
    camera.set("standby_s", 5)
    raised = []
    try:
        camera.set("vflip", 1)
    except ValueError:
        raised.append("ValueError")
    shown = [camera.settings()[name] for name in ("frame_size", "vflip", "standby_s")]
    asleep = [fields, shown, fake_camera.log[:], raised]
    picture = await capture(frames_of(camera))
    values = fake_camera._running._values
    woken = [values["frame_size"], values["vflip"], camera.settings()["frame_size"], camera.standby_s]
    return [asleep, picture[:2], woken]


async def says_what_a_sensor_refuses_on_waking():
    camera, _ = make_camera()
    camera.stand_by()
    camera.set("frame_size", "UXGA")
    fake_camera.errors = [OSError(1, "ESP_FAIL")]
    said = []
    camera_driver.log.say = said.append
    picture = await capture(frames_of(camera))
    return [said, picture[:2], camera.settings()["frame_size"], camera.error]


async def drops_what_one_buffer_holds_since_the_waking():
    fake_board.CAMERA["fb_count"] = 1
    camera, _ = make_camera()
    frames = frames_of(camera)
    camera.stand_by()
    task = asyncio.create_task(frames.capture())
    await clock.run(1500)
    jpeg, _, _ = await task
    return [sorted(set(jpeg[2:])), fake_camera.blocked_ms]  # the first picture is the start's own


async def wakes_to_a_sensor_that_is_gone():
    camera, _ = make_camera({"vflip": True})
    frames = frames_of(camera)
    camera.stand_by()
    fake_camera.sensor = None
    gone = [await capture(frames), camera.is_standby, camera.settings()]
    camera.stand_by()
    still = camera.is_standby
    fake_camera.sensor = "OV2640"
    await clock.run(60000)
    await capture(frames)
    return [gone, still, (await capture(frames))[:2], camera.settings()["vflip"]]


async def rests_only_once_no_other_thread_waits():
    camera, _ = make_camera()
    fake_camera.is_waited_for = True
    camera.stand_by()
    refused = camera.is_standby
    fake_camera.is_waited_for = False
    picture = await capture(frames_of(camera))
    camera.stand_by()
    return [refused, picture[:2], camera.is_standby]


async def rests_whatever_the_driver_says():
    """The pins may come from a person's own /lib/board.py."""
    said = []
    camera_driver.log.say = said.append
    camera, _ = make_camera()
    frames = frames_of(camera)
    fake_machine.missing_pins.append(32)
    out = []
    for _ in range(2):
        camera.stand_by()
        out.append([camera.is_standby, (await capture(frames))[:2]])
    fake_camera._running.deinit = None  # TypeError
    camera.stand_by()
    return [out, said, camera.is_standby]


async def has_a_standby_of_its_own():
    plain, _ = make_camera()
    never, faults = make_camera({"standby_s": 0})
    fake_camera.log.clear()
    never.set("standby_s", 30)
    touched = fake_camera.log[:]
    never.set("frame_size", "SVGA")
    kept = never.standby_s
    fake_camera.sensor = None
    absent, _ = make_camera()
    return [plain.standby_s, faults, touched, kept, absent.standby_s]


async def narrows_the_settings_to_the_sensor():
    fake_camera.sensor = "OV5640"
    fake_camera.refused = ("denoise",)
    wide = make_camera({"sharpness": 3, "brightness": -3, "frame_size": "QSXGA"})
    fake_camera.sensor = "OV2640"
    fake_camera.refused = ("sharpness", "denoise")
    narrow = make_camera({"sharpness": 3, "brightness": -3, "frame_size": "QSXGA", "contrast": 2})
    out = []
    for camera, faults in (wide, narrow):
        sizes = camera.FIELDS["frame_size"][1]
        out.append([faults, sizes[-1], "sharpness" in camera.FIELDS, camera.FIELDS["brightness"][1][0]])
    return out


async def maps_the_quality():
    camera, _ = make_camera()
    sent = []
    for quality in (1, 2, 50, 99, 100):
        camera.set("quality", quality)
        sent.append([quality, 63 - fake_camera.log[-1][1] * 63 // 100])
    return sent


async def keeps_the_settings_over_a_new_frame_size():
    camera, _ = make_camera({"brightness": 2, "quality": 50})
    camera.set("hmirror", True)
    camera.set("frame_size", "UXGA")
    values = fake_camera._running._values
    return [camera.settings()["frame_size"], values["brightness"], values["hmirror"], values["frame_size"]]


async def goes_back_when_a_frame_size_fails():
    camera, _ = make_camera({"brightness": 2})
    camera.set("frame_size", "SVGA")
    fake_camera.errors = [OSError(1, "ESP_FAIL")]
    try:
        camera.set("frame_size", "UXGA")
        raised = None
    except OSError as exc:
        raised = list(exc.args)
    settings = camera.settings()
    picture = await capture(frames_of(camera))
    return [raised, camera.error, settings["frame_size"], settings["brightness"], picture[:2]]


async def starts_smaller_when_the_wished_frame_size_fails():
    fake_camera.errors = [OSError(1, "ESP_FAIL")]
    camera, faults = make_camera({"frame_size": "UXGA", "brightness": 2})
    return [faults, camera.error, camera.settings()["frame_size"], camera.settings()["brightness"]]


async def takes_each_frame_size_of_the_sensor():
    camera, _ = make_camera()
    taken = []
    for name in camera.FIELDS["frame_size"][1]:
        camera.set("frame_size", name)
        taken.append(fake_camera._running._values["frame_size"] == getattr(fake_camera.FrameSize, name))
    return [len(taken), set(taken) == {True}]


async def restarts_where_a_frame_size_is_refused_before_the_end():
    camera, _ = make_camera({"brightness": 2})
    fake_camera.errors = [ValueError("Invalid grab_mode")]
    try:
        camera.set("frame_size", "UXGA")
        raised = None
    except OSError as exc:
        raised = exc.args[0]
    picture = await capture(frames_of(camera))
    return [
        raised,
        camera.error,
        camera.settings()["frame_size"],
        camera.settings()["brightness"],
        picture[:2],
    ]


async def reads_back_what_was_set():
    camera, _ = make_camera()
    fake_camera.stuck = ("contrast", "frame_size")
    raised = []
    for field, value in (("contrast", 2), ("frame_size", "UXGA"), ("brightness", 1)):
        try:
            camera.set(field, value)
        except (OSError, ValueError) as exc:
            raised.append(exc.args[-1])
    fake_camera.stuck = ()
    settings = camera.settings()
    return [raised, settings["contrast"], settings["frame_size"], settings["brightness"]]


async def can_set_again_what_it_has_read():
    fake_camera.sensor = "OV5640"
    fake_camera._FIRST["aec_value"] = 1968
    camera, _ = make_camera()
    fake_camera._FIRST["aec_value"] = 300
    read = camera.settings()
    for field in sorted(read):
        camera.set(field, read[field])
    camera.set("frame_size", "SVGA")
    return read["aec_value"]


async def starts_with_what_the_board_says_of_its_sensor():
    fake_board.DEFAULTS["OV2640"] = {"vflip": True, "hmirror": True, "contrast": 1}
    fake_board.DEFAULTS["OV5640"] = {"contrast": -1}
    plain, _ = make_camera()
    camera, faults = make_camera({"hmirror": False})
    fake_board.DEFAULTS.clear()
    found = camera.settings()
    return [faults, found["vflip"], found["hmirror"], found["contrast"], plain.settings()["hmirror"]]


async def refuses_bad_values():
    camera, _ = make_camera()
    raised = []
    for field, value in (("quality", 0), ("hmirror", 1), ("frame_size", "QSXGA"), ("sharpness", 1)):
        try:
            camera.set(field, value)
        except (KeyError, ValueError) as exc:
            raised.append(type(exc).__name__)
    return raised


async def dims_the_lamp():
    camera, _ = make_camera()
    fake_machine.log.clear()
    for level in (50, 100, 0):
        camera.led = level
    camera.signal(True)
    camera.signal(False)
    return [fake_machine.log, camera.led]


async def leaves_an_led_that_a_person_set():
    fake_board.LAMP = None
    camera, _ = make_camera()
    fake_machine.log.clear()
    camera.signal(True)
    camera.led = 50
    camera.signal(True)
    camera.signal(False)
    camera.led = 0
    camera.signal(True)
    return fake_machine.log


async def has_no_lamp():
    fake_board.LAMP = fake_board.LED = None
    camera, _ = make_camera()
    fake_machine.log.clear()
    camera.led = 50
    camera.signal(True)
    return [camera.led, fake_machine.log]


# The factory reset.


class Files:
    """The module vfs, of which one filesystem is mounted."""

    is_mounted = True

    @classmethod
    def umount(cls, path):
        assert path == "/"
        if not cls.is_mounted:
            raise OSError(22)  # extmod/vfs.c: EINVAL
        cls.is_mounted = False


def make_flash():
    """Return camcors.factory over a flash of which some blocks are written."""
    sys.modules["vfs"] = Files
    from camcors import factory

    blank, mine = b"\xff" * 4096, b"mine" * 1024
    fake_esp32.Partition.flash = {"nvs": [mine, blank], "vfs": [mine, blank, mine, mine]}
    fake_esp32.Partition.users = staticmethod(
        lambda: [Files.is_mounted, radio.is_sta_active, radio.is_ap_active]
    )
    return factory


async def erases_the_flash_that_nobody_uses():
    factory = make_flash()
    radio.networks = {"home": "a secret"}
    await started(make_network()[0])
    await clock.run(3000)
    before = fake_esp32.Partition.users()
    ended = []
    factory.let_go(lambda: ended.append(fake_esp32.Partition.users()))
    totals = [
        factory.erase(label, start, 2) for label, start in (("nvs", 0), ("vfs", 0), ("vfs", 2), ("no", 0))
    ]
    left = [block.strip(b"\xff") for blocks in fake_esp32.Partition.flash.values() for block in blocks]
    return [before, ended, totals, fake_esp32.Partition.erased, b"".join(left).decode()]


async def lets_go_of_the_flash_again():
    factory = make_flash()
    factory.let_go(lambda: None)
    factory.let_go(lambda: None)
    factory.erase("vfs", 0, 2)
    factory.erase("vfs", 0, 4)  # what was erased is not erased again
    return fake_esp32.Partition.erased


async def says_that_a_block_is_worn_out():
    factory = make_flash()
    fake_esp32.Partition.blank = b"\xfe"
    factory.let_go(lambda: None)
    try:
        factory.erase("vfs", 0, 4)
    except OSError as exc:
        return [exc.args[0], exc.args[1]]


def play(name):
    print(json.dumps(asyncio.run(globals()[name]())))


if __name__ == "__main__":
    play(sys.argv[1])
