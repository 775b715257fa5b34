"""network as ports/esp32/network_wlan.c and modnetwork_globals.h of MicroPython v1.25.0 to v1.28.0 have it.

`radio` is the air around: what a test may break is there.
"""

from clock import clock

STAT_IDLE = 1000
STAT_CONNECTING = 1001
STAT_GOT_IP = 1010
_NO_AP_FOUND = 201
_BEACON_TIMEOUT = 200
_4WAY_HANDSHAKE_TIMEOUT = 15
_JOIN_MS = 2000
_HOSTNAME_MAX = 32


class Radio:
    def __init__(self):
        #: ssid -> password, of the networks in reach.
        self.networks = {}
        self.address = "192.168.1.7"
        self.ap_address = "192.168.4.1"
        #: Exceptions that the next calls of active(True), scan() and config() raise.
        self.active_errors = []
        self.scan_errors = []
        #: How many of the next calls of scan() fail without a word: an empty list (network_wlan.c, :452).
        self.scan_failures = 0
        self.config_errors = []
        #: What scan() finds: (ssid as bytes, rssi).
        self.found = []
        #: [virtual ms, what happened], in order.
        self.log = []
        self.hostname = "mpy-esp32"
        #: By which multicast DNS answers: the host name at the first connection (network_wlan.c, :191).
        self.mdns_name = None
        self.is_sta_active = False
        self.is_ap_active = False
        self.is_connected = False
        self.joins = None  # (time at which it is decided, ssid, key)
        self.joined = None
        self.reason = 0
        self.reconnects = -1
        self.tries = 0
        self.ap = {"ssid": "ESP_123456", "security": 0, "key": ""}

    def note(self, *what):
        self.log.append([clock.now] + list(what))

    def vanish(self):
        """The network goes out of reach."""
        self.networks = {}
        if self.is_connected:
            self._fail(_BEACON_TIMEOUT)

    def _fail(self, reason):
        self.is_connected = False
        self.reason = reason
        self.tries += 1
        if self.joined and (self.reconnects == -1 or self.tries < self.reconnects + 1):
            self.joins = (clock.now + _JOIN_MS,) + self.joined  # as the event handler does

    def settle(self):
        """Let a join that is due succeed or fail."""
        while self.joins and self.joins[0] <= clock.now:
            _, ssid, key = self.joins
            self.joins = None
            if ssid not in self.networks:
                self._fail(_NO_AP_FOUND)
            elif self.networks[ssid] != key:
                self._fail(_4WAY_HANDSHAKE_TIMEOUT)
            else:
                self.is_connected = True
                self.mdns_name = self.mdns_name or self.hostname
                self.reason = 0


radio = Radio()


def hostname(name=None):
    if name is None:
        return radio.hostname
    if len(name) > _HOSTNAME_MAX:
        raise ValueError
    radio.hostname = name
    radio.note("hostname", name)


class WLAN:
    IF_STA = 0
    IF_AP = 1
    SEC_OPEN = 0
    SEC_WPA2 = 3
    PM_NONE = 0
    PM_PERFORMANCE = 1

    def __init__(self, interface=0):
        if interface not in (0, 1):
            raise ValueError("invalid WLAN interface identifier")
        self._is_sta = interface == 0

    def active(self, is_active=None):
        if is_active is None:
            return radio.is_sta_active if self._is_sta else radio.is_ap_active
        if is_active and radio.active_errors:
            raise radio.active_errors.pop(0)
        radio.note("sta" if self._is_sta else "ap", is_active)
        if self._is_sta:
            radio.is_sta_active = is_active
        else:
            radio.is_ap_active = is_active
        return is_active

    def connect(self, ssid=None, key=None, *, bssid=None):
        if not radio.is_sta_active:
            raise OSError("Wifi Not Started")
        if radio.joins:
            # It raises between MP_THREAD_GIL_EXIT and _ENTER (network_wlan.c, :351): nothing may go on.
            raise SystemExit("connect() raised without the GIL")
        radio.note("connect", ssid)
        radio.joined = (ssid, key or "")
        radio.joins = (clock.now + _JOIN_MS, ssid, key or "")
        radio.tries = 0

    def disconnect(self):
        if not radio.is_sta_active:
            raise OSError("Wifi Not Started")
        radio.joined = None
        radio.joins = None
        radio.is_connected = False

    def status(self, what=None):
        radio.settle()
        if what == "rssi":
            self._require(True)
            if not radio.is_connected:
                raise OSError("Wifi Not Connected")
            return -48
        if what is not None:
            raise ValueError("unknown status param")
        if radio.is_connected:
            return STAT_GOT_IP
        if radio.reason == _NO_AP_FOUND:
            return _NO_AP_FOUND
        if radio.joined and (radio.reconnects == -1 or radio.tries < radio.reconnects + 1):
            return STAT_CONNECTING
        return radio.reason or STAT_IDLE

    def isconnected(self):
        radio.settle()
        return radio.is_connected

    def scan(self):
        if not radio.is_sta_active:
            raise OSError("STA must be active")
        if radio.scan_errors:
            raise radio.scan_errors.pop(0)
        radio.note("scan")
        if radio.scan_failures:
            radio.scan_failures -= 1
            return []
        return [(ssid, b"\0\1\2\3\4\5", 6, rssi, 3, False) for ssid, rssi in radio.found]

    def config(self, *what, **values):
        if what and values:
            raise TypeError("either pos or kw args are allowed")
        if not values:
            return self._get(what[0])
        if not self._is_sta and not radio.is_ap_active:
            raise OSError("Wifi Invalid Mode")  # esp_wifi_set_config: ESP_ERR_WIFI_MODE
        if self._is_sta and radio.joins:
            raise OSError("Wifi Internal State Error")  # esp_wifi_set_config: ESP_ERR_WIFI_STATE
        if radio.config_errors:
            raise radio.config_errors.pop(0)
        for name, value in values.items():
            if name in ("ssid", "key", "security"):
                self._require(False)
                radio.ap[name] = value
            elif name == "reconnects":
                self._require(True)
                radio.reconnects = value
            elif name != "pm":
                raise ValueError("unknown config param")
        return None

    def _get(self, name):
        if name == "mac":
            return b"\x24\x0a\xc4\x00\x1a\x2b"
        if name == "ssid":
            if not self._is_sta:
                return radio.ap["ssid"]
            # Read up to a NUL, which one of 32 bytes lacks; the password lies behind (network_wlan.c, :665).
            ssid, key = radio.joined or ("", "")
            return ssid + key if len(ssid.encode()) == 32 else ssid
        if name == "security":
            self._require(False)
            return radio.ap["security"]
        raise ValueError("unknown config param")

    def _require(self, is_sta):
        if self._is_sta != is_sta:
            raise OSError("STA required" if is_sta else "AP required")

    def ipconfig(self, name):
        if name != "addr4":
            raise ValueError("unexpected key")
        if not self._is_sta:
            return (radio.ap_address, "255.255.255.0")
        return (radio.address if radio.is_connected else "0.0.0.0", "255.255.255.0")
