# What every ESP32 board with a camera freezes; its manifest.py includes this and adds its board.py.
include("../../manifest.py")
include("$(MPY_DIR)/extmod/asyncio")

# The drivers of the sensor, its power and the LED, and the network.
module("access_point.py", base_path="../../firmware/esp32")
module("board_network.py", base_path="../../firmware/esp32")
module("camera_driver.py", base_path="../../firmware/esp32")
module("lamp.py", base_path="../../firmware/esp32")
module("power.py", base_path="../../firmware/esp32")
module("sensors.py", base_path="../../firmware/esp32")
module("setup_page.py", base_path="../../firmware/esp32")
module("station.py", base_path="../../firmware/esp32")
