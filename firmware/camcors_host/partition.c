// esp32.Partition over an image file, with the interface and the NOR-flash rules of the ESP32 port's:
// erased bytes are 0xFF and a write can only clear bits. Written in C since littlefs is not re-entrant:
// no other thread may run between the steps of one of its operations, as none does on the chip.
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "py/mperrno.h"
#include "py/runtime.h"
#include "extmod/vfs.h"

#include "board.h"

#define SECTOR_SIZE (4096)
// ESP-IDF, "Partition Tables": 32-byte entries at 0x8000 that begin with AA 50; up to 95 of them.
#define TABLE_OFFSET (0x8000)
#define TABLE_ENTRIES_MAX (95)
#define TYPE_APP (0)
#define TYPE_DATA (1)
#define SUBTYPE_ANY (0xff)

typedef struct {
    uint8_t magic[2];
    uint8_t type;
    uint8_t subtype;
    uint32_t offset;
    uint32_t size;
    char label[16];
    uint32_t flags;
} table_entry_t;

typedef struct {
    mp_obj_base_t base;
    table_entry_t entry;
} partition_obj_t;

static uint8_t *flash;
static size_t flash_size;

extern const mp_obj_type_t host_partition_type;

int flash_map(int fd, size_t size) {
    void *mapped = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED) {
        return errno;
    }
    flash = mapped;
    flash_size = size;
    return 0;
}

static bool entry_at(size_t index, table_entry_t *entry) {
    memcpy(entry, flash + TABLE_OFFSET + index * sizeof(*entry), sizeof(*entry));
    return entry->magic[0] == 0xaa && entry->magic[1] == 0x50
           && entry->offset % SECTOR_SIZE == 0 && entry->size % SECTOR_SIZE == 0
           && entry->offset <= flash_size && entry->size <= flash_size - entry->offset;
}

static mp_obj_t partition_find(size_t n_args, const mp_obj_t *pos_args, mp_map_t *kw_args) {
    enum { ARG_type, ARG_subtype, ARG_label };
    static const mp_arg_t allowed_args[] = {
        { MP_QSTR_type, MP_ARG_INT, {.u_int = TYPE_APP} },
        { MP_QSTR_subtype, MP_ARG_INT, {.u_int = SUBTYPE_ANY} },
        { MP_QSTR_label, MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE} },
    };
    mp_arg_val_t args[MP_ARRAY_SIZE(allowed_args)];
    mp_arg_parse_all(n_args, pos_args, kw_args, MP_ARRAY_SIZE(allowed_args), allowed_args, args);

    mp_obj_t list = mp_obj_new_list(0, NULL);
    table_entry_t entry;
    for (size_t i = 0; flash != NULL && i < TABLE_ENTRIES_MAX && entry_at(i, &entry); i++) {
        entry.label[sizeof(entry.label) - 1] = '\0';
        if (entry.type != args[ARG_type].u_int
            || (args[ARG_subtype].u_int != SUBTYPE_ANY && entry.subtype != args[ARG_subtype].u_int)
            || (args[ARG_label].u_obj != mp_const_none
                && strcmp(entry.label, mp_obj_str_get_str(args[ARG_label].u_obj)) != 0)) {
            continue;
        }
        partition_obj_t *self = mp_obj_malloc(partition_obj_t, &host_partition_type);
        self->entry = entry;
        mp_obj_list_append(list, MP_OBJ_FROM_PTR(self));
    }
    return list;
}
static MP_DEFINE_CONST_FUN_OBJ_KW(partition_find_fun_obj, 0, partition_find);
static MP_DEFINE_CONST_STATICMETHOD_OBJ(partition_find_obj, MP_ROM_PTR(&partition_find_fun_obj));

static mp_obj_t partition_info(mp_obj_t self_in) {
    partition_obj_t *self = MP_OBJ_TO_PTR(self_in);
    mp_obj_t items[] = {
        MP_OBJ_NEW_SMALL_INT(self->entry.type),
        MP_OBJ_NEW_SMALL_INT(self->entry.subtype),
        mp_obj_new_int_from_uint(self->entry.offset),
        mp_obj_new_int_from_uint(self->entry.size),
        mp_obj_new_str_from_cstr(self->entry.label),
        mp_const_false, // encrypted
    };
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}
static MP_DEFINE_CONST_FUN_OBJ_1(partition_info_obj, partition_info);

// Where block `args[1]` (plus the byte offset `args[3]`, if given) is, with room for `len` bytes.
static uint8_t *address(size_t n_args, const mp_obj_t *args, size_t len) {
    partition_obj_t *self = MP_OBJ_TO_PTR(args[0]);
    mp_uint_t offset = (mp_uint_t)mp_obj_get_int(args[1]) * SECTOR_SIZE;
    if (n_args == 4) {
        offset += (mp_uint_t)mp_obj_get_int(args[3]);
    }
    if (offset > self->entry.size || len > self->entry.size - offset) {
        mp_raise_OSError(MP_EINVAL);
    }
    return flash + self->entry.offset + offset;
}

static mp_obj_t partition_readblocks(size_t n_args, const mp_obj_t *args) {
    mp_buffer_info_t buf;
    mp_get_buffer_raise(args[2], &buf, MP_BUFFER_WRITE);
    memcpy(buf.buf, address(n_args, args, buf.len), buf.len);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(partition_readblocks_obj, 3, 4, partition_readblocks);

static mp_obj_t partition_writeblocks(size_t n_args, const mp_obj_t *args) {
    mp_buffer_info_t buf;
    mp_get_buffer_raise(args[2], &buf, MP_BUFFER_READ);
    uint8_t *to = address(n_args, args, buf.len);
    if (n_args == 3) {
        memset(to, 0xff, buf.len); // a simple write erases first; an extended one has been erased before
    }
    const uint8_t *from = buf.buf;
    for (size_t i = 0; i < buf.len; i++) {
        to[i] &= from[i];
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(partition_writeblocks_obj, 3, 4, partition_writeblocks);

static mp_obj_t partition_ioctl(mp_obj_t self_in, mp_obj_t cmd_in, mp_obj_t arg_in) {
    partition_obj_t *self = MP_OBJ_TO_PTR(self_in);
    switch (mp_obj_get_int(cmd_in)) {
        case MP_BLOCKDEV_IOCTL_SYNC:
            // The mapping outlives the process; waiting for the disk would hold up the server's thread.
            msync(flash, flash_size, MS_ASYNC);
            return MP_OBJ_NEW_SMALL_INT(0);
        case MP_BLOCKDEV_IOCTL_INIT:
        case MP_BLOCKDEV_IOCTL_DEINIT:
            return MP_OBJ_NEW_SMALL_INT(0);
        case MP_BLOCKDEV_IOCTL_BLOCK_COUNT:
            return MP_OBJ_NEW_SMALL_INT(self->entry.size / SECTOR_SIZE);
        case MP_BLOCKDEV_IOCTL_BLOCK_SIZE:
            return MP_OBJ_NEW_SMALL_INT(SECTOR_SIZE);
        case MP_BLOCKDEV_IOCTL_BLOCK_ERASE: {
            mp_obj_t args[] = { self_in, arg_in };
            memset(address(2, args, SECTOR_SIZE), 0xff, SECTOR_SIZE);
            return MP_OBJ_NEW_SMALL_INT(0);
        }
        default:
            return mp_const_none;
    }
}
static MP_DEFINE_CONST_FUN_OBJ_3(partition_ioctl_obj, partition_ioctl);

static const mp_rom_map_elem_t partition_locals_table[] = {
    { MP_ROM_QSTR(MP_QSTR_find), MP_ROM_PTR(&partition_find_obj) },
    { MP_ROM_QSTR(MP_QSTR_info), MP_ROM_PTR(&partition_info_obj) },
    { MP_ROM_QSTR(MP_QSTR_readblocks), MP_ROM_PTR(&partition_readblocks_obj) },
    { MP_ROM_QSTR(MP_QSTR_writeblocks), MP_ROM_PTR(&partition_writeblocks_obj) },
    { MP_ROM_QSTR(MP_QSTR_ioctl), MP_ROM_PTR(&partition_ioctl_obj) },
    { MP_ROM_QSTR(MP_QSTR_TYPE_APP), MP_ROM_INT(TYPE_APP) },
    { MP_ROM_QSTR(MP_QSTR_TYPE_DATA), MP_ROM_INT(TYPE_DATA) },
};
static MP_DEFINE_CONST_DICT(partition_locals, partition_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(
    host_partition_type,
    MP_QSTR_Partition,
    MP_TYPE_FLAG_NONE,
    locals_dict, &partition_locals
    );

static const mp_rom_map_elem_t esp32_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_esp32) },
    { MP_ROM_QSTR(MP_QSTR_Partition), MP_ROM_PTR(&host_partition_type) },
};
static MP_DEFINE_CONST_DICT(esp32_globals, esp32_globals_table);

const mp_obj_module_t host_esp32_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&esp32_globals,
};
MP_REGISTER_MODULE(MP_QSTR_esp32, host_esp32_module);
