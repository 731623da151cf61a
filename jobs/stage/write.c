/* Write: the leaf that makes one partition of the store. The partition's bucket of all runs,
 * merged, streams through sessions.h into columns.h, and from there into the file that
 * docs/formats.md describes. Nothing of it is ever wholly in memory, unless it is small.
 */
#include "common/hash.h"
#include "common/store/hdf.h"
#include "common/wire/pack.h"
#include "jobs/stage/columns.h"
#include "jobs/stage/plan.h"
#include "jobs/stage/run_records.h"
#include "jobs/stage/sessions.h"
#include "jobs/stage/shuffle/late_rejects.h"
#include "jobs/stage/stage.h"
#include "jobs/stage/staged_users.h"

#include <stdio.h>
#include <string.h>

struct writer {
    struct lode_task *task;
    struct stage_plan plan;
    struct run_records records;
    struct sessions *sessions;
    struct columns *columns;
    struct staged_users *staged; /* NULL: a new store */
    /* appending: the user that is open, whose records come */
    char user[STAGE_ID_LIMIT];
    size_t user_size; /* 0: none yet */
    struct late_rejects late;
    struct rejects *rejects;
    struct lode_hdf *file;
};

static lode_status reject(void *context, const struct record *record, const char *reason)
{
    struct writer *w = context;
    return late_rejects_add(&w->late, record, reason);
}

static lode_status put_events(void *context, const struct event_rows *rows)
{
    return columns_events(((struct writer *)context)->columns, rows);
}

static lode_status put_session(void *context, const struct session_row *row)
{
    return columns_session(((struct writer *)context)->columns, row);
}

static lode_status put_user(void *context, struct record_id id, const uint32_t *attributes)
{
    return columns_user(((struct writer *)context)->columns, id, attributes);
}

static size_t at_most(size_t bytes, size_t most)
{
    return bytes < most ? bytes : most;
}

/* Shares out what the task has left: to merge (frames of the runs), to sort sessions, for columns;
 * an eighth stays for the tables of the runs and for rejects. More than these limits makes nothing
 * faster. */
static lode_status open_all(struct writer *w)
{
    enum {
        MERGE_MOST = 16 << 20,
        MERGE_RUN = 4 << 10, /* what is known of one run: some 70 pieces */
        SESSIONS_MOST = 32 << 20,
        STAGED_MOST = 16 << 20
    };
    struct lode_task *task = w->task;
    const struct shuffle_site site = shuffle_site_of(task);
    const struct sessions_sink sink = {.context = w,
                                       .events = put_events,
                                       .session = put_session,
                                       .user = put_user,
                                       .reject = reject};
    const size_t eighth = shuffle_memory(task->arena, 8);
    const bool is_append = w->plan.generation > 1;
    const size_t sorting = (is_append ? 2 : 3) * eighth;
    w->late.site = site;
    lode_try(columns_create(&w->plan, &site, 2 * eighth, &w->columns));
    lode_try(
        sessions_create(&w->plan, &site, at_most(sorting, SESSIONS_MOST), &sink, &w->sessions));
    if (is_append)
        lode_try(staged_users_open(&w->plan, task->index, task->arena, at_most(eighth, STAGED_MOST),
                                   &w->staged));
    const size_t merging = MERGE_MOST + (size_t)w->plan.n_runs * MERGE_RUN;
    return run_records_open(task, &w->plan, task->index, at_most(2 * eighth, merging), &w->records);
}

/* What was staged of the user, up to `key`, goes first. A user ends before the place of the next is
 * known to the columns. */
static lode_status add_staged(struct writer *w, const uint8_t *key, size_t key_size)
{
    struct record_id user, session;
    record_ids(key, key_size, &user, &session);
    if (user.size != w->user_size || memcmp(user.text, w->user, user.size) != 0) {
        lode_try(staged_users_feed(w->staged, NULL, 0, w->sessions));
        lode_try(sessions_end_user(w->sessions));
        memcpy(w->user, user.text, user.size);
        w->user_size = user.size;
        int64_t place = 0;
        bool is_new = false;
        lode_try(staged_users_find(w->staged, user, &place, &is_new));
        columns_place(w->columns, place, is_new);
    }
    return staged_users_feed(w->staged, key, key_size, w->sessions);
}

static lode_status finish_records(struct writer *w)
{
    if (w->staged) lode_try(staged_users_feed(w->staged, NULL, 0, w->sessions));
    return sessions_finish(w->sessions);
}

/* Events that follow the record in hand, many at once. */
static lode_status read_events(struct writer *w, size_t session_size)
{
    enum { MOST = 256 };
    int64_t times[MOST];
    uint32_t names[MOST];
    for (int64_t n = MOST; n == MOST;) {
        lode_try(run_records_events(&w->records, MOST, times, names, &n));
        for (int64_t i = 0; w->staged && i < n; i++)
            lode_try(staged_users_check(w->staged, w->records.of.key, session_size, times[i]));
        lode_try(sessions_add_events(w->sessions, times, names, n));
    }
    return LODE_OK;
}

static lode_status read_records(struct writer *w)
{
    struct run_records *records = &w->records;
    for (;;) {
        const struct shuffle_record *of = &records->of;
        const struct record *record = &records->record;
        bool more = false;
        lode_try(run_records_next(records, &more));
        if (!more) return finish_records(w);
        const size_t session_size = record_session_size(of->key, of->key_size);
        if (w->staged) lode_try(add_staged(w, of->key, session_size));
        lode_try(sessions_begin(w->sessions, of->key, of->key_size));
        for (;;) {
            lode_try(run_records_read(records, &more));
            if (!more) break;
            if (w->staged && record->kind == RECORD_EVENT)
                lode_try(staged_users_check(w->staged, of->key, session_size, record->time));
            lode_try(sessions_add(w->sessions, record));
            if (!w->plan.sessions_given) lode_try(read_events(w, session_size));
        }
    }
}

/* What merge_write in job.c reads; size 0: there is no file. */
static lode_status pack_result(struct writer *w, uint64_t size_bytes, uint64_t hash)
{
    struct lode_bytes *out = w->task->output;
    const struct columns_counts counts = columns_counts(w->columns);
    const struct staged_replaced replaced =
        w->staged ? staged_users_replaced(w->staged) : (struct staged_replaced){0};
    lode_try(lode_pack_i64(out, counts.n_users));
    lode_try(lode_pack_i64(out, counts.n_sessions));
    lode_try(lode_pack_i64(out, counts.n_events));
    lode_try(lode_pack_u64(out, size_bytes));
    lode_try(lode_pack_u64(out, hash));
    lode_try(lode_pack_i64(out, replaced.n_users));
    lode_try(lode_pack_i64(out, replaced.n_sessions));
    lode_try(lode_pack_i64(out, replaced.n_events));
    for (int64_t k = 0; k < stage_session_kpis(&w->plan); k++) {
        const int64_t before = replaced.n_missing ? replaced.n_missing[k] : 0;
        lode_try(lode_pack_i64(out, counts.n_missing[k] - before));
    }
    return LODE_OK;
}

static lode_status write_file(struct writer *w)
{
    struct lode_task *task = w->task;
    char part[64];
    char *path = NULL;
    uint64_t hash = 0, size_bytes = 0;
    if (w->staged && columns_counts(w->columns).n_users == 0) return pack_result(w, 0, 0);
    const size_t room = strlen(w->plan.directory) + sizeof part + 1;
    lode_try(lode_take(task->arena, room, &path));
    snprintf(path, room, "%s/%s", w->plan.directory,
             w->staged ? lode_store_later_name(task->index, w->plan.generation, part)
                       : lode_store_part_name(task->index, part));
    lode_try(lode_hdf_create(path, task->attempt, &w->file));
    lode_try(columns_write(w->columns, w->file));
    struct lode_hdf *file = w->file;
    w->file = NULL; /* the commit ends it, whatever comes of it */
    lode_try(lode_hdf_commit(file));
    lode_try(lode_hash_file(path, &hash, &size_bytes));
    return pack_result(w, size_bytes, hash);
}

static lode_status write_part(struct writer *w)
{
    struct lode_task *task = w->task;
    char name[256];
    lode_try(open_all(w));
    snprintf(name, sizeof name, "write-%05lld-%s.rejects", (long long)task->index, task->attempt);
    lode_try(rejects_create(task->work_directory, name, task->arena, &w->rejects));
    lode_try(read_records(w));
    lode_try(late_rejects_finish(&w->late, w->rejects));
    lode_try(write_file(w));
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
    const lode_status status = write_part(w);
    lode_hdf_close(w->file);
    run_records_close(&w->records);
    sessions_close(w->sessions);
    staged_users_close(w->staged);
    columns_close(w->columns);
    late_rejects_close(&w->late);
    rejects_discard(w->rejects);
    return status;
}
