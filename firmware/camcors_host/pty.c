// The REPL on a pseudo-terminal of mode 0600: no browser and no other user can open it.
// Its master is kept open, also over a reset; a client has the other end, as it would a USB adapter's port.
#define _GNU_SOURCE // ptsname_r()
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "board.h"

#define WITHOUT_INOTIFY_MS (10) // a user has 128 instances by default

static char name[32];     // /dev/pts/N
static int watch = -1;    // says when the other end is opened: a poll of the master cannot wait for that
static bool is_connected;

#define MASTER (pty_line.fds[0])
#define FOLDER (pty_line.fds[1])
#define LOCK (pty_line.fds[2])

static bool is_somebody_there(void) {
    struct pollfd fd = { .fd = MASTER };
    return poll(&fd, 1, 0) >= 0 && !(fd.revents & POLLHUP);
}

// Raw, and without what the last client left unread. As long as nobody is there, so that nobody loses a byte.
static int make_new(void) {
    int fd = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return errno;
    }
    struct termios mode;
    struct stat st;
    int err = 0;
    if (fstat(fd, &st) != 0 || tcgetattr(fd, &mode) != 0) {
        err = errno;
    } else if (!S_ISCHR(st.st_mode) || (st.st_mode & 07777) != 0600 || st.st_uid != geteuid()) {
        err = EPERM;
    } else {
        cfmakeraw(&mode);
        if (tcsetattr(fd, TCSANOW, &mode) != 0 || tcflush(fd, TCIFLUSH) != 0) {
            err = errno;
        }
    }
    close(fd);
    return err;
}

static int open_master(void) {
    MASTER = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    // Linux opens nobody the other end before unlockpt(): until then its mode may be what the system gives.
    if (MASTER < 0 || grantpt(MASTER) != 0 || ptsname_r(MASTER, name, sizeof(name)) != 0
        || chmod(name, 0600) != 0 || unlockpt(MASTER) != 0) {
        return errno;
    }
    return make_new();
}

int pty_open(const char *link) {
    int err = open_master();
    return err != 0 ? err : link_take(link, name, &FOLDER, &LOCK);
}

void pty_inherit(const char *link) {
    if (ptsname_r(MASTER, name, sizeof(name)) != 0) {
        perror("camcors: no REPL");
    }
    link_inherit(link, FOLDER, LOCK, name);
}

static void look_who_is_there(void) {
    if (!is_connected && is_somebody_there()) {
        is_connected = true;
        serial_set_peer(MASTER);
    }
}

static void start(void) {
    watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (watch >= 0 && inotify_add_watch(watch, name, IN_OPEN) < 0) {
        close(watch);
        watch = -1;
    }
    look_who_is_there();
}

static bool has_input(void) {
    struct pollfd fd = { .fd = MASTER, .events = POLLIN };
    return poll(&fd, 1, 0) > 0 && (fd.revents & POLLIN);
}

static void wait_for_client(void) {
    if (has_input()) {
        return; // of a client that came and went meanwhile
    }
    struct pollfd fd = { .fd = watch, .events = POLLIN };
    poll(&fd, 1, watch < 0 ? WITHOUT_INOTIFY_MS : -1);
    char events[512];
    while (watch >= 0 && read(watch, events, sizeof(events)) > 0) {
    }
}

static void hang_up(void) {
    is_connected = false;
    serial_set_peer(-1);
    if (!is_somebody_there()) {
        make_new();
    }
}

static ssize_t receive(char *buf, size_t size) {
    if (is_connected) {
        struct pollfd fd = { .fd = MASTER, .events = POLLIN };
        poll(&fd, 1, -1);
    } else {
        wait_for_client();
    }
    look_who_is_there();
    ssize_t n = read(MASTER, buf, size);
    if (n < 0 && errno == EIO && is_connected) { // all was read, and the other end is closed
        hang_up();
    }
    return n < 0 ? 0 : n;
}

line_t pty_line = { .receive = receive, .start = start, .fds = { -1, -1, -1 } };
