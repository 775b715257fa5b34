"""The table of the camera's paths is what the camera answers at, and the only one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from camcors import api, routes
from camcors.door import Door
from microdot import Microdot


def test_the_camera_has_the_routes_of_the_table_and_no_other() -> None:
    app = Microdot()
    nothing: Any = None
    server: Any = SimpleNamespace(limits=None)
    api.attach(app, nothing, nothing, server, nothing, nothing)
    Door(app, nothing, nothing).attach()
    found = [(method, row[1].url_pattern) for row in app.url_map for method in row[0]]
    assert sorted(found) == sorted(routes.ROUTES)


def test_the_remedy_names_every_path() -> None:
    paths = list(dict.fromkeys(path for _, path in routes.ROUTES))
    assert f"ask for {', '.join(paths[:-1])} or {paths[-1]}" == routes.REMEDY
