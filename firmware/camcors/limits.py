"""The server's limits: the section `limits` of the settings, whose table has their defaults and words."""

from strict import late
from strict.fault import Fault

#: Where the port bounds the TCP connections, how many there are: CONFIG_LWIP_MAX_ACTIVE_TCP in
#: ports/esp32/boards/sdkconfig.base of MicroPython, which lwip_patch.c beside it enforces. Those in TIME-WAIT
#: count, and are the first to make room; listeners do not. docs/boards.md counts the sockets.
TCP_CONNECTIONS = {"esp32": 12}

#: Clients without a slot that may be told so at a time; more are closed unheard.
TOLD = 2


class Limits:
    """One attribute (int) for each name of settings.table.LIMITS; `changes` replace defaults.

    Raises ValueError for an unknown name or a value out of range.
    """

    def __init__(self, **changes):
        table = late.load("settings.table")
        for row in table.LIMITS:
            setattr(self, row[0], row[3])
        for name, value in changes.items():
            row = table.find(table.LIMITS, name)
            if row is None:
                known = ", ".join(sorted(table.names(table.LIMITS)))
                raise ValueError("limits." + name + ": unknown; write one of " + known)
            found = table.check(row[1], row[2], value)
            if found:
                raise ValueError(str(Fault("limits." + name, value, found[0], found[1])))
            setattr(self, name, value)

    def fit(self, platform):
        """Have no more clients served, and no more wait, than the port (sys.platform) has TCP connections."""
        most = TCP_CONNECTIONS.get(platform)
        if most is not None:
            self.connections = min(self.connections, most - TOLD)
            self.slot_waiters = min(self.slot_waiters, max(0, most - self.connections - TOLD))
