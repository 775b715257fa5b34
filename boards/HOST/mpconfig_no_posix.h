// For the objects whose modules must not name VfsPosix; mpconfigport.h defines this without asking.
#include "mpconfigport.h"
#undef MICROPY_VFS_POSIX
#define MICROPY_VFS_POSIX (0)
