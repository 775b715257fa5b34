#pragma once
extern int errno;
#define EAGAIN 11
#define EWOULDBLOCK 11
#define EINTR 4
#define EBUSY 16
#define ENOTCONN 128
