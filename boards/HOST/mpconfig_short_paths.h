// For the object that imports: each import has a path's buffer on the stack. py/mpconfig.h has 512 bytes for it.
#include "mpconfigport.h"
#undef MICROPY_ALLOC_PATH_MAX
