# What every ESP32 board with a camera freezes; its manifest.py includes this and adds its board.py.
include("../../manifest.py")
include("$(MPY_DIR)/extmod/asyncio")

# The sensor behind micropython-camera-API, the network, and what both are made of.
package("camcors_esp32", base_path="../../firmware")
