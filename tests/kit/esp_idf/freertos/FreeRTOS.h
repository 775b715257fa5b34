#pragma once
#include <stdint.h>
#include "sdkconfig.h"
typedef struct {
    uint32_t owner;
} portMUX_TYPE;
#define IRAM_ATTR
void portENTER_CRITICAL(portMUX_TYPE *mux);
void portEXIT_CRITICAL(portMUX_TYPE *mux);
