#pragma once
#include "esp_eth.h"
esp_eth_mac_t *esp_eth_mac_new_openeth(const eth_mac_config_t *config);
