// The module _head: the heads of requests and answers, where they are certain. parse.py and answer.py have the rest, and
// the rules.
#include <string.h>

#include "py/objstr.h"
#include "py/objtype.h"
#include "py/runtime.h"

#include "head_split.h"
#include "head_write.h"

#if !MICROPY_PY_COLLECTIONS_ORDEREDDICT
#error "mp_map_lookup() adds nothing to what is in order"
#endif

#define RECENT_MAX (160) // bytes of a value that is kept

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

// The bytes and the size of what three arguments name: a buffer, where it starts in it and where it ends.
static const byte *part_of(const mp_obj_t *args, size_t *size) {
    mp_buffer_info_t buffer;
    mp_get_buffer_raise(args[0], &buffer, MP_BUFFER_READ);
    mp_int_t start = mp_obj_get_int(args[1]);
    mp_int_t end = mp_obj_get_int(args[2]);
    if (start < 0 || end < start || (size_t)end > buffer.len) {
        mp_raise_ValueError(NULL);
    }
    *size = (size_t)(end - start);
    return (const byte *)buffer.buf + start;
}

static mp_obj_t text_of(const byte *data, head_span_t part) {
    return mp_obj_new_str_copy(&mp_type_str, data + part.start, part.size);
}

// The value of a field. The one that came last under its name, if it is the same: a client repeats nearly all of them
// with each request. What is secret is not kept.
static mp_obj_t value_of(const byte *data, const head_field_t *field, mp_obj_t *recent) {
    head_span_t part = field->value;
    uint8_t known = field->known;
    if (known == HEAD_OTHER || known == HEAD_AUTHORIZATION || known == HEAD_COOKIE || part.size > RECENT_MAX) {
        return text_of(data, part);
    }
    if (mp_obj_is_str(recent[known])) {
        GET_STR_DATA_LEN(recent[known], text, size);
        if (size == part.size && memcmp(text, data + part.start, size) == 0) {
            return recent[known];
        }
    }
    return recent[known] = text_of(data, part);
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

// A new object of a class that is a dict, without its __init__(), with room for so many. They are kept in the order of
// their coming: to find one of a few by its pointer is less work than to hash it.
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
    mp_map_t *map = mp_obj_dict_get_map(headers->subobj[0]);
    map->is_ordered = 1;
    map->all_keys_are_qstrs = 0;
    return MP_OBJ_FROM_PTR(headers);
}

// split(buffer, start, end, kind, recent) -> (method, target, version, headers), as parse() of parse.py has it, or None
// if only that can tell. headers: a `kind`, which is a class over dict. recent: list of KNOWN, where the values are
// kept that may come again, None at first.
static mp_obj_t head_split_py(size_t count, const mp_obj_t *args) {
    (void)count;
    size_t size;
    const byte *data = part_of(args, &size);
    mp_obj_t *recent;
    mp_obj_get_array_fixed_n(args[4], HEAD_OTHER, &recent);
    head_t head;
    if (!head_split(data, size, &head)) {
        return mp_const_none;
    }
    mp_obj_t headers = new_headers(args[3], head.count);
    mp_map_t *map = mp_obj_dict_get_map(((mp_obj_instance_t *)MP_OBJ_TO_PTR(headers))->subobj[0]);
    for (size_t i = 0; i < head.count; i++) {
        mp_obj_t name = name_of(data, &head.fields[i]);
        mp_obj_t value = value_of(data, &head.fields[i], recent);
        map->table[map->used++] = (mp_map_elem_t) { name, value }; // no name is there twice
    }
    mp_obj_t items[] = {
        MP_OBJ_NEW_QSTR(methods[head.method]), text_of(data, head.target), MP_OBJ_FROM_PTR(&version), headers,
    };
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(head_split_obj, 5, 5, head_split_py);

// find_end(buffer, start, end) -> where the empty line begins that ends a head, or -1. find() of MicroPython compares
// at every byte.
static mp_obj_t head_find_end(size_t count, const mp_obj_t *args) {
    (void)count;
    size_t size;
    const byte *start = part_of(args, &size);
    const byte *end = start + size;
    for (const byte *at = start; (at = memchr(at, '\r', (size_t)(end - at))) != NULL; at++) {
        if (end - at >= 4 && memcmp(at, "\r\n\r\n", 4) == 0) {
            return MP_OBJ_NEW_SMALL_INT(mp_obj_get_int(args[1]) + (at - start));
        }
    }
    return MP_OBJ_NEW_SMALL_INT(-1);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(head_find_end_obj, 3, 3, head_find_end);

// What a map has under one of `names`. Its keys are those themselves, but for what parse() or a handler has put there.
static mp_map_elem_t *find_known(const mp_map_t *map, uint8_t known) {
    mp_obj_t name = MP_OBJ_FROM_PTR(&names[known]);
    for (mp_map_elem_t *slot = map->table; slot < map->table + map->alloc; slot++) {
        mp_obj_t key = slot->key;
        if (key == name) {
            return slot;
        }
        bool is_ours = (uintptr_t)key - (uintptr_t)names < sizeof(names);
        if (!is_ours && key != MP_OBJ_NULL && key != MP_OBJ_SENTINEL && mp_obj_equal(key, name)) {
            return slot;
        }
    }
    return NULL;
}

// What `headers`, an object over dict whose keys are in lower case, has under `name` in any case; NULL for nothing.
static mp_map_elem_t *look_up(mp_obj_t headers, mp_obj_t name) {
    mp_obj_t dict = mp_obj_cast_to_native_base(headers, MP_OBJ_FROM_PTR(&mp_type_dict));
    if (dict == MP_OBJ_NULL) {
        mp_raise_TypeError(NULL);
    }
    size_t size;
    const char *text = mp_obj_str_get_data(name, &size);
    mp_map_t *map = mp_obj_dict_get_map(dict);
    uint8_t known = head_known((const uint8_t *)text, size);
    if (known != HEAD_OTHER) {
        return find_known(map, known);
    }
    byte small[HEAD_NAME_MAX];
    bool is_small = true;
    for (size_t i = 0; i < size && i < sizeof(small); i++) {
        small[i] = head_small((byte)text[i]);
        is_small = is_small && small[i] == (byte)text[i];
    }
    if (size > sizeof(small)) { // no name that anybody asks for
        mp_obj_t lower[2];
        mp_load_method(name, MP_QSTR_lower, lower);
        return mp_map_lookup(map, mp_call_method_n_kw(0, 0, lower), MP_MAP_LOOKUP);
    }
    if (is_small) {
        return mp_map_lookup(map, name, MP_MAP_LOOKUP);
    }
    mp_obj_str_t key = { { &mp_type_str }, qstr_compute_hash(small, size), size, small };
    return mp_map_lookup(map, MP_OBJ_FROM_PTR(&key), MP_MAP_LOOKUP);
}

// A method for a class of Python: there, functions of C that are not of this kind are static (py/runtime.c,
// mp_convert_member_lookup).
typedef struct {
    mp_obj_base_t base;
    mp_obj_t (*call)(size_t count, const mp_obj_t *args);
    size_t most; // arguments beside the object and a name: 1 for one that is called `default`, or 0
} method_t;

static mp_obj_t method_call(mp_obj_t self, size_t count, size_t named, const mp_obj_t *args) {
    const method_t *method = MP_OBJ_TO_PTR(self);
    mp_obj_t given[3];
    if (named == 1 && count == 2 && method->most == 1 && args[2] == MP_OBJ_NEW_QSTR(MP_QSTR_default)) {
        given[0] = args[0];
        given[1] = args[1];
        given[2] = args[3];
        args = given;
        count = 3;
        named = 0;
    }
    mp_arg_check_num(count, named, 2, 2 + method->most, false);
    return method->call(count, args);
}

static MP_DEFINE_CONST_OBJ_TYPE(method_type, MP_QSTR_function, MP_TYPE_FLAG_BINDS_SELF, call, method_call);

// get(headers, name, default=None)
static mp_obj_t head_get(size_t count, const mp_obj_t *args) {
    mp_map_elem_t *found = look_up(args[0], args[1]);
    return found != NULL ? found->value : count > 2 ? args[2] : mp_const_none;
}
static const method_t head_get_obj = { { &method_type }, head_get, 1 };

// has(headers, name) -> bool
static mp_obj_t head_has(size_t count, const mp_obj_t *args) {
    (void)count;
    return mp_obj_new_bool(look_up(args[0], args[1]) != NULL);
}
static const method_t head_has_obj = { { &method_type }, head_has, 0 };

// item(headers, name): raises KeyError.
static mp_obj_t head_item(size_t count, const mp_obj_t *args) {
    (void)count;
    mp_map_elem_t *found = look_up(args[0], args[1]);
    if (found == NULL) {
        mp_raise_type_arg(&mp_type_KeyError, args[1]);
    }
    return found->value;
}
static const method_t head_item_obj = { { &method_type }, head_item, 0 };

// copy(instance) -> another object of its class with the same attributes, without its __init__().
static mp_obj_t head_copy(mp_obj_t instance) {
    const mp_obj_type_t *type = mp_obj_get_type(instance);
    const mp_obj_type_t *base = NULL;
    if (!mp_obj_is_instance_type(type)) {
        mp_raise_TypeError(NULL);
    }
    mp_obj_instance_t *copy = mp_obj_new_instance(type, &base);
    if (base != NULL) { // what it has beside its attributes is not copied
        mp_raise_TypeError(NULL);
    }
    const mp_map_t *members = &((mp_obj_instance_t *)MP_OBJ_TO_PTR(instance))->members;
    mp_map_init(&copy->members, members->alloc);
    memcpy(copy->members.table, members->table, members->alloc * sizeof(*members->table));
    copy->members.used = members->used;
    copy->members.all_keys_are_qstrs = members->all_keys_are_qstrs;
    return MP_OBJ_FROM_PTR(copy);
}
static MP_DEFINE_CONST_FUN_OBJ_1(head_copy_obj, head_copy);

static const mp_rom_map_elem_t head_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR__head) },
    { MP_ROM_QSTR(MP_QSTR_KNOWN), MP_ROM_INT(HEAD_OTHER) },
    { MP_ROM_QSTR(MP_QSTR_split), MP_ROM_PTR(&head_split_obj) },
    { MP_ROM_QSTR(MP_QSTR_find_end), MP_ROM_PTR(&head_find_end_obj) },
    { MP_ROM_QSTR(MP_QSTR_get), MP_ROM_PTR(&head_get_obj) },
    { MP_ROM_QSTR(MP_QSTR_has), MP_ROM_PTR(&head_has_obj) },
    { MP_ROM_QSTR(MP_QSTR_item), MP_ROM_PTR(&head_item_obj) },
    { MP_ROM_QSTR(MP_QSTR_write), MP_ROM_PTR(&head_write_obj) },
    { MP_ROM_QSTR(MP_QSTR_copy), MP_ROM_PTR(&head_copy_obj) },
};
static MP_DEFINE_CONST_DICT(head_globals, head_globals_table);

const mp_obj_module_t head_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&head_globals,
};
MP_REGISTER_MODULE(MP_QSTR__head, head_module);
