"""The numbers of connections, sockets and send buffers: one truth, wherever it is written down."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from camcors_build import boards

from camcors.limits import TCP_CONNECTIONS, TOLD, Limits
from settings.table import LIMITS, find
from tests.kit import c, port_facts

TOP = Path(__file__).resolve().parents[2]
COMMON = TOP / "boards" / "common"
PAGE = (TOP / "docs" / "boards.md").read_text()
#: For http and https, each of which has one.
LISTENERS = 2
#: DNS in the network of /setup, and one of /main.py.
OTHERS = 2
PICTURE = 30_000  # bytes


def setting(path: Path, name: str) -> int:
    found = re.search(rf"^CONFIG_{name}=(\d+)$", path.read_text(), re.MULTILINE)
    assert found, f"{path.name} does not set {name}"
    return int(found[1])


def fitted() -> Limits:
    limits = Limits()
    limits.fit("esp32")
    return limits


def test_the_port_has_as_many_connections_as_the_limits_go_by() -> None:
    base = c.micropython() / "ports" / "esp32" / "boards" / "sdkconfig.base"
    assert setting(base, "LWIP_MAX_ACTIVE_TCP") == TCP_CONNECTIONS["esp32"] == port_facts.ACTIVE_TCP
    assert (base.parents[1] / "lwip_patch.c").is_file()  # without it, ESP-IDF does not enforce that


def test_there_is_a_socket_for_each_connection_and_for_all_else() -> None:
    sockets = setting(COMMON / "sdkconfig.camera", "LWIP_MAX_SOCKETS")
    assert sockets == port_facts.SOCKETS_MOST == TCP_CONNECTIONS["esp32"] + LISTENERS + OTHERS


def test_the_limits_use_all_connections_and_no_more() -> None:
    limits = fitted()
    assert limits.connections + limits.slot_waiters + TOLD == TCP_CONNECTIONS["esp32"]


def test_what_the_pages_say() -> None:
    limits, most = fitted(), TCP_CONNECTIONS["esp32"]
    numbers = {2: "two", 4: "four", 6: "six", 10: "ten"}
    served, waiting, told = (numbers[n] for n in (limits.connections, limits.slot_waiters, TOLD))
    assert (
        f"| {most} | TCP connections: {served} that are served, {waiting} that wait, {told} that are told"
        in PAGE
    )
    assert f"has {most} TCP connections, at most {waiting}" in find(LIMITS, "slot_waiters")[5]
    assert f"on an ESP32 at most {numbers[most - TOLD]}" in find(LIMITS, "connections")[5]


@pytest.mark.parametrize(("fragment", "which"), [("camera", "without"), ("psram", "with")])
def test_what_a_send_buffer_carries(fragment: str, which: str) -> None:
    """The row of docs/boards.md, and a whole number of segments."""
    size = setting(COMMON / f"sdkconfig.{fragment}", "LWIP_TCP_SND_BUF_DEFAULT")
    assert size % port_facts.TCP_MSS == 0
    assert size <= port_facts.SEND_BUFFER_MOST
    rates = [size * 1000 // (PICTURE * ms) for ms in (10, 20, 30, 50)]
    full = Limits().stream_viewers * size // port_facts.TCP_MSS * port_facts.SEGMENT_BYTES
    row = (
        f"| {size:,} bytes, boards {which} PSRAM | {rates[0]} a second | {' | '.join(map(str, rates[1:]))} | "
    )
    assert row + f"{full:,} bytes |" in PAGE


def test_a_board_with_psram_gives_a_viewer_all_pictures() -> None:
    """At a round trip of 30 ms, and as many a second as the settings say."""
    size = setting(COMMON / "sdkconfig.psram", "LWIP_TCP_SND_BUF_DEFAULT")
    assert size * 1000 // 30 >= Limits().stream_fps * PICTURE
    assert all(board.data["psram_mode"] for board in boards.every() if board.data["camera"])
