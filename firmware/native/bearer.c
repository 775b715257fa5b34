// The module _bearer: whose token a header shows. credentials.py has the same in Python, and the rest.
#include <string.h>

#include "py/objstr.h"
#include "py/runtime.h"
#include "py/unicode.h"

#include "mbedtls/sha256.h"

#define SCHEME "Bearer "
#define SCHEME_BYTES (sizeof(SCHEME) - 1)
#define TOKEN_LENGTH (34) // characters: secret.LENGTH
#define HASH_BYTES (32)
#define SAME_BYTES (16) // secret.is_same()

// Whether two hashes are the same, in a time that does not tell where they differ.
static bool is_same(const byte *one, const byte *other) {
    byte difference = 0;
    for (size_t i = 0; i < SAME_BYTES; i++) {
        difference |= one[i] ^ other[i];
    }
    return difference == 0;
}

// find(header, hashes) -> int or None: which of `hashes` (tuple of bytes), the last of the same, is that of the token
// in `header` (str), if it is written as nearly all clients write it.
static mp_obj_t bearer_find(mp_obj_t header, mp_obj_t hashes_in) {
    size_t size;
    const char *text = mp_obj_str_get_data(header, &size);
    size_t count;
    mp_obj_t *hashes;
    mp_obj_get_array(hashes_in, &count, &hashes);
    byte shown[HASH_BYTES];
    if (utf8_charlen((const byte *)text, size) != SCHEME_BYTES + TOKEN_LENGTH
        || memcmp(text, SCHEME, SCHEME_BYTES) != 0
        || mbedtls_sha256((const byte *)text + SCHEME_BYTES, size - SCHEME_BYTES, shown, 0) != 0) {
        return mp_const_none;
    }
    mp_obj_t found = mp_const_none;
    for (size_t i = 0; i < count; i++) { // all of them, always
        mp_buffer_info_t hash;
        mp_get_buffer_raise(hashes[i], &hash, MP_BUFFER_READ);
        if (hash.len == HASH_BYTES && is_same(hash.buf, shown)) {
            found = MP_OBJ_NEW_SMALL_INT(i);
        }
    }
    return found;
}
static MP_DEFINE_CONST_FUN_OBJ_2(bearer_find_obj, bearer_find);

static const mp_rom_map_elem_t bearer_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR__bearer) },
    { MP_ROM_QSTR(MP_QSTR_find), MP_ROM_PTR(&bearer_find_obj) },
};
static MP_DEFINE_CONST_DICT(bearer_globals, bearer_globals_table);

const mp_obj_module_t bearer_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&bearer_globals,
};
MP_REGISTER_MODULE(MP_QSTR__bearer, bearer_module);
