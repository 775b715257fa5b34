"""What a browser does with a camera's answers: the Fetch standard's algorithms, and real requests."""

from .without_asyncio import import_microdot

import_microdot()
