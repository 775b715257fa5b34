#define MICROPY_HW_BOARD_NAME "LilyGO TTGO T-Camera Plus"
#define MICROPY_HW_MCU_NAME "ESP32"

// The pins that Camera() takes when none are given, as in pins.csv.
#define MICROPY_CAMERA_MODEL_TTGO_T_CAMERA_PLUS (1)

#define MICROPY_PY_BLUETOOTH (0)
