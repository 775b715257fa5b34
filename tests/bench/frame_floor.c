// The least that a server of MJPEG does: one picture after the other, at its pace, to all its viewers.
//
// usage: frame_floor PORT VIEWERS FRAMES BYTES FPS SLICE. Prints "ready" once it listens, waits for so many
// viewers, and sends them what frame_app.py sends, in slices of as many bytes, each a call of its own between
// two looks at all sockets. At the end it prints what the processor has spent on the pictures, in seconds.
// Viewers that do not keep up are no part of this: all wait for the last one.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define VIEWERS_MAX 8
#define HEAD_MAX 160
#define UNSENT_BYTES 32768
#define SIZES 8
#define STEP 137

static const char ANSWER[] = "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n"
    "Cache-Control: no-store\r\nConnection: close\r\n\r\n";
static const char PART[] = "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %zu\r\nX-Frame-Id: %d\r\n"
    "X-Timestamp: %lld.%03lld\r\n\r\n";

static struct pollfd viewers[VIEWERS_MAX];
static size_t sent[VIEWERS_MAX];
static int count;

static long long now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static int listen_on(int port) {
    int server = socket(AF_INET, SOCK_STREAM, 0);
    int yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (bind(server, (struct sockaddr *)&address, sizeof(address)) || listen(server, VIEWERS_MAX)) {
        fail("listen");
    }
    return server;
}

// Answer one viewer; what it asks for is not looked at.
static void answer(int server) {
    int yes = 1, unsent = UNSENT_BYTES;
    char request[1024];
    struct pollfd *viewer = &viewers[count++];
    viewer->fd = accept(server, NULL, NULL);
    if (viewer->fd < 0 || recv(viewer->fd, request, sizeof(request), 0) <= 0) {
        fail("accept");
    }
    setsockopt(viewer->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    setsockopt(viewer->fd, SOL_SOCKET, SO_SNDBUF, &unsent, sizeof(unsent));
    if (send(viewer->fd, ANSWER, sizeof(ANSWER) - 1, 0) < 0) {
        fail("send");
    }
}

static size_t fill(char *part, int number, long long began, const char *picture, size_t size) {
    long long ms = (now_ns() - began) / 1000000;
    size_t at = snprintf(part, HEAD_MAX, PART, size, number, ms / 1000, ms % 1000);
    memcpy(part + at, picture, size);
    memcpy(part + at + size, "\r\n", 2);
    return at + size + 2;
}

// Send a part to all, a slice at a time in turn.
static void send_all(const char *part, size_t size, size_t slice) {
    memset(sent, 0, sizeof(sent));
    for (int left = count; left;) {
        left = 0;
        for (int i = 0; i < count; i++) {
            viewers[i].events = sent[i] < size ? POLLOUT : 0;
            left += sent[i] < size;
        }
        if (left && poll(viewers, count, -1) < 0) {
            fail("poll");
        }
        for (int i = 0; i < count; i++) {
            if (sent[i] < size && viewers[i].revents) {
                size_t rest = size - sent[i];
                ssize_t done = send(viewers[i].fd, part + sent[i], rest < slice ? rest : slice, MSG_DONTWAIT);
                if (done < 0) {
                    fail("send");
                }
                sent[i] += done;
            }
        }
    }
}

int main(int argc, char **argv) {
    if (argc != 7) {
        return 2;
    }
    int wanted = atoi(argv[2]), frames = atoi(argv[3]), fps = atoi(argv[5]);
    size_t size = atoi(argv[4]), slice = atoi(argv[6]);
    char *picture = calloc(1, size), *part = malloc(HEAD_MAX + size + 2);
    int server = listen_on(atoi(argv[1]));
    puts("ready");
    fflush(stdout);
    while (count < wanted) {
        answer(server);
    }
    long long began = now_ns(), due = began;
    clock_t clock_began = clock();
    for (int number = 1; number <= frames; number++, due += 1000000000LL / fps) {
        long long wait_ms = (due - now_ns() + 999999) / 1000000;
        if (wait_ms > 0) {
            poll(NULL, 0, wait_ms);
        }
        long long now = now_ns();
        memcpy(picture, &now, sizeof(now));
        send_all(part, fill(part, number, began, picture, size - (frames - number) % SIZES * STEP), slice);
    }
    printf("%f\n", (double)(clock() - clock_began) / CLOCKS_PER_SEC);
    return 0;
}
