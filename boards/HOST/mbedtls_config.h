// Mbed TLS as MicroPython configures it for all its ports, with what an ESP32 board has as well.
#define MBEDTLS_TIMING_C
#include "extmod/mbedtls/mbedtls_config_common.h"

// A client that comes again resumes its session (RFC 5077), without a signature.
#define MBEDTLS_SSL_SESSION_TICKETS
#define MBEDTLS_SSL_TICKET_C

// Without these a handshake takes ten times as long. ESP-IDF has them on.
#define MBEDTLS_HAVE_ASM
#define MBEDTLS_ECP_NIST_OPTIM

// Not on Python's heap, as on an ESP32: other threads run while a handshake is worked on.
#include <stddef.h>
void *tls_calloc(size_t count, size_t size);
void tls_free(void *start);
#define MBEDTLS_PLATFORM_MEMORY
#define MBEDTLS_PLATFORM_STD_CALLOC tls_calloc
#define MBEDTLS_PLATFORM_STD_FREE tls_free
