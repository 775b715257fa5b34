"""Runs first at power-on and at each soft reset, as the ESP32 port's own _boot.py: holds the board's supply,
and mounts the filesystem."""

import filesystem
import supply

supply.hold()
filesystem.mount()
