// The module open_eth: Ethernet through the OpenCores MAC of Espressif's QEMU, which real chips do not have.
// Source: ESP-IDF Programming Guide, "Ethernet" (install, attach, start) and "ESP-NETIF".

#include "py/mphal.h"
#include "py/runtime.h"
#include "shared/netutils/netutils.h"

#include "esp_eth.h"
#include "esp_eth_mac_openeth.h"
#include "esp_event.h"
#include "esp_netif.h"

// Outlives a soft reset, as the driver does.
static esp_netif_t *interface = NULL;

static void start(void) {
    check_esp_err(esp_netif_init());
    esp_err_t err = esp_event_loop_create_default();
    if (err != ESP_ERR_INVALID_STATE) { // the port's main.c has made it already
        check_esp_err(err);
    }
    eth_mac_config_t mac = ETH_MAC_DEFAULT_CONFIG();
    eth_phy_config_t phy = ETH_PHY_DEFAULT_CONFIG();
    phy.reset_gpio_num = -1; // the emulated DP83848 has no reset line
    phy.autonego_timeout_ms = 100;
    esp_eth_config_t driver = ETH_DEFAULT_CONFIG(esp_eth_mac_new_openeth(&mac), esp_eth_phy_new_dp83848(&phy));
    esp_eth_handle_t handle = NULL;
    check_esp_err(esp_eth_driver_install(&driver, &handle));
    esp_netif_config_t config = ESP_NETIF_DEFAULT_ETH();
    esp_netif_t *made = esp_netif_new(&config);
    check_esp_err(esp_netif_attach(made, esp_eth_new_netif_glue(handle)));
    check_esp_err(esp_eth_start(handle));
    interface = made;
}

// Starts the interface, once; DHCP goes on in the background. Raises OSError.
static mp_obj_t open_eth_connect(void) {
    if (interface == NULL) {
        start();
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_0(open_eth_connect_obj, open_eth_connect);

// (address, netmask, gateway) as str; "0.0.0.0" until DHCP has an answer.
static mp_obj_t open_eth_ifconfig(void) {
    esp_netif_ip_info_t info = {0};
    if (interface != NULL) {
        check_esp_err(esp_netif_get_ip_info(interface, &info));
    }
    mp_obj_t items[] = {
        netutils_format_ipv4_addr((uint8_t *)&info.ip, NETUTILS_BIG),
        netutils_format_ipv4_addr((uint8_t *)&info.netmask, NETUTILS_BIG),
        netutils_format_ipv4_addr((uint8_t *)&info.gw, NETUTILS_BIG),
    };
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}
static MP_DEFINE_CONST_FUN_OBJ_0(open_eth_ifconfig_obj, open_eth_ifconfig);

static const mp_rom_map_elem_t open_eth_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_open_eth) },
    { MP_ROM_QSTR(MP_QSTR_connect), MP_ROM_PTR(&open_eth_connect_obj) },
    { MP_ROM_QSTR(MP_QSTR_ifconfig), MP_ROM_PTR(&open_eth_ifconfig_obj) },
};
static MP_DEFINE_CONST_DICT(open_eth_globals, open_eth_globals_table);

const mp_obj_module_t open_eth_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&open_eth_globals,
};
MP_REGISTER_MODULE(MP_QSTR_open_eth, open_eth_module);
