"""`camcors dashboard`: serves the web page that shows the cameras, to this machine only."""

from __future__ import annotations

import contextlib

import click

from ..ui.errors import Failure
from ..ui.options import known_port_option
from ..ui.output import Output


@click.command()
@click.option(
    "--http-port",
    "--port-number",
    type=click.IntRange(1, 65535),
    default=8000,
    show_default=True,
    help="Where the dashboard is, on localhost. A camera's first policy allows 8000.",
)
@click.option(
    "--camera",
    "cameras",
    metavar="URL",
    multiple=True,
    help="A camera's address, offered while the dashboard has none; may be given again.",
)
@click.option("--open", "in_browser", is_flag=True, help="Open it in your browser.")
@known_port_option
def dashboard(http_port: int, cameras: tuple[str, ...], in_browser: bool, port: str | None) -> None:
    """Serve the dashboard, the page that shows your cameras.

    It runs until Ctrl-C, and only this machine reaches it. With --port, the page can show which origins
    the policy of the camera there allows what.

    \b
    camcors dashboard --open
    camcors dashboard --camera http://192.168.4.1
    """
    from ..dashboard import first_look
    from ..dashboard.server import Server

    out = Output()
    try:
        server = Server(http_port, list(cameras), port)
    except OSError as exc:
        free = http_port % 65535 + 1
        remedy = "end the program that has it, or choose another: "
        remedy += f"make run DASHBOARD_PORT={free}, or --http-port {free}"
        raise Failure(f"no dashboard: port {http_port} is not free ({exc.strerror})", remedy) from None
    with server, contextlib.suppress(KeyboardInterrupt):
        out.say(f"dashboard {server.url}")
        first_look.start(server.url, list(cameras), port, out.say)
        if in_browser:
            import webbrowser

            webbrowser.open(server.url)
        server.serve_forever()
