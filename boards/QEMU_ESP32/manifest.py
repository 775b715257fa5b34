include("../../manifest.py")
include("$(MPY_DIR)/extmod/asyncio")

# The test card for a camera, the emulator's Ethernet for a network.
package("camcors_testcard", base_path="../../firmware")
package("camcors_qemu", base_path="../../firmware")
# Written by the build from board.json.
module("board.py", base_path="../../build/QEMU_ESP32/generated")
module("board_drivers.py", base_path="../../build/QEMU_ESP32/generated")
