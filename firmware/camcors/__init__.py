"""The camera. A person's /main.py takes `app` and adds routes to it.

asyncio belongs to the server's thread alone: a script on the REPL or in /main.py must not call
asyncio.run() while the camera serves.
"""

from cors import CORS
from microdot import Microdot

#: The running application.
app = Microdot()

#: The cross-origin policy in force on `app`.
cors = CORS(app)
