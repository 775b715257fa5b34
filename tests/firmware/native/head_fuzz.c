// What head_split() says of any bytes, against a reader of the same rules that is written another way: by lines, with
// lists of characters. heads.py has libFuzzer run it. With -DALONE it has a main(), which reads the files that are
// named.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "head_split.h"

#define ALNUM "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define TCHAR ALNUM "!#$%&'*+-.^_`|~"
#define HCHAR ALNUM ".:-_~!$&'()*+;=[]%"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {
    #define X(name, text) text,
    HEAD_NAMES(X)
    #undef X
    NULL
};
static const char *const methods[] = {
    #define X(name) #name,
    HEAD_METHODS(X)
    #undef X
    NULL
};

typedef struct {
    char *name, *value;
} line_t;

typedef struct {
    char *method, *target;
    line_t lines[HEAD_FIELDS_MAX];
    int count;
} wanted_t;

static int index_of(const char *const *list, const char *text) {
    int i = 0;
    while (list[i] != NULL && strcasecmp(list[i], text) != 0) {
        i++;
    }
    return i;
}

static bool is_made_of(const char *text, const char *allowed) {
    return *text != '\0' && text[strspn(text, allowed)] == '\0';
}

static bool is_target(const char *text) {
    for (const char *c = text; *c != '\0'; c++) {
        if (*c <= ' ' || *c > '~' || *c == '#' || (*c == '%' && !(strchr("0123456789abcdefABCDEF", c[1]) && c[1]
            && strchr("0123456789abcdefABCDEF", c[2]) && c[2]))) {
            return false;
        }
    }
    return *text == '/';
}

static bool is_value(const char *text) {
    while (*text >= ' ' && *text <= '~') {
        text++;
    }
    return *text == '\0';
}

static bool read_line(char *text, wanted_t *wanted) {
    char *colon = strchr(text, ':');
    if (colon == NULL || wanted->count == HEAD_FIELDS_MAX) {
        return false;
    }
    *colon = '\0';
    char *value = colon + 1 + strspn(colon + 1, " ");
    for (char *end = value + strlen(value); end > value && end[-1] == ' ';) {
        *--end = '\0';
    }
    if (!is_value(value) || !is_made_of(text, TCHAR) || (names[index_of(names, text)] == NULL && strlen(text) > HEAD_NAME_MAX)) {
        return false;
    }
    for (int i = 0; i < wanted->count; i++) {
        if (strcasecmp(wanted->lines[i].name, text) == 0) {
            return false;
        }
    }
    wanted->lines[wanted->count++] = (line_t) { text, value };
    return strcasecmp(text, "transfer-encoding") != 0 && strcasecmp(text, "expect") != 0
        && (strcasecmp(text, "host") != 0 || is_made_of(value, HCHAR))
        && (strcasecmp(text, "content-length") != 0 || (is_made_of(value, "0123456789")
            && strlen(value) <= HEAD_LENGTH_MAX));
}

// Whether `text`, which is cut to pieces, is a head that is certain, and what it says.
static bool read_head(char *text, size_t size, wanted_t *wanted) {
    if (strlen(text) != size || size > 65535) {
        return false;
    }
    char *rest = strstr(text, "\r\n");
    if (rest != NULL) {
        *rest = '\0';
    }
    char *target = strchr(text, ' ');
    char *version = target == NULL ? NULL : strchr(target + 1, ' ');
    if (version == NULL || rest == NULL || strcmp(version + 1, "HTTP/1.1") != 0) {
        return false;
    }
    *target++ = *version = '\0';
    *wanted = (wanted_t) { .method = text, .target = target };
    int method = index_of(methods, text);
    if (methods[method] == NULL || strcmp(methods[method], text) != 0 || !is_target(target)) {
        return false;
    }
    while (rest != NULL) {
        char *line = rest + 2;
        rest = strstr(line, "\r\n");
        if (rest != NULL) {
            *rest = '\0';
        }
        if (!read_line(line, wanted)) {
            return false;
        }
    }
    for (int i = 0; i < wanted->count; i++) {
        if (strcasecmp(wanted->lines[i].name, "host") == 0) {
            return true;
        }
    }
    return false;
}

static void check(bool holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "differs: %s\n", what);
        abort();
    }
}

static void check_span(const char *text, const uint8_t *data, size_t size, head_span_t part) {
    check((size_t)part.start + part.size <= size, "a span ends outside");
    check(strlen(text) == part.size && memcmp(text, data + part.start, part.size) == 0, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    head_t head;
    wanted_t wanted;
    memset(&head, 0xa5, sizeof(head));
    // A copy that ends where the data end, so that the sanitizer sees each byte that is read beside them.
    uint8_t *exact = malloc(size > 0 ? size : 1);
    char *text = calloc(1, size + 1);
    if (size > 0) {
        memcpy(exact, data, size);
        memcpy(text, data, size);
    }
    bool is_whole = strlen(text) == size; // no NUL in it
    check(head_is_name(exact, size) == (is_whole && is_made_of(text, TCHAR)), "a name");
    check(head_is_value(exact, size) == (is_whole && is_value(text)), "a value");
    bool is_wanted = read_head(text, size, &wanted);
    check(head_split(exact, size, &head) == is_wanted, is_wanted ? "it is certain" : "it is not certain");
    check(size == 0 || memcmp(exact, data, size) == 0, "the data were changed");
    if (is_wanted) {
        check(head.method == index_of(methods, wanted.method), wanted.method);
        check_span(wanted.target, exact, size, head.target);
        check(head.count == wanted.count, "the number of fields");
        for (int i = 0; i < wanted.count; i++) {
            check_span(wanted.lines[i].name, exact, size, head.fields[i].name);
            check_span(wanted.lines[i].value, exact, size, head.fields[i].value);
            check(head.fields[i].known == index_of(names, wanted.lines[i].name), wanted.lines[i].name);
        }
    }
    free(text);
    free(exact);
    return 0;
}

#ifdef ALONE
int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        static uint8_t data[1 << 17];
        FILE *file = fopen(argv[i], "rb");
        check(file != NULL, argv[i]);
        size_t size = fread(data, 1, sizeof(data), file);
        fclose(file);
        LLVMFuzzerTestOneInput(data, size);
    }
    return 0;
}
#endif
