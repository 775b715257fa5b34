// The REPL's serial port, with the manners of a board's UART: Ctrl-C noticed while a program runs, bytes that
// nobody has read yet kept in a buffer, output lost when nobody is there, a line that outlives a reset.
// A thread of its own (no Python runs in it) takes the place of the UART's interrupt handler.
#define _GNU_SOURCE // pipe2()
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "py/mphal.h"
#include "py/mpthread.h"
#include "py/runtime.h"
#include "py/stream.h"

#include "../native/repl.h"
#include "board.h"

#define ROOM_MS (100)

static line_t *line;
static int peer = -1;
static pthread_mutex_t peer_lock = PTHREAD_MUTEX_INITIALIZER; // no write to a descriptor being closed
static int input[2];             // a pipe: the buffer between the serial thread and the REPL
static volatile int interrupt_char = -1;
static volatile bool repl_running;
static pthread_t main_thread;

void serial_set_peer(int fd) {
    pthread_mutex_lock(&peer_lock);
    peer = fd;
    pthread_mutex_unlock(&peer_lock);
}

void serial_freeze(void) {
    pthread_mutex_lock(&peer_lock); // for good: the serial thread must not close what the next image gets
}

void serial_repl_begins(void) {
    repl_running = true;
}

// Drops what was typed before, as a terminal does (POSIX, 11.2.5, NOFLSH): a buffer full of it would have no
// room for what the client sends next. Then schedules KeyboardInterrupt in the main thread. The signal ends a
// system call that it may be waiting in; repeated, since the first may arrive just before that call begins.
static void interrupt_main_thread(void) {
    char typed[256];
    while (read(input[0], typed, sizeof(typed)) > 0) {
    }
    mp_sched_keyboard_interrupt();
    do {
        pthread_kill(main_thread, SIGUSR1);
        usleep(10000);
    } while (interrupt_char >= 0
             && MP_STATE_MAIN_THREAD(mp_pending_exception) != MP_OBJ_NULL);
}

static void *serial_thread(void *arg) {
    char buf[256];
    for (;;) {
        ssize_t n = line->receive(buf, sizeof(buf));
        for (ssize_t i = 0; i < n; i++) {
            if (buf[i] == interrupt_char) {
                interrupt_main_thread();
            } else {
                ssize_t kept = write(input[1], &buf[i], 1); // the pipe is full: lost, as by a UART
                (void)kept;
            }
        }
    }
    return arg;
}

static void wake_up(int signum) {
    (void)signum;
}

// The collector waits here for the other threads to mark what they hold. A wake-up would end its sem_wait(), and
// what they hold would be freed.
void __real_mp_thread_gc_others(void);
void __wrap_mp_thread_gc_others(void) {
    sigset_t wake, before;
    sigemptyset(&wake);
    sigaddset(&wake, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &wake, &before);
    __real_mp_thread_gc_others();
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void serial_start(line_t *line_in) {
    line = line_in;
    line->start();
    main_thread = pthread_self();
    struct sigaction sa = { .sa_handler = wake_up }; // without SA_RESTART: the call must end
    sigaction(SIGUSR1, &sa, NULL);
    pthread_t thread;
    if (pipe2(input, O_CLOEXEC | O_NONBLOCK) != 0 || pthread_create(&thread, NULL, serial_thread, NULL) != 0) {
        perror("camcors: no REPL");
    }
}

static void write_all(int fd, const char *str, size_t len) {
    while (len > 0) {
        ssize_t n = write(fd, str, len);
        if (n < 0 && errno != EINTR) {
            return; // the console went away
        }
        if (n > 0) {
            str += n;
            len -= (size_t)n;
        }
    }
}

// A peer that is slow loses nothing, one that is not there all. The lock is not held while it waits: another
// thread may reset the board meanwhile.
static void write_peer(const char *str, size_t len) {
    while (len > 0) {
        pthread_mutex_lock(&peer_lock);
        int fd = peer;
        ssize_t n = fd < 0 ? -1 : write(fd, str, len);
        int err = errno;
        pthread_mutex_unlock(&peer_lock);
        if (n >= 0) {
            str += n;
            len -= (size_t)n;
        } else if (fd < 0 || (err != EAGAIN && err != EINTR)) {
            return;
        } else {
            struct pollfd room = { .fd = fd, .events = POLLOUT };
            if (poll(&room, 1, ROOM_MS) > 0 && (room.revents & (POLLHUP | POLLNVAL))) {
                return;
            }
        }
    }
}

// --- The console of MicroPython, moved here by the linker's --wrap (boards/HOST/mpconfigvariant.mk) ---

void __wrap_mp_hal_set_interrupt_char(char c) {
    interrupt_char = c == CHAR_CTRL_C ? CHAR_CTRL_C : -1;
}

int __wrap_mp_hal_stdin_rx_chr(void) {
    for (;;) {
        unsigned char c;
        MP_THREAD_GIL_EXIT();
        struct pollfd typed = { .fd = input[0], .events = POLLIN };
        ssize_t n = poll(&typed, 1, -1) > 0 ? read(input[0], &c, 1) : -1;
        MP_THREAD_GIL_ENTER();
        if (n == 1) {
            return c;
        }
        if (interrupt_char < 0) {
            // A Ctrl-C that came as the program ended: nothing at the prompt would catch the exception.
            MP_STATE_MAIN_THREAD(mp_pending_exception) = MP_OBJ_NULL;
        }
        mp_handle_pending(true);
    }
}

static void write_cooked(const char *str, size_t len) {
    for (const char *eol; (eol = memchr(str, '\n', len)) != NULL;) {
        write_peer(str, (size_t)(eol - str));
        write_peer("\r\n", 2);
        len -= (size_t)(eol + 1 - str);
        str = eol + 1;
    }
    write_peer(str, len);
}

// A background thread prints to the camera's console only, and so cannot garble an answer of the raw REPL.
static void transmit(const char *str, size_t len, bool cooked) {
    bool on_main = pthread_equal(pthread_self(), main_thread);
    MP_THREAD_GIL_EXIT();
    if (!on_main || !repl_running) {
        write_all(STDOUT_FILENO, str, len);
    }
    if (on_main) {
        cooked ? write_cooked(str, len) : write_peer(str, len);
    }
    MP_THREAD_GIL_ENTER();
}

mp_uint_t __wrap_mp_hal_stdout_tx_strn(const char *str, size_t len) {
    transmit(str, len, false);
    return len;
}

void __wrap_mp_hal_stdout_tx_strn_cooked(const char *str, size_t len) {
    transmit(str, len, true);
}

// A peer that does not read loses it, as on a UART: Python stands still meanwhile.
void repl_write(const char *str, size_t len) {
    pthread_mutex_lock(&peer_lock);
    ssize_t n = peer < 0 ? 0 : write(peer, str, len);
    (void)n;
    pthread_mutex_unlock(&peer_lock);
}

void repl_write_console(const char *line, size_t len) {
    MP_THREAD_GIL_EXIT();
    write_all(STDOUT_FILENO, line, len);
    write_all(STDOUT_FILENO, "\n", 1);
    MP_THREAD_GIL_ENTER();
}

void __wrap_mp_hal_stdout_tx_str(const char *str) {
    __wrap_mp_hal_stdout_tx_strn(str, strlen(str));
}

// sys.stdin, sys.stdout and sys.stderr as every bare-metal port has them, over the functions above.
static uintptr_t host_stdio_poll(uintptr_t flags) {
    struct pollfd fd = { .fd = input[0], .events = POLLIN };
    uintptr_t ready = flags & MP_STREAM_POLL_WR;
    if ((flags & MP_STREAM_POLL_RD) && poll(&fd, 1, 0) > 0) {
        ready |= MP_STREAM_POLL_RD;
    }
    return ready;
}
#undef mp_hal_stdio_poll
#define mp_hal_stdio_poll host_stdio_poll
#define mp_hal_stdin_rx_chr() ((byte)__wrap_mp_hal_stdin_rx_chr())
#define mp_hal_stdout_tx_strn __wrap_mp_hal_stdout_tx_strn
#define mp_hal_stdout_tx_strn_cooked __wrap_mp_hal_stdout_tx_strn_cooked
#define mp_sys_stdin_obj __wrap_mp_sys_stdin_obj
#define mp_sys_stdout_obj __wrap_mp_sys_stdout_obj
#define mp_sys_stderr_obj __wrap_mp_sys_stderr_obj
#include "shared/runtime/sys_stdio_mphal.c"
