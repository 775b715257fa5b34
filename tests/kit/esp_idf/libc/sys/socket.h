// Of lwIP's socket.h, as ESP-IDF has it at this name.
#pragma once
#include <stddef.h>
typedef int ssize_t;
#define MSG_PEEK 0x01
#define MSG_DONTWAIT 0x08
ssize_t recv(int s, void *mem, size_t len, int flags);
