/* Protocol: see the header. What goes out is a queue that protocol_next empties: first what events
 * put there, then what the scheduler decides. Tasks for one worker are collected into batches while
 * the scheduler speaks, and sent when it has nothing more to say.
 */
#include "coordinator/dispatch/protocol.h"

#include "common/log.h"
#include "common/version.h"
#include "coordinator/dispatch/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LOST_BEATS = 3, /* heartbeats without a word after which a worker is taken for lost */
    BATCH_BYTES = 256 << 10
};

struct protocol {
    struct protocol_options options;
    struct scheduler *scheduler;
    struct members *members;
    struct protocol_stage stage;
    bool has_stage, dismissing;
    struct protocol_output *queue;
    int64_t n_queue, next_queue, capacity;
    int64_t beat_us, tick_us, workers_seen_us, stage_begin_us;
    int *batched; /* workers with tasks in their batch, to be sent */
    int n_batched, batched_capacity;
    int64_t n_bad, n_refused;
};

lode_status protocol_create(const struct protocol_options *options, int64_t now_us,
                            struct protocol **protocol)
{
    lode_status status = LODE_OK;
    struct protocol *p = calloc(1, sizeof *p);
    if (!p) return lode_fail(LODE_E_MEMORY, "no memory for the protocol");
    p->options = *options;
    p->beat_us = p->tick_us = p->workers_seen_us = now_us;
    lode_try_done(scheduler_create(&options->scheduling, &p->scheduler));
    lode_try_done(members_create(&p->members));
    *protocol = p;
    p = NULL;
done:
    protocol_destroy(p);
    return status;
}

static void clear_output(struct protocol_output *output)
{
    lode_bytes_clear(&output->bytes);
    report_free(output->report);
}

void protocol_destroy(struct protocol *p)
{
    if (!p) return;
    for (int64_t i = p->next_queue; i < p->n_queue; i++) clear_output(&p->queue[i]);
    free(p->queue);
    free(p->batched);
    scheduler_destroy(p->scheduler);
    members_destroy(p->members);
    free(p);
}

/* A new place at the end of the queue. */
static lode_status push(struct protocol *p, struct protocol_output **output)
{
    if (p->next_queue == p->n_queue) p->next_queue = p->n_queue = 0;
    if (p->n_queue == p->capacity) {
        const int64_t wanted = 2 * p->capacity + 16;
        struct protocol_output *grown = realloc(p->queue, (size_t)wanted * sizeof *grown);
        if (!grown)
            return lode_fail(LODE_E_MEMORY, "no memory for %lld messages", (long long)wanted);
        p->queue = grown;
        p->capacity = wanted;
    }
    *output = &p->queue[p->n_queue++];
    **output = (struct protocol_output){0};
    return LODE_OK;
}

static lode_status send_message(struct protocol *p, const char *identity,
                                const struct lode_message *message)
{
    struct protocol_output *output = NULL;
    lode_try(push(p, &output));
    output->kind = PROTOCOL_SEND;
    snprintf(output->identity, sizeof output->identity, "%s", identity);
    return lode_message_encode(message, &output->bytes);
}

static lode_status send_to(struct protocol *p, int worker, const struct lode_message *message)
{
    return send_message(p, members_at(p->members, worker)->identity, message);
}

/* Takes the report over. */
static lode_status send_report(struct protocol *p, struct report *report)
{
    struct protocol_output *output = NULL;
    report->workers = scheduler_counts(p->scheduler).workers;
    const lode_status status = push(p, &output);
    if (status) {
        report_free(report);
        return status;
    }
    output->kind = PROTOCOL_REPORT;
    output->report = report;
    return LODE_OK;
}

/* A report about a worker, or about none (-1). text is copied; may be NULL. */
static lode_status make_report(const struct protocol *p, enum report_kind kind, int worker,
                               const char *text, struct report **report)
{
    lode_try(report_make(kind, report));
    if (text) (*report)->text = strdup(text);
    if (worker < 0) return LODE_OK;
    const struct member *member = members_look(p->members, worker);
    (*report)->worker = worker;
    (*report)->pid = (int64_t)member->pid;
    memcpy((*report)->place, member->place, sizeof(*report)->place);
    memcpy((*report)->host, member->host, sizeof(*report)->host);
    return LODE_OK;
}

static lode_status report_plain(struct protocol *p, enum report_kind kind, lode_status why,
                                const char *text)
{
    struct report *report = NULL;
    lode_try(make_report(p, kind, -1, text, &report));
    report->status = why;
    return send_report(p, report);
}

/* An attempt that ended without a result of its own. */
static lode_status report_attempt(struct protocol *p, int worker,
                                  const struct lode_attempt *attempt, const char *outcome,
                                  int64_t start_us, int64_t now_us, const char *text)
{
    struct report *report = NULL;
    if (!p->has_stage || attempt->stage != p->stage.id) return LODE_OK;
    lode_try(make_report(p, REPORT_ATTEMPT, worker, text, &report));
    report->outcome = outcome;
    report->task = (int64_t)attempt->task;
    report->attempt = (int64_t)attempt->attempt;
    report->start_us = start_us ? start_us : now_us;
    report->wall_us = now_us - report->start_us;
    report->status = LODE_E_CLUSTER;
    return send_report(p, report);
}

/* Takes a worker out; what it held is reported as lost and waits for another. */
static lode_status lose(struct protocol *p, int worker, const char *why, int64_t now_us)
{
    struct member *member = members_at(p->members, worker);
    struct scheduler_entry entry;
    if (!member->here) return LODE_OK;
    lode_log_warn("worker lost worker=%d place=%s host=%s pid=%llu: %s", worker, member->place,
                  member->host, (unsigned long long)member->pid, why);
    member->here = false;
    member->batch.size = 0;
    member->suspect = (struct lode_attempt){0};
    for (int i = 0; scheduler_held(p->scheduler, worker, i, &entry); i++) {
        if (entry.unwanted_us) continue;
        if (i == 0) member->suspect = entry.attempt;
        member->n_lost++;
        lode_try(report_attempt(p, worker, &entry.attempt, "lost", entry.started_us, now_us, why));
    }
    lode_try(scheduler_lost(p->scheduler, worker));
    if (p->dismissing) return LODE_OK;
    struct report *report = NULL;
    lode_try(make_report(p, REPORT_WORKER_LOST, worker, why, &report));
    return send_report(p, report);
}

/* Of what strangers do again and again, the log has the first few and then every thousandth. */
static bool is_worth_a_line(int64_t number)
{
    return number <= 10 || number % 1000 == 0;
}

/* Whether the worker holds an attempt whose result is still needed. */
static bool is_needed(const struct protocol *p, int worker)
{
    struct scheduler_entry entry;
    for (int i = 0; scheduler_held(p->scheduler, worker, i, &entry); i++)
        if (!entry.unwanted_us) return true;
    return false;
}

/* A worker that says goodbye holds nothing; one that was told to leave may. */
static lode_status on_bye(struct protocol *p, int worker, int64_t now_us)
{
    struct member *member = members_at(p->members, worker);
    member->left = true;
    if (!p->dismissing && is_needed(p, worker)) return lose(p, worker, "it left", now_us);
    member->here = false;
    lode_log_info("worker left worker=%d place=%s", worker, member->place);
    return scheduler_lost(p->scheduler, worker);
}

static lode_status refuse(struct protocol *p, const char *identity, const char *why)
{
    const struct lode_message message = {.type = LODE_REFUSED, .text = lode_span_text(why)};
    p->n_refused++;
    if (is_worth_a_line(p->n_refused))
        lode_log_warn("refused a worker number=%lld: %s", (long long)p->n_refused, why);
    return send_message(p, identity, &message);
}

static bool span_equals(struct lode_span span, const char *text)
{
    return span.size == strlen(text) && memcmp(span.data, text, span.size) == 0;
}

/* The place has a newer process: the older one died, with the task that it ran. *outdated: the
 * newer one is known already, this hello was a long time on its way. */
static lode_status replace(struct protocol *p, int worker, int64_t now_us, bool *outdated)
{
    const int latest = members_settle(p->members, worker);
    *outdated = false;
    if (latest == worker) return LODE_OK;
    struct member *other = members_at(p->members, latest);
    *outdated = other->incarnation > members_at(p->members, worker)->incarnation;
    if (*outdated) return LODE_OK;
    lode_try(lose(p, latest, "its process died and was started anew", now_us));
    if (other->suspect.attempt)
        lode_try(scheduler_crashed(p->scheduler, latest, &other->suspect, now_us));
    other->suspect = (struct lode_attempt){0};
    return LODE_OK;
}

static lode_status send_end(struct protocol *p, const char *identity)
{
    const struct lode_message end = {.type = LODE_END, .text = lode_span_text("the run is over")};
    return send_message(p, identity, &end);
}

static lode_status welcome(struct protocol *p, int worker)
{
    const struct lode_message message = {
        .type = LODE_WELCOME,
        .worker = (uint64_t)worker,
        .heartbeat_ms = (uint64_t)(p->options.heartbeat_us / 1000),
        .memory_bytes = p->options.memory_bytes,
        .directory = lode_span_text(p->options.work_directory),
    };
    return send_to(p, worker, &message);
}

static lode_status on_hello(struct protocol *p, const char *identity,
                            const struct lode_message *message, int64_t now_us)
{
    char why[160];
    int worker = -1;
    bool outdated = false;
    if (message->protocol != LODE_PROTOCOL || !span_equals(message->version, lode_version())) {
        snprintf(why, sizeof why, "it is lode %.*s, the coordinator is %s",
                 message->version.size < 32 ? (int)message->version.size : 32,
                 (const char *)message->version.data, lode_version());
        return refuse(p, identity, why);
    }
    const lode_status joined = members_join(p->members, identity, message, &worker);
    if (joined == LODE_E_MEMORY) return joined;
    if (joined) {
        p->n_bad++;
        return refuse(p, identity, lode_error_text());
    }
    struct member *member = members_at(p->members, worker);
    member->heard_us = now_us;
    if (!member->joined_us) member->joined_us = now_us;
    lode_try(replace(p, worker, now_us, &outdated));
    if (outdated) return lose(p, worker, "its process died and was started anew", now_us);
    if (p->dismissing) return send_end(p, identity);
    lode_try(scheduler_joined(p->scheduler, worker, now_us));
    return welcome(p, worker);
}

static lode_status fill_result(const struct lode_result *result, int64_t now_us,
                               struct report *report)
{
    report->task = (int64_t)result->attempt.task;
    report->attempt = (int64_t)result->attempt.attempt;
    report->wall_us = (int64_t)result->wall_us;
    report->cpu_us = (int64_t)result->cpu_us;
    report->start_us = now_us - report->wall_us;
    report->peak_bytes = result->peak_bytes;
    report->status = (lode_status)result->status;
    report->file_size = result->file_size;
    report->file_hash = result->file_hash;
    if (!result->status)
        return lode_bytes_append(&report->bytes, result->bytes.data, result->bytes.size);
    report->text = strndup((const char *)result->text.data, result->text.size);
    return LODE_OK;
}

static lode_status take_result(struct protocol *p, int worker, const struct lode_result *result,
                               int64_t now_us)
{
    const enum scheduler_outcome outcome = result->status == LODE_OK          ? SCHEDULER_OK
                                           : result->status == LODE_E_STOPPED ? SCHEDULER_STOPPED
                                                                              : SCHEDULER_FAILED;
    struct report *report = NULL;
    bool accepted = false, held = false; /* not held: it was said before, or is late */
    lode_try(scheduler_result(p->scheduler, worker, &result->attempt, outcome, now_us, &accepted,
                              &held));
    if (!p->has_stage || result->attempt.stage != p->stage.id || (!held && !accepted))
        return LODE_OK;

    struct member *member = members_at(p->members, worker);
    member->n_ok += accepted;
    member->n_failed += outcome == SCHEDULER_FAILED;
    lode_try(make_report(p, accepted ? REPORT_RESULT : REPORT_ATTEMPT, worker, NULL, &report));
    report->outcome = accepted                       ? "ok"
                      : outcome == SCHEDULER_FAILED  ? "failed"
                      : outcome == SCHEDULER_STOPPED ? "stopped"
                                                     : "late";
    const lode_status status = fill_result(result, now_us, report);
    if (status) {
        report_free(report);
        return status;
    }
    return send_report(p, report);
}

static lode_status on_results(struct protocol *p, int worker, const struct lode_message *message,
                              int64_t now_us)
{
    const struct lode_message taken = {.type = LODE_TAKEN, .sequence = message->sequence};
    struct lode_unpack in = lode_unpack_begin(message->bytes.data, message->bytes.size);
    for (;;) {
        struct lode_result result;
        bool more = false;
        lode_try(lode_result_next(&in, &result, &more));
        if (!more) return send_to(p, worker, &taken);
        lode_try(take_result(p, worker, &result, now_us));
    }
}

static lode_status on_beat(struct protocol *p, int worker, const struct lode_message *message,
                           int64_t now_us)
{
    struct lode_held held[LODE_HELD_MAX];
    struct member *member = members_at(p->members, worker);
    int n_held = 0;
    lode_try(lode_held_read(message->bytes, held, &n_held));
    if (message->sequence <= member->sequence) return LODE_OK; /* overtaken by a later one */
    member->sequence = message->sequence;
    if (message->leaving && !member->leaving) {
        member->leaving = true;
        lode_log_info("worker leaves after its task worker=%d place=%s", worker, member->place);
        lode_try(scheduler_leaving(p->scheduler, worker));
    }
    return scheduler_beat(p->scheduler, worker, held, n_held, message->progress, now_us);
}

static lode_status on_ask(struct protocol *p, const char *identity,
                          const struct lode_message *message, int64_t now_us)
{
    struct lode_bytes bytes = {0};
    lode_status status = status_answer(p, message->text, now_us, &bytes);
    const struct lode_message answer = {.type = LODE_ANSWER, .bytes = {bytes.data, bytes.size}};
    if (!status) status = send_message(p, identity, &answer);
    lode_bytes_clear(&bytes);
    return status;
}

/* A known worker speaks: one that was thought lost is here again. */
static lode_status on_worker(struct protocol *p, int worker, const struct lode_message *message,
                             int64_t now_us)
{
    struct member *member = members_at(p->members, worker);
    member->heard_us = now_us;
    if (member->banned || member->left) return LODE_OK; /* nothing new, or long on its way */
    if (p->dismissing)
        return message->type == LODE_BYE ? on_bye(p, worker, now_us)
                                         : send_end(p, member->identity);
    if (message->type == LODE_BYE) return on_bye(p, worker, now_us);
    if (!member->here && !member->leaving) {
        member->here = true;
        member->suspect = (struct lode_attempt){0};
        lode_log_info("worker back worker=%d place=%s", worker, member->place);
        lode_try(scheduler_joined(p->scheduler, worker, now_us));
    }
    if (message->type == LODE_RESULTS) return on_results(p, worker, message, now_us);
    if (message->type == LODE_BEAT) return on_beat(p, worker, message, now_us);
    return lode_fail(LODE_E_MESSAGE, "message type %d is not for a coordinator", message->type);
}

/* The sender of bytes that no worker sends is not spoken to any more. */
static lode_status drop_bad(struct protocol *p, int worker, const char *identity, size_t size,
                            int64_t now_us)
{
    p->n_bad++;
    if (is_worth_a_line(p->n_bad))
        lode_log_warn("bad message number=%lld size=%zu: %s", (long long)p->n_bad, size,
                      lode_error_text());
    if (worker < 0 || members_at(p->members, worker)->banned) return LODE_OK;
    members_at(p->members, worker)->banned = true;
    lode_try(lose(p, worker, "it sent a malformed message", now_us));
    return refuse(p, identity, "it sent a malformed message");
}

lode_status protocol_message(struct protocol *p, const char *identity, const void *data,
                             size_t size, int64_t now_us)
{
    struct lode_message message;
    const int worker = members_find(p->members, identity);
    lode_status status = lode_message_decode(data, size, &message);
    if (!status && message.type == LODE_HELLO) {
        const struct member *member = worker >= 0 ? members_at(p->members, worker) : NULL;
        const bool known_enough = member && (member->banned || member->left);
        return known_enough ? LODE_OK : on_hello(p, identity, &message, now_us);
    }
    if (!status && message.type == LODE_ASK) return on_ask(p, identity, &message, now_us);
    if (!status && worker < 0) return LODE_OK; /* its hello is on its way, or never was */
    if (!status) status = on_worker(p, worker, &message, now_us);
    return status == LODE_E_MESSAGE ? drop_bad(p, worker, identity, size, now_us) : status;
}

lode_status protocol_unreachable(struct protocol *p, const char *identity, int64_t now_us)
{
    const int worker = members_find(p->members, identity);
    return worker < 0 ? LODE_OK : lose(p, worker, "its connection is gone", now_us);
}

lode_status protocol_begin(struct protocol *p, const struct protocol_stage *stage, int64_t now_us)
{
    p->stage = *stage;
    p->has_stage = true;
    p->workers_seen_us = p->stage_begin_us = now_us;
    return scheduler_begin(p->scheduler, stage->id, stage->stage->n_tasks, stage->stage->costs,
                           now_us);
}

lode_status protocol_forget(struct protocol *p)
{
    p->has_stage = false;
    scheduler_abandon(p->scheduler);
    return report_plain(p, REPORT_FORGOTTEN, LODE_OK, NULL);
}

static lode_status beat(struct protocol *p, int64_t now_us)
{
    const struct lode_message message = {.type = LODE_BEAT};
    const int64_t beat_us = p->options.heartbeat_us;
    char why[80];
    if (now_us - p->beat_us < beat_us) return LODE_OK;
    p->beat_us = now_us;
    /* after a pause of this process itself (stopped, starved) nobody is lost on its account */
    const bool awake = now_us - p->tick_us < beat_us;
    snprintf(why, sizeof why, "nothing heard from it for %.1f s",
             (double)(LOST_BEATS * beat_us) / 1e6);
    for (int i = 0; i < members_count(p->members); i++) {
        struct member *member = members_at(p->members, i);
        if (!member->here) continue;
        if (!awake) member->heard_us = now_us;
        if (now_us - member->heard_us > LOST_BEATS * beat_us)
            lode_try(lose(p, i, why, now_us));
        else
            lode_try(send_to(p, i, &message));
    }
    return LODE_OK;
}

lode_status protocol_no_children(struct protocol *p)
{
    if (!p->has_stage || scheduler_counts(p->scheduler).workers > 0) return LODE_OK;
    p->has_stage = false;
    return report_plain(p, REPORT_NO_WORKERS, LODE_E_CLUSTER, NULL);
}

lode_status protocol_tick(struct protocol *p, int64_t now_us)
{
    lode_try(beat(p, now_us));
    p->tick_us = now_us;
    lode_try(scheduler_tick(p->scheduler, now_us));
    if (scheduler_counts(p->scheduler).workers > 0) p->workers_seen_us = now_us;
    if (now_us - p->workers_seen_us > p->options.start_timeout_us) return protocol_no_children(p);
    return LODE_OK;
}

void protocol_drain(struct protocol *p)
{
    scheduler_drain(p->scheduler);
}

lode_status protocol_dismiss(struct protocol *p)
{
    p->dismissing = true;
    p->has_stage = false;
    for (int i = 0; i < members_count(p->members); i++)
        if (members_at(p->members, i)->here)
            lode_try(send_end(p, members_at(p->members, i)->identity));
    return LODE_OK;
}

static lode_status send_batch(struct protocol *p, int worker)
{
    struct member *member = members_at(p->members, worker);
    const struct lode_message message = {.type = LODE_TASKS,
                                         .stage = p->stage.id,
                                         .bytes = {member->batch.data, member->batch.size}};
    if (member->batch.size == 0) return LODE_OK;
    const lode_status status = send_to(p, worker, &message);
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
        lode_try(push(p, &output));
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
        lode_try(report_attempt(p, w, &entry.attempt, "stopped", entry.started_us, now_us, NULL));
    }
    lode_try(make_report(p, done ? REPORT_STAGE_DONE : REPORT_STAGE_FAILED, -1, NULL, &report));
    report->task = (int64_t)action->attempt.task;
    report->quarantined = action->quarantined;
    p->has_stage = false;
    return send_report(p, report);
}

static lode_status give_up(struct protocol *p, const struct scheduler_action *action)
{
    struct report *report = NULL;
    lode_try(make_report(p, REPORT_GIVEN_UP, -1, NULL, &report));
    report->task = (int64_t)action->attempt.task;
    report->quarantined = action->quarantined;
    return send_report(p, report);
}

static lode_status tell_hung(struct protocol *p, const struct scheduler_action *action,
                             int64_t now_us)
{
    char why[96];
    snprintf(why, sizeof why, "no progress for %.1f s: it hangs",
             (double)p->options.scheduling.lease_us / 1e6);
    members_at(p->members, action->worker)->n_lost++;
    return report_attempt(p, action->worker, &action->attempt, "hung",
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
        return send_to(p, action->worker, &cancel);
    case SCHEDULER_HUNG:
        return tell_hung(p, action, now_us);
    case SCHEDULER_RETURNED: /* a lost announcement may be why: say it again with the next task */
        members_at(p->members, action->worker)->stage_sent = 0;
        return report_attempt(p, action->worker, &action->attempt, "returned", 0, now_us,
                              "it never reached the worker");
    case SCHEDULER_GIVEN_UP:
        return give_up(p, action);
    case SCHEDULER_STAGE_DONE:
    case SCHEDULER_STAGE_FAILED:
        return end_stage(p, action, now_us);
    case SCHEDULER_DRAINED:
        p->has_stage = false;
        return report_plain(p, REPORT_DRAINED, LODE_E_STOPPED, NULL);
    }
    return LODE_OK;
}

/* All that the scheduler has to say, and then the batches that came of it. */
static lode_status ask_scheduler(struct protocol *p, int64_t now_us)
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

lode_status protocol_next(struct protocol *p, int64_t now_us, struct protocol_output *output,
                          bool *more)
{
    if (p->next_queue == p->n_queue) lode_try(ask_scheduler(p, now_us));
    *more = p->next_queue < p->n_queue;
    if (*more) *output = p->queue[p->next_queue++];
    return LODE_OK;
}

const struct scheduler *protocol_scheduler(const struct protocol *p)
{
    return p->scheduler;
}

const struct members *protocol_members(const struct protocol *p)
{
    return p->members;
}

const struct protocol_stage *protocol_stage(const struct protocol *p, int64_t *begin_us)
{
    *begin_us = p->stage_begin_us;
    return p->has_stage ? &p->stage : NULL;
}

int64_t protocol_bad_messages(const struct protocol *p)
{
    return p->n_bad;
}
