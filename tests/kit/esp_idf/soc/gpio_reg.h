#pragma once
#define GPIO_OUT_REG (0x3ff44004)
#define GPIO_OUT1_REG (0x3ff44010)
