/* Rejects: a line of a side file is "RANGE LINE REASON". Lines are gathered in a buffer and written
 * when it holds BUFFER_BYTES. */
#include "jobs/stage/shuffle/rejects.h"

#include "common/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER_BYTES = 1 << 16, LINE_BYTES = 512 /* two numbers and a reason */ };

struct rejects {
    const char *name;
    char *path;
    int fd; /* -1: no reject yet */
    struct lode_bytes lines;
    struct rejects_total total;
};

static lode_status join_path(const char *directory, const char *name, struct lode_arena *arena,
                             char **path)
{
    const size_t size = strlen(directory) + strlen(name) + 2;
    lode_try(lode_take(arena, size, path));
    snprintf(*path, size, "%s/%s", directory, name);
    return LODE_OK;
}

lode_status rejects_create(const char *directory, const char *name, struct lode_arena *arena,
                           struct rejects **rejects)
{
    struct rejects *r = NULL;
    char *copy = NULL;
    lode_try(lode_take_zero(arena, 1, &r));
    lode_try(lode_arena_text(arena, name, strlen(name), &copy));
    lode_try(join_path(directory, name, arena, &r->path));
    r->name = copy;
    r->fd = -1;
    *rejects = r;
    return LODE_OK;
}

static lode_status write_all(int fd, const char *path, const void *data, size_t size)
{
    const char *at = data;
    while (size > 0) {
        const ssize_t wrote = write(fd, at, size);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) return lode_fail(LODE_E_DISK, "%s: %s", path, strerror(errno));
        at += wrote;
        size -= (size_t)wrote;
    }
    return LODE_OK;
}

static lode_status flush(struct rejects *rejects)
{
    if (rejects->fd < 0)
        rejects->fd = open(rejects->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (rejects->fd < 0) return lode_fail(LODE_E_DISK, "%s: %s", rejects->path, strerror(errno));
    lode_try(write_all(rejects->fd, rejects->path, rejects->lines.data, rejects->lines.size));
    rejects->lines.size = 0;
    return LODE_OK;
}

static lode_status count_reason(struct rejects_total *total, const char *reason, int64_t count)
{
    total->n += count;
    for (int64_t i = 0; i < total->n_reasons; i++)
        if (strcmp(total->reasons[i].reason, reason) == 0) {
            total->reasons[i].count += count;
            return LODE_OK;
        }
    if (total->n_reasons == REJECTS_REASONS_LIMIT)
        return lode_fail(LODE_E_BUG, "more than %d reasons to reject a row: '%s'",
                         REJECTS_REASONS_LIMIT, reason);
    total->reasons[total->n_reasons++] = (struct stage_reason){reason, count};
    return LODE_OK;
}

static void keep_place(struct rejects_total *total, int64_t range, int64_t line, const char *reason)
{
    if (total->n_places < STAGE_FIRST_PLACES)
        total->places[total->n_places++] = (struct rejects_place){range, line, reason};
}

lode_status rejects_add(struct rejects *rejects, int64_t range, int64_t line, const char *reason)
{
    lode_try(count_reason(&rejects->total, reason, 1));
    keep_place(&rejects->total, range, line, reason);
    lode_try(lode_bytes_printf(&rejects->lines, "%lld %lld %s\n", (long long)range, (long long)line,
                               reason));
    return rejects->lines.size < BUFFER_BYTES ? LODE_OK : flush(rejects);
}

static lode_status pack(const struct rejects *rejects, struct lode_bytes *out)
{
    const struct rejects_total *total = &rejects->total;
    lode_try(lode_pack_text(out, rejects->name, strlen(rejects->name)));
    lode_try(lode_pack_i64(out, total->n_reasons));
    for (int64_t i = 0; i < total->n_reasons; i++) {
        lode_try(lode_pack_text(out, total->reasons[i].reason, strlen(total->reasons[i].reason)));
        lode_try(lode_pack_i64(out, total->reasons[i].count));
    }
    lode_try(lode_pack_i64(out, total->n_places));
    for (int64_t i = 0; i < total->n_places; i++) {
        const struct rejects_place *place = &total->places[i];
        lode_try(lode_pack_i64(out, place->range));
        lode_try(lode_pack_i64(out, place->line));
        lode_try(lode_pack_text(out, place->reason, strlen(place->reason)));
    }
    return LODE_OK;
}

lode_status rejects_commit(struct rejects *rejects, struct lode_bytes *out)
{
    lode_status status = LODE_OK;
    if (rejects->lines.size > 0) lode_try_done(flush(rejects));
    if (rejects->fd >= 0) {
        const int closed = close(rejects->fd);
        rejects->fd = -1;
        if (closed != 0) {
            status = lode_fail(LODE_E_DISK, "%s: %s", rejects->path, strerror(errno));
            goto done;
        }
    }
    lode_try_done(pack(rejects, out));
    lode_bytes_clear(&rejects->lines);
    return LODE_OK;
done:
    rejects_discard(rejects);
    return status;
}

void rejects_discard(struct rejects *rejects)
{
    if (!rejects) return;
    if (rejects->fd >= 0) close(rejects->fd);
    rejects->fd = -1;
    if (rejects->total.n > 0) unlink(rejects->path);
    lode_bytes_clear(&rejects->lines);
}

static lode_status merge_places(struct rejects_total *total, struct lode_unpack *in,
                                struct lode_arena *arena)
{
    int64_t n_places = 0;
    lode_try(lode_unpack_count(in, "first rejects", STAGE_FIRST_PLACES, &n_places));
    for (int64_t i = 0; i < n_places; i++) {
        struct rejects_place place = {0};
        lode_try(lode_unpack_i64(in, &place.range));
        lode_try(lode_unpack_i64(in, &place.line));
        lode_try(lode_unpack_copy(in, arena, &place.reason));
        keep_place(total, place.range, place.line, place.reason);
    }
    return LODE_OK;
}

lode_status rejects_merge(struct rejects_total *total, struct lode_unpack *in,
                          struct lode_arena *arena)
{
    struct rejects_file *file = NULL;
    int64_t n_reasons = 0;
    lode_try(lode_take_zero(arena, 1, &file));
    lode_try(lode_unpack_copy(in, arena, &file->name));
    lode_try(lode_unpack_count(in, "reasons of rejects", REJECTS_REASONS_LIMIT, &n_reasons));
    for (int64_t i = 0; i < n_reasons; i++) {
        const char *reason = NULL;
        int64_t count = 0;
        lode_try(lode_unpack_copy(in, arena, &reason));
        lode_try(lode_unpack_i64(in, &count));
        lode_try(count_reason(total, reason, count));
    }
    lode_try(merge_places(total, in, arena));
    if (n_reasons == 0) return LODE_OK; /* there is no side file */
    if (total->last)
        total->last->next = file;
    else
        total->first = file;
    total->last = file;
    return LODE_OK;
}

static int compare_reasons(const void *left, const void *right)
{
    const struct stage_reason *a = left;
    const struct stage_reason *b = right;
    if (a->count != b->count) return a->count > b->count ? -1 : 1;
    return strcmp(a->reason, b->reason);
}

void rejects_sort(struct rejects_total *total)
{
    qsort(total->reasons, (size_t)total->n_reasons, sizeof *total->reasons, compare_reasons);
}

/* File and line of a row. */
static lode_status find_origin(const struct rejects_total *total, int64_t range, int64_t *line,
                               const char **file)
{
    if (range < 0 || range >= total->n_ranges || *line < 1)
        return lode_fail(LODE_E_INPUT, "a reject on line %lld of range %lld of %lld",
                         (long long)*line, (long long)range, (long long)total->n_ranges);
    *file = total->origins[range].file;
    *line += total->origins[range].lines_before;
    return LODE_OK;
}

static lode_status append_place(const struct rejects_total *total,
                                const struct rejects_place *place, bool is_first,
                                struct lode_bytes *out)
{
    const char *file = "";
    int64_t line = place->line;
    lode_try(find_origin(total, place->range, &line, &file));
    return lode_bytes_printf(out, "%s%s line %lld: %s", is_first ? " (first: " : "; ", file,
                             (long long)line, place->reason);
}

static lode_status append_text(const struct rejects_total *total, struct lode_bytes *out)
{
    char number[32];
    for (int64_t i = 0; i < total->n_reasons; i++)
        lode_try(lode_bytes_printf(out, "%s%s %s", i > 0 ? ", " : "",
                                   lode_text_grouped(total->reasons[i].count, number),
                                   total->reasons[i].reason));
    for (int64_t i = 0; i < total->n_places; i++)
        lode_try(append_place(total, &total->places[i], i == 0, out));
    return lode_bytes_append(out, total->n_places > 0 ? ")" : "", total->n_places > 0 ? 1 : 0);
}

lode_status rejects_text(const struct rejects_total *total, struct lode_arena *arena, char **text)
{
    struct lode_bytes out = {0};
    lode_status status = append_text(total, &out);
    if (status == LODE_OK) status = lode_arena_text(arena, (const char *)out.data, out.size, text);
    lode_bytes_clear(&out);
    return status;
}

/* One line of a side file as a JSON object. */
static lode_status append_object(const struct rejects_total *total, const char *text,
                                 struct lode_bytes *out)
{
    long long range = -1;
    long long number = 0;
    int used = 0;
    const char *file = "";
    if (sscanf(text, "%lld %lld %n", &range, &number, &used) != 2)
        return lode_fail(LODE_E_INPUT, "a line that is no reject: '%s'", text);
    int64_t line = number;
    lode_try(find_origin(total, range, &line, &file));
    lode_try(lode_bytes_printf(out, "{\"file\":"));
    lode_try(lode_text_append_json(out, file, strlen(file)));
    lode_try(lode_bytes_printf(out, ",\"line\":%lld,\"reason\":", (long long)line));
    lode_try(lode_text_append_json(out, text + used, strlen(text + used)));
    return lode_bytes_append(out, "}\n", 2);
}

struct collector {
    const struct rejects_total *total;
    const char *path;
    int fd;
    struct lode_bytes out;
};

static lode_status collect_file(struct collector *c, FILE *from, const char *from_path)
{
    char line[LINE_BYTES];
    while (fgets(line, sizeof line, from) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        lode_try(append_object(c->total, line, &c->out));
        if (c->out.size < BUFFER_BYTES) continue;
        lode_try(write_all(c->fd, c->path, c->out.data, c->out.size));
        c->out.size = 0;
    }
    if (ferror(from)) return lode_fail(LODE_E_DISK, "%s: %s", from_path, strerror(errno));
    return LODE_OK;
}

static lode_status collect_named(struct collector *c, const char *directory, const char *name)
{
    lode_status status = LODE_OK;
    struct lode_bytes path = {0};
    FILE *from = NULL;
    lode_try_done(lode_bytes_printf(&path, "%s/%s", directory, name));
    lode_try_done(lode_bytes_append(&path, "", 1));
    const char *from_path = (const char *)path.data;
    from = fopen(from_path, "re");
    if (from == NULL) {
        status = lode_fail(LODE_E_DISK, "%s: %s", from_path, strerror(errno));
        goto done;
    }
    status = collect_file(c, from, from_path);
    if (status != LODE_OK) status = lode_note(status, "%s", from_path);
done:
    if (from != NULL) (void)fclose(from); /* only read */
    lode_bytes_clear(&path);
    return status;
}

lode_status rejects_collect(const struct rejects_total *total, const char *directory,
                            const char *path)
{
    lode_status status = LODE_OK;
    struct collector c = {.total = total, .path = path};
    c.fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (c.fd < 0) return lode_fail(LODE_E_DISK, "%s: %s", path, strerror(errno));
    for (const struct rejects_file *file = total->first; file && !status; file = file->next)
        status = collect_named(&c, directory, file->name);
    if (status == LODE_OK) status = write_all(c.fd, path, c.out.data, c.out.size);
    if (status == LODE_OK && fsync(c.fd) != 0)
        status = lode_fail(LODE_E_DISK, "%s: %s", path, strerror(errno));
    if (close(c.fd) != 0 && status == LODE_OK)
        status = lode_fail(LODE_E_DISK, "%s: %s", path, strerror(errno));
    lode_bytes_clear(&c.out);
    return status;
}
