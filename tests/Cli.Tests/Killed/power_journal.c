/* A journal of everything that a process does to the files of one folder, so that a power cut can be played after kill -9.
 *
 * Preloaded (LD_PRELOAD) into a real process, it stands between the program and the C library's calls that change files. Each call
 * goes to the system as ever, and then into the journal, before the program hears of it. The journal lies outside of the folder and is
 * written with raw system calls: what was written is there when the process is killed, up to a record that may be torn at the end.
 * Who reads it (JournaledFolder.cs) knows of each file what was synced and which writes were not, and can make the folder what a
 * disk has after its power went. It is a journal of what was written, not of what was overwritten: so the folder can also be compared
 * with it, and a way of writing that is missing here shows.
 *
 *   FORETELL_POWER_FOLDER    the folder; files directly in it are watched. Names that end in -shm are not: SQLite maps that memory,
 *                            makes it anew at each start, and promises nothing of it.
 *   FORETELL_POWER_JOURNAL   the journal; one for each process.
 *   FORETELL_POWER_SYNCS     "ignored": syncs are not written down, as if a disk lied.
 *
 * Record, little-endian: kind u32, bytes behind the head u32, file u64, number i64, then these bytes.
 *
 *   1 write        number: offset; bytes: what was written
 *   2 cut          number: length of the file from now on
 *   3 sync begins  number: of the sync. File 1 is the folder: its names
 *   4 sync ends    number: of the sync. What stood before its beginning is durable, and nothing else
 *   5 open         number: 1 where the file was made; bytes: its name
 *   6 rename       bytes: the name that it had, 0, the one that it has now
 *   7 remove       bytes: the name, which may have gone to another folder
 *
 * A file is its inode. Calls are journaled in the order in which they took effect: one lock is around call and record, but not around
 * a sync, beside which others go on writing. Not watched: mapped files, links, fallocate, sendfile, copies within the system, duplicated
 * descriptors. Linux with 64-bit offsets and glibc: cc -O2 -shared -fPIC -o power_journal.so power_journal.c
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WRITE = 1, CUT, SYNC_BEGINS, SYNC_ENDS, OPEN, RENAME, REMOVE };
enum { FOLDER = 1, MOST_DESCRIPTORS = 1 << 16 };

struct head {
    uint32_t kind, bytes;
    uint64_t file;
    int64_t number;
};

static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static uint64_t files[MOST_DESCRIPTORS]; /* by descriptor; 0 for what is not watched */
static int journal = -1;
static int64_t syncs;

static void fail(const char *what)
{
    syscall(SYS_write, 2, what, strlen(what));
    abort();
}

/* Writes a record; the lock is held. A journal that lacks something would tell lies. */
static void note(uint32_t kind, uint64_t file, int64_t number, const struct iovec *parts, int count, size_t bytes)
{
    struct head head = { kind, (uint32_t)bytes, file, number };
    struct iovec record[16] = { { &head, sizeof head } };
    int used = 1;
    size_t left = bytes;
    if (journal < 0) {
        journal = syscall(SYS_openat, AT_FDCWD, getenv("FORETELL_POWER_JOURNAL"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
    for (int i = 0; i < count && left > 0; i++, used++) {
        if (used == 16) {
            fail("power_journal: a write has more parts than are expected.\n");
        }
        record[used].iov_base = parts[i].iov_base;
        record[used].iov_len = parts[i].iov_len < left ? parts[i].iov_len : left;
        left -= record[used].iov_len;
    }
    if (syscall(SYS_writev, journal, record, used) != (long)(sizeof head + bytes)) {
        fail("power_journal: the journal cannot be written.\n");
    }
}

/* Name of a file of the folder; "" for the folder itself, null for what is not watched, and for what is named from another
 * directory's descriptor. */
static const char *watched(int directory, const char *path)
{
    static char folder[PATH_MAX];
    static __thread char found[PATH_MAX], parent[PATH_MAX];
    const char *name = getenv("FORETELL_POWER_FOLDER"), *slash;
    int kept = errno;
    size_t length;
    if (path == NULL || name == NULL || (directory != AT_FDCWD && path[0] != '/') || (folder[0] == 0 && realpath(name, folder) == NULL)) {
        errno = kept;
        return NULL;
    }
    slash = strrchr(path, '/');
    length = slash == NULL ? 0 : (size_t)(slash - path);
    if (length >= PATH_MAX) {
        return NULL;
    }
    memcpy(parent, path, length);
    parent[length] = 0;
    if (realpath(slash == NULL ? "." : length == 0 ? "/" : parent, found) != NULL && strcmp(found, folder) == 0) {
        name = slash == NULL ? path : slash + 1;
        length = strlen(name);
        errno = kept;
        return length >= 4 && strcmp(name + length - 4, "-shm") == 0 ? NULL : name;
    }
    name = realpath(path, found) != NULL && strcmp(found, folder) == 0 ? "" : NULL;
    errno = kept;
    return name;
}

static uint64_t file_of(int descriptor)
{
    return descriptor >= 0 && descriptor < MOST_DESCRIPTORS ? __atomic_load_n(&files[descriptor], __ATOMIC_ACQUIRE) : 0;
}

static void watch(int descriptor, uint64_t file)
{
    if (descriptor >= MOST_DESCRIPTORS) {
        fail("power_journal: more files are open than are expected.\n");
    }
    __atomic_store_n(&files[descriptor], file, __ATOMIC_RELEASE);
}

static int open_at(int directory, const char *path, int flags, mode_t mode)
{
    const char *name = watched(directory, path);
    struct stat there;
    int made, descriptor;
    if (name == NULL) {
        return syscall(SYS_openat, directory, path, flags, mode);
    }
    pthread_mutex_lock(&order);
    made = name[0] != 0 && stat(path, &there) != 0;
    descriptor = syscall(SYS_openat, directory, path, flags, mode);
    if (descriptor >= 0 && fstat(descriptor, &there) == 0) {
        if (name[0] == 0) {
            watch(descriptor, FOLDER);
        } else if (S_ISREG(there.st_mode)) {
            struct iovec part = { (void *)name, strlen(name) };
            watch(descriptor, there.st_ino);
            note(OPEN, there.st_ino, made, &part, 1, part.iov_len);
            if ((flags & O_TRUNC) != 0 && !made) {
                note(CUT, there.st_ino, 0, NULL, 0, 0);
            }
        }
    }
    pthread_mutex_unlock(&order);
    return descriptor;
}

static mode_t mode_of(int flags, va_list more)
{
    return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(more, mode_t) : 0;
}

int open64(const char *path, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    mode_t mode = mode_of(flags, more);
    va_end(more);
    return open_at(AT_FDCWD, path, flags, mode);
}

int openat64(int directory, const char *path, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    mode_t mode = mode_of(flags, more);
    va_end(more);
    return open_at(directory, path, flags, mode);
}

int creat64(const char *path, mode_t mode)
{
    return open_at(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

int close(int descriptor)
{
    if (file_of(descriptor) != 0) {
        watch(descriptor, 0); /* before another thread can be given its number */
    }
    return syscall(SYS_close, descriptor);
}

/* At an offset, or at the descriptor's own where that is negative. */
static ssize_t write_parts(int descriptor, const struct iovec *parts, int count, off_t offset)
{
    uint64_t file = file_of(descriptor);
    ssize_t written;
    if (file != 0) {
        pthread_mutex_lock(&order);
    }
    written = offset < 0 ? syscall(SYS_writev, descriptor, parts, count) : syscall(SYS_pwritev, descriptor, parts, count, offset, 0);
    if (file != 0) {
        if (written > 0) {
            note(WRITE, file, offset < 0 ? syscall(SYS_lseek, descriptor, 0, SEEK_CUR) - written : offset, parts, count, written);
        }
        pthread_mutex_unlock(&order);
    }
    return written;
}

ssize_t write(int descriptor, const void *bytes, size_t count)
{
    struct iovec part = { (void *)bytes, count };
    return file_of(descriptor) == 0 ? syscall(SYS_write, descriptor, bytes, count) : write_parts(descriptor, &part, 1, -1);
}

ssize_t writev(int descriptor, const struct iovec *parts, int count)
{
    return write_parts(descriptor, parts, count, -1);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off_t offset)
{
    struct iovec part = { (void *)bytes, count };
    return file_of(descriptor) == 0 ? syscall(SYS_pwrite64, descriptor, bytes, count, offset) : write_parts(descriptor, &part, 1, offset);
}

ssize_t pwritev64(int descriptor, const struct iovec *parts, int count, off_t offset)
{
    return write_parts(descriptor, parts, count, offset);
}

int ftruncate64(int descriptor, off_t length)
{
    uint64_t file = file_of(descriptor);
    if (file == 0) {
        return syscall(SYS_ftruncate, descriptor, length);
    }
    pthread_mutex_lock(&order);
    int result = syscall(SYS_ftruncate, descriptor, length);
    if (result == 0) {
        note(CUT, file, length, NULL, 0, 0);
    }
    pthread_mutex_unlock(&order);
    return result;
}

/* Whether it is the folder, which programs open by calls, too, that are not watched (.NET looks those up in the C library itself). */
static int is_folder(int descriptor)
{
    const char *name = getenv("FORETELL_POWER_FOLDER");
    struct stat folder, there;
    return name != NULL && stat(name, &folder) == 0 && fstat(descriptor, &there) == 0 && folder.st_ino == there.st_ino
        && folder.st_dev == there.st_dev;
}

static int sync_with(long call, int descriptor)
{
    const char *syncs_are = getenv("FORETELL_POWER_SYNCS");
    uint64_t file = file_of(descriptor);
    if (file == 0 && is_folder(descriptor)) {
        file = FOLDER;
    }
    if (file == 0 || (syncs_are != NULL && strcmp(syncs_are, "ignored") == 0)) {
        return syscall(call, descriptor);
    }
    pthread_mutex_lock(&order);
    int64_t number = ++syncs;
    note(SYNC_BEGINS, file, number, NULL, 0, 0);
    pthread_mutex_unlock(&order);
    int result = syscall(call, descriptor);
    if (result == 0) {
        pthread_mutex_lock(&order);
        note(SYNC_ENDS, file, number, NULL, 0, 0);
        pthread_mutex_unlock(&order);
    }
    return result;
}

int fsync(int descriptor)
{
    return sync_with(SYS_fsync, descriptor);
}

int fdatasync(int descriptor)
{
    return sync_with(SYS_fdatasync, descriptor);
}

int renameat(int from_directory, const char *from, int to_directory, const char *to)
{
    char names[2 * PATH_MAX];
    const char *name = watched(from_directory, from);
    if (name == NULL) {
        return syscall(SYS_renameat, from_directory, from, to_directory, to);
    }
    size_t first = strlen(name) + 1;
    memcpy(names, name, first);
    name = watched(to_directory, to);
    strcpy(names + first, name == NULL ? "" : name);
    pthread_mutex_lock(&order);
    int result = syscall(SYS_renameat, from_directory, from, to_directory, to);
    if (result == 0) {
        struct iovec part = { names, name == NULL ? first - 1 : first + strlen(name) };
        note(name == NULL ? REMOVE : RENAME, 0, 0, &part, 1, part.iov_len);
    }
    pthread_mutex_unlock(&order);
    return result;
}

int rename(const char *from, const char *to)
{
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int unlinkat(int directory, const char *path, int flags)
{
    const char *name = watched(directory, path);
    if (name == NULL) {
        return syscall(SYS_unlinkat, directory, path, flags);
    }
    pthread_mutex_lock(&order);
    int result = syscall(SYS_unlinkat, directory, path, flags);
    if (result == 0) {
        struct iovec part = { (void *)name, strlen(name) };
        note(REMOVE, 0, 0, &part, 1, part.iov_len);
    }
    pthread_mutex_unlock(&order);
    return result;
}

int unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

/* With 64-bit offsets the calls without the suffix are the same. */
int open(const char *path, int flags, ...) __attribute__((alias("open64")));
int openat(int directory, const char *path, int flags, ...) __attribute__((alias("openat64")));
int creat(const char *path, mode_t mode) __attribute__((alias("creat64")));
ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) __attribute__((alias("pwrite64")));
ssize_t pwritev(int descriptor, const struct iovec *parts, int count, off_t offset) __attribute__((alias("pwritev64")));
int ftruncate(int descriptor, off_t length) __attribute__((alias("ftruncate64")));
