/* Mutes: the file is read whole, changed in memory and written whole, under a lock that is a file
 * (common/lock_file.h).
 */
#include "coordinator/mutes.h"

#include "common/file.h"
#include "common/hash.h"
#include "common/lock_file.h"
#include "common/text.h"
#include "coordinator/look/fields.h"
#include "coordinator/look/run_findings.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { FILE_LIMIT = 4 << 20, LOCK_WAIT_MS = 10000 };

/* Of the two files, by kind: the end of the name, and words for messages. */
static const struct remark_words {
    const char *suffix, *command, *what, *is_there;
} kinds[] = {{".mutes.jsonl", "mute", "mute", "is muted"},
             {".feedback.jsonl", "feedback", "feedback", "has feedback"}};

static lode_status remarks_path(enum remark_kind kind, const char *store, struct lode_arena *arena,
                                char **path)
{
    char *absolute = NULL, *made = NULL;
    lode_try(lode_path_absolute(store, arena, &absolute));
    size_t size = strlen(absolute);
    while (size > 1 && absolute[size - 1] == '/') size--;
    const size_t room = size + strlen(kinds[kind].suffix) + 1;
    lode_try(lode_take(arena, room, &made));
    snprintf(made, room, "%.*s%s", (int)size, absolute, kinds[kind].suffix);
    *path = made;
    return LODE_OK;
}

lode_status mutes_path(const char *store, struct lode_arena *arena, char **path)
{
    return remarks_path(REMARK_MUTE, store, arena, path);
}

void mute_make_id(const char *job, const char *key, char *id)
{
    const uint64_t pair[2] = {lode_hash(job, strlen(job)), lode_hash(key, strlen(key))};
    const uint64_t hash = lode_hash(pair, sizeof pair);
    snprintf(id, MUTE_ID_SIZE, "%012llx", (unsigned long long)(hash >> 16));
}

const struct mute *mutes_find(const struct mutes *mutes, const char *job, const char *key)
{
    for (int64_t i = 0; job && key && i < mutes->n; i++)
        if (strcmp(mutes->list[i].job, job) == 0 && strcmp(mutes->list[i].key, key) == 0)
            return &mutes->list[i];
    return NULL;
}

static bool has_control(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 127) return true;
    return false;
}

/* One that may be empty. */
static lode_status take_any_text(const cJSON *object, const char *name, struct lode_arena *arena,
                                 const char **text)
{
    char *copy = NULL;
    const char *found = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    if (!found) return lode_fail(LODE_E_INPUT, "no text \"%s\"", name);
    if (has_control(found, strlen(found)))
        return lode_fail(LODE_E_INPUT, "\"%s\" holds a control byte", name);
    lode_try(lode_arena_text(arena, found, strlen(found), &copy));
    *text = copy;
    return LODE_OK;
}

static lode_status take_text(const cJSON *object, const char *name, struct lode_arena *arena,
                             const char **text)
{
    lode_try(take_any_text(object, name, arena, text));
    return (*text)[0] ? LODE_OK : lode_fail(LODE_E_INPUT, "no text \"%s\"", name);
}

static bool is_verdict(const char *text)
{
    return strcmp(text, "useful") == 0 || strcmp(text, "noise") == 0;
}

static lode_status take_feedback(const cJSON *object, struct lode_arena *arena, struct mute *mute)
{
    lode_try(take_any_text(object, "reason", arena, &mute->reason));
    lode_try(take_any_text(object, "template", arena, &mute->template));
    lode_try(take_any_text(object, "class", arena, &mute->class));
    lode_try(take_text(object, "verdict", arena, &mute->verdict));
    if (is_verdict(mute->verdict)) return LODE_OK;
    return lode_fail(LODE_E_INPUT, "verdict '%.32s': useful or noise", mute->verdict);
}

/* The identity, put together anew: one way to write it, so that equal ones are equal bytes. */
static lode_status take_key(const cJSON *object, struct lode_arena *arena, const char **key)
{
    struct lode_bytes text = {0};
    lode_status status = LODE_OK;
    char *copy = NULL;
    const cJSON *identity = cJSON_GetObjectItemCaseSensitive(object, "identity"), *item;
    if (!cJSON_IsObject(identity) || !identity->child)
        return lode_fail(LODE_E_INPUT, "no object \"identity\"");
    cJSON_ArrayForEach(item, identity)
    {
        const char *value = cJSON_GetStringValue(item);
        if (!value) {
            status = lode_fail(LODE_E_INPUT, "\"identity\": \"%s\" is no text", item->string);
            goto done;
        }
        lode_try_done(
            finding_key_append(&text, item == identity->child, item->string, value, strlen(value)));
    }
    lode_try_done(lode_bytes_append(&text, "}", 1));
    lode_try_done(lode_arena_text(arena, (const char *)text.data, text.size, &copy));
    *key = copy;
done:
    lode_bytes_clear(&text);
    return status;
}

static lode_status take_fields(enum remark_kind kind, const cJSON *object, struct lode_arena *arena,
                               struct mute *mute)
{
    const char *id = NULL;
    if (!cJSON_IsObject(object)) return lode_fail(LODE_E_INPUT, "not a JSON object");
    lode_try(take_text(object, "id", arena, &id));
    lode_try(take_text(object, "job", arena, &mute->job));
    if (kind == REMARK_FEEDBACK)
        lode_try(take_feedback(object, arena, mute));
    else
        lode_try(take_text(object, "reason", arena, &mute->reason));
    lode_try(take_text(object, "who", arena, &mute->who));
    lode_try(take_text(object, "when", arena, &mute->when));
    lode_try(take_key(object, arena, &mute->key));
    mute_make_id(mute->job, mute->key, mute->id);
    if (strcmp(mute->id, id) != 0)
        return lode_fail(LODE_E_INPUT, "id %.32s is not that of its job and identity, %s", id,
                         mute->id);
    return LODE_OK;
}

static lode_status read_line(enum remark_kind kind, const char *line, size_t size,
                             struct lode_arena *arena, struct mute *mute)
{
    const char *end = NULL;
    if (!lode_text_is_utf8(line, size)) return lode_fail(LODE_E_INPUT, "not UTF-8, or a NUL byte");
    if (has_control(line, size)) return lode_fail(LODE_E_INPUT, "a control byte");
    if (memmem(line, size, "\\u0000", 6)) return lode_fail(LODE_E_INPUT, "a NUL byte (\\u0000)");
    cJSON *object = cJSON_ParseWithLengthOpts(line, size, &end, false);
    const lode_status status = object && end == line + size ? take_fields(kind, object, arena, mute)
                                                            : lode_fail(LODE_E_INPUT, "not JSON");
    cJSON_Delete(object);
    return status;
}

lode_status remarks_parse(enum remark_kind kind, const char *path, const char *text, size_t size,
                          struct lode_arena *arena, struct mutes *mutes)
{
    int64_t n_lines = 1, line = 0;
    struct mutes made = {.arena = arena, .kind = kind};
    char *copy = NULL;
    for (size_t i = 0; i < size; i++) n_lines += text[i] == '\n';
    lode_try(lode_arena_text(arena, path, strlen(path), &copy));
    made.path = copy;
    lode_try(lode_take(arena, n_lines, &made.list));
    for (const char *at = text, *end = text + size; at < end; line++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const size_t length = newline ? (size_t)(newline - at) : (size_t)(end - at);
        struct mute *mute = &made.list[made.n];
        *mute = (struct mute){0};
        if (length > 0) {
            const lode_status status = read_line(kind, at, length, arena, mute);
            if (status) return lode_note(status, "%s:%lld", path, (long long)line + 1);
            if (mutes_find(&made, mute->job, mute->key))
                return lode_fail(LODE_E_INPUT, "%s:%lld: this finding %s above already", path,
                                 (long long)line + 1, kinds[kind].is_there);
            made.n++;
        }
        at += length + 1;
    }
    *mutes = made;
    return LODE_OK;
}

lode_status mutes_parse(const char *path, const char *text, size_t size, struct lode_arena *arena,
                        struct mutes *mutes)
{
    return remarks_parse(REMARK_MUTE, path, text, size, arena, mutes);
}

lode_status remarks_load(enum remark_kind kind, const char *store, struct lode_arena *arena,
                         struct mutes *mutes)
{
    struct lode_bytes text = {0};
    char *path = NULL;
    *mutes = (struct mutes){.path = "", .arena = arena, .kind = kind};
    if (!store[0]) return LODE_OK;
    lode_try(remarks_path(kind, store, arena, &path));
    if (access(path, F_OK)) {
        *mutes = (struct mutes){.path = path, .arena = arena, .kind = kind};
        return LODE_OK;
    }
    lode_status status = lode_file_read(path, FILE_LIMIT, &text);
    if (!status)
        status = remarks_parse(kind, path, (const char *)text.data, text.size, arena, mutes);
    lode_bytes_clear(&text);
    return status;
}

lode_status mutes_load(const char *store, struct lode_arena *arena, struct mutes *mutes)
{
    return remarks_load(REMARK_MUTE, store, arena, mutes);
}

static lode_status append_field(struct lode_bytes *out, const char *name, const char *text)
{
    lode_try(lode_bytes_printf(out, ",\"%s\":", name));
    return lode_text_append_json(out, text, strlen(text));
}

lode_status mute_append(struct lode_bytes *out, const struct mute *mute)
{
    lode_try(lode_bytes_printf(out, "{\"id\":\"%s\"", mute->id));
    lode_try(append_field(out, "job", mute->job));
    lode_try(lode_bytes_printf(out, ",\"identity\":%s", mute->key));
    if (mute->verdict) {
        lode_try(append_field(out, "verdict", mute->verdict));
        lode_try(append_field(out, "template", mute->template));
        lode_try(append_field(out, "class", mute->class));
    }
    lode_try(append_field(out, "reason", mute->reason));
    lode_try(append_field(out, "who", mute->who));
    lode_try(append_field(out, "when", mute->when));
    return lode_bytes_append(out, "}\n", 2);
}

static lode_status write_mutes(const struct mutes *mutes, const char *without,
                               const struct mute *added)
{
    struct lode_bytes text = {0};
    lode_status status = LODE_OK;
    for (int64_t i = 0; i < mutes->n; i++)
        if (strcmp(mutes->list[i].id, without) != 0)
            lode_try_done(mute_append(&text, &mutes->list[i]));
    if (added) lode_try_done(mute_append(&text, added));
    status =
        lode_file_write(mutes->path, text.data ? (const void *)text.data : "", text.size, true);
done:
    lode_bytes_clear(&text);
    return status;
}

static lode_status apply(const struct mutes *mutes, const struct mute *add, const char *remove)
{
    if (add) {
        struct mute made = *add;
        mute_make_id(made.job, made.key, made.id);
        return write_mutes(mutes, made.id, &made);
    }
    for (int64_t i = 0; i < mutes->n; i++)
        if (strcmp(mutes->list[i].id, remove) == 0) return write_mutes(mutes, remove, NULL);
    return lode_fail(LODE_E_USAGE, "%s: no %s has the id %s; `lode %s --list STORE` shows them",
                     mutes->path, kinds[mutes->kind].what, remove, kinds[mutes->kind].command);
}

static lode_status take_lock(const char *lock)
{
    char holder[LODE_LOCK_HOLDER_SIZE] = "";
    bool taken = false;
    lode_try(lode_lock_take(lock, LOCK_WAIT_MS, &taken, holder));
    if (taken) return LODE_OK;
    return lode_fail(LODE_E_DISK, "%s is held by %s; if that is gone, remove the file", lock,
                     holder);
}

lode_status mutes_change(const char *store, const struct mute *add, const char *remove,
                         struct lode_arena *arena)
{
    return remarks_change(REMARK_MUTE, store, add, remove, arena);
}

lode_status remarks_change(enum remark_kind kind, const char *store, const struct mute *add,
                           const char *remove, struct lode_arena *arena)
{
    char lock[PATH_MAX];
    char *path = NULL;
    struct mutes mutes;
    if (add &&
        ((kind == REMARK_MUTE && !add->reason[0]) || strlen(add->reason) > MUTE_REASON_LIMIT ||
         has_control(add->reason, strlen(add->reason)) ||
         !lode_text_is_utf8(add->reason, strlen(add->reason))))
        return lode_fail(LODE_E_USAGE,
                         "a reason is one line of UTF-8 text, at most %d bytes, no control bytes",
                         MUTE_REASON_LIMIT);
    lode_try(remarks_path(kind, store, arena, &path));
    if (snprintf(lock, sizeof lock, "%s.lock", path) >= (int)sizeof lock)
        return lode_fail(LODE_E_USAGE, "path too long: %.64s...", path);
    lode_try(take_lock(lock));
    lode_status status = remarks_load(kind, store, arena, &mutes);
    if (!status) status = apply(&mutes, add, remove);
    lode_lock_release(lock);
    return status;
}
