"""Where the parts of the checkout that the command reads are: below this package once it is installed."""

from __future__ import annotations

import sys
from pathlib import Path

_INSTALLED = Path(__file__).parent / "tree"
ROOT = _INSTALLED if _INSTALLED.is_dir() else Path(__file__).resolve().parents[2]

#: The camera's own code is imported by the names that it has on the camera.
sys.path += [str(ROOT / "src"), str(ROOT / "firmware")]
