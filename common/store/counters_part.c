/* Counters, one partition: its files put together by component, with every promise of the header
 * checked, so that a leaf can index without looking; counters_values.c reads it.
 *
 * A file lists the counters that occur in it by name; here they become indices of the store.
 */
#include "common/store/counters.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/store/counters_private.h"
#include "common/store/store_private.h"
#include "lode/table.h"

/* Names of a file as indices into those of the store. */
static lode_status find_names(const struct counters_part_file *file, const char *column,
                              struct lode_words *known, int64_t n_known, struct lode_arena *arena,
                              int64_t **indices, int64_t *count)
{
    char **names;
    lode_try(lode_hdf_get_texts(file->hdf, column, arena, &names, count));
    lode_try(lode_take(arena, *count, indices));
    for (int64_t i = 0; i < *count; i++) {
        uint32_t code = 0;
        lode_try(lode_words_add(known, names[i], strlen(names[i]), &code));
        if ((int64_t)code >= n_known)
            return lode_fail(LODE_E_INPUT, "'%s' has '%s', which the index does not know", column,
                             names[i]);
        if (i > 0 && strcmp(names[i - 1], names[i]) >= 0)
            return lode_fail(LODE_E_INPUT, "'%s' is not in order at '%s'", column, names[i]);
        (*indices)[i] = code;
    }
    return LODE_OK;
}

/* Blocks are [times x counters], one behind the other. */
static lode_status check_blocks(const struct counters_part_file *file)
{
    for (int64_t i = 0; i < file->n; i++) {
        const int64_t times = file->time_offsets[i + 1] - file->time_offsets[i];
        const int64_t counters = file->counter_offsets[i + 1] - file->counter_offsets[i];
        int64_t values = 0;
        if (__builtin_mul_overflow(times, counters, &values) ||
            values != file->value_offsets[i + 1] - file->value_offsets[i])
            return lode_fail(LODE_E_INPUT,
                             "component %" PRId64 " has %" PRId64 " times, %" PRId64
                             " counters and %" PRId64 " values",
                             i, times, counters,
                             file->value_offsets[i + 1] - file->value_offsets[i]);
    }
    return LODE_OK;
}

/* The counters of each component: codes into the file's own list, ascending. */
static lode_status get_codes(struct counters_part_file *file, const int64_t *known, int64_t n_known,
                             struct lode_arena *arena)
{
    int64_t *counters;
    uint32_t *codes;
    struct lode_hdf_column column;
    lode_try(lode_hdf_describe(file->hdf, LODE_BLOCK_COUNTER, arena, &column));
    lode_try(store_check_rows(file->hdf, LODE_BLOCK_COUNTER, column.rows, arena));
    lode_try(store_get_offsets(file->hdf, LODE_BLOCK_COUNTER_OFFSET, file->n, column.rows, arena,
                               &file->counter_offsets));
    lode_try(lode_hdf_get_codes(file->hdf, LODE_BLOCK_COUNTER, 0, column.rows, arena, &codes));
    lode_try(lode_take(arena, column.rows, &counters));
    for (int64_t i = 0; i < file->n; i++)
        for (int64_t c = file->counter_offsets[i]; c < file->counter_offsets[i + 1]; c++) {
            if (codes[c] >= n_known || (c > file->counter_offsets[i] && codes[c - 1] >= codes[c]))
                return lode_fail(LODE_E_INPUT, "'%s' holds code %u of %" PRId64 " at %" PRId64,
                                 LODE_BLOCK_COUNTER, codes[c], n_known, c);
            counters[c] = known[codes[c]];
        }
    file->counters = counters;
    return LODE_OK;
}

/* Names to indices, for all files of the partition. */
struct lookup {
    struct lode_words *components, *counters;
};

static lode_status read_file(struct lode_counters *c, const struct lookup *lookup,
                             const struct lode_partition *entry, struct counters_part_file *file)
{
    struct lode_arena *arena = c->arena;
    int64_t n_known = 0;
    int64_t *components, *known;
    lode_try(store_check_rows(file->hdf, LODE_BLOCK_NAME, entry->n_users, arena));
    lode_try(store_check_rows(file->hdf, LODE_SAMPLE_TIME, entry->n_sessions, arena));
    lode_try(store_check_rows(file->hdf, LODE_SAMPLE_VALUE, entry->n_events, arena));
    lode_try(find_names(file, LODE_BLOCK_NAME, lookup->components, c->n_components, arena,
                        &components, &file->n));
    file->components = components;
    lode_try(find_names(file, LODE_BLOCK_COUNTER_NAME, lookup->counters, c->n_counters, arena,
                        &known, &n_known));
    lode_try(store_get_offsets(file->hdf, LODE_BLOCK_TIME_OFFSET, file->n, entry->n_sessions, arena,
                               &file->time_offsets));
    lode_try(store_get_offsets(file->hdf, LODE_BLOCK_VALUE_OFFSET, file->n, entry->n_events, arena,
                               &file->value_offsets));
    lode_try(get_codes(file, known, n_known, arena));
    return check_blocks(file);
}

static lode_status make_lookup(struct lode_arena *arena, char *const *names, int64_t n,
                               struct lode_words **words)
{
    lode_try(lode_words_create(arena, words));
    for (int64_t i = 0; i < n; i++) {
        uint32_t code = 0;
        lode_try(lode_words_add(*words, names[i], strlen(names[i]), &code));
        if ((int64_t)code != i)
            return lode_fail(LODE_E_INPUT, "'%s' is in the index twice", names[i]);
    }
    return LODE_OK;
}

static lode_status open_files(struct lode_counters *c, const char *store_path,
                              const struct lode_partition *entry)
{
    struct lookup lookup;
    lode_try(make_lookup(c->arena, c->component_names, c->n_components, &lookup.components));
    lode_try(make_lookup(c->arena, c->counter_names, c->n_counters, &lookup.counters));
    lode_try(lode_take_zero(c->arena, entry->n_later + 1, &c->files));
    for (int64_t f = 0; f <= entry->n_later; f++) {
        const struct lode_later_file *later = f > 0 ? &entry->later[f - 1] : NULL;
        struct lode_partition alone = *entry;
        if (later)
            alone = (struct lode_partition){.file = later->file,
                                            .n_users = later->n_users,
                                            .n_sessions = later->n_sessions,
                                            .n_events = later->n_events,
                                            .size_bytes = later->size_bytes,
                                            .checksum = later->checksum};
        lode_try(store_open_told(store_path, &alone, c->arena, &c->files[f].hdf));
        c->n_files = f + 1;
        const lode_status status = read_file(c, &lookup, &alone, &c->files[f]);
        if (status) return lode_note(status, "%s/%s", store_path, alone.file);
    }
    return LODE_OK;
}

static int compare_spans(const void *left, const void *right)
{
    const struct counters_part_span *a = left, *b = right;
    const int order = strcmp(a->name, b->name);
    if (order != 0) return order;
    return a->file < b->file ? -1 : a->file > b->file;
}

/* The spans of one component follow on each other; the last time of one may be the first of the
 * next, which then counts. */
static lode_status join_spans(struct lode_counters *c, struct counters_part_span *spans, int64_t n)
{
    for (int64_t s = 0; s + 1 < n; s++) {
        const struct counters_part_file *file = &c->files[spans[s].file],
                                        *next = &c->files[spans[s + 1].file];
        const int64_t end = file->time_offsets[spans[s].row + 1];
        const int64_t begin = next->time_offsets[spans[s + 1].row];
        void *last, *first;
        if (spans[s].n_times == 0 || spans[s + 1].n_times == 0)
            return lode_fail(LODE_E_INPUT, "component '%s' without times", spans[s].name);
        lode_try(
            lode_hdf_get(file->hdf, LODE_SAMPLE_TIME, LODE_HDF_I64, end - 1, 1, c->arena, &last));
        lode_try(
            lode_hdf_get(next->hdf, LODE_SAMPLE_TIME, LODE_HDF_I64, begin, 1, c->arena, &first));
        if (*(const int64_t *)first < *(const int64_t *)last)
            return lode_fail(LODE_E_INPUT,
                             "component '%s': a later file begins before the last ends",
                             spans[s].name);
        if (*(const int64_t *)first == *(const int64_t *)last) spans[s].n_times--;
    }
    return LODE_OK;
}

struct named {
    const char *name;
    int64_t index;
};

static int compare_named(const void *left, const void *right)
{
    return strcmp(((const struct named *)left)->name, ((const struct named *)right)->name);
}

/* All counters that any of the component's files has. */
static lode_status unite_counters(struct lode_counters *c, const struct counters_part_span *spans,
                                  int64_t n, struct lode_counters_block *block)
{
    struct named *list;
    int64_t *indices;
    int64_t room = 0, count = 0;
    for (int64_t s = 0; s < n; s++) {
        const int64_t *offsets = c->files[spans[s].file].counter_offsets + spans[s].row;
        room += offsets[1] - offsets[0];
    }
    lode_try(lode_take(c->arena, room, &list));
    lode_try(lode_take(c->arena, room, &indices));
    for (int64_t s = 0; s < n; s++) {
        const struct counters_part_file *file = &c->files[spans[s].file];
        const int64_t *offsets = file->counter_offsets + spans[s].row;
        for (int64_t i = offsets[0]; i < offsets[1]; i++)
            list[count++] = (struct named){c->counter_names[file->counters[i]], file->counters[i]};
    }
    if (n > 1) qsort(list, (size_t)count, sizeof *list, compare_named);
    for (int64_t i = 0; i < count; i++)
        if (i == 0 || list[i].index != list[i - 1].index)
            indices[block->n_counters++] = list[i].index;
    block->counters = indices;
    return LODE_OK;
}

static lode_status list_spans(struct lode_counters *c, int64_t *n_spans)
{
    int64_t room = 0, n = 0;
    for (int64_t f = 0; f < c->n_files; f++) room += c->files[f].n;
    lode_try(lode_take(c->arena, room, &c->spans));
    for (int64_t f = 0; f < c->n_files; f++)
        for (int64_t row = 0; row < c->files[f].n; row++) {
            const struct counters_part_file *file = &c->files[f];
            c->spans[n++] = (struct counters_part_span){
                .name = c->component_names[file->components[row]],
                .component = file->components[row],
                .file = f,
                .row = row,
                .n_times = file->time_offsets[row + 1] - file->time_offsets[row],
            };
        }
    if (c->n_files > 1) qsort(c->spans, (size_t)n, sizeof *c->spans, compare_spans);
    *n_spans = n;
    return LODE_OK;
}

static lode_status make_blocks(struct lode_counters *c)
{
    int64_t n_spans = 0;
    lode_try(list_spans(c, &n_spans));
    lode_try(lode_take_zero(c->arena, n_spans, &c->blocks));
    lode_try(lode_take_zero(c->arena, n_spans + 1, &c->first_span));
    lode_try(lode_take(c->arena, c->n_components, &c->block_of));
    for (int64_t i = 0; i < c->n_components; i++) c->block_of[i] = -1;
    for (int64_t first = 0, end = 0; first < n_spans; first = end) {
        struct lode_counters_block *block = &c->blocks[c->n_blocks];
        for (end = first + 1; end < n_spans; end++)
            if (c->spans[end].component != c->spans[first].component) break;
        lode_try(join_spans(c, c->spans + first, end - first));
        block->name = c->spans[first].name;
        block->component = c->spans[first].component;
        for (int64_t s = first; s < end; s++) block->n_times += c->spans[s].n_times;
        lode_try(unite_counters(c, c->spans + first, end - first, block));
        c->block_of[block->component] = c->n_blocks;
        c->first_span[c->n_blocks++] = first;
    }
    c->first_span[c->n_blocks] = n_spans;
    return LODE_OK;
}

static lode_status read_index(struct lode_counters *c, const char *store_path,
                              int64_t n_generations, int64_t partition,
                              struct lode_partition *entry)
{
    struct lode_hdf *index = NULL;
    lode_status status = LODE_OK;
    char *path, **names;
    lode_try(store_join(store_path, LODE_STORE_INDEX, c->arena, &path));
    lode_try(lode_hdf_open(path, &index));
    lode_try_done(
        store_get_partition(index, STORE_OF_COUNTERS, n_generations, partition, c->arena, entry));
    lode_try_done(lode_hdf_get_texts(index, "components/name", c->arena, &names, &c->n_components));
    c->component_names = names;
    lode_try_done(lode_hdf_get_texts(index, "counters/name", c->arena, &names, &c->n_counters));
    c->counter_names = names;
done:
    lode_hdf_close(index);
    return status;
}

lode_status lode_counters_open_as_of(const char *store_path, int64_t n_generations,
                                     int64_t partition, struct lode_counters **counters)
{
    lode_status status = LODE_OK;
    struct lode_arena *arena = NULL;
    struct lode_counters *made = NULL;
    struct lode_partition entry;

    lode_try(lode_arena_create(0, &arena));
    status = lode_take_zero(arena, 1, &made);
    if (status) {
        lode_arena_destroy(arena);
        return status;
    }
    made->arena = arena;
    lode_try_done(read_index(made, store_path, n_generations, partition, &entry));
    lode_try_done(open_files(made, store_path, &entry));
    lode_try_done(make_blocks(made));
    *counters = made;
    made = NULL;
done:
    lode_counters_close(made);
    return status ? lode_note(status, "opening partition %" PRId64, partition) : LODE_OK;
}

void lode_counters_close(struct lode_counters *counters)
{
    if (!counters) return;
    for (int64_t f = 0; f < counters->n_files; f++) lode_hdf_close(counters->files[f].hdf);
    lode_arena_destroy(counters->arena); /* the rest lies in it */
}
