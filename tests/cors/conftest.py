"""Makes `run_cases` importable, which runs without pytest too."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
