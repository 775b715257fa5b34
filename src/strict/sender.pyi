from typing import Final

NO_ORIGIN: Final[int]
OWN: Final[int]
TRUSTED: Final[int]
FOREIGN: Final[int]
