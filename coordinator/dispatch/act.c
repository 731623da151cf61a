/* What the scheduler decided, as messages and reports. Tasks for one worker are collected into
 * batches while the scheduler speaks, and sent when it has nothing more to say.
 */
#include "coordinator/dispatch/protocol_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH_BYTES = 256 << 10 };

static lode_status send_batch(struct protocol *p, int worker)
{
    struct member *member = members_at(p->members, worker);
    const struct lode_message message = {.type = LODE_TASKS,
                                         .stage = p->stage.id,
                                         .bytes = {member->batch.data, member->batch.size}};
    if (member->batch.size == 0) return LODE_OK;
    const lode_status status = protocol_send_to(p, worker, &message);
    member->batch.size = 0;
    return status;
}

static lode_status note_batched(struct protocol *p, int worker)
{
    if (p->n_batched == p->batched_capacity) {
        const int wanted = 2 * p->batched_capacity + 16;
        int *grown = realloc(p->batched, (size_t)wanted * sizeof *grown);
        if (!grown) return lode_fail(LODE_E_MEMORY, "no memory for %d batches", wanted);
        p->batched = grown;
        p->batched_capacity = wanted;
    }
    p->batched[p->n_batched++] = worker;
    return LODE_OK;
}

/* Puts the task into the worker's batch; a worker that does not know the stage is told first. */
static lode_status assign(struct protocol *p, const struct scheduler_action *action)
{
    struct member *member = members_at(p->members, action->worker);
    const struct lode_bytes *inputs = p->stage.stage->inputs;
    const struct lode_bytes none = {0}, *input = inputs ? &inputs[action->attempt.task] : &none;
    if (member->stage_sent != p->stage.id) {
        struct protocol_output *output = NULL;
        lode_try(protocol_push(p, &output));
        output->kind = PROTOCOL_SEND;
        memcpy(output->identity, member->identity, sizeof output->identity);
        lode_try(lode_bytes_append(&output->bytes, p->stage.message->data, p->stage.message->size));
        member->stage_sent = p->stage.id;
    }
    if (member->batch.size == 0) lode_try(note_batched(p, action->worker));
    lode_try(lode_batch_append(&member->batch, action->attempt.task, action->attempt.attempt,
                               input->data, input->size));
    return member->batch.size > BATCH_BYTES ? send_batch(p, action->worker) : LODE_OK;
}

static lode_status end_stage(struct protocol *p, const struct scheduler_action *action,
                             int64_t now_us)
{
    struct report *report = NULL;
    const bool done = action->kind == SCHEDULER_STAGE_DONE;
    for (int w = 0; w < members_count(p->members); w++) {
        struct scheduler_entry entry; /* overtaken, and not heard of before the end */
        if (!scheduler_held(p->scheduler, w, 0, &entry)) continue;
        if (!entry.unwanted_us || entry.hung) continue;
        lode_try(protocol_report_attempt(p, w, &entry.attempt, "stopped", entry.started_us, now_us,
                                         NULL));
    }
    lode_try(
        protocol_report_make(p, done ? REPORT_STAGE_DONE : REPORT_STAGE_FAILED, -1, NULL, &report));
    report->task = (int64_t)action->attempt.task;
    report->quarantined = action->quarantined;
    p->has_stage = false;
    return protocol_report(p, report);
}

static lode_status give_up(struct protocol *p, const struct scheduler_action *action)
{
    struct report *report = NULL;
    lode_try(protocol_report_make(p, REPORT_GIVEN_UP, -1, NULL, &report));
    report->task = (int64_t)action->attempt.task;
    report->quarantined = action->quarantined;
    return protocol_report(p, report);
}

static lode_status tell_hung(struct protocol *p, const struct scheduler_action *action,
                             int64_t now_us)
{
    char why[96];
    snprintf(why, sizeof why, "no progress for %.1f s: it hangs",
             (double)p->options.scheduling.lease_us / 1e6);
    members_at(p->members, action->worker)->n_lost++;
    return protocol_report_attempt(p, action->worker, &action->attempt, "hung",
                                   now_us - p->options.scheduling.lease_us, now_us, why);
}

static lode_status act(struct protocol *p, const struct scheduler_action *action, int64_t now_us)
{
    const struct lode_message cancel = {.type = LODE_CANCEL,
                                        .stage = action->attempt.stage,
                                        .task = action->attempt.task,
                                        .attempt = action->attempt.attempt,
                                        .force = action->force};
    /* the stage was given up for want of workers, and is not ours any more: nothing to give out */
    if (!p->has_stage && action->kind != SCHEDULER_CANCEL) return LODE_OK;
    switch (action->kind) {
    case SCHEDULER_NOTHING:
        break;
    case SCHEDULER_ASSIGN:
        return assign(p, action);
    case SCHEDULER_CANCEL:
        lode_try(send_batch(p, action->worker)); /* it may be in there */
        return protocol_send_to(p, action->worker, &cancel);
    case SCHEDULER_HUNG:
        return tell_hung(p, action, now_us);
    case SCHEDULER_RETURNED: /* a lost announcement may be why: say it again with the next task */
        members_at(p->members, action->worker)->stage_sent = 0;
        return protocol_report_attempt(p, action->worker, &action->attempt, "returned", 0, now_us,
                                       "it never reached the worker");
    case SCHEDULER_GIVEN_UP:
        return give_up(p, action);
    case SCHEDULER_STAGE_DONE:
    case SCHEDULER_STAGE_FAILED:
        return end_stage(p, action, now_us);
    case SCHEDULER_DRAINED:
        p->has_stage = false;
        return protocol_report_plain(p, REPORT_DRAINED, LODE_E_STOPPED, NULL);
    }
    return LODE_OK;
}

/* All that the scheduler has to say, and then the batches that came of it. */
lode_status protocol_ask_scheduler(struct protocol *p, int64_t now_us)
{
    while (!p->dismissing) {
        struct scheduler_action action;
        lode_try(scheduler_next(p->scheduler, now_us, &action));
        if (action.kind == SCHEDULER_NOTHING) break;
        lode_try(act(p, &action, now_us));
    }
    for (int i = 0; i < p->n_batched; i++) lode_try(send_batch(p, p->batched[i]));
    p->n_batched = 0;
    return LODE_OK;
}
