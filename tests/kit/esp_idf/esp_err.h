// The headers in this folder name what this project's C takes of ESP-IDF v5.5.1 and esp32-camera 22e014b, and what
// MicroPython's headers take: enough to check types and syntax, not to run.
#pragma once
#include <stdint.h>
typedef int esp_err_t;
#define ESP_OK (0)
#define ESP_FAIL (-1)
#define ESP_ERR_NO_MEM (0x101)
#define ESP_ERR_INVALID_STATE (0x103)
// MicroPython's (ports/esp32/mphalport.h); on the computer's compiler, the unix port's headers do not have it.
void check_esp_err_(esp_err_t code);
