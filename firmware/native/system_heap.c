// The module system_heap: what the Python heap has left to the system.

#include "py/runtime.h"

#include "system_heap.h"

// free() -> int: bytes.
static mp_obj_t py_free(void) {
    return mp_obj_new_int_from_uint(system_heap_free());
}
static MP_DEFINE_CONST_FUN_OBJ_0(py_free_obj, py_free);

static const mp_rom_map_elem_t system_heap_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_system_heap) },
    { MP_ROM_QSTR(MP_QSTR_free), MP_ROM_PTR(&py_free_obj) },
};
static MP_DEFINE_CONST_DICT(system_heap_globals, system_heap_globals_table);

const mp_obj_module_t system_heap_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&system_heap_globals,
};
MP_REGISTER_MODULE(MP_QSTR_system_heap, system_heap_module);
