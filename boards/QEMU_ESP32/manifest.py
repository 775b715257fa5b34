include("../../manifest.py")
include("$(MPY_DIR)/extmod/asyncio")

# The test card of the camera on your desk in the place of a sensor.
module("camera_driver.py", base_path="../../firmware/host")
module("jpeg_frame.py", base_path="../../firmware/host")
module("jpeg_tables.py", base_path="../../firmware/host")
module("jpeg_tiles.py", base_path="../../firmware/host")
module("testcard.py", base_path="../../firmware/host")
module("testfont.py", base_path="../../firmware/host")
module("testlayout.py", base_path="../../firmware/host")
module("testsymbols.py", base_path="../../firmware/host")
# Ethernet in the place of Wi-Fi.
module("board_network.py", base_path="../../firmware/qemu")
# Written by the build from board.json.
module("board.py", base_path="../../build/QEMU_ESP32/generated")
