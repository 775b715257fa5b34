#ifndef CAMCORS_SYSTEM_HEAP_H
#define CAMCORS_SYSTEM_HEAP_H

#include <stddef.h>

// The bytes that drivers and the network can still take; each port has its own.
size_t system_heap_free(void);

#endif
