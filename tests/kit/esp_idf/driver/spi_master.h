#pragma once
typedef int spi_host_device_t;
