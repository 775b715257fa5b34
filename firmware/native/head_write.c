// The head of an answer, with its body behind it, in one piece of memory. As the reading half: of what it is certain;
// answer.py has the rest, and the rules.
#include <string.h>

#include "py/objstr.h"
#include "py/runtime.h"

#include "head_split.h"
#include "head_write.h"

#define DIGITS (10)

// Without `data` it only counts.
typedef struct {
    byte *data;
    size_t at;
    size_t end;
    bool is_certain;
} writer_t;

typedef struct {
    const char *text;
    size_t size;
} text_t;

typedef struct {
    mp_int_t status;
    mp_int_t length; // negative: not known
    bool is_last;
    mp_obj_t reason;
    mp_obj_t type; // what content without a Content-Type is
    mp_map_t *headers;
    mp_buffer_info_t body;
} answer_t;

// Those that a handler cannot set.
static const text_t ours[] = {
    { "connection", 10 }, { "content-length", 14 }, { "transfer-encoding", 17 }, { "x-content-type-options", 22 },
};
static const text_t content_type = { "content-type", 12 };

// The only place that writes.
static void put(writer_t *out, const void *data, size_t size) {
    if (out->data != NULL) {
        if (out->end - out->at < size) {
            out->is_certain = false;
            return;
        }
        memcpy(out->data + out->at, data, size);
    }
    out->at += size;
}

#define PUT(out, text) put(out, text, sizeof(text) - 1)

static void put_number(writer_t *out, mp_int_t number) {
    char digits[DIGITS];
    size_t at = DIGITS;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0 && at > 0);
    out->is_certain = out->is_certain && number == 0;
    put(out, digits + at, DIGITS - at);
}

// `text` if it is a str that `is_valid`.
static void put_text(writer_t *out, mp_obj_t text, bool (*is_valid)(const uint8_t *, size_t)) {
    if (!mp_obj_is_str(text)) {
        out->is_certain = false;
        return;
    }
    GET_STR_DATA_LEN(text, data, size);
    out->is_certain = out->is_certain && is_valid(data, size);
    put(out, data, size);
}

static bool is_name(mp_obj_t name, const text_t *wanted) {
    if (!mp_obj_is_str(name)) {
        return false;
    }
    GET_STR_DATA_LEN(name, data, size);
    size_t i = 0;
    while (size == wanted->size && i < size && head_small(data[i]) == (byte)wanted->text[i]) {
        i++;
    }
    return i == wanted->size;
}

static bool is_ours(mp_obj_t name) {
    size_t i = 0;
    while (i < MP_ARRAY_SIZE(ours) && !is_name(name, &ours[i])) {
        i++;
    }
    return i < MP_ARRAY_SIZE(ours);
}

static void put_answer(writer_t *out, const answer_t *answer) {
    bool has_content = answer->status != 204 && answer->status != 304;
    bool is_typed = !has_content;
    PUT(out, "HTTP/1.1 ");
    put_number(out, answer->status);
    PUT(out, " ");
    put_text(out, answer->reason, head_is_value);
    PUT(out, "\r\nX-Content-Type-Options: nosniff\r\n");
    for (size_t i = 0; i < answer->headers->alloc; i++) {
        if (!mp_map_slot_is_filled(answer->headers, i) || is_ours(answer->headers->table[i].key)) {
            continue;
        }
        is_typed = is_typed || is_name(answer->headers->table[i].key, &content_type);
        put_text(out, answer->headers->table[i].key, head_is_name);
        PUT(out, ": ");
        put_text(out, answer->headers->table[i].value, head_is_value);
        PUT(out, "\r\n");
    }
    if (!is_typed) {
        PUT(out, "Content-Type: ");
        put_text(out, answer->type, head_is_value);
        PUT(out, "; charset=UTF-8\r\n");
    }
    if (has_content && answer->length >= 0) {
        PUT(out, "Content-Length: ");
        put_number(out, answer->length);
        PUT(out, "\r\n");
    }
    if (answer->is_last) {
        PUT(out, "Connection: close\r\n");
    }
    PUT(out, "\r\n");
    put(out, answer->body.buf, answer->body.len);
}

// write(status, reason, headers, type, length, is_last, body) -> the head with `body` behind it, as head_of() of
// answer.py has it, or None if only that can tell. length: of the content, None if it is not known.
static mp_obj_t head_write(size_t count, const mp_obj_t *args) {
    (void)count;
    mp_obj_t headers = mp_obj_cast_to_native_base(args[2], MP_OBJ_FROM_PTR(&mp_type_dict));
    bool is_counted = args[4] != mp_const_none;
    if (!mp_obj_is_small_int(args[0]) || headers == MP_OBJ_NULL || (is_counted && !mp_obj_is_small_int(args[4]))) {
        return mp_const_none;
    }
    answer_t answer = {
        .status = MP_OBJ_SMALL_INT_VALUE(args[0]),
        .length = is_counted ? MP_OBJ_SMALL_INT_VALUE(args[4]) : -1,
        .is_last = mp_obj_is_true(args[5]),
        .reason = args[1],
        .type = args[3],
        .headers = mp_obj_dict_get_map(headers),
    };
    mp_get_buffer_raise(args[6], &answer.body, MP_BUFFER_READ);
    if (answer.status < 200 || answer.status > 999 || (is_counted && answer.length < 0)) {
        return mp_const_none;
    }
    writer_t out = { .is_certain = true };
    put_answer(&out, &answer);
    if (!out.is_certain) {
        return mp_const_none;
    }
    vstr_t data;
    vstr_init_len(&data, out.at);
    out = (writer_t) { .data = (byte *)data.buf, .end = out.at, .is_certain = true };
    put_answer(&out, &answer);
    return out.is_certain && out.at == out.end ? mp_obj_new_bytes_from_vstr(&data) : mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(head_write_obj, 7, 7, head_write);
