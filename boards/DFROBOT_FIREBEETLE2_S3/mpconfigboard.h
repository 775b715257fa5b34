#define MICROPY_HW_BOARD_NAME "DFRobot FireBeetle 2 ESP32-S3 (DFR0975)"
#define MICROPY_HW_MCU_NAME "ESP32S3"

// The pins that Camera() takes when none are given, as in pins.csv.
#define MICROPY_CAMERA_MODEL_DFRobot_ESP32S3 (1)

#define MICROPY_PY_BLUETOOTH (0)
// The REPL is on USB-Serial-JTAG, which needs no TinyUSB and is there before boot.py runs.
#define MICROPY_HW_ENABLE_USBDEV (0)
