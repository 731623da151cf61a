/* Join: the leaf that finds the users of events whose file has no user column. Task t reads bucket
 * t "by session" of all parse runs, merged: behind the user of a session come the events that look
 * for it. The events come out in a run of their own, by user, with codes of the store.
 */
#include "common/wire/pack.h"
#include "jobs/stage/plan.h"
#include "jobs/stage/run_records.h"
#include "jobs/stage/shuffle/late_rejects.h"
#include "jobs/stage/stage.h"

#include <stdio.h>
#include <string.h>

struct join {
    struct lode_task *task;
    struct stage_plan plan;
    struct run_records records;
    /* the session that is open, and its user */
    uint8_t session[RECORD_KEY_LIMIT];
    size_t session_size;
    bool has_user;
    uint8_t key[RECORD_KEY_LIMIT]; /* of its events */
    size_t key_size;
    int64_t bucket;
    uint8_t *value; /* of one event */
    struct run_writer *run;
    struct late_rejects late;
    struct rejects *rejects;
};

static lode_status open_session(struct join *j, const uint8_t *key, size_t size)
{
    if (size > sizeof j->session)
        return lode_fail(LODE_E_INPUT, "a session's id of %zu bytes", size);
    memcpy(j->session, key, size);
    j->session_size = size;
    j->has_user = false;
    return LODE_OK;
}

/* The first session of an id says the user. */
static lode_status set_user(struct join *j, const struct shuffle_record *record)
{
    struct record_id user;
    const struct record_id session = {(const char *)j->session, j->session_size};
    if (j->has_user) return LODE_OK;
    if (!record_decode_user(record->value, record->value_size, &user))
        return lode_fail(LODE_E_INPUT, "%s: bytes that are no user",
                         j->plan.runs[record->source].name);
    if (user.size == 0) user = session;
    record_key(user, session, true, j->key, &j->key_size); /* an event's is written */
    j->bucket = stage_partition_of(&j->plan, user.text, user.size);
    j->has_user = true;
    return LODE_OK;
}

/* The events with their user, into the bucket of the user; or rejects. */
static lode_status place_events(struct join *j)
{
    const struct record *record = &j->records.record;
    for (;;) {
        bool more = false;
        lode_try(run_records_read(&j->records, &more));
        if (!more) return LODE_OK;
        if (!j->has_user) {
            lode_try(late_rejects_add(&j->late, record, "event without session"));
            continue;
        }
        const struct shuffle_record placed = {j->key, j->key_size, j->value,
                                              record_encode(record, j->plan.n_kpis, j->value), -1};
        lode_try(run_writer_put(j->run, j->bucket, &placed));
    }
}

static lode_status place_all(struct join *j)
{
    for (;;) {
        const struct shuffle_record *of = &j->records.of;
        bool more = false;
        lode_try(run_records_next(&j->records, &more));
        if (!more) return LODE_OK;
        const size_t size = record_session_size(of->key, of->key_size);
        if (size != j->session_size || memcmp(of->key, j->session, size) != 0)
            lode_try(open_session(j, of->key, size));
        lode_try(size == of->key_size ? set_user(j, of) : place_events(j));
    }
}

static lode_status open_all(struct join *j, const char *run_name)
{
    struct lode_task *task = j->task;
    const struct shuffle_site site = shuffle_site_of(task);
    const struct run_options options = run_records_options(task, &j->plan);
    j->late.site = site;
    lode_try(run_writer_open(&site, run_name, &options, &j->run));
    lode_try(lode_take(task->arena, record_room(j->plan.n_kpis + j->plan.n_attributes), &j->value));
    return run_records_open(task, &j->plan, j->plan.n_partitions + task->index,
                            shuffle_memory(task->arena, 2), &j->records);
}

static lode_status join_bucket(struct join *j)
{
    struct lode_task *task = j->task;
    char name[256];
    char rejects_name[256];
    uint64_t run_bytes = 0;
    snprintf(name, sizeof name, "join-%05lld-%s.run", (long long)task->index, task->attempt);
    lode_try(open_all(j, name));
    snprintf(rejects_name, sizeof rejects_name, "join-%05lld-%s.rejects", (long long)task->index,
             task->attempt);
    lode_try(rejects_create(task->work_directory, rejects_name, task->arena, &j->rejects));
    lode_try(place_all(j));
    lode_try(late_rejects_finish(&j->late, j->rejects));
    struct run_writer *run = j->run;
    j->run = NULL; /* the commit ends it, whatever comes of it */
    lode_try(run_writer_commit(run, &run_bytes));
    lode_try(lode_pack_text(task->output, name, strlen(name)));
    lode_try(lode_pack_u64(task->output, run_bytes));
    struct rejects *rejects = j->rejects;
    j->rejects = NULL;
    return rejects_commit(rejects, task->output);
}

lode_status stage_join_leaf(struct lode_task *task)
{
    struct join *j = NULL;
    lode_try(lode_take_zero(task->arena, 1, &j));
    j->task = task;
    lode_try(stage_plan_unpack(task->params, task->params_size, task->arena, &j->plan));
    if (task->index < 0 || task->index >= j->plan.n_partitions)
        return lode_fail(LODE_E_BUG, "join task %lld of %lld", (long long)task->index,
                         (long long)j->plan.n_partitions);
    const lode_status status = join_bucket(j);
    run_writer_discard(j->run);
    run_records_close(&j->records);
    late_rejects_close(&j->late);
    rejects_discard(j->rejects);
    return status;
}
