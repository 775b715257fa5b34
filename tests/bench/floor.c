// The route of server_app.py as a loop in C: one receive, one send, an answer that was made before.
//
// usage: floor PORT. Prints "ready" once it listens; ends after a GET /quit. It keeps a connection if it is asked
// to, and tells no heap, since it allocates none.
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENTS 16

#define HEAD(connection, length) "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: " connection \
    "\r\nContent-Length: " length "\r\n\r\n"
#define STATUS "{\"board\": \"HOST\", \"uptime_s\": 1, \"frames\": {\"captured\": 0, \"failed\": 0}, \"faults\": []}"

static const char kept[] = HEAD("keep-alive", "86") STATUS;
static const char last[] = HEAD("close", "86") STATUS;
static const char heap[] = HEAD("close", "16") "{\"allocated\": 0}";

static struct pollfd watched[1 + CLIENTS];
static int count = 1;

static int listener(int port) {
    int one = 1;
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(port)};
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, (struct sockaddr *)&here, sizeof(here)) != 0 || listen(fd, CLIENTS) != 0) {
        perror("floor");
        exit(1);
    }
    return fd;
}

static void leave(int index) {
    close(watched[index].fd);
    watched[index] = watched[--count];
}

// Whether the server goes on.
static int serve(int index) {
    char request[1024];
    ssize_t size = recv(watched[index].fd, request, sizeof(request) - 1, 0);
    if (size <= 0) {
        leave(index);
        return 1;
    }
    request[size] = '\0';
    int stays = strstr(request, "\r\nConnection: keep-alive\r\n") != NULL;
    int is_heap = strncmp(request, "GET /heap ", 10) == 0;
    const char *answer = is_heap ? heap : stays ? kept : last;
    send(watched[index].fd, answer, strlen(answer), MSG_NOSIGNAL);
    if (!stays || is_heap) {
        leave(index);
    }
    return strncmp(request, "GET /quit ", 10) != 0;
}

int main(int argc, char **argv) {
    watched[0] = (struct pollfd){.fd = listener(argc > 1 ? atoi(argv[1]) : 0), .events = POLLIN};
    puts("ready");
    fflush(stdout);
    for (;;) {
        poll(watched, count, -1);
        for (int index = count - 1; index > 0; index--) {
            if (watched[index].revents != 0 && !serve(index)) {
                return 0;
            }
        }
        if (watched[0].revents != 0 && count <= CLIENTS) {
            watched[count++] = (struct pollfd){.fd = accept(watched[0].fd, NULL, NULL), .events = POLLIN};
        }
    }
}
