/* Door: "name=value" lines, one a field, in any order.
 *
 * Keys are Z85, which has '=' among its letters: a line is cut at its first one. A wrong line is
 * told by its number and its field's name, never by its value, which may be the secret; and every
 * buffer that held the secret is wiped.
 */
#include "worker/door.h"

#include "common/file.h"
#include "common/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum field {
    HOST,
    ADDRESSES,
    PORT,
    SERVER_KEY,
    PUBLIC_KEY,
    SECRET_KEY,
    HEARTBEAT,
    MEMORY,
    PLACE,
    INCARNATION,
    N_FIELDS
};

static const struct {
    const char *name;
    const char *must; /* what its value must be */
} fields[N_FIELDS] = {
    [HOST] = {"host", "1..63 printable characters without blanks"},
    [ADDRESSES] = {"addresses", "1..8 numeric addresses with a blank between them"},
    [PORT] = {"port", "a number in 1..65535"},
    [SERVER_KEY] = {"server_key", "40 characters of Z85"},
    [PUBLIC_KEY] = {"public_key", "40 characters of Z85"},
    [SECRET_KEY] = {"secret_key", "40 characters of Z85"},
    [HEARTBEAT] = {"heartbeat_ms", "a number in 50..60000"},
    [MEMORY] = {"memory_bytes", "a number, 0 or more"},
    [PLACE] = {"place", "at most 95 printable characters without blanks"},
    [INCARNATION] = {"incarnation", "a number, 0 or more"},
};

/* Printable ASCII without blanks, least..size-1 of it. */
static bool take_word(const char *value, size_t value_size, size_t least, char *word, size_t size)
{
    if (value_size < least || value_size >= size) return false;
    for (size_t i = 0; i < value_size; i++)
        if (value[i] <= ' ' || value[i] > '~') return false;
    memcpy(word, value, value_size);
    word[value_size] = '\0';
    return true;
}

static bool take_key(const char *value, size_t size, char key[LODE_KEY_SIZE])
{
    static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  ".-:+=^!/*?&<>()[]{}@%$#"; /* ZeroMQ RFC 32 */
    return take_word(value, size, LODE_KEY_SIZE - 1, key, LODE_KEY_SIZE) &&
           strspn(key, letters) == LODE_KEY_SIZE - 1;
}

static bool take_number(const char *value, size_t size, int64_t least, int64_t most,
                        int64_t *number)
{
    return lode_text_to_i64(value, size, number) && *number >= least && *number <= most;
}

/* One blank between two addresses; numbers only, so that no name service has a say. */
static bool take_addresses(const char *value, size_t size, struct door *door)
{
    const char *at = value, *end = value + size;
    for (door->n_addresses = 0; door->n_addresses < DOOR_ADDRESSES_MAX; at++) {
        unsigned char number[sizeof(struct in6_addr)];
        char *address = door->addresses[door->n_addresses++];
        const char *blank = memchr(at, ' ', (size_t)(end - at));
        const size_t word = (size_t)((blank ? blank : end) - at);
        if (!take_word(at, word, 1, address, DOOR_ADDRESS_SIZE)) return false;
        if (inet_pton(AF_INET, address, number) != 1 && inet_pton(AF_INET6, address, number) != 1)
            return false;
        at += word;
        if (at == end) return true;
    }
    return false;
}

static bool take_field(int field, const char *value, size_t size, struct door *door)
{
    switch (field) {
    case HOST:
        return take_word(value, size, 1, door->host, sizeof door->host);
    case ADDRESSES:
        return take_addresses(value, size, door);
    case PORT:
        return take_number(value, size, 1, 65535, &door->port);
    case SERVER_KEY:
        return take_key(value, size, door->server_key);
    case PUBLIC_KEY:
        return take_key(value, size, door->keys.public_key);
    case SECRET_KEY:
        return take_key(value, size, door->keys.secret_key);
    case HEARTBEAT:
        return take_number(value, size, 50, 60000, &door->heartbeat_ms);
    case MEMORY:
        return take_number(value, size, 0, INT64_MAX, &door->memory_bytes);
    case PLACE: /* empty until a supervisor hands places out */
        return take_word(value, size, 0, door->place, sizeof door->place);
    case INCARNATION:
        return take_number(value, size, 0, INT64_MAX, &door->incarnation);
    default:
        return false;
    }
}

static lode_status take_line(int number, const char *line, size_t size, unsigned *seen,
                             struct door *door)
{
    const char *equals = memchr(line, '=', size);
    const size_t name_size = equals ? (size_t)(equals - line) : 0;
    int field = 0;
    while (field < N_FIELDS && (strlen(fields[field].name) != name_size ||
                                memcmp(fields[field].name, line, name_size) != 0))
        field++;
    if (field == N_FIELDS) return lode_fail(LODE_E_INPUT, "line %d: no field of a door", number);
    if (*seen & 1u << field)
        return lode_fail(LODE_E_INPUT, "line %d: a second %s", number, fields[field].name);
    *seen |= 1u << field;
    if (!take_field(field, equals + 1, size - name_size - 1, door))
        return lode_fail(LODE_E_INPUT, "line %d: %s must be %s", number, fields[field].name,
                         fields[field].must);
    return LODE_OK;
}

static lode_status parse_lines(const char *text, size_t size, struct door *door)
{
    const char *at = text, *end = text + size;
    unsigned seen = 0;
    for (int number = 1; at < end; number++) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        if (!line_end) return lode_fail(LODE_E_INPUT, "line %d: is cut off", number);
        lode_try(take_line(number, at, (size_t)(line_end - at), &seen, door));
        at = line_end + 1;
    }
    for (int field = 0; field < N_FIELDS; field++)
        if (!(seen & 1u << field))
            return lode_fail(LODE_E_INPUT, "no line with %s", fields[field].name);
    return LODE_OK;
}

lode_status door_parse(const char *text, size_t size, struct door *door)
{
    struct door found = {0};
    const lode_status status = parse_lines(text, size, &found);
    if (!status) *door = found;
    explicit_bzero(&found, sizeof found);
    return status;
}

lode_status door_format(const struct door *door, char *text, size_t size)
{
    char addresses[DOOR_ADDRESSES_MAX * DOOR_ADDRESS_SIZE] = "";
    size_t used = 0;
    if (door->n_addresses < 1 || door->n_addresses > DOOR_ADDRESSES_MAX)
        return lode_fail(LODE_E_BUG, "a door with %" PRId64 " addresses", door->n_addresses);
    for (int64_t i = 0; i < door->n_addresses; i++)
        used += (size_t)snprintf(addresses + used, sizeof addresses - used, "%s%s", i ? " " : "",
                                 door->addresses[i]);
    const int wanted = snprintf(
        text, size,
        "host=%s\naddresses=%s\nport=%" PRId64 "\nserver_key=%s\npublic_key=%s\nsecret_key=%s\n"
        "heartbeat_ms=%" PRId64 "\nmemory_bytes=%" PRId64 "\nplace=%s\nincarnation=%" PRId64 "\n",
        door->host, addresses, door->port, door->server_key, door->keys.public_key,
        door->keys.secret_key, door->heartbeat_ms, door->memory_bytes, door->place,
        door->incarnation);
    if (wanted < 0 || (size_t)wanted >= size)
        return lode_fail(LODE_E_BUG, "a door of %d bytes in a buffer of %zu", wanted, size);
    return LODE_OK;
}

static bool write_all(int fd, const char *text, size_t size)
{
    while (size > 0) {
        const ssize_t written = write(fd, text, size);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        text += written;
        size -= (size_t)written;
    }
    return true;
}

/* To the end, which must come within a door's size. */
static lode_status read_all(int fd, struct door *door)
{
    char text[DOOR_TEXT_SIZE];
    size_t size = 0;
    lode_status status = LODE_OK;
    while (size < sizeof text) {
        const ssize_t got = read(fd, text + size, sizeof text - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) status = lode_fail(LODE_E_INPUT, "reading a door: %s", strerror(errno));
        if (got <= 0) break;
        size += (size_t)got;
    }
    if (!status && size == sizeof text)
        status = lode_fail(LODE_E_INPUT, "longer than any door: %zu bytes and more", size);
    if (!status) status = door_parse(text, size, door);
    explicit_bzero(text, sizeof text);
    return status;
}

lode_status door_write(const struct door *door, int fd)
{
    char text[DOOR_TEXT_SIZE];
    lode_status status = door_format(door, text, sizeof text);
    if (!status && !write_all(fd, text, strlen(text)))
        status = lode_fail(LODE_E_CLUSTER, "writing the door: %s", strerror(errno));
    explicit_bzero(text, sizeof text);
    return status;
}

lode_status door_read(int fd, struct door *door)
{
    const lode_status status = read_all(fd, door);
    close(fd);
    if (status)
        return lode_note(LODE_E_USAGE,
                         "no door on file descriptor %d (`lode run` uses --door-fd, not people: "
                         "`lode worker --join RUN` is for them)",
                         fd);
    return LODE_OK;
}

lode_status door_save(const struct door *door, const char *path)
{
    char aside[PATH_MAX], folder[PATH_MAX];
    if (snprintf(aside, sizeof aside, "%s.tmp-%d", path, (int)getpid()) >= (int)sizeof aside)
        return lode_fail(LODE_E_USAGE, "path too long: %.64s...", path);
    unlink(aside); /* a leftover would keep its own mode and owner */
    const int fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) return lode_fail(LODE_E_DISK, "creating %s: %s", aside, strerror(errno));
    lode_status status = door_write(door, fd);
    const bool synced = !status && fsync(fd) == 0;
    const bool closed = close(fd) == 0;
    if (!status && !(synced && closed && rename(aside, path) == 0))
        status = lode_fail(LODE_E_DISK, "writing %s: %s", path, strerror(errno));
    if (status) {
        unlink(aside);
        return status;
    }
    snprintf(folder, sizeof folder, "%s", path);
    return lode_directory_sync(dirname(folder));
}

static lode_status fail_open(const char *path)
{
    char copy[PATH_MAX], folder[PATH_MAX];
    const int reason = errno;
    snprintf(copy, sizeof copy, "%s", path);
    snprintf(folder, sizeof folder, "%s", dirname(copy));
    if (reason != ENOENT) return lode_fail(LODE_E_USAGE, "%s: %s", path, strerror(reason));
    if (access(folder, F_OK)) return lode_fail(LODE_E_USAGE, "%s: there is no such run", folder);
    snprintf(copy, sizeof copy, "%s", path);
    return lode_fail(LODE_E_USAGE, "no run is under way in %s (no %s file)", folder,
                     basename(copy));
}

/* A file that others could write would let them choose whom we talk to; one that they could read
 * has let them in already. */
static lode_status check_owner(int fd, const char *path)
{
    struct stat about;
    if (fstat(fd, &about) || !S_ISREG(about.st_mode))
        return lode_fail(LODE_E_USAGE, "%s: not a plain file", path);
    if (about.st_uid != geteuid() && geteuid() != 0)
        return lode_fail(LODE_E_USAGE, "%s: belongs to user %u, not to you (%u)", path,
                         (unsigned)about.st_uid, (unsigned)geteuid());
    if (about.st_mode & (S_IRWXG | S_IRWXO))
        return lode_fail(LODE_E_USAGE,
                         "%s: open to other users (mode %04o, must be 0600): its key may be known, "
                         "start the run anew",
                         path, (unsigned)about.st_mode & 07777);
    return LODE_OK;
}

lode_status door_load(const char *path, struct door *door)
{
    /* not blocking: a pipe of that name would wait for ever for its other end */
    const int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return fail_open(path);
    lode_status status = check_owner(fd, path);
    if (!status) {
        status = read_all(fd, door);
        if (status) status = lode_note(status, "%s", path);
    }
    close(fd);
    return status;
}
