// The REPL's serial port on a TCP port, with the manners of a board's UART: one client at a time, Ctrl-C
// noticed while a program runs, bytes that nobody has read yet kept in a buffer, a line that outlives a reset.
// A thread of its own (no Python runs in it) takes the place of the UART's interrupt handler.
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "py/mphal.h"
#include "py/mpthread.h"
#include "py/runtime.h"
#include "py/stream.h"

#include "board.h"

static int listener = -1;
static volatile int client = -1;
static bool client_is_new;       // it has sent nothing yet
static pthread_mutex_t client_lock = PTHREAD_MUTEX_INITIALIZER; // no write to a descriptor being closed
static int input[2];             // a pipe: the buffer between the serial thread and the REPL
static volatile int interrupt_char = -1;
static volatile bool repl_running;
static pthread_t main_thread;

static bool set_reuse(int fd, int on) {
    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0;
}

// The port may be used again while connections of before are closing, but by nobody else while this
// camera has it, listening or not.
static bool start_listening(void) {
    return set_reuse(listener, 1) && listen(listener, 1) == 0 && set_reuse(listener, 0);
}

int serial_listen(const char *host, int port) {
    char service[8];
    snprintf(service, sizeof(service), "%d", port);
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_PASSIVE };
    struct addrinfo *found;
    if (getaddrinfo(host, service, &hints, &found) != 0) {
        return EADDRNOTAVAIL;
    }
    int err = 0;
    listener = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    set_reuse(listener, 1);
    if (listener < 0 || bind(listener, found->ai_addr, found->ai_addrlen) != 0 || !start_listening()) {
        err = errno;
    }
    freeaddrinfo(found);
    return err;
}

void serial_inherit(int inherited_listener, int inherited_client) {
    listener = inherited_listener;
    client = inherited_client;
}

void serial_freeze(int *listener_out, int *client_out) {
    pthread_mutex_lock(&client_lock); // for good: the serial thread must not close what the next image gets
    *listener_out = listener;
    *client_out = client;
}

void serial_repl_begins(void) {
    repl_running = true;
}

static void write_all(int fd, const char *str, size_t len) {
    while (len > 0) {
        ssize_t n = write(fd, str, len);
        if (n < 0 && errno != EINTR) {
            return; // the client or the console went away: as bytes sent on a line that nobody reads
        }
        if (n > 0) {
            str += n;
            len -= n;
        }
    }
}

static void drop_client(void) {
    pthread_mutex_lock(&client_lock);
    close(client);
    client = -1;
    pthread_mutex_unlock(&client_lock);
    start_listening();
}

static void accept_client(void) {
    int fd = accept(listener, NULL, NULL);
    if (fd < 0) {
        usleep(100000);
        start_listening();
        return;
    }
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    set_reuse(fd, 1); // closed, it must not keep the port from being listened on
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    client = fd;
    client_is_new = true;
    // A second connection is refused, which mpremote reports as it does for a serial port in use.
    // Linux keeps the port bound, and drop_client() listens on it again.
    shutdown(listener, SHUT_RD);
}

// Schedules KeyboardInterrupt in the main thread. The signal ends a system call that it may be waiting in;
// repeated, since the first may arrive just before that call begins.
static void interrupt_main_thread(void) {
    mp_sched_keyboard_interrupt();
    do {
        pthread_kill(main_thread, SIGUSR1);
        usleep(10000);
    } while (interrupt_char >= 0
             && MP_STATE_MAIN_THREAD(mp_pending_exception) != MP_OBJ_NULL);
}

// A page of any origin can make a browser send a request here, whose body would then be typed into the REPL.
static bool is_http(const char *data, size_t len) {
    static const char *const methods[] = { "GET ", "HEAD ", "POST ", "OPTIONS " }; // Fetch: no others unasked
    for (size_t i = 0; i < MP_ARRAY_SIZE(methods); i++) {
        size_t size = strlen(methods[i]);
        if (len >= size && memcmp(data, methods[i], size) == 0) {
            return true;
        }
    }
    return false;
}

static void receive(void) {
    char buf[256];
    ssize_t n = recv(client, buf, sizeof(buf), 0);
    if (n < 0 && errno == EINTR) {
        return;
    }
    if (n <= 0 || (client_is_new && is_http(buf, n))) {
        drop_client();
        return;
    }
    client_is_new = false;
    for (ssize_t i = 0; i < n; i++) {
        if (buf[i] == interrupt_char) {
            interrupt_main_thread();
        } else {
            ssize_t kept = write(input[1], &buf[i], 1); // the pipe is full: lost, as by a UART
            (void)kept;
        }
    }
}

static void *serial_thread(void *arg) {
    for (;;) {
        if (client >= 0) {
            receive();
        } else {
            accept_client();
        }
    }
    return arg;
}

static void wake_up(int signum) {
    (void)signum;
}

void serial_start(void) {
    main_thread = pthread_self();
    struct sigaction sa = { .sa_handler = wake_up }; // without SA_RESTART: the call must end
    sigaction(SIGUSR1, &sa, NULL);
    pthread_t thread;
    if (pipe(input) != 0 || fcntl(input[1], F_SETFL, O_NONBLOCK) != 0
        || pthread_create(&thread, NULL, serial_thread, NULL) != 0) {
        perror("camcors: no REPL");
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
        ssize_t n = read(input[0], &c, 1);
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

static void write_client(const char *str, size_t len, bool cooked) {
    while (len > 0) {
        const char *eol = cooked ? memchr(str, '\n', len) : NULL;
        size_t line = eol ? (size_t)(eol - str) : len;
        write_all(client, str, line);
        if (eol == NULL) {
            break;
        }
        write_all(client, "\r\n", 2);
        str = eol + 1;
        len -= line + 1;
    }
}

// A background thread prints to the camera's console only, and so cannot garble an answer of the raw REPL.
static void transmit(const char *str, size_t len, bool cooked) {
    bool on_main = pthread_equal(pthread_self(), main_thread);
    MP_THREAD_GIL_EXIT();
    if (!on_main || !repl_running) {
        write_all(STDOUT_FILENO, str, len);
    }
    if (on_main) {
        pthread_mutex_lock(&client_lock);
        if (client >= 0) {
            write_client(str, len, cooked);
        }
        pthread_mutex_unlock(&client_lock);
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
#define mp_hal_stdin_rx_chr __wrap_mp_hal_stdin_rx_chr
#define mp_hal_stdout_tx_strn __wrap_mp_hal_stdout_tx_strn
#define mp_hal_stdout_tx_strn_cooked __wrap_mp_hal_stdout_tx_strn_cooked
#define mp_sys_stdin_obj __wrap_mp_sys_stdin_obj
#define mp_sys_stdout_obj __wrap_mp_sys_stdout_obj
#define mp_sys_stderr_obj __wrap_mp_sys_stderr_obj
#include "shared/runtime/sys_stdio_mphal.c"
