/* Status: a snapshot of protocol and scheduler as JSON; reads only. */
#include "coordinator/dispatch/status.h"

#include "common/text.h"
#include "coordinator/dispatch/protocol.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WORKERS_MAX = 10000, /* told one by one: an answer must fit into a message */
    MISSING_MAX = 100,
    WHAT_SIZE = 256
};

static double seconds(int64_t us)
{
    const int64_t ms = us / 1000; /* digits that nobody needs */
    return (double)ms / 1e3;
}

/* What the task reads, in the job's words; nothing when it has none. */
static void describe_what(const struct protocol_stage *stage, int64_t task, cJSON *object)
{
    char what[WHAT_SIZE] = "", visible[WHAT_SIZE];
    if (!stage || !stage->stage->describe) return;
    stage->stage->describe(stage->stage->describe_context, task, what, sizeof what);
    const size_t size = lode_text_visible(what, strlen(what), visible, sizeof visible - 1);
    visible[size] = '\0';
    if (size > 0) cJSON_AddStringToObject(object, "what", visible);
}

/* The tasks of the stage that the run goes on without. */
static void describe_missing(const struct protocol *p, const struct protocol_stage *stage,
                             cJSON *answer)
{
    struct scheduler_task view;
    cJSON *list = cJSON_AddArrayToObject(answer, "missing");
    int64_t wanted = stage ? scheduler_counts(protocol_scheduler(p)).missing : 0;
    if (wanted > MISSING_MAX) wanted = MISSING_MAX;
    for (int64_t i = 0; wanted > 0 && scheduler_task(protocol_scheduler(p), i, &view); i++) {
        if (view.state != SCHEDULER_MISSING) continue;
        cJSON *missing = cJSON_CreateObject();
        cJSON_AddNumberToObject(missing, "task", (double)i);
        describe_what(stage, i, missing);
        cJSON_AddNumberToObject(missing, "failures", view.failures);
        cJSON_AddNumberToObject(missing, "workers_taken_down", view.kills);
        cJSON_AddItemToArray(list, missing);
        wanted--;
    }
}

/* Time left: what waits and half of what runs, at the median, spread over the workers. */
static void describe_stage(const struct protocol *p, int64_t now_us, cJSON *answer)
{
    int64_t begin_us = 0;
    const struct protocol_stage *stage = protocol_stage(p, &begin_us);
    const struct scheduler_counts counts = scheduler_counts(protocol_scheduler(p));
    if (!stage) {
        cJSON_AddNullToObject(answer, "stage"); /* the coordinator is at a root step */
        return;
    }
    cJSON *object = cJSON_AddObjectToObject(answer, "stage");
    const double elapsed = seconds(now_us - begin_us);
    cJSON_AddNumberToObject(object, "id", (double)stage->id);
    cJSON_AddStringToObject(object, "leaf", stage->stage->leaf);
    cJSON_AddStringToObject(object, "title", stage->stage->title);
    cJSON_AddNumberToObject(object, "tasks", (double)counts.tasks);
    cJSON_AddNumberToObject(object, "done", (double)counts.done);
    cJSON_AddNumberToObject(object, "given_up", (double)counts.missing);
    cJSON_AddNumberToObject(object, "running", (double)counts.running);
    cJSON_AddNumberToObject(object, "waiting", (double)counts.waiting);
    cJSON_AddNumberToObject(object, "median_seconds", seconds(counts.median_us));
    cJSON_AddNumberToObject(object, "elapsed_seconds", elapsed);
    cJSON_AddNumberToObject(object, "tasks_per_second",
                            elapsed > 0 ? (double)counts.done / elapsed : 0);
    if (counts.done > 0 && counts.workers > 0)
        cJSON_AddNumberToObject(object, "left_seconds",
                                seconds(counts.median_us) *
                                    ((double)counts.waiting + 0.5 * (double)counts.running) /
                                    counts.workers);
}

static const char *state_of(const struct member *member, bool busy)
{
    if (member->banned || member->unfit) return "refused";
    if (!member->here) return member->left ? "left" : member->came ? "lost" : "starting";
    if (member->leaving) return "leaving";
    return busy ? "running" : "idle";
}

static cJSON *describe_worker(const struct protocol *p, const struct protocol_stage *stage,
                              int worker, int64_t now_us)
{
    struct scheduler_entry entry;
    const struct member *member = members_look(protocol_members(p), worker);
    const bool busy = scheduler_held(protocol_scheduler(p), worker, 0, &entry);
    cJSON *object = cJSON_CreateObject();
    cJSON_AddNumberToObject(object, "worker", worker);
    cJSON_AddStringToObject(object, "place", member->place);
    cJSON_AddStringToObject(object, "host", member->host);
    cJSON_AddNumberToObject(object, "pid", (double)member->pid);
    cJSON_AddStringToObject(object, "state", state_of(member, busy));
    if (busy) {
        cJSON_AddNumberToObject(object, "stage", (double)entry.attempt.stage);
        cJSON_AddNumberToObject(object, "task", (double)entry.attempt.task);
        if (stage && entry.attempt.stage == stage->id)
            describe_what(stage, (int64_t)entry.attempt.task, object);
        cJSON_AddNumberToObject(object, "attempt", (double)entry.attempt.attempt);
        cJSON_AddNumberToObject(object, "running_seconds", seconds(now_us - entry.started_us));
        cJSON_AddNumberToObject(object, "since_progress_seconds",
                                seconds(now_us - entry.progress_us));
    }
    cJSON_AddNumberToObject(object, "heard_seconds_ago", seconds(now_us - member->heard_us));
    cJSON_AddNumberToObject(object, "ok", (double)member->n_ok);
    cJSON_AddNumberToObject(object, "failed", (double)member->n_failed);
    cJSON_AddNumberToObject(object, "lost", (double)member->n_lost);
    return object;
}

static void describe_run(const struct protocol *p, int64_t now_us, cJSON *answer)
{
    int64_t begin_us = 0;
    const struct protocol_stage *stage = protocol_stage(p, &begin_us);
    const int n_workers = members_count(protocol_members(p));
    cJSON_AddStringToObject(answer, "state", "running");
    describe_stage(p, now_us, answer);
    cJSON *workers = cJSON_AddArrayToObject(answer, "workers");
    for (int i = n_workers > WORKERS_MAX ? n_workers - WORKERS_MAX : 0; i < n_workers; i++)
        cJSON_AddItemToArray(workers, describe_worker(p, stage, i, now_us));
    describe_missing(p, stage, answer);
    cJSON_AddNumberToObject(answer, "bad_messages", (double)protocol_bad_messages(p));
}

static void describe_holders(const struct protocol *p, int64_t task, int64_t now_us, cJSON *answer)
{
    cJSON *holders = cJSON_AddArrayToObject(answer, "holders");
    const int64_t stage_id = (int64_t)cJSON_GetNumberValue(cJSON_GetObjectItem(answer, "stage"));
    for (int w = 0; w < members_count(protocol_members(p)); w++) {
        struct scheduler_entry entry;
        for (int i = 0; scheduler_held(protocol_scheduler(p), w, i, &entry); i++) {
            if (entry.attempt.task != (uint64_t)task) continue;
            if (entry.attempt.stage != (uint64_t)stage_id) continue;
            const struct member *member = members_look(protocol_members(p), w);
            cJSON *holder = cJSON_CreateObject();
            cJSON_AddNumberToObject(holder, "worker", w);
            cJSON_AddStringToObject(holder, "place", member->place);
            cJSON_AddStringToObject(holder, "host", member->host);
            cJSON_AddNumberToObject(holder, "pid", (double)member->pid);
            cJSON_AddNumberToObject(holder, "attempt", (double)entry.attempt.attempt);
            cJSON_AddBoolToObject(holder, "running", i == 0);
            cJSON_AddBoolToObject(holder, "wanted", entry.unwanted_us == 0);
            cJSON_AddNumberToObject(
                holder, "seconds",
                seconds(now_us - (i == 0 ? entry.started_us : entry.assigned_us)));
            cJSON_AddItemToArray(holders, holder);
        }
    }
}

/* Waiting tasks that go out before this one: the costlier ones, then the ones of lower index. */
static int64_t tasks_before(const struct scheduler *scheduler, int64_t task)
{
    int64_t before = 0;
    struct scheduler_task own, other;
    if (!scheduler_task(scheduler, task, &own)) return 0;
    for (int64_t i = 0; scheduler_task(scheduler, i, &other); i++)
        before += other.state == SCHEDULER_WAITING &&
                  (other.cost > own.cost || (other.cost == own.cost && i < task));
    return before;
}

static void explain_state(const struct scheduler *scheduler, int64_t task,
                          const struct scheduler_task *view, char *why, size_t size)
{
    const struct scheduler_counts counts = scheduler_counts(scheduler);
    switch (view->state) {
    case SCHEDULER_WAITING:
        if (counts.workers == 0)
            snprintf(why, size, "it waits because no worker is here");
        else if (view->failures || view->kills)
            snprintf(why, size,
                     "it went wrong before (%d failures, %d workers taken down) and waits for a "
                     "worker where it did not",
                     view->failures, view->kills);
        else
            snprintf(why, size, "it waits: %lld tasks go before it, %d workers are here",
                     (long long)tasks_before(scheduler, task), counts.workers);
        break;
    case SCHEDULER_OUT:
        snprintf(why, size,
                 view->copies > 1 ? "%d copies are under way: the first result counts"
                                  : "%d attempt is under way",
                 view->copies);
        break;
    case SCHEDULER_TASK_DONE:
        snprintf(why, size, "its result has come");
        break;
    case SCHEDULER_MISSING:
        snprintf(why, size, "it was given up: %d failures, %d workers taken down", view->failures,
                 view->kills);
        break;
    }
}

static const char *const state_names[] = {"waiting", "out", "done", "given up"};

static void describe_task(const struct protocol *p, const struct protocol_stage *stage,
                          const struct scheduler_task *view, int64_t task, int64_t now_us,
                          cJSON *answer)
{
    char why[256];
    cJSON_AddNumberToObject(answer, "task", (double)task);
    cJSON_AddStringToObject(answer, "title", stage->stage->title);
    cJSON_AddStringToObject(answer, "leaf", stage->stage->leaf);
    describe_what(stage, task, answer);
    cJSON_AddStringToObject(answer, "state", state_names[view->state]);
    cJSON_AddNumberToObject(answer, "attempts", view->attempts);
    cJSON_AddNumberToObject(answer, "failures", view->failures);
    cJSON_AddNumberToObject(answer, "workers_taken_down", view->kills);
    cJSON_AddNumberToObject(answer, "cost", (double)view->cost);
    explain_state(protocol_scheduler(p), task, view, why, sizeof why);
    cJSON_AddStringToObject(answer, "why", why);
    describe_holders(p, task, now_us, answer);
}

static void explain_task(const struct protocol *p, int64_t task, int64_t now_us, cJSON *answer)
{
    char error[256];
    int64_t begin_us = 0;
    struct scheduler_task view;
    const struct protocol_stage *stage = protocol_stage(p, &begin_us);
    if (!stage) {
        cJSON_AddStringToObject(answer, "error",
                                "no stage is under way: the coordinator is at a root step");
        return;
    }
    cJSON_AddNumberToObject(answer, "stage", (double)stage->id);
    cJSON_AddNumberToObject(answer, "tasks", (double)stage->stage->n_tasks);
    if (scheduler_task(protocol_scheduler(p), task, &view)) {
        describe_task(p, stage, &view, task, now_us, answer);
        return;
    }
    snprintf(error, sizeof error, "no task %lld: the stage '%s' has tasks 0 to %lld",
             (long long)task, stage->stage->title, (long long)stage->stage->n_tasks - 1);
    cJSON_AddStringToObject(answer, "error", error);
}

lode_status status_answer(const struct protocol *p, struct lode_span question, int64_t now_us,
                          struct lode_bytes *answer)
{
    char text[64];
    long long task = -1;
    int end = 0;
    cJSON *object = cJSON_CreateObject();
    const int size = question.size < sizeof text ? (int)question.size : (int)sizeof text - 1;
    snprintf(text, sizeof text, "%.*s", size, (const char *)question.data);
    if (strcmp(text, "status") == 0)
        describe_run(p, now_us, object);
    else if (sscanf(text, "task %lld%n", &task, &end) == 1 && text[end] == '\0')
        explain_task(p, task, now_us, object);
    else
        cJSON_AddStringToObject(object, "error", "no such question");
    char *printed = cJSON_PrintUnformatted(object);
    cJSON_Delete(object);
    if (!printed) return lode_fail(LODE_E_MEMORY, "no memory for an answer");
    const lode_status status = lode_bytes_append(answer, printed, strlen(printed));
    free(printed);
    return status;
}
