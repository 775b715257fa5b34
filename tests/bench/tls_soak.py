"""Many handshakes, whole ones and such as break off at every byte: what they leave behind."""

from __future__ import annotations

import ssl
import time
from typing import Any

from tests.bench.camera_heap import camera_heap
from tests.kit import https
from tests.kit.camera import Camera

WHOLE = 10_000
SLACK = 1024  # bytes of TLS's memory; a leak of one byte for each ten handshakes is as much


def settled(camera: Camera) -> dict[str, Any]:
    """What the camera counts of its clients once the one that asks is the only one; AssertionError if another
    stays."""
    end = time.monotonic() + 20
    while (clients := camera.status()["clients"])["connections"] > 1:
        assert time.monotonic() < end, clients
        time.sleep(0.05)
    counted: dict[str, Any] = clients
    return counted


def whole(camera: Camera, trust: ssl.SSLContext, count: int) -> int:
    """Do so many handshakes, every other one resumed. Return how many were."""
    session: ssl.SSLSession | None = None
    resumed = 0
    for _ in range(count):
        with https.connect(camera, trust, session) as client:
            resumed += bool(client.session_reused)
            session = client.session if session is None else None
    return resumed


def cut(camera: Camera, trust: ssl.SSLContext, step: int = 1) -> int:
    """Break off a handshake at every `step`th byte that a client sends, by a reset and by an end. Return how
    many that were."""
    sizes = range(0, https.cut_off(camera, trust), step)
    for size in sizes:
        https.cut_off(camera, trust, size, is_reset=True)
        https.cut_off(camera, trust, size)
    return 2 * len(sizes)


def run(camera: Camera, trust: ssl.SSLContext, wholes: int = WHOLE, step: int = 1) -> dict[str, Any]:
    """What the camera has in use before and after, and how soon a client is served then."""
    whole(camera, trust, 100)
    cut(camera, trust, 50)
    before = settled(camera)
    kept = {"heap": -camera_heap(camera), "tls": -https.tls_bytes(camera)}
    began = time.monotonic()
    resumed = whole(camera, trust, wholes)
    seconds = time.monotonic() - began
    cuts = cut(camera, trust, step)
    began = time.monotonic()
    whole(camera, trust, 1)
    next_ms = (time.monotonic() - began) * 1000
    after = settled(camera)
    kept["heap"] += camera_heap(camera)
    kept["tls"] += https.tls_bytes(camera)
    return {
        "whole": wholes,
        "resumed": resumed,
        "cut": cuts,
        "seconds_of_whole": seconds,
        "bytes_kept": kept,
        "faults": after["faults"] - before["faults"],
        "next_ms": next_ms,
    }
