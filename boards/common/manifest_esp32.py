# What every ESP32 board with a camera freezes; its manifest.py includes this and adds its board.py.
include("../../manifest.py")
include("$(MPY_DIR)/extmod/asyncio")

# The drivers of the camera, the network and the LED.
module("camera_driver.py", base_path="../../firmware/esp32")
module("led.py", base_path="../../firmware/esp32")
module("setup_page.py", base_path="../../firmware/esp32")
module("wifi.py", base_path="../../firmware/esp32")
