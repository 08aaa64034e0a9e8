/* A file system without locks or hard links, for one process and those it starts.
 *
 *     gcc -shared -fPIC -o no_locks.so no_locks.c && LD_PRELOAD=./no_locks.so NO_LOCKS=errno command
 *
 * Locks by flock, lockf and fcntl end in the error whose number NO_LOCKS gives, and links in the one
 * of NO_LINKS; each is tried in the usual way where its variable is not set. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

static int refused(const char *variable) {
    const char *number = getenv(variable);
    if (number == NULL)
        return 0;
    errno = atoi(number);
    return 1;
}

int flock(int file, int operation) {
    if (refused("NO_LOCKS"))
        return -1;
    return ((int (*)(int, int))dlsym(RTLD_NEXT, "flock"))(file, operation);
}

int lockf(int file, int command, off_t length) {
    if (refused("NO_LOCKS"))
        return -1;
    return ((int (*)(int, int, off_t))dlsym(RTLD_NEXT, "lockf"))(file, command, length);
}

int lockf64(int file, int command, off64_t length) { return lockf(file, command, length); }

static int is_lock(int command) {
    return command == F_SETLK || command == F_SETLKW || command == F_GETLK ||
           command == F_OFD_SETLK || command == F_OFD_SETLKW || command == F_OFD_GETLK;
}

static int controlled(const char *name, int file, int command, void *argument) {
    if (is_lock(command) && refused("NO_LOCKS"))
        return -1;
    return ((int (*)(int, int, ...))dlsym(RTLD_NEXT, name))(file, command, argument);
}

int fcntl(int file, int command, ...) {
    va_list given;
    va_start(given, command);
    void *argument = va_arg(given, void *);
    va_end(given);
    return controlled("fcntl", file, command, argument);
}

int fcntl64(int file, int command, ...) {
    va_list given;
    va_start(given, command);
    void *argument = va_arg(given, void *);
    va_end(given);
    return controlled("fcntl64", file, command, argument);
}

int link(const char *from, const char *to) {
    if (refused("NO_LINKS"))
        return -1;
    return ((int (*)(const char *, const char *))dlsym(RTLD_NEXT, "link"))(from, to);
}

int linkat(int folder, const char *from, int other, const char *to, int flags) {
    if (refused("NO_LINKS"))
        return -1;
    return ((int (*)(int, const char *, int, const char *, int))dlsym(RTLD_NEXT, "linkat"))(
        folder, from, other, to, flags);
}
