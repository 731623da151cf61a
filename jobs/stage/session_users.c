/* Session users: the leaf that says for each session of the generations before who its user is, in
 * front of new events that look for it (join.c). Task t reads partition t of the store, which lies
 * by user, and writes a run by session.
 */
#include "common/wire/pack.h"
#include "jobs/shuffle/runs.h"
#include "jobs/stage/plan.h"
#include "jobs/stage/run_records.h"
#include "jobs/stage/shuffle/records.h"
#include "jobs/stage/stage.h"
#include "jobs/stage/staged_users.h"

#include <stdio.h>
#include <string.h>

enum { PROGRESS_ROWS = 1 << 14 };

struct session_users {
    struct lode_task *task;
    struct stage_plan plan;
    struct staged_users *staged;
    struct run_writer *run;
    uint8_t *value;
    int64_t n_put;
};

static lode_status put_session(void *context, struct record_id user, struct record_id session)
{
    struct session_users *s = context;
    const int64_t bucket =
        s->plan.n_partitions + stage_partition_of(&s->plan, session.text, session.size);
    const struct shuffle_record record = {(const uint8_t *)session.text, session.size, s->value,
                                          record_encode_user(user, s->value), -1};
    if (++s->n_put % PROGRESS_ROWS == 0) lode_try(lode_task_advance(s->task, PROGRESS_ROWS));
    return run_writer_put(s->run, bucket, &record);
}

static lode_status write_run(struct session_users *s)
{
    struct lode_task *task = s->task;
    const struct shuffle_site site = shuffle_site_of(task);
    char name[256];
    uint64_t run_bytes = 0;
    const struct run_options options = run_records_options(task, &s->plan);
    snprintf(name, sizeof name, "users-%05lld-%s.run", (long long)task->index, task->attempt);
    lode_try(lode_take(task->arena, record_room(s->plan.n_kpis + s->plan.n_attributes), &s->value));
    lode_try(run_writer_open(&site, name, &options, &s->run));
    lode_try(staged_users_open(&s->plan, task->index, task->arena, shuffle_memory(task->arena, 4),
                               &s->staged));
    lode_try(staged_users_visit(s->staged, put_session, s));
    struct run_writer *run = s->run;
    s->run = NULL; /* the commit ends it, whatever comes of it */
    lode_try(run_writer_commit(run, &run_bytes));
    lode_try(lode_pack_text(task->output, name, strlen(name)));
    return lode_pack_u64(task->output, run_bytes);
}

lode_status stage_session_users_leaf(struct lode_task *task)
{
    struct session_users *s = NULL;
    lode_try(lode_take_zero(task->arena, 1, &s));
    s->task = task;
    lode_try(stage_plan_unpack(task->params, task->params_size, task->arena, &s->plan));
    if (task->index < 0 || task->index >= s->plan.n_partitions)
        return lode_fail(LODE_E_BUG, "users of partition %lld of %lld", (long long)task->index,
                         (long long)s->plan.n_partitions);
    const lode_status status = write_run(s);
    run_writer_discard(s->run);
    staged_users_close(s->staged);
    return status;
}
