// The image file that is the flash: made if it is not there, locked, and for the person alone, since
// /camera.json in it may hold a password.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "board.h"

#define SECTOR_SIZE (4096)
#define OTHERS (S_IRWXG | S_IRWXO)

static int write_erased(int fd, const flash_layout_t *layout) {
    char erased[SECTOR_SIZE];
    memset(erased, 0xff, sizeof(erased));
    for (size_t done = 0; done < layout->size; done += sizeof(erased)) {
        if (write(fd, erased, sizeof(erased)) != (ssize_t)sizeof(erased)) {
            return errno ? errno : EIO;
        }
    }
    return pwrite(fd, layout->table, layout->table_size, (off_t)layout->table_offset)
           == (ssize_t)layout->table_size ? 0 : errno ? errno : EIO;
}

// An erased flash with a partition table, written aside first: a half-made image never gets the name.
static int make_image(const char *path, const flash_layout_t *layout) {
    char part[PATH_MAX];
    if (snprintf(part, sizeof(part), "%s.new", path) >= (int)sizeof(part)) {
        return ENAMETOOLONG;
    }
    unlink(part); // of a start that was cut off
    int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return errno;
    }
    errno = 0;
    int err = write_erased(fd, layout);
    close(fd);
    if (err == 0 && rename(part, path) != 0) {
        err = errno;
    }
    if (err != 0) {
        unlink(part);
    }
    return err;
}

static int lock(int fd, size_t size, struct stat *st) {
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 || fstat(fd, st) != 0) {
        return errno;
    }
    return (size_t)st->st_size == size ? 0 : ENODEV;
}

int flash_image_open(const char *path, const flash_layout_t *layout, flash_image_t *image) {
    struct stat st;
    image->was_made = stat(path, &st) != 0 && errno == ENOENT;
    if (image->was_made) {
        int err = make_image(path, layout);
        if (err != 0) {
            return err;
        }
    }
    image->fd = open(path, O_RDWR | O_CLOEXEC);
    if (image->fd < 0) {
        return errno;
    }
    int err = lock(image->fd, layout->size, &st);
    if (err != 0) {
        close(image->fd);
        return err;
    }
    image->open_to = st.st_mode & OTHERS;
    image->is_private = image->open_to == 0 || fchmod(image->fd, st.st_mode & 07777 & ~(mode_t)OTHERS) == 0;
    return 0;
}
