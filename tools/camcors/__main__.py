"""`python -m camcors_cli` is `camcors`."""

from .cli import main

main(prog_name="camcors")
