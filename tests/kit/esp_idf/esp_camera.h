#pragma once
#include <stddef.h>
#include <stdint.h>
#include "esp_err.h"
typedef struct {
    uint8_t *buf;
    size_t len;
} camera_fb_t;
esp_err_t esp_camera_deinit(void);
camera_fb_t *esp_camera_fb_get(void);
