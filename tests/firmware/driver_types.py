"""For mypy only: each board's drivers are what the firmware takes them for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import camcors_esp32.camera
    import camcors_esp32.network
    import camcors_host.network
    import camcors_qemu.network
    import camcors_testcard.camera
    from camcors.drivers import Camera, MakeNetwork

    CAMERAS: list[Callable[[], Camera]] = [
        camcors_esp32.camera.Camera,
        camcors_testcard.camera.Camera,
    ]
    NETWORKS: list[MakeNetwork] = [
        camcors_esp32.network.Network,
        camcors_host.network.Network,
        camcors_qemu.network.Network,
    ]
