# What `camcors install` puts on a board that has a MicroPython of its own, but for its board.py.
include("../../manifest.py")
include("$(MPY_DIR)/extmod/asyncio")
package("camcors_esp32", base_path="../../firmware")
