"""Runs first at power-on and at each soft reset, as the ESP32 port's own _boot.py: holds the board's supply,
and mounts the filesystem."""

import gc

# MicroPython's heap does not move what it holds: what stays must not end up among what goes. In a heap of
# 111 KB this leaves a block of 27 KB instead of 2 after the start.
gc.threshold(4096)

import filesystem
import supply

supply.hold()
filesystem.mount()
