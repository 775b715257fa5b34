// The host's stand-ins for a chip: flash (partition.c, flash_image.c), serial port (serial.c with one of
// pty.c and insecure_port.c behind it), reset (board.c), watchdog (watchdog.c), memory (heap.c).
#ifndef CAMCORS_HOST_BOARD_H
#define CAMCORS_HOST_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "py/obj.h"

#define LINE_DESCRIPTORS (3)

// heap.c: reads CAMCORS_HOST_HEAP -> the size with which the heap starts, in bytes; 0, after one line on stderr, if
// it cannot be read.
unsigned host_heap_start(void);

// What carries the REPL's bytes: a pseudo-terminal, or a TCP port on request.
typedef struct {
    ssize_t (*receive)(char *buf, size_t size); // waits in the serial thread; 0: nothing was typed
    void (*start)(void);                        // tells serial_set_peer() who is there already
    int fds[LINE_DESCRIPTORS];                  // what outlives a reset; -1: none
} line_t;

// pty.c
extern line_t pty_line;
int pty_open(const char *link);      // 0, or an errno: those of link_take() as well
void pty_inherit(const char *link);  // after a reset, with fds as they were

// repl_link.c: the stable name of the pseudo-terminal.
// 0; EAGAIN: another running camera has it; EEXIST: something that is not our link is there;
// EPERM: others can write to its folder; or another errno. *folder and *lock are to be inherited.
int link_take(const char *path, const char *target, int *folder, int *lock);
void link_inherit(const char *path, int folder, int lock, const char *target);
void link_remove(void); // safe in a signal handler

// insecure_port.c
extern line_t insecure_port_line;
int insecure_port_open(const char *host, int port); // 0, or an errno

// serial.c: the REPL's serial port over a line.
void serial_start(line_t *line);    // call once, from the main thread
void serial_set_peer(int fd);       // where output goes from now on, without blocking; -1: nobody is there
void serial_repl_begins(void);      // from here on the main thread prints to the peer alone
void serial_freeze(void);           // for the reset; nothing is sent or closed after it

// flash_image.c: the image file that is the flash.
typedef struct {
    size_t size;
    size_t table_offset;
    const void *table;
    size_t table_size;
} flash_layout_t;
typedef struct {
    int fd;            // locked
    bool was_made;
    mode_t open_to;    // the permissions that others had on it
    bool is_private;   // now
} flash_image_t;
// 0, or an errno; EAGAIN: another camera has it, ENODEV: another size.
int flash_image_open(const char *path, const flash_layout_t *layout, flash_image_t *image);

// partition.c
int flash_map(int fd, size_t size); // 0, or an errno

// confine.c: from the power-on of a camera, Python reaches no file of the computer.
void confine(void);

// board.c: a new process image, as after a reset of the chip; from any thread.
typedef enum { // the numbers of ports/esp32/modmachine.c
    CAUSE_POWER_ON = 1,
    CAUSE_HARD,
    CAUSE_WATCHDOG,
    CAUSE_SOFT = 5,
} reset_cause_t;
__attribute__((noreturn)) void board_reset(reset_cause_t cause, bool raw_repl);

// watchdog.c
void watchdog_freeze(reset_cause_t next); // for the reset
void watchdog_inherit(void);              // after it

MP_DECLARE_CONST_FUN_OBJ_0(host_machine_reset_obj);
MP_DECLARE_CONST_FUN_OBJ_0(host_machine_reset_cause_obj);
extern const mp_obj_type_t host_machine_wdt_type;

// tls_memory.c
MP_DECLARE_CONST_FUN_OBJ_0(host_tls_bytes_obj);

#endif
