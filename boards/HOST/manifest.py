include("../../manifest.py")
include("$(MPY_DIR)/extmod/asyncio")

# The power-on script and the drivers of this board.
package("camcors_host", base_path="../../firmware")
package("camcors_testcard", base_path="../../firmware")
# Written by the build from board.json and boards/common.
module("board.py", base_path="../../build/HOST/generated")
module("board_drivers.py", base_path="../../build/HOST/generated")
module("partition_table.py", base_path="../../build/HOST/generated")
