// How far the Python heap may grow. The network lives on the same memory: with none left, lwIP drops segments,
// Wi-Fi drops frames, and the emulator's Ethernet driver spins without end (emac_opencores_rx_task of ESP-IDF
// v5.5.1 tries malloc() again without a pause).
#ifndef CAMCORS_HEAP_ROOM_H
#define CAMCORS_HEAP_ROOM_H

#include <stddef.h>

// What stays with the system, in bytes. A full segment is 1,440 bytes (CONFIG_LWIP_TCP_MSS) in a buffer of about
// 1,600, with the headers and the allocator's own; so is a frame of Wi-Fi (components/esp_wifi/Kconfig: 1.6 KB).
#define HEAP_SEGMENT_BYTES (1600)
#define HEAP_TCP_MSS (1440)
// Each stream fills its send buffer: boards/common/sdkconfig.camera, and `stream_viewers` of settings.table. With
// PSRAM the buffer is larger (sdkconfig.psram), the heap grows there, and this sum does not count; if none is
// found, such an image has no sensor, and no streams.
#define HEAP_SEND_BUFFER (11520)
#define HEAP_STREAMS (4)
// Each other connection has one segment under way: a request, or an answer.
#define HEAP_CONNECTIONS (12) // CONFIG_LWIP_MAX_ACTIVE_TCP in ports/esp32/boards/sdkconfig.base of MicroPython
// tcp_pcb, netconn, its mailbox and its semaphores, which ESP-IDF's lwIP takes with malloc(): less than this.
#define HEAP_CONNECTION_BYTES (512)
// Wi-Fi copies what is in the air: a block-ack window each way (CONFIG_ESP_WIFI_TX_BA_WIN, CONFIG_ESP_WIFI_RX_BA_WIN).
// Its ten static buffers are taken when the camera starts, before the heap grows.
#define HEAP_BA_WINDOW (6)
// TLS is not in the sum. With PSRAM the Python heap does not grow in internal memory. Without it, each connection
// over https takes 24 KB of this reserve, of which 16,384 and 4,096 bytes are its record buffers
// (CONFIG_MBEDTLS_SSL_IN_CONTENT_LEN, CONFIG_MBEDTLS_SSL_OUT_CONTENT_LEN): three at a time leave lwIP little.
#define HEAP_SEGMENTS \
    (HEAP_STREAMS * (HEAP_SEND_BUFFER / HEAP_TCP_MSS) + (HEAP_CONNECTIONS - HEAP_STREAMS) + 2 * HEAP_BA_WINDOW)
// 52 segments and 12 connections: 89,344 bytes. 8 KB were too little, and 40 KB were enough for three viewers.
#define HEAP_RESERVE (HEAP_SEGMENTS * HEAP_SEGMENT_BYTES + HEAP_CONNECTIONS * HEAP_CONNECTION_BYTES)

// The largest piece that is asked for at a time: a thread's stack of 16 KB (SERVER_STACK_BYTES) with its task.
#define HEAP_RESERVE_BLOCK (17 * 1024)

static inline size_t heap_room_above(size_t size, size_t kept) {
    return size > kept ? size - kept : 0;
}

// The size that the next area of the heap may have in internal memory: `free` bytes, the largest block `block`.
// Both reserves hold, whichever block the allocator takes for it.
static inline size_t heap_room_internal(size_t free, size_t block) {
    size_t by_free = heap_room_above(free, HEAP_RESERVE);
    size_t by_block = heap_room_above(block, HEAP_RESERVE_BLOCK);
    return by_free < by_block ? by_free : by_block;
}

// The same in PSRAM. malloc() looks for `malloc_internal` bytes or less in internal memory first.
static inline size_t heap_room_psram(size_t block, size_t malloc_internal) {
    return block > malloc_internal ? block : 0;
}

#endif
