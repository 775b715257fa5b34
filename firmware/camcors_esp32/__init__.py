"""The drivers of the ESP32 boards: the sensor, the network, the lamp."""
