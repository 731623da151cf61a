/* Write: the leaf that makes one partition of the store. It reads the partition's bucket of every
 * run, sorts (sessions.h) and writes the columns that docs/formats.md describes.
 */
#include "common/hash.h"
#include "common/store/hdf.h"
#include "common/wire/pack.h"
#include "jobs/stage/plan.h"
#include "jobs/stage/sessions.h"
#include "jobs/stage/shuffle/dictionary.h"
#include "jobs/stage/shuffle/records.h"
#include "jobs/stage/shuffle/rejects.h"
#include "jobs/stage/shuffle/runs.h"
#include "jobs/stage/stage.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PROGRESS_ROWS = 65536 };

struct writer {
    struct lode_task *task;
    struct stage_plan plan;
    struct sessions *sessions;
    struct sessions_rows rows;
    struct record record;
    struct rejects *rejects;
    struct lode_hdf *file;
    int64_t *n_missing; /* [n_kpis] sessions without a value */
    int64_t n_seen;     /* records */
};

static lode_status reject_event(void *context, int64_t file, int64_t line, const char *reason)
{
    struct writer *w = context;
    return rejects_add(w->rejects, file, line, reason);
}

static lode_status add_record(struct writer *w, const struct stage_run *run,
                              const struct code_map *map, const uint8_t **at, const uint8_t *end)
{
    const int64_t cells_limit = w->plan.n_kpis + w->plan.n_attributes;
    const char *reject = NULL;
    if (!record_decode(at, end, w->plan.n_kpis, cells_limit, &w->record) ||
        w->record.file >= w->plan.n_ranges)
        return lode_fail(LODE_E_INPUT, "%s: bytes that are no record", run->name);
    lode_try(code_map_apply(map, &w->plan, &w->record));
    lode_try(sessions_add(w->sessions, &w->record, &reject));
    if (++w->n_seen % PROGRESS_ROWS == 0) lode_try(lode_task_advance(w->task, PROGRESS_ROWS));
    return reject ? reject_event(w, w->record.file, w->record.line, reject) : LODE_OK;
}

static lode_status read_run(struct writer *w, const struct stage_run *run)
{
    struct lode_task *task = w->task;
    struct code_map map;
    uint8_t *data = NULL;
    size_t size = 0;
    lode_try(run_read_bucket(task->work_directory, run->name, run->size_bytes,
                             stage_words_bucket(&w->plan) + 1, task->index, task->arena, &data,
                             &size));
    if (size == 0) return LODE_OK;
    lode_try(code_map_read(&w->plan, task->work_directory, run, task->arena, &map));
    for (const uint8_t *at = data; at < data + size;)
        lode_try(add_record(w, run, &map, &at, data + size));
    return LODE_OK;
}

/* Ids as fixed-width text, padded with zeros. */
static lode_status put_ids(struct writer *w, const char *name, const char *title,
                           const struct record_id *ids, int64_t count)
{
    size_t width = 1;
    char *text = NULL;
    for (int64_t i = 0; i < count; i++)
        if (ids[i].size > width) width = ids[i].size;
    const struct lode_arena_mark mark = lode_arena_mark(w->task->arena);
    lode_try(lode_arena_take_zero(w->task->arena, (size_t)count, width, (void **)&text));
    for (int64_t i = 0; i < count; i++) memcpy(text + (size_t)i * width, ids[i].text, ids[i].size);
    const struct lode_hdf_column column = {.name = name,
                                           .type = LODE_HDF_TEXT,
                                           .rows = count,
                                           .width = (int64_t)width,
                                           .data = text,
                                           .title = title,
                                           .deflate = true};
    const lode_status status = lode_hdf_put(w->file, &column);
    lode_arena_rewind(w->task->arena, mark);
    return status;
}

/* Event times are many and read by few jobs: packed. What every job reads first (offsets, starts)
 * is plain, which reads at the speed of a copy. */
static lode_status put_i64(struct writer *w, const char *name, const char *title, const char *units,
                           const int64_t *data, int64_t count, bool deflate)
{
    const struct lode_hdf_column column = {.name = name,
                                           .type = LODE_HDF_I64,
                                           .rows = count,
                                           .data = data,
                                           .units = units,
                                           .title = title,
                                           .deflate = deflate};
    return lode_hdf_put(w->file, &column);
}

/* Codes in the narrowest width that holds `words` codes beside all-ones, which means no value. */
static lode_status put_codes(struct writer *w, const char *name, const char *title,
                             const uint32_t *codes, int64_t count, int64_t words)
{
    const struct lode_hdf_column column = {.name = name,
                                           .type = lode_hdf_code_type(words),
                                           .rows = count,
                                           .data = codes,
                                           .title = title};
    return lode_hdf_put_codes(w->file, &column);
}

static lode_status put_kpi(struct writer *w, int64_t k)
{
    const struct stage_kpi *kpi = &w->plan.kpis[k];
    const double *values = w->rows.kpis[k];
    const int64_t count = w->rows.n_sessions;
    const struct lode_arena_mark mark = lode_arena_mark(w->task->arena);
    char *name = NULL;
    lode_try(lode_store_column_path(LODE_PART_KPIS, kpi->name, w->task->arena, &name));
    struct lode_hdf_column column = {
        .name = name, .type = LODE_HDF_F64, .rows = count, .data = values, .title = kpi->name};
    for (int64_t i = 0; i < count; i++) w->n_missing[k] += isnan(values[i]) != 0;
    if (kpi->is_binary) {
        uint8_t *flags = NULL;
        lode_try(lode_take(w->task->arena, count, &flags));
        for (int64_t i = 0; i < count; i++)
            flags[i] = isnan(values[i]) ? LODE_KPI_NO_VALUE : (uint8_t)values[i];
        column.type = LODE_HDF_U8;
        column.data = flags;
    }
    const lode_status status = lode_hdf_put(w->file, &column);
    lode_arena_rewind(w->task->arena, mark);
    return status;
}

static lode_status put_attribute(struct writer *w, int64_t a)
{
    const struct stage_attribute *attribute = &w->plan.attributes[a];
    char *name = NULL;
    if (attribute->dropped) return LODE_OK;
    lode_try(lode_store_column_path(attribute->of_user ? LODE_PART_USER_ATTRIBUTES
                                                       : LODE_PART_SESSION_ATTRIBUTES,
                                    attribute->name, w->task->arena, &name));
    return put_codes(w, name, attribute->name, w->rows.attributes[a],
                     attribute->of_user ? w->rows.n_users : w->rows.n_sessions, attribute->n_words);
}

static lode_status put_columns(struct writer *w)
{
    const struct sessions_rows *rows = &w->rows;
    lode_try(put_ids(w, LODE_PART_USER_ID, "id of the user", rows->users, rows->n_users));
    lode_try(put_i64(w, LODE_PART_SESSION_OFFSET, "first session of each user, and the end", NULL,
                     rows->session_offsets, rows->n_users + 1, false));
    lode_try(
        put_ids(w, LODE_PART_SESSION_ID, "id of the session", rows->sessions, rows->n_sessions));
    lode_try(put_i64(w, LODE_PART_SESSION_START, "start of the session", LODE_TIME_UNITS,
                     rows->starts, rows->n_sessions, false));
    lode_try(put_i64(w, LODE_PART_EVENT_OFFSET, "first event of each session, and the end", NULL,
                     rows->event_offsets, rows->n_sessions + 1, false));
    lode_try(put_i64(w, LODE_PART_EVENT_TIME, "time of the event", LODE_TIME_UNITS, rows->times,
                     rows->n_events, true));
    lode_try(put_codes(w, LODE_PART_EVENT_NAME, "code of the event's name", rows->names,
                       rows->n_events, w->plan.n_event_names));
    for (int64_t k = 0; k < w->plan.n_kpis; k++) lode_try(put_kpi(w, k));
    for (int64_t a = 0; a < w->plan.n_attributes; a++) lode_try(put_attribute(w, a));
    return LODE_OK;
}

/* What merge_write in job.c reads. */
static lode_status pack_result(struct writer *w, const char *path)
{
    struct lode_bytes *out = w->task->output;
    uint64_t hash = 0;
    uint64_t size_bytes = 0;
    lode_try(lode_hash_file(path, &hash, &size_bytes));
    lode_try(lode_pack_i64(out, w->rows.n_users));
    lode_try(lode_pack_i64(out, w->rows.n_sessions));
    lode_try(lode_pack_i64(out, w->rows.n_events));
    lode_try(lode_pack_u64(out, size_bytes));
    lode_try(lode_pack_u64(out, hash));
    for (int64_t k = 0; k < w->plan.n_kpis; k++) lode_try(lode_pack_i64(out, w->n_missing[k]));
    return LODE_OK;
}

static lode_status write_part(struct writer *w)
{
    struct lode_task *task = w->task;
    char name[256];
    char part[32];
    char *path = NULL;
    const size_t room = strlen(w->plan.directory) + sizeof part + 1;
    snprintf(name, sizeof name, "write-%05lld-%s.rejects", (long long)task->index, task->attempt);
    lode_try(rejects_create(task->work_directory, name, task->arena, &w->rejects));
    for (int64_t r = 0; r < w->plan.n_runs; r++) lode_try(read_run(w, &w->plan.runs[r]));
    lode_try(sessions_finish(w->sessions, reject_event, w, &w->rows));
    lode_try(lode_take(task->arena, room, &path));
    snprintf(path, room, "%s/%s", w->plan.directory, lode_store_part_name(task->index, part));
    lode_try(lode_hdf_create(path, task->attempt, &w->file));
    lode_try(put_columns(w));
    struct lode_hdf *file = w->file;
    w->file = NULL; /* the commit ends it, whatever comes of it */
    lode_try(lode_hdf_commit(file));
    lode_try(pack_result(w, path));
    struct rejects *rejects = w->rejects;
    w->rejects = NULL;
    return rejects_commit(rejects, task->output);
}

lode_status stage_write_leaf(struct lode_task *task)
{
    struct writer *w = NULL;
    lode_try(lode_take_zero(task->arena, 1, &w));
    w->task = task;
    lode_try(stage_plan_unpack(task->params, task->params_size, task->arena, &w->plan));
    if (task->index < 0 || task->index >= w->plan.n_partitions)
        return lode_fail(LODE_E_BUG, "write task %lld of %lld partitions", (long long)task->index,
                         (long long)w->plan.n_partitions);
    lode_try(lode_take(task->arena, w->plan.n_kpis + w->plan.n_attributes, &w->record.cells));
    lode_try(lode_take_zero(task->arena, w->plan.n_kpis, &w->n_missing));
    lode_try(sessions_create(&w->plan, task->arena, &w->sessions));
    const lode_status status = write_part(w);
    lode_hdf_close(w->file);
    rejects_discard(w->rejects);
    return status;
}
