import os

include("../common/manifest.py", folder=os.getcwd())
