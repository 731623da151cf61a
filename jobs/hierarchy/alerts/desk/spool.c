/* Spool: see the header. */
#include "jobs/hierarchy/alerts/desk/spool.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/text.h"

enum { BODY_LIMIT = 64 << 20 };

static lode_status path_of(const char *folder, int64_t number, char path[PATH_MAX])
{
    if (snprintf(path, PATH_MAX, "%s/%010" PRId64 ".json", folder, number) < PATH_MAX)
        return LODE_OK;
    return lode_fail(LODE_E_USAGE, "path too long: %.64s...", folder);
}

/* NUMBER.json; a foreign file is none of ours. */
static bool parse_name(const char *name, int64_t *number)
{
    const char *dot = strchr(name, '.');
    return dot && strcmp(dot, ".json") == 0 &&
           lode_text_to_i64(name, (size_t)(dot - name), number) && *number >= 0;
}

static int compare_numbers(const void *left, const void *right)
{
    const int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

/* Adds a number to those in `kept`; one that does not count is removed. */
static lode_status look_at(const char *folder, const char *name, int64_t next,
                           struct lode_bytes *kept)
{
    char path[PATH_MAX];
    int64_t number = 0;
    const bool is_ours = parse_name(name, &number);
    if (is_ours && (next < 0 || number < next))
        return lode_bytes_append(kept, &number, sizeof number);
    if (next < 0 || (!is_ours && !strstr(name, ".json.tmp-"))) return LODE_OK;
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= PATH_MAX ||
        (unlink(path) != 0 && errno != ENOENT))
        return lode_fail(LODE_E_DISK, "%s/%s: %s", folder, name, strerror(errno));
    return LODE_OK;
}

lode_status spool_list(const char *folder, int64_t next, struct lode_arena *arena,
                       int64_t **numbers, int64_t *n)
{
    struct lode_bytes kept = {0};
    lode_status status = LODE_OK;
    DIR *open = opendir(folder);
    if (!open) return lode_fail(LODE_E_DISK, "%s: %s", folder, strerror(errno));
    for (const struct dirent *entry = readdir(open); entry && !status; entry = readdir(open))
        status = look_at(folder, entry->d_name, next, &kept);
    closedir(open);
    const int64_t count = (int64_t)(kept.size / sizeof **numbers);
    if (!status) status = lode_take(arena, count, numbers);
    if (!status && count > 0) {
        memcpy(*numbers, kept.data, kept.size);
        qsort(*numbers, (size_t)count, sizeof **numbers, compare_numbers);
    }
    if (!status) *n = count;
    lode_bytes_clear(&kept);
    return status;
}

lode_status spool_write(const char *folder, int64_t number, const struct lode_bytes *body)
{
    char path[PATH_MAX];
    lode_try(path_of(folder, number, path));
    return lode_file_write(path, body->data, body->size, true);
}

lode_status spool_read(const char *folder, int64_t number, struct lode_bytes *body)
{
    char path[PATH_MAX];
    lode_try(path_of(folder, number, path));
    return lode_file_read(path, BODY_LIMIT, body);
}

lode_status spool_remove(const char *folder, int64_t number)
{
    char path[PATH_MAX];
    lode_try(path_of(folder, number, path));
    if (unlink(path) == 0 || errno == ENOENT) return LODE_OK;
    return lode_fail(LODE_E_DISK, "%s: %s", path, strerror(errno));
}

lode_status spool_set_aside(const char *folder, int64_t number, const char *aside)
{
    char from[PATH_MAX], to[PATH_MAX];
    lode_try(path_of(folder, number, from));
    lode_try(path_of(aside, number, to));
    if (rename(from, to) == 0) return LODE_OK;
    return lode_fail(LODE_E_DISK, "%s: %s", to, strerror(errno));
}
