# What a board's image freezes; `folder` is the board's. Its manifest.py includes this.
import json
import os

include("../../manifest.py")
include("$(MPY_DIR)/extmod/asyncio")

with open(os.path.join(options.folder, "board.json")) as file:
    drivers = json.load(file)["drivers"]
for name in sorted(set(drivers.values())):
    package(name, base_path="../../firmware")

# Written by the build from board.json and pins.csv.
generated = os.path.join("../../build", os.path.basename(options.folder), "generated")
module("board.py", base_path=generated)
module("board_drivers.py", base_path=generated)
module("module_names.py", base_path=generated)
