// What firmware/native/tls.c asks of Mbed TLS, for a compiler without a C library.
#define MBEDTLS_HAVE_TIME
#define MBEDTLS_PLATFORM_C
#define MBEDTLS_PLATFORM_NO_STD_FUNCTIONS
#include "extmod/mbedtls/mbedtls_config_common.h"
#define MBEDTLS_SSL_SESSION_TICKETS
#define MBEDTLS_SSL_TICKET_C
