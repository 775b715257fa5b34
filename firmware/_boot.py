"""Runs first at power-on and at each soft reset, as the ESP32 port's own _boot.py: mounts the filesystem."""

import filesystem

filesystem.mount()
