"""`python -m camcors_cli` is `camcors`."""

from .cli import run

run()
