"""Runs after _boot.py: starts the camera in the background, so that the REPL stays free for mpremote."""

from camcors import start

start.boot()
