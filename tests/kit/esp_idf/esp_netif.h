#pragma once
#include "esp_err.h"
typedef struct esp_netif_obj esp_netif_t;
typedef void *esp_netif_iodriver_handle;
typedef struct {
    const void *base;
    const void *driver;
    const void *stack;
} esp_netif_config_t;
#define ESP_NETIF_DEFAULT_ETH() { .base = 0, .driver = 0, .stack = 0 }
typedef struct {
    uint32_t addr;
} esp_ip4_addr_t;
typedef struct {
    esp_ip4_addr_t ip;
    esp_ip4_addr_t netmask;
    esp_ip4_addr_t gw;
} esp_netif_ip_info_t;
esp_err_t esp_netif_init(void);
esp_netif_t *esp_netif_new(const esp_netif_config_t *config);
esp_err_t esp_netif_attach(esp_netif_t *netif, esp_netif_iodriver_handle driver);
esp_err_t esp_netif_get_ip_info(esp_netif_t *netif, esp_netif_ip_info_t *info);
