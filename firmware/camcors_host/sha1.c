// hashlib.sha1, for the WebSocket handshake (RFC 6455, 4.2.2). MicroPython takes it from its TLS library, which
// this build is without. SHA-1 as in FIPS 180-4, 6.1.
#include <stdint.h>
#include <string.h>

#include "py/runtime.h"

#define BLOCK_SIZE (64)
#define DIGEST_SIZE (20)
#define LENGTH_SIZE (8)

typedef struct {
    mp_obj_base_t base;
    bool is_final;
    uint32_t state[DIGEST_SIZE / 4];
    uint64_t size; // in bytes, of all that was given
    uint8_t block[BLOCK_SIZE];
} sha1_obj_t;

static uint32_t rotl(uint32_t x, unsigned n) {
    return x << n | x >> (32 - n);
}

static uint32_t mix(unsigned t, uint32_t b, uint32_t c, uint32_t d) {
    static const uint32_t k[] = { 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6 };
    switch (t / 20) {
        case 0:
            return ((b & c) ^ (~b & d)) + k[0];
        case 2:
            return ((b & c) ^ (b & d) ^ (c & d)) + k[2];
        default:
            return (b ^ c ^ d) + k[t / 20];
    }
}

static void add_block(sha1_obj_t *self) {
    uint32_t w[80];
    for (unsigned t = 0; t < 16; t++) {
        const uint8_t *p = &self->block[4 * t];
        w[t] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    }
    for (unsigned t = 16; t < 80; t++) {
        w[t] = rotl(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
    }
    uint32_t v[5];
    memcpy(v, self->state, sizeof(v));
    for (unsigned t = 0; t < 80; t++) {
        uint32_t next = rotl(v[0], 5) + mix(t, v[1], v[2], v[3]) + v[4] + w[t];
        v[4] = v[3];
        v[3] = v[2];
        v[2] = rotl(v[1], 30);
        v[1] = v[0];
        v[0] = next;
    }
    for (unsigned i = 0; i < 5; i++) {
        self->state[i] += v[i];
    }
}

static void add(sha1_obj_t *self, const uint8_t *data, size_t len) {
    while (len > 0) {
        size_t at = self->size % BLOCK_SIZE;
        size_t n = MIN(len, BLOCK_SIZE - at);
        memcpy(&self->block[at], data, n);
        self->size += n;
        data += n;
        len -= n;
        if (at + n == BLOCK_SIZE) {
            add_block(self);
        }
    }
}

static mp_obj_t sha1_update(mp_obj_t self_in, mp_obj_t data) {
    sha1_obj_t *self = MP_OBJ_TO_PTR(self_in);
    if (self->is_final) {
        mp_raise_ValueError(MP_ERROR_TEXT("hash is final"));
    }
    mp_buffer_info_t buf;
    mp_get_buffer_raise(data, &buf, MP_BUFFER_READ);
    add(self, buf.buf, buf.len);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(sha1_update_obj, sha1_update);

static mp_obj_t sha1_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_arg_check_num(n_args, n_kw, 0, 1, false);
    static const uint32_t initial[] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 };
    sha1_obj_t *self = mp_obj_malloc(sha1_obj_t, type);
    self->is_final = false;
    self->size = 0;
    memcpy(self->state, initial, sizeof(initial));
    if (n_args == 1) {
        sha1_update(MP_OBJ_FROM_PTR(self), args[0]);
    }
    return MP_OBJ_FROM_PTR(self);
}

static void pad(sha1_obj_t *self) {
    static const uint8_t padding[BLOCK_SIZE] = { 0x80 };
    uint64_t bits = self->size * 8;
    size_t at = self->size % BLOCK_SIZE;
    size_t end = BLOCK_SIZE - LENGTH_SIZE;
    add(self, padding, at < end ? end - at : BLOCK_SIZE + end - at);
    uint8_t length[LENGTH_SIZE];
    for (unsigned i = 0; i < LENGTH_SIZE; i++) {
        length[i] = (uint8_t)(bits >> (56 - 8 * i));
    }
    add(self, length, sizeof(length));
}

static mp_obj_t sha1_digest(mp_obj_t self_in) {
    sha1_obj_t *self = MP_OBJ_TO_PTR(self_in);
    if (self->is_final) {
        mp_raise_ValueError(MP_ERROR_TEXT("hash is final"));
    }
    pad(self);
    self->is_final = true;
    uint8_t digest[DIGEST_SIZE];
    for (unsigned i = 0; i < DIGEST_SIZE; i++) {
        digest[i] = (uint8_t)(self->state[i / 4] >> (24 - 8 * (i % 4)));
    }
    return mp_obj_new_bytes(digest, sizeof(digest));
}
static MP_DEFINE_CONST_FUN_OBJ_1(sha1_digest_obj, sha1_digest);

static const mp_rom_map_elem_t sha1_locals_table[] = {
    { MP_ROM_QSTR(MP_QSTR_update), MP_ROM_PTR(&sha1_update_obj) },
    { MP_ROM_QSTR(MP_QSTR_digest), MP_ROM_PTR(&sha1_digest_obj) },
};
static MP_DEFINE_CONST_DICT(sha1_locals, sha1_locals_table);

static MP_DEFINE_CONST_OBJ_TYPE(
    sha1_type,
    MP_QSTR_sha1,
    MP_TYPE_FLAG_NONE,
    make_new, sha1_make_new,
    locals_dict, &sha1_locals
    );

// What the table of the module hashlib does not have is asked for here.
void hashlib_sha1_attr(mp_obj_t module, qstr attr, mp_obj_t *dest) {
    (void)module;
    if (attr == MP_QSTR_sha1 && dest[0] == MP_OBJ_NULL) {
        dest[0] = MP_OBJ_FROM_PTR(&sha1_type);
    }
}
extern const mp_obj_module_t mp_module_hashlib;
MP_REGISTER_MODULE_DELEGATION(mp_module_hashlib, hashlib_sha1_attr);
