#define MICROPY_HW_BOARD_NAME "Espressif ESP-WROVER-KIT"
#define MICROPY_HW_MCU_NAME "ESP32"

// The pins that Camera() takes when none are given, as in pins.csv.
#define MICROPY_CAMERA_MODEL_WROVER_KIT (1)

#define MICROPY_PY_BLUETOOTH (0)
