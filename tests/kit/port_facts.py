"""What the port, the module `camera` and the chips have, so that the boards are checked without a network.

Read from the sources named here; a later release adds a row.
"""

from __future__ import annotations

#: micropython/micropython, ports/esp32/boards/sdkconfig.* at each tag.
_SINCE_1_25 = ("240mhz", "base", "ble", "c6", "spiram", "spiram_oct", "spiram_sx")
FRAGMENTS = {
    "v1.25.0": {*_SINCE_1_25, "usb"},
    "v1.26.0": {*_SINCE_1_25, "usb", "c2", "free_ram"},
    "v1.27.0": {*_SINCE_1_25, "c2", "flash_2MiB", "free_ram", "p4", "riscv"},
    "v1.28.0": {*_SINCE_1_25, "c2", "flash_2MiB", "free_ram", "p4", "riscv"},
}

#: espressif/esp-idf, the Kconfig files of components/ at v5.3, v5.4.2 and v5.5.1: what our fragments may set.
CONFIG_NAMES = {
    "CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE",
    "CONFIG_BT_ENABLED",
    "CONFIG_ESPTOOLPY_FLASHSIZE_16MB",
    "CONFIG_ESPTOOLPY_FLASHSIZE_4MB",
    "CONFIG_ESPTOOLPY_FLASHSIZE_8MB",
    "CONFIG_ETH_USE_OPENETH",
    "CONFIG_LWIP_MAX_SOCKETS",
    "CONFIG_LWIP_TCP_SND_BUF_DEFAULT",
    "CONFIG_MBEDTLS_SERVER_SSL_SESSION_TICKETS",
    "CONFIG_MBEDTLS_SSL_RENEGOTIATION",
    "CONFIG_PARTITION_TABLE_CUSTOM",
    "CONFIG_PARTITION_TABLE_CUSTOM_FILENAME",
}

#: micropython/micropython v1.28.0, ports/esp32/boards/sdkconfig.base: CONFIG_LWIP_MAX_ACTIVE_TCP, which
#: ports/esp32/lwip_patch.c enforces for all TCP connections, those in TIME-WAIT too, and for no listener.
ACTIVE_TCP = 12
#: espressif/esp-idf v5.3, components/lwip/Kconfig: the most of LWIP_MAX_SOCKETS; LWIP_TCP_MSS; the most of
#: LWIP_TCP_SND_BUF_DEFAULT without LWIP_WND_SCALE.
SOCKETS_MOST = 16
TCP_MSS = 1440
SEND_BUFFER_MOST = 65535
#: A full segment with its headers and the allocator's, about: firmware/native/heap_room.h.
SEGMENT_BYTES = 1600

_SIGNALS = ("CAM_XCLK", "CAM_PCLK", "CAM_VSYNC", "CAM_HREF", "CAM_SDA", "CAM_SCL")
_ORDER = (*(f"CAM_D{n}" for n in range(8)), *_SIGNALS)


def _pins(*numbers: int, **extra: int) -> dict[str, int]:
    return {**dict(zip(_ORDER, numbers, strict=True)), **{f"CAM_{name}": pin for name, pin in extra.items()}}


_S3_EYE = _pins(11, 9, 8, 10, 12, 18, 17, 16, 15, 13, 6, 7, 4, 5)

#: cnadler86/micropython-camera-API, src/camera_pins.h at v0.6.2: MICROPY_CAMERA_MODEL_* and its pins.
CAMERA_MODELS = {
    "AI_THINKER": _pins(5, 18, 19, 21, 36, 39, 34, 35, 0, 22, 25, 23, 26, 27, PWDN=32),
    "ESP_EYE": _pins(34, 13, 14, 35, 39, 38, 37, 36, 4, 25, 5, 27, 18, 23),
    "WROVER_KIT": _pins(4, 5, 18, 19, 36, 39, 34, 35, 21, 22, 25, 23, 26, 27),
    "M5STACK_PSRAM": _pins(32, 35, 34, 5, 39, 18, 36, 19, 27, 21, 22, 26, 25, 23, RESET=15),
    "TTGO_T_CAMERA_PLUS": _pins(34, 13, 26, 35, 39, 38, 37, 36, 4, 25, 5, 27, 18, 23),
    "ESP32S3_EYE": _S3_EYE,
    "FREENOVE_ESP32S3_CAM": _S3_EYE,
    "XIAO_ESP32S3": _pins(15, 17, 18, 16, 14, 12, 11, 48, 10, 13, 38, 47, 40, 39),
    "M5STACK_CAMS3_UNIT": _pins(6, 15, 16, 7, 5, 10, 4, 13, 11, 12, 42, 18, 17, 41, RESET=21),
    "DFRobot_ESP32S3": _pins(39, 40, 41, 4, 7, 8, 46, 48, 45, 5, 6, 42, 1, 2),
}

#: espressif/esp-idf v5.5.1, components/soc/esp32/include/soc/soc_caps.h (SOC_GPIO_VALID_GPIO_MASK and
#: SOC_GPIO_VALID_OUTPUT_GPIO_MASK), and the ESP32 and ESP32-S3 datasheets, section "Pins".
GPIOS = {
    "esp32": set(range(40)) - {20, 24, 28, 29, 30, 31},
    "esp32s3": set(range(49)) - {22, 23, 24, 25},
}
INPUT_ONLY = {"esp32": {34, 35, 36, 37, 38, 39}, "esp32s3": set()}
#: Flash, the REPL (UART0 on an ESP32, USB-Serial-JTAG on an ESP32-S3), and PSRAM by its mode.
TAKEN = {
    "esp32": {6, 7, 8, 9, 10, 11, 1, 3},
    "esp32s3": {27, 28, 29, 30, 31, 32, 19, 20},
}
#: The same datasheet: UART0 of an ESP32-S3, where the REPL is as well on some boards.
UART0_PINS = {43, 44}
PSRAM_PINS = {
    ("esp32", "quad"): {16, 17},
    ("esp32s3", "quad"): {26},
    ("esp32s3", "octal"): {26, 33, 34, 35, 36, 37},
}
#: espressif/esp-idf v5.5.1, components/soc/X/include/soc/soc.h: SOC_EXTRAM_DATA_SIZE. Of a larger chip
#: esp_psram.c says "Virtual address not enough for PSRAM, map as much as we can".
PSRAM_MAPPED = {"esp32": 0x3FC00000 - 0x3F800000, "esp32s3": 0x3E000000 - 0x3C000000}

#: Measured with MicroPython 1.28.0 on ESP-IDF 5.5.1 on 2026-11-27: bytes of the app, our modules included, by
#: chip; and QEMU_ESP32's.
MEASURED_APP = {"esp32": 1_385_000, "esp32s3": 1_592_900}
MEASURED_QEMU = 1_531_248
#: What the next changes may add.
APP_RESERVE = 64 * 1024
