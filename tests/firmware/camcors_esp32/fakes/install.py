"""Puts the fakes in the places of the ESP32's modules, before anything imports those."""

import sys

import fake_board
import fake_board_drivers
import fake_camera
import fake_esp32
import fake_filesystem
import fake_machine
import fake_network

sys.modules["board"] = fake_board
sys.modules["board_drivers"] = fake_board_drivers
sys.modules["camera"] = fake_camera
sys.modules["esp32"] = fake_esp32
sys.modules["filesystem"] = fake_filesystem
sys.modules["machine"] = fake_machine
sys.modules["network"] = fake_network
