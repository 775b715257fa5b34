"""The command line: `camcors`."""

from __future__ import annotations

import logging
import sys
import warnings
from importlib.metadata import version
from typing import Any

import click

from .commands.backup import backup, restore
from .commands.completion import completion
from .commands.dashboard import dashboard
from .commands.doctor import doctor
from .commands.explain import explain
from .commands.flash import flash
from .commands.image import image
from .commands.info import info, reset
from .commands.install import install
from .commands.logs import logs
from .commands.migrate import migrate
from .commands.policy import policy
from .commands.settings import settings
from .commands.wifi import wifi
from .ui.errors import Failure
from .ui.options import group_port_option
from .ui.output import Output, prepare

_EPILOG = """\b
Exit status: 0 done; 1 the answer is no (an invalid policy, a blocked request); 2 a usage error;
3 no board or camera was reached; 4 the board could not do it, or a file here could not be written.
"""


class _Group(click.Group):
    """Ends with what `Output` prints; click itself would print what a board said as it came."""

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
@click.version_option(version("camcors"), package_name="camcors", message="camcors %(version)s")
def main() -> None:
    """Edit the cross-origin policy of a camera, and tell why a browser is blocked.

    A board is found on USB by itself; the camera on your desk (make run) with
    --port build/HOST/repl or in the environment: CAMCORS_PORT.
    """


for command in (
    policy,
    settings,
    explain,
    doctor,
    dashboard,
    wifi,
    info,
    logs,
    reset,
    image,
    flash,
    migrate,
    backup,
    restore,
    install,
    completion,
):
    main.add_command(command)


def run() -> None:
    """The program: the command with streams that are prepared, and without messages of its libraries."""
    prepare()
    logging.getLogger().addHandler(logging.NullHandler())
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    main(prog_name="camcors")
