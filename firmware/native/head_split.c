// What is certain of a request's head. All else is left to firmware/camcors/http/parse.py, which says what is valid.
//
// Only run() and take() read the bytes that came, and both ask for the end before each of them. What they have
// passed lies inside, and a span is made of nothing else.
#include <string.h>

#include "head_split.h"

// Kinds of bytes. Those above 127 are of none.
#define TOKEN (1) // of a name, RFC 9110 section 5.6.2
#define TARGET (2) // of a path and query, without the percent sign
#define VALUE (4) // of a value: visible ASCII and spaces
#define HOST (8)
#define DIGIT (16)
#define HEX (32)
#define SPACE (64)

#define IN(c, first, last) ((c) >= (first) && (c) <= (last))
#define IS_DIGIT(c) IN(c, '0', '9')
#define IS_ALNUM(c) (IS_DIGIT(c) || IN(c, 'A', 'Z') || IN(c, 'a', 'z'))
#define IS_TOKEN(c) \
    (IS_ALNUM(c) || (c) == '!' || IN(c, '#', '\'') || (c) == '*' || (c) == '+' || (c) == '-' || (c) == '.' || \
    (c) == '^' || (c) == '_' || (c) == '`' || (c) == '|' || (c) == '~')
#define IS_HOST(c) \
    (IS_ALNUM(c) || (c) == '!' || IN(c, '$', '+') || (c) == '-' || (c) == '.' || (c) == ':' || (c) == ';' || \
    (c) == '=' || (c) == '[' || (c) == ']' || (c) == '_' || (c) == '~')
#define KINDS(c) \
    ((IS_TOKEN(c) ? TOKEN : 0) | \
    (IN(c, '!', '~') && (c) != '#' && (c) != '%' ? TARGET : 0) | \
    (IN(c, ' ', '~') ? VALUE : 0) | \
    (IS_HOST(c) ? HOST : 0) | \
    (IS_DIGIT(c) ? DIGIT : 0) | \
    (IS_DIGIT(c) || IN(c, 'A', 'F') || IN(c, 'a', 'f') ? HEX : 0) | \
    ((c) == ' ' ? SPACE : 0))
#define FOUR(c) KINDS(c), KINDS((c) + 1), KINDS((c) + 2), KINDS((c) + 3)
#define SIXTEEN(c) FOUR(c), FOUR((c) + 4), FOUR((c) + 8), FOUR((c) + 12)

static const uint8_t kinds[256] = {
    SIXTEEN(0), SIXTEEN(16), SIXTEEN(32), SIXTEEN(48), SIXTEEN(64), SIXTEEN(80), SIXTEEN(96), SIXTEEN(112),
};

typedef struct {
    const uint8_t *data;
    size_t at;
    size_t end;
} reader_t;

typedef struct {
    const char *text;
    size_t size;
} text_t;

#define TEXT(text) { text, sizeof(text) - 1 }

static const text_t methods[] = {
    #define X(name) TEXT(#name " "),
    HEAD_METHODS(X)
    #undef X
};

static const text_t names[] = {
    #define X(name, text) TEXT(text),
    HEAD_NAMES(X)
    #undef X
};

// Passes the bytes of a kind, `most` of them at most -> how many there were.
static size_t run(reader_t *in, uint8_t kind, size_t most) {
    size_t start = in->at;
    size_t end = in->end - start < most ? in->end : start + most;
    size_t at = start;
    while (at < end && (kinds[in->data[at]] & kind)) {
        at++;
    }
    in->at = at;
    return at - start;
}

// Passes `text` -> whether it was there.
static bool take(reader_t *in, const char *text, size_t size) {
    if (in->end - in->at < size || memcmp(in->data + in->at, text, size) != 0) {
        return false;
    }
    in->at += size;
    return true;
}

static head_span_t span(size_t start, size_t end) {
    return (head_span_t) { (uint16_t)start, (uint16_t)(end - start) };
}

static bool is_all(const uint8_t *data, head_span_t part, uint8_t kind) {
    reader_t in = { data, part.start, (size_t)part.start + part.size };
    return part.size > 0 && run(&in, kind, part.size) == part.size;
}

bool head_is_name(const uint8_t *data, size_t size) {
    reader_t in = { data, 0, size };
    return size > 0 && run(&in, TOKEN, size) == size;
}

bool head_is_value(const uint8_t *data, size_t size) {
    reader_t in = { data, 0, size };
    return run(&in, VALUE, size) == size;
}

static bool is_same(const uint8_t *one, const uint8_t *other, size_t size) {
    for (size_t i = 0; i < size; i++) {
        if (head_small(one[i]) != head_small(other[i])) {
            return false;
        }
    }
    return true;
}

static bool take_target(reader_t *in, head_t *head) {
    size_t start = in->at;
    if (!take(in, "/", 1)) {
        return false;
    }
    run(in, TARGET, SIZE_MAX);
    while (take(in, "%", 1)) {
        if (run(in, HEX, 2) != 2) {
            return false;
        }
        run(in, TARGET, SIZE_MAX);
    }
    head->target = span(start, in->at);
    return true;
}

static bool take_request_line(reader_t *in, head_t *head) {
    uint8_t method = 0;
    while (method < HEAD_METHODS_COUNT && !take(in, methods[method].text, methods[method].size)) {
        method++;
    }
    head->method = method;
    return method < HEAD_METHODS_COUNT && take_target(in, head) && take(in, " HTTP/1.1", 9);
}

uint8_t head_known(const uint8_t *name, size_t size) {
    uint8_t known = 0;
    uint8_t last = size > 0 ? head_small(name[size - 1]) : 0; // tells most names of one size apart
    while (known < HEAD_OTHER && (names[known].size != size || (uint8_t)names[known].text[size - 1] != last
        || !is_same(name, (const uint8_t *)names[known].text, size))) {
        known++;
    }
    return known;
}

static bool is_repeated(const uint8_t *data, const head_t *head, const head_field_t *field) {
    for (size_t i = 0; i < head->count; i++) {
        const head_field_t *other = &head->fields[i];
        if (other->known == field->known && (field->known != HEAD_OTHER || (other->name.size == field->name.size
            && is_same(data + other->name.start, data + field->name.start, field->name.size)))) {
            return true;
        }
    }
    return false;
}

// Whether parse.py takes the value as it is. The first two make more of a request than its fields.
static bool is_plain(const uint8_t *data, const head_field_t *field) {
    switch (field->known) {
        case HEAD_TRANSFER_ENCODING:
        case HEAD_EXPECT:
            return false;
        case HEAD_HOST:
            return is_all(data, field->value, HOST);
        case HEAD_CONTENT_LENGTH:
            return field->value.size <= HEAD_LENGTH_MAX && is_all(data, field->value, DIGIT);
        case HEAD_OTHER:
            return field->name.size <= HEAD_NAME_MAX;
        default:
            return true;
    }
}

// Passes a line end and the field after it.
static bool take_field(reader_t *in, head_t *head) {
    head_field_t *field = &head->fields[head->count];
    if (!take(in, "\r\n", 2)) {
        return false;
    }
    size_t start = in->at;
    size_t size = run(in, TOKEN, SIZE_MAX);
    if (size == 0 || !take(in, ":", 1)) {
        return false;
    }
    field->name = span(start, start + size);
    run(in, SPACE, SIZE_MAX);
    start = in->at;
    size = run(in, VALUE, SIZE_MAX);
    while (size > 0 && in->data[start + size - 1] == ' ') {
        size--;
    }
    field->value = span(start, start + size);
    field->known = head_known(in->data + field->name.start, field->name.size);
    if (!is_plain(in->data, field) || is_repeated(in->data, head, field)) {
        return false;
    }
    head->count++;
    return true;
}

bool head_split(const uint8_t *data, size_t size, head_t *head) {
    reader_t in = { data, 0, size };
    bool has_host = false;
    head->count = 0;
    if (size > UINT16_MAX || !take_request_line(&in, head)) {
        return false;
    }
    while (in.at < in.end) {
        if (head->count == HEAD_FIELDS_MAX || !take_field(&in, head)) {
            return false;
        }
        has_host = has_host || head->fields[head->count - 1].known == HEAD_HOST;
    }
    return has_host;
}
