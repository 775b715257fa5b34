// The module _tls: what a server needs of TLS and MicroPython's module tls does not give.
//
// - A handshake step by step, which tells when it is over; its sums, a third of a second on an ESP32, do not hold
//   the other threads.
// - The first byte of a client, before TLS or anything else takes it.
// - The alert that ends a connection (RFC 5246 section 7.2.1).
// - Resumption by tickets (RFC 5077).
//
// The module tls keeps its state to itself, and hands what is written to mbedtls_ssl_write(). So two addresses
// that nothing else writes stand for two calls there.
#include <errno.h>
#include <sys/socket.h>

#include "py/mperrno.h"
#include "py/mpthread.h"
#include "py/nlr.h"
#include "py/runtime.h"
#include "py/stream.h"

#include "mbedtls/ecp.h"
#include "mbedtls/ssl.h"
#include "mbedtls/ssl_ticket.h"

#ifdef ESP_PLATFORM
#include "esp_random.h"
#else
#include <sys/random.h>
#endif

#define TICKET_LIFE_S (86400)
#define OVER (0)

typedef int (*random_t)(void *context, unsigned char *out, size_t size);

typedef struct {
    random_t fill;
    void *context;
} caller_random_t;

static const unsigned char shake_mark;
static const unsigned char end_mark;
static int shaken; // what the last step gave
static mp_state_thread_t *shaker; // the thread in a step, NULL for none
static mbedtls_ssl_ticket_context tickets;

int __real_mbedtls_ssl_write(mbedtls_ssl_context *ssl, const unsigned char *buf, size_t len);
int __wrap_mbedtls_ssl_write(mbedtls_ssl_context *ssl, const unsigned char *buf, size_t len);
int __real_mbedtls_ecp_mul_restartable(mbedtls_ecp_group *grp, mbedtls_ecp_point *R, const mbedtls_mpi *m,
    const mbedtls_ecp_point *P, random_t f_rng, void *p_rng, mbedtls_ecp_restart_ctx *rs_ctx);
int __wrap_mbedtls_ecp_mul_restartable(mbedtls_ecp_group *grp, mbedtls_ecp_point *R, const mbedtls_mpi *m,
    const mbedtls_ecp_point *P, random_t f_rng, void *p_rng, mbedtls_ecp_restart_ctx *rs_ctx);
int __real_mbedtls_ssl_config_defaults(mbedtls_ssl_config *conf, int endpoint, int transport, int preset);
int __wrap_mbedtls_ssl_config_defaults(mbedtls_ssl_config *conf, int endpoint, int transport, int preset);

int __wrap_mbedtls_ssl_write(mbedtls_ssl_context *ssl, const unsigned char *buf, size_t len) {
    if (buf == &shake_mark) {
        shaken = mbedtls_ssl_handshake(ssl);
        if (shaken == MBEDTLS_ERR_SSL_CONN_EOF) {
            shaken = MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY; // for the other one the module tls keeps the socket
        }
        return shaken;
    }
    if (buf == &end_mark) {
        return mbedtls_ssl_close_notify(ssl);
    }
    return __real_mbedtls_ssl_write(ssl, buf, len);
}

// The generator belongs to the context of all connections, so only who has the lock of all Python uses it.
static int fill_with_lock(void *caller, unsigned char *out, size_t size) {
    const caller_random_t *random = caller;
    MP_THREAD_GIL_ENTER();
    int ret = random->fill(random->context, out, size);
    MP_THREAD_GIL_EXIT();
    return ret;
}

// A point times a number: nearly all of a handshake's time. Others use it as well, Wi-Fi's tasks among them, which
// are no threads of Python.
int __wrap_mbedtls_ecp_mul_restartable(mbedtls_ecp_group *grp, mbedtls_ecp_point *R, const mbedtls_mpi *m,
    const mbedtls_ecp_point *P, random_t f_rng, void *p_rng, mbedtls_ecp_restart_ctx *rs_ctx) {
    if (shaker == NULL || mp_thread_get_state() != shaker) {
        return __real_mbedtls_ecp_mul_restartable(grp, R, m, P, f_rng, p_rng, rs_ctx);
    }
    caller_random_t random = { f_rng, p_rng };
    MP_THREAD_GIL_EXIT();
    int ret = __real_mbedtls_ecp_mul_restartable(grp, R, m, P, fill_with_lock, &random, rs_ctx);
    MP_THREAD_GIL_ENTER();
    return ret;
}

static int fill_random(void *context, unsigned char *out, size_t size) {
    (void)context;
    #ifdef ESP_PLATFORM
    esp_fill_random(out, size);
    return 0;
    #else
    return getrandom(out, size, 0) == (ssize_t)size ? 0 : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
    #endif
}

// Each certificate gets new keys for its tickets.
int __wrap_mbedtls_ssl_config_defaults(mbedtls_ssl_config *conf, int endpoint, int transport, int preset) {
    int ret = __real_mbedtls_ssl_config_defaults(conf, endpoint, transport, preset);
    if (ret != 0 || endpoint != MBEDTLS_SSL_IS_SERVER) {
        return ret;
    }
    mbedtls_ssl_ticket_free(&tickets);
    mbedtls_ssl_ticket_init(&tickets);
    ret = mbedtls_ssl_ticket_setup(&tickets, fill_random, NULL, MBEDTLS_CIPHER_AES_256_GCM, TICKET_LIFE_S);
    if (ret == 0) {
        mbedtls_ssl_conf_session_tickets_cb(conf, mbedtls_ssl_ticket_write, mbedtls_ssl_ticket_parse, &tickets);
    }
    return ret;
}

// shake(socket: tls.SSLSocket) -> int: takes the handshake as far as it goes without the client; returns 0 once
// it is over, else MP_STREAM_POLL_RD or _WR (select.POLLIN, POLLOUT) for what it waits for. One thread at a time.
// Raises OSError; then TLS has let go of the socket below, which stays open.
static mp_obj_t tls_shake(mp_obj_t socket) {
    const mp_stream_p_t *stream = mp_get_stream_raise(socket, MP_STREAM_OP_WRITE);
    nlr_buf_t nlr;
    int err = 0;
    if (shaker != NULL) {
        mp_raise_OSError(MP_EBUSY);
    }
    shaker = mp_thread_get_state();
    if (nlr_push(&nlr) != 0) {
        shaker = NULL;
        nlr_jump(nlr.ret_val);
    }
    mp_uint_t ret = stream->write(socket, &shake_mark, 0, &err);
    nlr_pop();
    shaker = NULL;
    if (ret != MP_STREAM_ERROR) {
        return MP_OBJ_NEW_SMALL_INT(OVER);
    }
    if (!mp_is_nonblocking_error(err)) {
        mp_raise_OSError(err);
    }
    return MP_OBJ_NEW_SMALL_INT(shaken == MBEDTLS_ERR_SSL_WANT_WRITE ? MP_STREAM_POLL_WR : MP_STREAM_POLL_RD);
}
static MP_DEFINE_CONST_FUN_OBJ_1(tls_shake_obj, tls_shake);

// end(socket: tls.SSLSocket): tells the client that nothing more comes, if the network takes it at once.
static mp_obj_t tls_end(mp_obj_t socket) {
    int err;
    mp_get_stream_raise(socket, MP_STREAM_OP_WRITE)->write(socket, &end_mark, 0, &err);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(tls_end_obj, tls_end);

// peek(fd: int) -> int or None: the first byte that waits to be read, None for none yet. Raises OSError, ENOTCONN
// at the client's end.
static mp_obj_t tls_peek(mp_obj_t fd) {
    unsigned char first;
    ssize_t count = recv((int)mp_obj_get_int(fd), &first, 1, MSG_PEEK | MSG_DONTWAIT);
    if (count > 0) {
        return MP_OBJ_NEW_SMALL_INT(first);
    }
    if (count == 0) {
        mp_raise_OSError(MP_ENOTCONN);
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
        return mp_const_none;
    }
    mp_raise_OSError(errno);
}
static MP_DEFINE_CONST_FUN_OBJ_1(tls_peek_obj, tls_peek);

static const mp_rom_map_elem_t tls_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR__tls) },
    { MP_ROM_QSTR(MP_QSTR_shake), MP_ROM_PTR(&tls_shake_obj) },
    { MP_ROM_QSTR(MP_QSTR_end), MP_ROM_PTR(&tls_end_obj) },
    { MP_ROM_QSTR(MP_QSTR_peek), MP_ROM_PTR(&tls_peek_obj) },
};
static MP_DEFINE_CONST_DICT(tls_globals, tls_globals_table);

const mp_obj_module_t tls_steps_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&tls_globals,
};
MP_REGISTER_MODULE(MP_QSTR__tls, tls_steps_module);
