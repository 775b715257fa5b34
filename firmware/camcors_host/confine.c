// What MicroPython's unix port gives and a board does not: ways from Python to the computer's files. The
// linker's --wrap (boards/HOST/mpconfigvariant.mk) puts these functions in the place of the port's own. A script
// (camcors-host SCRIPT.py) is not confined. What needs no code to shut is shut in mpconfigvariant.h.
#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "py/mperrno.h"
#include "py/runtime.h"
#include "extmod/vfs_posix.h"

static bool is_confined;

void confine(void) {
    is_confined = true;
}

mp_obj_t __real_mp_vfs_posix_file_open(const mp_obj_type_t *type, mp_obj_t file, mp_obj_t mode);

// open(3) would open a descriptor of the process, the flash image among them. socket.makefile() comes this way.
mp_obj_t __wrap_mp_vfs_posix_file_open(const mp_obj_type_t *type, mp_obj_t file, mp_obj_t mode) {
    struct stat st;
    if (is_confined && !(mp_obj_is_small_int(file) && fstat((int)MP_OBJ_SMALL_INT_VALUE(file), &st) == 0
                         && S_ISSOCK(st.st_mode))) {
        mp_raise_OSError(MP_EPERM);
    }
    return __real_mp_vfs_posix_file_open(type, file, mode);
}

int __real_socket(int domain, int type, int protocol);

// A Unix socket reaches the person's session, and with it the disk.
int __wrap_socket(int domain, int type, int protocol) {
    if (is_confined && domain != AF_INET && domain != AF_INET6) {
        errno = EAFNOSUPPORT;
        return -1;
    }
    return __real_socket(domain, type, protocol);
}
