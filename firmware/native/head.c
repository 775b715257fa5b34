// The module _head: the head of a request, where it is certain; head.py has the rest, and the rules.
#include "py/objstr.h"
#include "py/objtype.h"
#include "py/runtime.h"

#include "head_split.h"

static const qstr methods[HEAD_METHODS_COUNT] = {
    [HEAD_METHOD_GET] = MP_QSTR_GET,
    [HEAD_METHOD_HEAD] = MP_QSTR_HEAD,
    [HEAD_METHOD_POST] = MP_QSTR_POST,
    [HEAD_METHOD_PUT] = MP_QSTR_PUT,
    [HEAD_METHOD_DELETE] = MP_QSTR_DELETE,
    [HEAD_METHOD_OPTIONS] = MP_QSTR_OPTIONS,
    [HEAD_METHOD_PATCH] = MP_QSTR_PATCH,
};

// In flash, so that no request allocates them.
static const mp_obj_str_t names[] = {
    #define X(name, text) { { &mp_type_str }, 0, sizeof(text) - 1, (const byte *)text },
    HEAD_NAMES(X)
    #undef X
};
static const MP_DEFINE_STR_OBJ(version, "1.1");

static mp_obj_t text_of(const byte *data, head_span_t part) {
    return mp_obj_new_str_copy(&mp_type_str, data + part.start, part.size);
}

static mp_obj_t name_of(const byte *data, const head_field_t *field) {
    if (field->known != HEAD_OTHER) {
        return MP_OBJ_FROM_PTR(&names[field->known]);
    }
    byte small[HEAD_NAME_MAX];
    for (size_t i = 0; i < field->name.size; i++) {
        small[i] = head_small(data[field->name.start + i]);
    }
    return mp_obj_new_str((const char *)small, field->name.size);
}

// A new object of a class that is a dict, without its __init__(), with room for so many.
static mp_obj_t new_headers(mp_obj_t kind, size_t count) {
    const mp_obj_type_t *base = NULL;
    if (!mp_obj_is_type(kind, &mp_type_type)) {
        mp_raise_TypeError(NULL);
    }
    mp_obj_instance_t *headers = mp_obj_new_instance(MP_OBJ_TO_PTR(kind), &base);
    if (base != &mp_type_dict) {
        mp_raise_TypeError(NULL);
    }
    headers->subobj[0] = mp_obj_new_dict(count);
    return MP_OBJ_FROM_PTR(headers);
}

// split(buffer, start, end, kind) -> (method, target, version, headers), as parse() of head.py has it, or None if
// only that can tell. headers: a `kind`, which is a class over dict.
static mp_obj_t head_split_py(size_t count, const mp_obj_t *args) {
    (void)count;
    mp_buffer_info_t buffer;
    mp_get_buffer_raise(args[0], &buffer, MP_BUFFER_READ);
    mp_int_t start = mp_obj_get_int(args[1]);
    mp_int_t end = mp_obj_get_int(args[2]);
    if (start < 0 || end < start || (size_t)end > buffer.len) {
        mp_raise_ValueError(NULL);
    }
    const byte *data = (const byte *)buffer.buf + start;
    head_t head;
    if (!head_split(data, (size_t)(end - start), &head)) {
        return mp_const_none;
    }
    mp_obj_t headers = new_headers(args[3], head.count);
    mp_map_t *map = mp_obj_dict_get_map(((mp_obj_instance_t *)MP_OBJ_TO_PTR(headers))->subobj[0]);
    for (size_t i = 0; i < head.count; i++) {
        mp_obj_t name = name_of(data, &head.fields[i]);
        mp_obj_t value = text_of(data, head.fields[i].value);
        mp_map_lookup(map, name, MP_MAP_LOOKUP_ADD_IF_NOT_FOUND)->value = value;
    }
    mp_obj_t items[] = {
        MP_OBJ_NEW_QSTR(methods[head.method]), text_of(data, head.target), MP_OBJ_FROM_PTR(&version), headers,
    };
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(head_split_obj, 4, 4, head_split_py);

static const mp_rom_map_elem_t head_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR__head) },
    { MP_ROM_QSTR(MP_QSTR_split), MP_ROM_PTR(&head_split_obj) },
};
static MP_DEFINE_CONST_DICT(head_globals, head_globals_table);

const mp_obj_module_t head_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&head_globals,
};
MP_REGISTER_MODULE(MP_QSTR__head, head_module);
