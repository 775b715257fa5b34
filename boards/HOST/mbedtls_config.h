// Mbed TLS as MicroPython configures it for all its ports, with what an ESP32 board has as well.
#define MBEDTLS_TIMING_C
#include "extmod/mbedtls/mbedtls_config_common.h"

// A client that comes again resumes its session (RFC 5077), without a signature.
#define MBEDTLS_SSL_SESSION_TICKETS
#define MBEDTLS_SSL_TICKET_C
