// The module _receive: takes from a stream what is there, in one call.
#include "py/mperrno.h"
#include "py/runtime.h"
#include "py/stream.h"

// receive(stream, buffer) -> int, how many bytes were put into the buffer, 0 at the end; None if none are there.
// readinto() asks again until nothing is there or the buffer is full: another call of the system or of lwIP, on the
// ESP32 two, for each request.
static mp_obj_t receive(mp_obj_t stream, mp_obj_t buffer) {
    mp_buffer_info_t room;
    mp_get_buffer_raise(buffer, &room, MP_BUFFER_WRITE);
    mp_get_stream_raise(stream, MP_STREAM_OP_READ);
    int error;
    mp_uint_t count = mp_stream_rw(stream, room.buf, room.len, &error, MP_STREAM_RW_READ | MP_STREAM_RW_ONCE);
    if (error == 0) {
        return mp_obj_new_int_from_uint(count);
    }
    if (mp_is_nonblocking_error(error)) {
        return mp_const_none;
    }
    mp_raise_OSError(error);
}
static MP_DEFINE_CONST_FUN_OBJ_2(receive_obj, receive);

static const mp_rom_map_elem_t receive_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR__receive) },
    { MP_ROM_QSTR(MP_QSTR_receive), MP_ROM_PTR(&receive_obj) },
};
static MP_DEFINE_CONST_DICT(receive_globals, receive_globals_table);

const mp_obj_module_t receive_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&receive_globals,
};
MP_REGISTER_MODULE(MP_QSTR__receive, receive_module);
