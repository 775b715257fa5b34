include("../../manifest.py")
include("$(MPY_DIR)/extmod/asyncio")

# The power-on script and the drivers of this board.
module("host_boot.py", base_path="../../firmware/host")
module("board_network.py", base_path="../../firmware/host")
module("camera_driver.py", base_path="../../firmware/host")
module("jpeg_frame.py", base_path="../../firmware/host")
module("jpeg_tables.py", base_path="../../firmware/host")
module("jpeg_tiles.py", base_path="../../firmware/host")
module("testcard.py", base_path="../../firmware/host")
module("testfont.py", base_path="../../firmware/host")
module("testlayout.py", base_path="../../firmware/host")
module("testsymbols.py", base_path="../../firmware/host")
# Written by the build from board.json and boards/common.
module("board.py", base_path="../../build/HOST/generated")
module("partition_table.py", base_path="../../build/HOST/generated")
