"""The emulated board's network, with a stand-in for the C module open_eth."""

from __future__ import annotations

import asyncio
import importlib
import sys
from types import SimpleNamespace
from typing import Any

import pytest

SETTINGS = {"name": "camcors", "host": "0.0.0.0"}


class OpenEth:
    """Has an address after `polls` calls of ifconfig(), or never; connect() fails if it is told to."""

    def __init__(self, polls: int | None, fails: bool = False) -> None:
        self.polls, self.fails, self.calls = polls, fails, 0

    def connect(self) -> None:
        if self.fails:
            raise OSError(-261, "ESP_ERR_NOT_FOUND")

    def ifconfig(self) -> tuple[str, str, str]:
        self.calls += 1
        if self.polls is not None and self.calls > self.polls:
            return ("10.0.2.15", "255.255.255.0", "10.0.2.2")
        return ("0.0.0.0", "0.0.0.0", "0.0.0.0")


def start(open_eth: OpenEth, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, list[str | None], list[float]]:
    """Start the network -> (it, its address at each change, the waits)."""
    monkeypatch.setitem(sys.modules, "open_eth", open_eth)
    monkeypatch.delitem(sys.modules, "camcors_qemu.network", raising=False)
    module = importlib.import_module("camcors_qemu.network")
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(module, "asyncio", SimpleNamespace(sleep=sleep))
    changes: list[str | None] = []
    network: Any = module.Network(SETTINGS, None, lambda: changes.append(network.address))
    assert network.address is None
    network.attach(None)
    asyncio.run(network.start())
    return network, changes, waits


def test_the_address_comes_by_dhcp(monkeypatch: pytest.MonkeyPatch) -> None:
    network, changes, waits = start(OpenEth(3), monkeypatch)
    assert (changes, waits) == (["10.0.2.15"], [0.1] * 3)
    assert network.report() == {
        "state": "wired",
        "address": "10.0.2.15",
        "name": "camcors",
        "rssi": None,
        "error": None,
    }


@pytest.mark.parametrize(
    ("open_eth", "error", "waits"),
    [
        (
            OpenEth(None),
            "no address by DHCP within 10 s; start the emulator with -nic user,model=open_eth",
            100,
        ),
        (
            OpenEth(0, fails=True),
            "the emulated Ethernet did not start: OSError(-261, 'ESP_ERR_NOT_FOUND')",
            0,
        ),
    ],
)
def test_a_network_that_does_not_come_up_is_reported(
    monkeypatch: pytest.MonkeyPatch, open_eth: OpenEth, error: str, waits: int
) -> None:
    network, changes, waited = start(open_eth, monkeypatch)
    assert (changes, len(waited)) == ([], waits)
    assert network.report() == {
        "state": "down",
        "address": None,
        "name": "camcors",
        "rssi": None,
        "error": error,
    }
