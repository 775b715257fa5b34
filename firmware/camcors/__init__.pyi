from cors import CORS
from microdot import Microdot

app: Microdot
cors: CORS
