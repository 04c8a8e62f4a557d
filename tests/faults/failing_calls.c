/* Loaded before libc (LD_PRELOAD): the N-th call that changes a file under one folder fails, once or from then on.
 *
 * Counted are write, pwrite, fsync, fdatasync, ftruncate, rename, link, mkdir and unlink below the folder given to
 * faults_arm, and every send on a socket. A limit in bytes makes the disk full instead. Everything else passes.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static char folder[4096];
static size_t folder_length;
static int armed, code, for_good;
static long fail_at, room = -1;
static long seen, written;

void faults_arm(const char *below, long at, int error, int from_then_on, long bytes) {
    strncpy(folder, below, sizeof folder - 1);
    folder_length = strlen(folder);
    fail_at = at, code = error, for_good = from_then_on, room = bytes, seen = written = 0;
    armed = 1;
}

long faults_seen(void) { return seen; }
long faults_written(void) { return written; }

static int is_below(const char *path) { return strncmp(path, folder, folder_length) == 0; }

static int is_ours(int descriptor) {
    char link[64], path[4096];
    ssize_t length;
    if (!armed) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return is_below(path) && !strstr(path, ".lock");
}

/* True when this call is to fail; errno is set. */
static int fails(long bytes) {
    long number = __sync_add_and_fetch(&seen, 1);
    __sync_add_and_fetch(&written, bytes);
    if (fail_at > 0 && (number == fail_at || (for_good && number > fail_at))) {
        errno = code;
        return 1;
    }
    if (room >= 0 && bytes > 0 && __sync_sub_and_fetch(&room, bytes) < 0) {
        __sync_add_and_fetch(&room, bytes);
        errno = ENOSPC;
        return 1;
    }
    return 0;
}

#define REAL(name) static __typeof__(name) *real; if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

ssize_t write(int descriptor, const void *data, size_t size) {
    REAL(write);
    return is_ours(descriptor) && fails((long)size) ? -1 : real(descriptor, data, size);
}
ssize_t pwrite(int descriptor, const void *data, size_t size, off_t place) {
    REAL(pwrite);
    return is_ours(descriptor) && fails((long)size) ? -1 : real(descriptor, data, size, place);
}
ssize_t pwrite64(int descriptor, const void *data, size_t size, off64_t place) {
    REAL(pwrite64);
    return is_ours(descriptor) && fails((long)size) ? -1 : real(descriptor, data, size, place);
}
int fsync(int descriptor) {
    REAL(fsync);
    return is_ours(descriptor) && fails(0) ? -1 : real(descriptor);
}
int fdatasync(int descriptor) {
    REAL(fdatasync);
    return is_ours(descriptor) && fails(0) ? -1 : real(descriptor);
}
int ftruncate(int descriptor, off_t size) {
    REAL(ftruncate);
    return is_ours(descriptor) && fails(0) ? -1 : real(descriptor, size);
}
int ftruncate64(int descriptor, off64_t size) {
    REAL(ftruncate64);
    return is_ours(descriptor) && fails(0) ? -1 : real(descriptor, size);
}
int rename(const char *from, const char *to) {
    REAL(rename);
    return armed && is_below(to) && fails(0) ? -1 : real(from, to);
}
int link(const char *from, const char *to) {
    REAL(link);
    return armed && is_below(to) && fails(0) ? -1 : real(from, to);
}
int mkdir(const char *path, mode_t mode) {
    REAL(mkdir);
    return armed && is_below(path) && fails(0) ? -1 : real(path, mode);
}
int unlink(const char *path) {
    REAL(unlink);
    return armed && is_below(path) && room < 0 && fails(0) ? -1 : real(path);
}
ssize_t send(int descriptor, const void *data, size_t size, int flags) {
    REAL(send);
    return armed && fails(0) ? -1 : real(descriptor, data, size, flags);
}
