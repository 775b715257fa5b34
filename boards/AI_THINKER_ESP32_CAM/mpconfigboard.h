#define MICROPY_HW_BOARD_NAME "AI-Thinker ESP32-CAM"
#define MICROPY_HW_MCU_NAME "ESP32"

// The pins that Camera() takes when none are given, as in pins.csv.
#define MICROPY_CAMERA_MODEL_AI_THINKER (1)

#define MICROPY_PY_BLUETOOTH (0)
