#define MICROPY_HW_BOARD_NAME "M5Stack Timer Camera X and F"
#define MICROPY_HW_MCU_NAME "ESP32"

// The pins that Camera() takes when none are given, as in pins.csv.
#define MICROPY_CAMERA_MODEL_M5STACK_PSRAM (1)

#define MICROPY_PY_BLUETOOTH (0)
