/* Join: the leaf that finds the users of events whose file has no user column. Task t reads bucket
 * t "by session" of all parse runs: the users of the sessions, and the events that look for them.
 * The events come out in a run of their own, by user, with codes of the store.
 */
#include "common/hash.h"
#include "common/wire/pack.h"
#include "jobs/stage/plan.h"
#include "jobs/stage/shuffle/dictionary.h"
#include "jobs/stage/shuffle/keys.h"
#include "jobs/stage/shuffle/records.h"
#include "jobs/stage/shuffle/rejects.h"
#include "jobs/stage/shuffle/runs.h"
#include "jobs/stage/stage.h"

#include <stdio.h>
#include <string.h>

/* One run's bytes of this bucket. */
struct piece {
    const uint8_t *data;
    size_t size;
};

struct join {
    struct lode_task *task;
    struct stage_plan plan;
    struct piece *pieces; /* [n_runs] */
    struct keys *sessions;
    const uint8_t **user_keys; /* [users_room] of session k: a record key that says the user */
    int64_t users_room;
    struct record record;
    struct run_writer *run;
    struct rejects *rejects;
};

static lode_status next_record(struct join *j, int64_t r, const uint8_t **at)
{
    const uint8_t *end = j->pieces[r].data + j->pieces[r].size;
    if (!record_decode(at, end, j->plan.n_kpis, j->plan.n_kpis + j->plan.n_attributes, &j->record))
        return lode_fail(LODE_E_INPUT, "%s: bytes that are no record", j->plan.runs[r].name);
    return LODE_OK;
}

static lode_status add_user(struct join *j)
{
    struct record_id user;
    struct record_id session;
    uint32_t number = 0;
    record_ids(j->record.key, &user, &session);
    const int64_t known = keys_count(j->sessions);
    lode_try(keys_add(j->sessions, (const uint8_t *)session.text, session.size, &number));
    if (number < known) return LODE_OK; /* the first session of that id says the user */
    if (known == j->users_room) {
        const uint8_t **larger = NULL;
        const int64_t room = 2 * known + 4096;
        lode_try(lode_take(j->task->arena, room, &larger));
        if (known > 0) memcpy(larger, j->user_keys, (size_t)known * sizeof *larger);
        j->user_keys = larger;
        j->users_room = room;
    }
    j->user_keys[number] = j->record.key;
    return LODE_OK;
}

static lode_status read_users(struct join *j)
{
    for (int64_t r = 0; r < j->plan.n_runs; r++) {
        const struct stage_run *run = &j->plan.runs[r];
        uint8_t *data = NULL;
        lode_try(run_read_bucket(
            j->task->work_directory, run->name, run->size_bytes, stage_words_bucket(&j->plan) + 1,
            j->plan.n_partitions + j->task->index, j->task->arena, &data, &j->pieces[r].size));
        j->pieces[r].data = data;
        for (const uint8_t *at = data; at < data + j->pieces[r].size;) {
            lode_try(next_record(j, r, &at));
            if (j->record.kind == RECORD_USER) lode_try(add_user(j));
        }
    }
    return LODE_OK;
}

/* The event with its user, into the bucket of the user; or a reject. */
static lode_status place_event(struct join *j)
{
    struct record *record = &j->record;
    struct record_id user;
    struct record_id session;
    uint8_t *room = NULL;
    record_ids(record->key, &user, &session);
    const int64_t number = keys_find(j->sessions, (const uint8_t *)session.text, session.size);
    if (number < 0)
        return rejects_add(j->rejects, record->file, record->line, "event without session");
    record->key = j->user_keys[number];
    record->key_size = (size_t)record->key[0] + 2 + session.size;
    record_ids(record->key, &user, &session);
    const uint64_t hash = lode_hash(user.text, user.size);
    lode_try(run_writer_room(j->run, record_room(record->n_cells), &room));
    run_writer_put(j->run, (int64_t)(hash % (uint64_t)j->plan.n_partitions),
                   record_encode(record, j->plan.n_kpis, room));
    return LODE_OK;
}

static lode_status place_events(struct join *j)
{
    for (int64_t r = 0; r < j->plan.n_runs; r++) {
        const struct piece *piece = &j->pieces[r];
        struct code_map map;
        int64_t events = 0;
        if (piece->size == 0) continue;
        lode_try(code_map_read(&j->plan, j->task->work_directory, &j->plan.runs[r], j->task->arena,
                               &map));
        for (const uint8_t *at = piece->data; at < piece->data + piece->size; events++) {
            lode_try(next_record(j, r, &at));
            if (j->record.kind != RECORD_EVENT) continue;
            if (j->record.file >= j->plan.n_ranges)
                return lode_fail(LODE_E_INPUT, "%s: range %lld of %lld", j->plan.runs[r].name,
                                 (long long)j->record.file, (long long)j->plan.n_ranges);
            lode_try(code_map_apply(&map, &j->plan, &j->record));
            lode_try(place_event(j));
        }
        lode_try(lode_task_advance(j->task, events));
    }
    return LODE_OK;
}

static lode_status join_bucket(struct join *j)
{
    struct lode_task *task = j->task;
    char name[256];
    uint64_t run_bytes = 0;
    lode_try(read_users(j));
    snprintf(name, sizeof name, "join-%05lld-%s.rejects", (long long)task->index, task->attempt);
    lode_try(rejects_create(task->work_directory, name, task->arena, &j->rejects));
    snprintf(name, sizeof name, "join-%05lld-%s.run", (long long)task->index, task->attempt);
    lode_try(run_writer_open(task->work_directory, name, stage_words_bucket(&j->plan) + 1,
                             task->arena, &j->run));
    lode_try(place_events(j));
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
    lode_try(lode_take_zero(task->arena, j->plan.n_runs, &j->pieces));
    lode_try(lode_take(task->arena, j->plan.n_kpis + j->plan.n_attributes, &j->record.cells));
    lode_try(keys_create(task->arena, &j->sessions));
    const lode_status status = join_bucket(j);
    run_writer_discard(j->run);
    rejects_discard(j->rejects);
    return status;
}
