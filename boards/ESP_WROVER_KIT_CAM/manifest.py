# What every ESP32 camera freezes, and this board's own data, written by the build from board.json.
include("../common/manifest_esp32.py")
module("board.py", base_path="../../build/ESP_WROVER_KIT_CAM/generated")
module("board_drivers.py", base_path="../../build/ESP_WROVER_KIT_CAM/generated")
