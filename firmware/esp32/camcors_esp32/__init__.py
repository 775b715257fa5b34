"""The parts of the ESP32 boards' camera_driver and board_network."""
