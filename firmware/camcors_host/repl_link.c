// The stable name of the REPL: a symbolic link to its pseudo-terminal, whose number is another at each start.
// PATH.lock beside it is locked as long as the camera runs, and holds the link's target: so the link of a dead
// camera is told from everything else. Both are in a folder to which nobody else can write, and are removed
// at the end. tools/camcors_build/repl_link.py is the same for the emulator.
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "board.h"

#define TARGET_MAX (32)
#define TRIES (10)

static int folder_fd = -1; // -1: there is no link of ours
static char link_name[NAME_MAX + 1];
static char lock_name[NAME_MAX + 1];
static char link_target[TARGET_MAX];

// Many systems give each person a group of their own, and new folders its write permission.
static bool is_private_group(gid_t gid) {
    struct passwd *user = getpwuid(geteuid());
    struct group *group = getgrgid(gid);
    return user != NULL && group != NULL && user->pw_gid == gid && strcmp(user->pw_name, group->gr_name) == 0
           && group->gr_mem[0] == NULL;
}

// Whether only this user, and root, can change what `path` contains. In a folder with the sticky bit others
// cannot change what is not theirs, but they can put their link where ours was.
static bool is_safe(const char *path, bool is_last) {
    struct stat st;
    if (lstat(path, &st) != 0 || !S_ISDIR(st.st_mode) || (st.st_uid != 0 && st.st_uid != geteuid())) {
        return false;
    }
    bool is_open = (st.st_mode & S_IWOTH) || ((st.st_mode & S_IWGRP) && !is_private_group(st.st_gid));
    return !is_open || (!is_last && (st.st_mode & S_ISVTX));
}

// `path` is absolute and has no links in it.
static bool is_safe_with_parents(const char *path) {
    char part[PATH_MAX];
    for (const char *end = path; (end = strchr(end + 1, '/')) != NULL;) {
        snprintf(part, sizeof(part), "%.*s", (int)(end - path), path);
        if (!is_safe(part, false)) {
            return false;
        }
    }
    return is_safe("/", strcmp(path, "/") == 0) && is_safe(path, true);
}

static int split(const char *path, char *folder) {
    char copy[PATH_MAX];
    if (snprintf(copy, sizeof(copy), "%s", path) >= (int)sizeof(copy)) {
        return ENAMETOOLONG;
    }
    if (snprintf(link_name, sizeof(link_name), "%s", basename(copy)) >= (int)sizeof(link_name)
        || snprintf(lock_name, sizeof(lock_name), "%s.lock", link_name) >= (int)sizeof(lock_name)) {
        return ENAMETOOLONG;
    }
    snprintf(copy, sizeof(copy), "%s", path);
    return realpath(dirname(copy), folder) == NULL ? errno : 0;
}

// The lock file of that name, locked. The camera before may just be removing it, so it is looked at again.
static int take_lock(int folder, int *lock) {
    for (int i = 0; i < TRIES; i++) {
        int fd = openat(folder, lock_name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
        if (fd < 0) {
            return errno == ELOOP || errno == EISDIR || errno == ENXIO ? EEXIST : errno;
        }
        struct stat mine, there;
        int err = 0;
        if (fstat(fd, &mine) != 0) {
            err = errno;
        } else if (!S_ISREG(mine.st_mode) || mine.st_uid != geteuid() || mine.st_size >= TARGET_MAX) {
            err = EEXIST;
        } else if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
            err = errno;
        } else if (fstatat(folder, lock_name, &there, AT_SYMLINK_NOFOLLOW) == 0 && there.st_ino == mine.st_ino) {
            *lock = fd;
            return 0;
        }
        close(fd);
        if (err != 0) {
            return err;
        }
    }
    return EAGAIN;
}

static bool is_link_to(int folder, const char *target) {
    char found[TARGET_MAX];
    ssize_t n = readlinkat(folder, link_name, found, sizeof(found));
    return n > 0 && (size_t)n == strlen(target) && memcmp(found, target, (size_t)n) == 0;
}

// Removes the link that a dead camera has left. Anything else in its place stays: EEXIST.
static int remove_stale(int folder, int lock) {
    char recorded[TARGET_MAX] = "";
    if (pread(lock, recorded, sizeof(recorded) - 1, 0) < 0) {
        return errno;
    }
    if (recorded[0] != '\0' && is_link_to(folder, recorded)) {
        return unlinkat(folder, link_name, 0) == 0 ? 0 : errno;
    }
    struct stat st;
    return fstatat(folder, link_name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? EEXIST : errno == ENOENT ? 0 : errno;
}

// The record comes first: whatever ends the camera here, no link is without one.
static int make_link(int folder, int lock, const char *target) {
    size_t size = strlen(target);
    if (ftruncate(lock, 0) != 0 || pwrite(lock, target, size, 0) != (ssize_t)size
        || symlinkat(target, folder, link_name) != 0) {
        return errno;
    }
    return 0;
}

int link_take(const char *path, const char *target, int *folder, int *lock) {
    char real[PATH_MAX];
    int err = split(path, real);
    if (err != 0) {
        return err;
    }
    if (!is_safe_with_parents(real)) {
        return EPERM;
    }
    *folder = open(real, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (*folder < 0) {
        return errno;
    }
    err = take_lock(*folder, lock);
    if (err != 0) {
        return err;
    }
    err = remove_stale(*folder, *lock);
    if (err == 0) {
        err = make_link(*folder, *lock, target);
    }
    if (err != 0) {
        unlinkat(*folder, lock_name, 0);
        return err;
    }
    link_inherit(path, *folder, *lock, target);
    return 0;
}

void link_inherit(const char *path, int folder, int lock, const char *target) {
    (void)lock; // stays open: it holds the lock
    char real[PATH_MAX];
    split(path, real); // the names; the folder is open
    snprintf(link_target, sizeof(link_target), "%s", target);
    folder_fd = folder;
    atexit(link_remove);
}

void link_remove(void) {
    if (folder_fd >= 0 && is_link_to(folder_fd, link_target)) {
        unlinkat(folder_fd, link_name, 0);
        unlinkat(folder_fd, lock_name, 0);
    }
    folder_fd = -1;
}
