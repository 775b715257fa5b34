"""The command line: `camcors`."""

from __future__ import annotations

import importlib
import sys
import warnings
from typing import Any

import click

from .ui import shells as shells  # click gets them by their import
from .ui.errors import Failure
from .ui.help import Group
from .ui.options import group_port_option
from .ui.output import Output, prepare

_EPILOG = """\b
Exit status: 0 done; 1 the answer is no (an invalid policy, a request that is
blocked or that the endpoint refuses); 2 a usage error; 3 no board or camera
was reached; 4 the board could not do it, or a file here could not be written.
"""


# In the order of the help, each with its module in commands/.
_COMMANDS = {
    "policy": "policy",
    "token": "token",
    "tls": "tls",
    "settings": "settings",
    "explain": "explain",
    "doctor": "doctor",
    "dashboard": "dashboard",
    "wifi": "wifi",
    "info": "info",
    "logs": "logs",
    "reset": "reset",
    "image": "image",
    "flash": "flash",
    "migrate": "migrate",
    "backup": "backup",
    "restore": "backup",
    "install": "install",
    "completion": "completion",
}


class _Group(Group):
    """Imports a command when it is called, and ends with what `Output` prints.

    click itself would print what a board said as it came.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def find_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        module = importlib.import_module(f".commands.{_COMMANDS[name]}", __package__)
        found: click.Command = getattr(module, name)
        return found

    def main(self, *args: Any, **extra: Any) -> Any:
        try:
            status = super().main(*args, **{**extra, "standalone_mode": False})
        except Failure as failure:
            failure.show()
            status = failure.exit_code
        except click.ClickException as error:
            Output().usage(error)
            status = error.exit_code
        except click.Abort:
            Output().aborted()
            status = 1
        sys.exit(status if isinstance(status, int) else 0)


@click.group(cls=_Group, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@group_port_option
@click.version_option(package_name="camcors", message="camcors %(version)s")
def main() -> None:
    """Edit the cross-origin policy of a camera, and tell why a browser is blocked.

    A board is found on USB by itself; the camera on your desk (make run) with
    --port build/HOST/repl or in the environment: CAMCORS_PORT.
    """


def run() -> None:
    """The program: the command with streams that are prepared, and without messages of its libraries."""
    prepare()
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    main(prog_name="camcors")
