"""mypy.stubtest, with stand-ins for the modules that only a board has: the firmware imports them."""

from __future__ import annotations

import sys
from types import ModuleType

from mypy import stubtest

from strict.compat import const

for name in ("board", "filesystem", "machine", "micropython"):
    sys.modules[name] = ModuleType(name)
vars(sys.modules["micropython"])["const"] = const

sys.exit(stubtest.main())
