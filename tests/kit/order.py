"""The order in which pytest's workers get the files of tests.

They take the next file as they finish one. Those with browsers, whose processes want more than one core, are
spread over the whole run, and of each kind the long ones come first: what is left at the end is short.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

#: About how many seconds the long files take. Only the order depends on it; a file that is not here counts as
#: short, by the number of its tests.
WITH_BROWSERS = {
    "tests/access/test_browsers.py": 30,
    "tests/boards/HOST/test_insecure_port.py": 15,
    "tests/firmware/camcors_esp32/test_setup_in_browser.py": 15,
    "tests/recipes/test_dashboard_example.py": 30,
    "tests/recipes/test_nginx.py": 25,
    "tests/recipes/test_pages.py": 30,
    "tests/tools/camcors_dashboard/test_accessibility.py": 15,
    "tests/tools/camcors_dashboard/test_blocked.py": 50,
    "tests/tools/camcors_dashboard/test_camera_page.py": 15,
    "tests/tools/camcors_dashboard/test_connections.py": 15,
    "tests/tools/camcors_dashboard/test_cors.py": 20,
    "tests/tools/camcors_dashboard/test_dashboard.py": 65,
    "tests/tools/camcors_dashboard/test_engines.py": 50,
    "tests/tools/camcors_dashboard/test_find.py": 20,
    "tests/tools/camcors_dashboard/test_framing.py": 15,
    "tests/tools/camcors_dashboard/test_hostile.py": 40,
    "tests/tools/camcors_dashboard/test_local_network.py": 35,
    "tests/tools/camcors_dashboard/test_log_in.py": 40,
    "tests/tools/camcors_dashboard/test_many.py": 20,
    "tests/tools/camcors_dashboard/test_multipart.py": 6,
    "tests/tools/camcors_dashboard/test_reach.py": 30,
    "tests/tools/camcors_dashboard/test_screenshots.py": 15,
    "tests/tools/camcors_dashboard/test_token.py": 60,
    "tests/tools/camcors_dashboard/test_websocket.py": 6,
}
OTHERS = {
    "tests/access/test_fuzz.py": 20,
    "tests/boards/HOST/test_access.py": 20,
    "tests/boards/HOST/test_policy_in_flash.py": 15,
    "tests/boards/HOST/test_repl.py": 15,
    "tests/boards/HOST/test_server_thread.py": 50,
    "tests/boards/HOST/test_soak.py": 15,
    "tests/boards/HOST/test_tls.py": 55,
    "tests/boards/HOST/test_watchdog.py": 110,
    "tests/cors/test_fuzz.py": 35,
    "tests/cors/test_properties.py": 20,
    "tests/cors/test_store.py": 20,
    "tests/firmware/camcors_esp32/test_setup_page.py": 30,
    "tests/firmware/camcors_testcard/test_card.py": 30,
    "tests/firmware/test_bad_requests.py": 20,
    "tests/firmware/test_fair_slots.py": 110,
    "tests/firmware/test_keepalive.py": 40,
    "tests/firmware/test_salvage.py": 10,
    "tests/firmware/test_stream.py": 55,
    "tests/tools/camcors_cli/test_backup.py": 20,
    "tests/tools/camcors_cli/test_board.py": 30,
    "tests/tools/camcors_cli/test_doctor.py": 20,
    "tests/tools/camcors_cli/test_edit.py": 10,
    "tests/tools/camcors_cli/test_flash.py": 20,
    "tests/tools/camcors_cli/test_install.py": 50,
    "tests/tools/camcors_cli/test_logs.py": 30,
    "tests/tools/camcors_cli/test_odd_board.py": 40,
    "tests/tools/camcors_cli/test_pip_install.py": 10,
    "tests/tools/camcors_cli/test_policy_commands.py": 15,
    "tests/tools/camcors_cli/test_printing.py": 40,
    "tests/tools/camcors_cli/test_reset.py": 25,
    "tests/tools/camcors_cli/test_shells.py": 40,
    "tests/tools/camcors_cli/test_tls.py": 90,
    "tests/tools/camcors_cli/test_token.py": 20,
    "tests/tools/camcors_dashboard/test_server.py": 30,
    "tests/tools/camcors_dashboard/test_types.py": 25,
}
_SHORT_S = 15  # at most
_EACH_S = 0.1


def spread(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Return all of `items`, file by file, in the order in which they are handed out."""
    files: dict[str, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.nodeid.partition("::")[0], []).append(item)
    short = {name: min(_SHORT_S, _EACH_S * len(tests)) for name, tests in files.items()}
    others = {name: OTHERS.get(name, short[name]) for name in files if name not in WITH_BROWSERS}
    browsers = {name: seconds for name, seconds in WITH_BROWSERS.items() if name in files}
    places = {**_places(browsers), **_places(others)}
    return [item for name in sorted(places, key=places.__getitem__) for item in files[name]]


def _places(seconds: Mapping[str, float]) -> dict[str, float]:
    """Return where each file begins, from 0 to 1, if they run one after the other, the longest first."""
    whole, begin, places = sum(seconds.values()), 0.0, {}
    for name in sorted(seconds, key=lambda name: -seconds[name]):
        places[name] = begin / whole
        begin += seconds[name]
    return places
