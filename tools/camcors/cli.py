"""The command line: `camcors`."""

from __future__ import annotations

from importlib.metadata import version

import click

from .backup import backup, restore
from .completion import completion
from .dashboard import dashboard
from .device import info, reset
from .doctor import doctor
from .explain import explain
from .flash import flash
from .image import image
from .install import install
from .policy_commands import policy
from .wifi import wifi

_EPILOG = """\b
Exit status: 0 done; 1 the answer is no (an invalid policy, a blocked request); 2 the command is not
written right; 3 no board or camera was reached; 4 the board could not do it,
or a file here could not be written.
"""


@click.group(epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("camcors"), package_name="camcors", message="camcors %(version)s")
def main() -> None:
    """Edits the cross-origin policy of a camera, and tells why a browser is blocked.

    A board is found on USB by itself; the camera on your desk (make run) with
    --port build/HOST/repl or in the environment: CAMCORS_PORT.
    """


for command in (
    policy,
    explain,
    doctor,
    dashboard,
    wifi,
    info,
    reset,
    image,
    flash,
    backup,
    restore,
    install,
    completion,
):
    main.add_command(command)
