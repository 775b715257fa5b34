#define MICROPY_HW_BOARD_NAME "Freenove ESP32-S3-WROOM CAM"
#define MICROPY_HW_MCU_NAME "ESP32S3"

// The pins that Camera() takes when none are given, as in pins.csv.
#define MICROPY_CAMERA_MODEL_FREENOVE_ESP32S3_CAM (1)

#define MICROPY_PY_BLUETOOTH (0)
// The REPL is on USB-Serial-JTAG, which needs no TinyUSB and is there before boot.py runs.
#define MICROPY_HW_ENABLE_USBDEV (0)
// It answers on the second socket, the USB-UART bridge, as well.
#define MICROPY_HW_ENABLE_UART_REPL (1)
