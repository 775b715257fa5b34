#pragma once
#include <stdint.h>
#include "esp_err.h"
typedef struct esp_eth_mac_s esp_eth_mac_t;
typedef struct esp_eth_phy_s esp_eth_phy_t;
typedef void *esp_eth_handle_t;
typedef struct {
    uint32_t sw_reset_timeout_ms;
} eth_mac_config_t;
#define ETH_MAC_DEFAULT_CONFIG() { .sw_reset_timeout_ms = 100 }
typedef struct {
    uint32_t autonego_timeout_ms;
    int reset_gpio_num;
} eth_phy_config_t;
#define ETH_PHY_DEFAULT_CONFIG() { .autonego_timeout_ms = 4000, .reset_gpio_num = 5 }
typedef struct {
    esp_eth_mac_t *mac;
    esp_eth_phy_t *phy;
} esp_eth_config_t;
#define ETH_DEFAULT_CONFIG(emac, ephy) { .mac = emac, .phy = ephy }
esp_eth_phy_t *esp_eth_phy_new_dp83848(const eth_phy_config_t *config);
esp_err_t esp_eth_driver_install(const esp_eth_config_t *config, esp_eth_handle_t *out_hdl);
typedef struct esp_eth_netif_glue_t *esp_eth_netif_glue_handle_t;
esp_eth_netif_glue_handle_t esp_eth_new_netif_glue(esp_eth_handle_t hdl);
esp_err_t esp_eth_start(esp_eth_handle_t hdl);
