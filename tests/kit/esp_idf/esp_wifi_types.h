#pragma once
#include "esp_err.h"
#include "sdkconfig.h"
