/* Header: see the header of this file. */
#include "coordinator/journal/header.h"

#include "common/wire/pack.h"

#include <string.h>

static lode_status pack_text(struct lode_bytes *out, const char *text)
{
    return lode_pack_text(out, text, strlen(text));
}

static lode_status pack_count(struct lode_bytes *out, int64_t count)
{
    if (count > UINT32_MAX) return lode_fail(LODE_E_BUG, "a list of %lld", (long long)count);
    return lode_pack_array(out, (uint32_t)count);
}

lode_status header_encode(const struct header *header, struct lode_bytes *out)
{
    lode_try(lode_pack_u64(out, HEADER_FORMAT));
    lode_try(pack_text(out, header->version));
    lode_try(pack_text(out, header->job));
    lode_try(pack_text(out, header->store));
    lode_try(pack_text(out, header->library ? header->library : ""));
    lode_try(lode_pack_u64(out, header->library_hash));
    lode_try(lode_pack_u64(out, header->epoch));
    lode_try(lode_pack_u64(out, header->allow_partial));
    lode_try(pack_count(out, header->n_params));
    for (int64_t i = 0; i < header->n_params; i++) {
        lode_try(pack_text(out, header->params[i].name));
        lode_try(pack_text(out, header->params[i].value));
    }
    lode_try(pack_count(out, header->n_inputs));
    for (int64_t i = 0; i < header->n_inputs; i++) {
        const struct input_file *file = &header->inputs[i];
        lode_try(pack_text(out, file->name));
        lode_try(lode_pack_u64(out, file->size));
        lode_try(lode_pack_i64(out, file->modified_ns));
        lode_try(lode_pack_u64(out, file->sample));
        lode_try(lode_pack_u64(out, file->whole));
    }
    lode_try(pack_count(out, header->n_earlier));
    for (int64_t i = 0; i < header->n_earlier; i++) {
        lode_try(lode_pack_u64(out, header->earlier[i].epoch));
        lode_try(lode_pack_u64(out, header->earlier[i].size_bytes));
    }
    return LODE_OK;
}

/* Texts go to functions that end at a zero: one inside is none of ours. */
static lode_status read_text(struct lode_unpack *in, struct lode_arena *arena, const char **text)
{
    const char *found = NULL;
    char *copy = NULL;
    size_t size = 0;
    lode_try(lode_unpack_text(in, &found, &size));
    if (memchr(found, '\0', size)) return lode_fail(LODE_E_MESSAGE, "a zero byte in a text");
    lode_try(lode_arena_text(arena, found, size, &copy));
    *text = copy;
    return LODE_OK;
}

static lode_status read_params(struct lode_unpack *in, struct lode_arena *arena,
                               struct header *header)
{
    uint32_t count = 0;
    lode_try(lode_unpack_array(in, &count));
    lode_try(lode_take(arena, count, &header->params));
    header->n_params = count;
    for (uint32_t i = 0; i < count; i++) {
        lode_try(read_text(in, arena, &header->params[i].name));
        lode_try(read_text(in, arena, &header->params[i].value));
    }
    return LODE_OK;
}

static lode_status read_inputs(struct lode_unpack *in, struct lode_arena *arena,
                               struct header *header)
{
    uint32_t count = 0;
    lode_try(lode_unpack_array(in, &count));
    lode_try(lode_take(arena, count, &header->inputs));
    header->n_inputs = count;
    for (uint32_t i = 0; i < count; i++) {
        struct input_file *file = &header->inputs[i];
        lode_try(read_text(in, arena, &file->name));
        lode_try(lode_unpack_u64(in, &file->size));
        lode_try(lode_unpack_i64(in, &file->modified_ns));
        lode_try(lode_unpack_u64(in, &file->sample));
        lode_try(lode_unpack_u64(in, &file->whole));
    }
    return LODE_OK;
}

static lode_status read_earlier(struct lode_unpack *in, struct lode_arena *arena,
                                struct header *header)
{
    uint32_t count = 0;
    lode_try(lode_unpack_array(in, &count));
    lode_try(lode_take(arena, count, &header->earlier));
    header->n_earlier = count;
    for (uint32_t i = 0; i < count; i++) {
        lode_try(lode_unpack_u64(in, &header->earlier[i].epoch));
        lode_try(lode_unpack_u64(in, &header->earlier[i].size_bytes));
    }
    return LODE_OK;
}

lode_status header_decode(const void *data, size_t size, struct lode_arena *arena,
                          struct header *header)
{
    struct lode_unpack in = lode_unpack_begin(data, size);
    struct header found = {.library = ""};
    uint64_t format = 0, flag = 0;
    lode_try(lode_unpack_u64(&in, &format));
    lode_try(read_text(&in, arena, &found.version));
    if (format < 1 || format > HEADER_FORMAT)
        return lode_fail(LODE_E_INPUT, "its format is %llu, made by lode %s; this lode reads %d",
                         (unsigned long long)format, found.version, HEADER_FORMAT);
    lode_try(read_text(&in, arena, &found.job));
    lode_try(read_text(&in, arena, &found.store));
    if (format > 1) {
        lode_try(read_text(&in, arena, &found.library));
        lode_try(lode_unpack_u64(&in, &found.library_hash));
    }
    lode_try(lode_unpack_u64(&in, &found.epoch));
    lode_try(lode_unpack_u64(&in, &flag));
    found.allow_partial = flag != 0;
    lode_try(read_params(&in, arena, &found));
    lode_try(read_inputs(&in, arena, &found));
    lode_try(read_earlier(&in, arena, &found));
    lode_try(lode_unpack_end(&in));
    *header = found;
    return LODE_OK;
}

lode_status header_check_version(const struct header *header, const char *version)
{
    if (strcmp(header->version, version) == 0) return LODE_OK;
    return lode_fail(LODE_E_USAGE,
                     "the run was begun by lode %s, this is lode %s: go on with that version, or "
                     "run anew",
                     header->version, version);
}

lode_status header_check_param(const struct header *header, const char *name, const char *value)
{
    for (int64_t i = 0; i < header->n_params; i++) {
        if (strcmp(header->params[i].name, name) != 0) continue;
        if (strcmp(header->params[i].value, value) == 0) return LODE_OK;
        return lode_fail(LODE_E_USAGE, "parameter %s: the run was begun with '%s', now it is '%s'",
                         name, header->params[i].value, value);
    }
    return lode_fail(LODE_E_USAGE, "parameter %s: the run was begun without it", name);
}
