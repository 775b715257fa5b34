// Where the Python heap of an ESP32 grows to. The port's own gc_get_max_new_split() (ports/esp32/gccollect.c of
// MicroPython, 1.25 to 1.28) names the largest free block of all memory, down to the last; the linker puts this
// one in its place.

#include "py/gc.h"

#include "esp_heap_caps.h"
#include "sdkconfig.h"

#include "heap_room.h"
#include "system_heap.h"

#if CONFIG_LWIP_MAX_ACTIVE_TCP > HEAP_CONNECTIONS || \
    (!CONFIG_SPIRAM && CONFIG_LWIP_TCP_SND_BUF_DEFAULT > HEAP_SEND_BUFFER)
#error "lwIP may take more than heap_room.h leaves: correct its numbers"
#endif
#if CONFIG_ESP_WIFI_TX_BA_WIN > HEAP_BA_WINDOW || CONFIG_ESP_WIFI_RX_BA_WIN > HEAP_BA_WINDOW
#error "Wi-Fi may take more than heap_room.h leaves: correct its numbers"
#endif

// MALLOC_CAP_INTERNAL has what only code or 32-bit words may use, too; all that DMA reaches is of use to all.
#define SYSTEM_CAPS (MALLOC_CAP_INTERNAL | MALLOC_CAP_DMA)

// The size up to which malloc() prefers internal memory; the port takes the heap's areas with malloc().
#ifdef CONFIG_SPIRAM_MALLOC_ALWAYSINTERNAL
#define MALLOC_INTERNAL (CONFIG_SPIRAM_MALLOC_ALWAYSINTERNAL)
#else
#define MALLOC_INTERNAL (0)
#endif

size_t __wrap_gc_get_max_new_split(void);

size_t __wrap_gc_get_max_new_split(void) {
    // A total of 0: no PSRAM was found (CONFIG_SPIRAM_IGNORE_NOTFOUND), or the image knows none.
    if (heap_caps_get_total_size(MALLOC_CAP_SPIRAM) > 0) {
        return heap_room_psram(heap_caps_get_largest_free_block(MALLOC_CAP_SPIRAM), MALLOC_INTERNAL);
    }
    return heap_room_internal(system_heap_free(), heap_caps_get_largest_free_block(SYSTEM_CAPS));
}

size_t system_heap_free(void) {
    return heap_caps_get_free_size(SYSTEM_CAPS);
}
