#pragma once
#include "esp_err.h"
#include "sdkconfig.h"
#include <stddef.h>
void esp_fill_random(void *buf, size_t len);
