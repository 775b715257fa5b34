// The head of an HTTP request as far as it is certain: where its parts lie in the bytes. Pure: no memory, no state,
// nothing of MicroPython, so that a fuzzer can run it alone.
#ifndef CAMCORS_HEAD_SPLIT_H
#define CAMCORS_HEAD_SPLIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEAD_FIELDS_MAX (40)
#define HEAD_NAME_MAX (64) // bytes of a name that is not in HEAD_NAMES
#define HEAD_LENGTH_MAX (9) // digits of a Content-Length

// The methods that are certain, each with the space that follows it.
#define HEAD_METHODS(X) X(GET) X(HEAD) X(POST) X(PUT) X(DELETE) X(OPTIONS) X(PATCH)

// Names that are never allocated: browsers, proxies and this camera's own pages send them.
#define HEAD_NAMES(X) \
    X(ACCEPT, "accept") \
    X(ACCEPT_ENCODING, "accept-encoding") \
    X(ACCEPT_LANGUAGE, "accept-language") \
    X(AC_REQUEST_HEADERS, "access-control-request-headers") \
    X(AC_REQUEST_METHOD, "access-control-request-method") \
    X(AC_REQUEST_NETWORK, "access-control-request-private-network") \
    X(AUTHORIZATION, "authorization") \
    X(CACHE_CONTROL, "cache-control") \
    X(CONNECTION, "connection") \
    X(CONTENT_LENGTH, "content-length") \
    X(CONTENT_TYPE, "content-type") \
    X(COOKIE, "cookie") \
    X(DNT, "dnt") \
    X(EXPECT, "expect") \
    X(HOST, "host") \
    X(IF_NONE_MATCH, "if-none-match") \
    X(ORIGIN, "origin") \
    X(PRAGMA, "pragma") \
    X(PRIORITY, "priority") \
    X(REFERER, "referer") \
    X(SEC_CH_UA, "sec-ch-ua") \
    X(SEC_CH_UA_MOBILE, "sec-ch-ua-mobile") \
    X(SEC_CH_UA_PLATFORM, "sec-ch-ua-platform") \
    X(SEC_FETCH_DEST, "sec-fetch-dest") \
    X(SEC_FETCH_MODE, "sec-fetch-mode") \
    X(SEC_FETCH_SITE, "sec-fetch-site") \
    X(SEC_FETCH_USER, "sec-fetch-user") \
    X(SEC_GPC, "sec-gpc") \
    X(TRANSFER_ENCODING, "transfer-encoding") \
    X(UPGRADE, "upgrade") \
    X(UPGRADE_INSECURE_REQUESTS, "upgrade-insecure-requests") \
    X(USER_AGENT, "user-agent") \
    X(X_FORWARDED_FOR, "x-forwarded-for") \
    X(X_FORWARDED_HOST, "x-forwarded-host") \
    X(X_FORWARDED_PROTO, "x-forwarded-proto")

enum {
    #define X(name) HEAD_METHOD_##name,
    HEAD_METHODS(X)
    #undef X
    HEAD_METHODS_COUNT
};

enum {
    #define X(name, text) HEAD_##name,
    HEAD_NAMES(X)
    #undef X
    HEAD_OTHER // any other name
};

typedef struct {
    uint16_t start;
    uint16_t size;
} head_span_t;

typedef struct {
    head_span_t name;
    head_span_t value; // without the spaces around it
    uint8_t known; // which of HEAD_NAMES the name is, in any letter case, or HEAD_OTHER
} head_field_t;

typedef struct {
    head_span_t target;
    uint8_t method; // HEAD_METHOD_*
    uint8_t count;
    head_field_t fields[HEAD_FIELDS_MAX];
} head_t;

// Splits a head, `size` bytes without the empty line -> whether it is certain: HTTP/1.1 to the letter, with no name
// twice, and of what firmware/camcors/http/parse.py makes the same. `head` counts only if it is.
bool head_split(const uint8_t *data, size_t size, head_t *head);

// Which of HEAD_NAMES a name is, in any letter case, or HEAD_OTHER.
uint8_t head_known(const uint8_t *name, size_t size);

// Whether all of it may stand in a name, a token, which is not empty; and in a value.
bool head_is_name(const uint8_t *data, size_t size);
bool head_is_value(const uint8_t *data, size_t size);

// `byte`, A to Z in lower case.
static inline uint8_t head_small(uint8_t byte) {
    return byte >= 'A' && byte <= 'Z' ? byte | 32 : byte;
}

#endif
