#pragma once
#include <stddef.h>
#include "esp_err.h"
#include "sdkconfig.h"
