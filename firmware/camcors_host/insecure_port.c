// The REPL on a TCP port, only when it is asked for: whoever reaches the port gets the REPL, and any page in
// any browser can make it connect here. So nothing is passed on before mpremote's own first bytes have arrived.
#define _GNU_SOURCE // accept4()
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "board.h"

// The first write of mpremote 1.24 to 1.29 (transport_serial.py, enter_raw_repl()): Ctrl-C. No browser begins with a
// carriage return: a request begins with a method (RFC 9112, 3), TLS with 0x16 (RFC 8446, 5.1).
static const char greeting[] = { '\r', '\x03' };
#define GREETING_MS (2000)

#define LISTENER (insecure_port_line.fds[0])
#define CLIENT (insecure_port_line.fds[1])

static bool set_reuse(int fd, int on) {
    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0;
}

// The port may be used again while connections of before are closing, but by nobody else while this
// camera has it, listening or not.
static bool start_listening(void) {
    return set_reuse(LISTENER, 1) && listen(LISTENER, 1) == 0 && set_reuse(LISTENER, 0);
}

int insecure_port_open(const char *host, int port) {
    char service[8];
    snprintf(service, sizeof(service), "%d", port);
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_PASSIVE };
    struct addrinfo *found;
    if (getaddrinfo(host, service, &hints, &found) != 0) {
        return EADDRNOTAVAIL;
    }
    int err = 0;
    LISTENER = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    set_reuse(LISTENER, 1);
    if (LISTENER < 0 || bind(LISTENER, found->ai_addr, found->ai_addrlen) != 0 || !start_listening()) {
        err = errno;
    }
    freeaddrinfo(found);
    return err;
}

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// Whether the client's first bytes are the greeting. Not one byte more is read.
static bool greets(int fd) {
    int64_t end = now_ms() + GREETING_MS;
    for (size_t have = 0; have < sizeof(greeting);) {
        struct pollfd ready = { .fd = fd, .events = POLLIN };
        int left = (int)(end - now_ms());
        if (left <= 0) {
            return false;
        }
        if (poll(&ready, 1, left) <= 0) {
            continue;
        }
        char got[sizeof(greeting)];
        ssize_t n = recv(fd, got, sizeof(greeting) - have, 0);
        if (n <= 0 || memcmp(got, greeting + have, (size_t)n) != 0) {
            return false;
        }
        have += (size_t)n;
    }
    return true;
}

static int accept_client(void) {
    int fd = accept4(LISTENER, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        usleep(100000);
        start_listening();
        return -1;
    }
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    set_reuse(fd, 1); // closed, it must not keep the port from being listened on
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    // A second connection is refused, which mpremote reports as it does for a serial port in use.
    // Linux keeps the port bound, and drop() listens on it again.
    shutdown(LISTENER, SHUT_RD);
    return fd;
}

static void drop(int fd) {
    serial_set_peer(-1);
    CLIENT = -1;
    close(fd);
    start_listening();
}

static ssize_t admit(char *buf) {
    int fd = accept_client();
    if (fd < 0) {
        return 0;
    }
    if (!greets(fd)) {
        drop(fd);
        return 0;
    }
    CLIENT = fd;
    serial_set_peer(fd);
    memcpy(buf, greeting, sizeof(greeting));
    return sizeof(greeting);
}

static ssize_t receive(char *buf, size_t size) {
    if (CLIENT < 0) {
        return admit(buf);
    }
    struct pollfd fd = { .fd = CLIENT, .events = POLLIN };
    poll(&fd, 1, -1);
    ssize_t n = recv(CLIENT, buf, size, 0);
    if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) {
        drop(CLIENT);
    }
    return n < 0 ? 0 : n;
}

static void start(void) {
    serial_set_peer(CLIENT);
}

line_t insecure_port_line = { .receive = receive, .start = start, .fds = { -1, -1, -1 } };
