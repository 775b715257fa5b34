// The writing half of the module _head.
#ifndef CAMCORS_HEAD_WRITE_H
#define CAMCORS_HEAD_WRITE_H

#include "py/obj.h"

extern const mp_obj_fun_builtin_var_t head_write_obj;

#endif
