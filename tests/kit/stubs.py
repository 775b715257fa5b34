"""mypy.stubtest over each module with a stub, with stand-ins for the modules that only a board has."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

from mypy import stubtest

from strict.compat import const

_TOP = Path(__file__).parents[2]

#: Module -> what the firmware imports from it by name.
_STAND_INS = {
    "board": (),
    "camera": ("FrameSize",),
    "esp32": ("NVS", "Partition"),
    "machine": ("PWM", "Pin", "SoftI2C", "reset"),
    "micropython": (),
    "network": ("WLAN",),
    "open_eth": (),
    "vfs": (),
}

for module, names in _STAND_INS.items():
    sys.modules[module] = ModuleType(module)
    for name in names:
        # With its module's name, or stubtest takes it for a part of the module that imports it.
        vars(sys.modules[module])[name] = type(name, (), {"__module__": module})
vars(sys.modules["micropython"])["const"] = const

stubs = [
    path.relative_to(folder) for folder in (_TOP / "src", _TOP / "firmware") for path in folder.rglob("*.pyi")
]
# stubtest imports all that is in a package, and those of camcors_host start a camera where they are imported.
checked = {path.parts[0].removesuffix(".pyi") for path in stubs} - {"camcors_host"} | {"camcors_host.network"}
sys.argv += sorted(checked)
sys.exit(stubtest.main())
