/* Dispatch: one loop. Wait for messages; take them; ask the scheduler what to do; do it; look after
 * time (beats, silent workers, no workers at all, local children, signals).
 *
 * A worker that was thought lost and speaks again is taken in again: what it still computes is as
 * good as any first result. A restarted worker says hello under its old slot with a higher
 * incarnation, which is how the loss of a killed one is noticed within milliseconds.
 */
#include "coordinator/dispatch.h"

#include "common/clock.h"
#include "common/file.h"
#include "common/hash.h"
#include "common/log.h"
#include "common/wire/message.h"
#include "coordinator/members.h"
#include "coordinator/scheduler.h"
#include "worker/executor.h"
#include "worker/supervisor.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef LODE_VERSION
#define LODE_VERSION "unknown"
#endif

enum {
    TICK_MS = 50,
    LOST_BEATS = 3, /* heartbeats without a word after which a worker is taken for lost */
    LEAVE_GRACE_MS = 2000,
    LEAVE_TICK_MS = 10,
    WINDOW = 2, /* one task running, one waiting at the worker */
    MAX_ATTEMPTS = 4,
    MAX_KILLS = 3,
    HELD_MAX = 8
};

struct dispatch {
    struct lode_zmq *zmq;
    struct dispatch_options options;
    struct door door;
    struct lode_socket *router;
    struct lode_socket *inner; /* the thread's end of the pair */
    struct lode_socket *outer; /* the main thread's */
    pthread_t thread;
    bool has_thread;
    int local_workers;
    int64_t expected;
    /* below: the thread's own */
    struct supervisor *supervisor;
    struct scheduler *scheduler;
    struct members *members;
    struct dispatch_stage stage;
    struct lode_bytes stage_message; /* encoded once, sent to every worker that gets a task of it */
    bool has_stage, leaving, told_stop;
    int64_t beat_us, workers_seen_us;
};

void dispatch_report_free(struct dispatch_report *report)
{
    if (!report) return;
    free(report->text);
    lode_bytes_clear(&report->bytes);
    free(report);
}

static lode_status send_report(struct dispatch *d, struct dispatch_report *report)
{
    report->workers = scheduler_workers(d->scheduler);
    return lode_socket_send(d->inner, NULL, &report, sizeof report, NULL);
}

static lode_status make_report(enum dispatch_report_kind kind, struct dispatch_report **report)
{
    *report = calloc(1, sizeof **report);
    if (!*report) return lode_fail(LODE_E_MEMORY, "no memory for a report");
    (*report)->kind = kind;
    (*report)->worker = -1;
    return LODE_OK;
}

static lode_status report_plain(struct dispatch *d, enum dispatch_report_kind kind, int64_t task,
                                lode_status why, const char *text)
{
    struct dispatch_report *report = NULL;
    lode_try(make_report(kind, &report));
    report->task = task;
    report->status = why;
    if (text) report->text = strdup(text);
    d->has_stage = d->has_stage && kind == DISPATCH_ATTEMPT;
    return send_report(d, report);
}

static void describe_member(const struct member *member, int worker, struct dispatch_report *report)
{
    report->worker = worker;
    report->slot = (int64_t)member->slot;
    report->pid = (int64_t)member->pid;
    snprintf(report->host, sizeof report->host, "%s", member->host);
}

/* Takes a worker out; what it held is reported as lost attempts and waits for another. */
static lode_status lose(struct dispatch *d, int worker, bool crashed, const char *why)
{
    int64_t held[HELD_MAX];
    struct member *member = members_at(d->members, worker);
    if (!member->here) return LODE_OK;
    const int n_held = scheduler_held(d->scheduler, worker, held, HELD_MAX);
    member->here = false;
    lode_log_warn("worker lost worker=%d slot=%llu pid=%llu tasks=%d: %s", worker,
                  (unsigned long long)member->slot, (unsigned long long)member->pid, n_held, why);
    lode_try(scheduler_lost(d->scheduler, worker, crashed));
    for (int i = 0; d->has_stage && i < n_held && i < HELD_MAX; i++) {
        struct dispatch_report *report = NULL;
        lode_try(make_report(DISPATCH_ATTEMPT, &report));
        describe_member(member, worker, report);
        report->outcome = "lost";
        report->task = held[i];
        report->attempt = members_attempt(member, held[i], &report->start_us);
        report->wall_us = lode_clock_us() - report->start_us;
        report->status = LODE_E_CLUSTER;
        report->text = strdup(why);
        lode_try(send_report(d, report));
    }
    return LODE_OK;
}

static lode_status send_to(struct dispatch *d, int worker, const struct lode_message *message)
{
    struct lode_bytes out = {0};
    bool gone = false;
    lode_status status = lode_message_encode(message, &out);
    if (!status)
        status = lode_socket_send(d->router, members_at(d->members, worker)->identity, out.data,
                                  out.size, &gone);
    lode_bytes_clear(&out);
    if (!status && gone) status = lose(d, worker, true, "its connection is gone");
    return status;
}

static lode_status refuse(struct dispatch *d, const char *identity, const char *why)
{
    struct lode_bytes out = {0};
    bool gone = false;
    const struct lode_message message = {.type = LODE_REFUSED, .text = lode_span_text(why)};
    lode_log_warn("refused a worker: %s", why);
    lode_status status = lode_message_encode(&message, &out);
    if (!status) status = lode_socket_send(d->router, identity, out.data, out.size, &gone);
    lode_bytes_clear(&out);
    return status;
}

static bool span_equals(struct lode_span span, const char *text)
{
    return span.size == strlen(text) && memcmp(span.data, text, span.size) == 0;
}

static lode_status tell_end(struct dispatch *d, int worker)
{
    const struct lode_message end = {.type = LODE_END, .text = lode_span_text("the run is over")};
    return send_to(d, worker, &end);
}

static lode_status on_hello(struct dispatch *d, const char *identity,
                            const struct lode_message *message)
{
    int worker = -1;
    if (message->protocol != LODE_PROTOCOL || !span_equals(message->version, LODE_VERSION))
        return refuse(d, identity, "another version of lode than the coordinator's " LODE_VERSION);
    if (!span_equals(message->token, d->door.token))
        return refuse(d, identity, "not the token of this run");

    for (int i = 0; i < members_count(d->members); i++) {
        const struct member *other = members_at(d->members, i);
        if (other->slot == message->slot && other->incarnation < message->incarnation)
            lode_try(lose(d, i, true, "the process died and was started anew"));
    }
    lode_try(members_join(d->members, identity, message, &worker));
    members_at(d->members, worker)->heard_us = lode_clock_us();
    if (d->leaving) return tell_end(d, worker);
    lode_try(scheduler_joined(d->scheduler, worker));
    const struct lode_message welcome = {
        .type = LODE_WELCOME,
        .worker = (uint64_t)worker,
        .heartbeat_ms = (uint64_t)d->options.heartbeat_ms,
        .memory_bytes = d->options.memory_bytes,
        .directory = lode_span_text(d->options.work_directory),
    };
    return send_to(d, worker, &welcome);
}

static lode_status fill_result(const struct lode_message *message, struct dispatch_report *report)
{
    report->task = (int64_t)message->task;
    report->attempt = (int64_t)message->attempt;
    report->wall_us = (int64_t)message->wall_us;
    report->cpu_us = (int64_t)message->cpu_us;
    report->peak_bytes = message->peak_bytes;
    report->status = (lode_status)message->status;
    report->file_size = message->file_size;
    report->file_hash = message->file_hash;
    if (message->status) {
        report->text = strndup((const char *)message->text.data, message->text.size);
        return LODE_OK;
    }
    return lode_bytes_append(&report->bytes, message->bytes.data, message->bytes.size);
}

static lode_status on_result(struct dispatch *d, int worker, const struct lode_message *message)
{
    struct dispatch_report *report = NULL;
    bool accepted = false;
    struct member *member = members_at(d->members, worker);
    if (!d->has_stage || message->stage != d->stage.id) return LODE_OK; /* a stage that is over */
    lode_try(scheduler_result(d->scheduler, worker, (int64_t)message->task, message->status != 0,
                              &accepted));
    lode_try(make_report(accepted ? DISPATCH_RESULT : DISPATCH_ATTEMPT, &report));
    describe_member(member, worker, report);
    members_attempt(member, (int64_t)message->task, &report->start_us);
    report->outcome = accepted ? "ok" : message->status ? "failed" : "late";
    const lode_status status = fill_result(message, report);
    if (status) {
        dispatch_report_free(report);
        return status;
    }
    return send_report(d, report);
}

/* A bad message is the sender's problem: it is counted and its worker dropped, the run goes on. */
static lode_status on_message(struct dispatch *d, const char *identity, const void *data,
                              size_t size)
{
    struct lode_message message;
    const int worker = members_find(d->members, identity);
    if (lode_message_decode(data, size, &message)) {
        lode_log_warn("dropped a message of %zu bytes: %s", size, lode_error_text());
        return worker >= 0 ? lose(d, worker, false, "it sent a malformed message") : LODE_OK;
    }
    if (message.type == LODE_HELLO) return on_hello(d, identity, &message);
    if (worker < 0) return LODE_OK; /* a stranger, or one whose hello is on its way */

    struct member *member = members_at(d->members, worker);
    member->heard_us = lode_clock_us();
    if (d->leaving) return LODE_OK; /* what it still sends is not wanted */
    if (message.type == LODE_BYE) return lose(d, worker, false, "it left");
    if (!member->here) {
        member->here = true;
        lode_log_info("worker back worker=%d", worker);
        lode_try(scheduler_joined(d->scheduler, worker));
    }
    if (message.type == LODE_RESULT) return on_result(d, worker, &message);
    return LODE_OK; /* BEAT */
}

static lode_status receive_all(struct dispatch *d)
{
    for (;;) {
        char identity[LODE_IDENTITY_SIZE];
        const void *data = NULL;
        size_t size = 0;
        bool got = false;
        lode_try(lode_socket_receive(d->router, identity, &data, &size, &got));
        if (!got) return LODE_OK;
        lode_try(on_message(d, identity, data, size));
    }
}

static lode_status assign(struct dispatch *d, const struct scheduler_action *action)
{
    struct member *member = members_at(d->members, action->worker);
    const struct lode_bytes *inputs = d->stage.stage->inputs;
    struct lode_message task = {.type = LODE_TASK,
                                .stage = d->stage.id,
                                .task = (uint64_t)action->task,
                                .attempt = (uint64_t)action->attempt};
    if (inputs)
        task.bytes = (struct lode_span){inputs[action->task].data, inputs[action->task].size};
    members_assigned(member, action->task, action->attempt, lode_clock_us());
    if (member->stage_sent != d->stage.id) {
        bool gone = false;
        member->stage_sent = d->stage.id;
        lode_try(lode_socket_send(d->router, member->identity, d->stage_message.data,
                                  d->stage_message.size, &gone));
        if (gone) return lose(d, action->worker, true, "its connection is gone");
    }
    return send_to(d, action->worker, &task);
}

static lode_status act(struct dispatch *d)
{
    for (;;) {
        const struct scheduler_action action = scheduler_next(d->scheduler);
        switch (action.kind) {
        case SCHEDULER_NOTHING:
            return LODE_OK;
        case SCHEDULER_ASSIGN:
            lode_try(assign(d, &action));
            break;
        case SCHEDULER_STAGE_DONE:
            lode_try(report_plain(d, DISPATCH_STAGE_DONE, 0, LODE_OK, NULL));
            break;
        case SCHEDULER_STAGE_FAILED:
            lode_try(report_plain(d, DISPATCH_STAGE_FAILED, action.task, LODE_E_RUN,
                                  action.quarantined ? "it took its worker down each time" : NULL));
            break;
        }
    }
}

/* The stage's announcement; parameters too large for a message go to a file of the run. */
static lode_status announce(struct dispatch *d)
{
    const struct lode_stage *stage = d->stage.stage;
    char path[4096];
    struct lode_message message = {.type = LODE_STAGE,
                                   .stage = d->stage.id,
                                   .leaf = lode_span_text(stage->leaf),
                                   .bytes = {stage->params.data, stage->params.size}};
    if (stage->params.size > LODE_INLINE_LIMIT) {
        executor_params_path(path, sizeof path, d->options.work_directory, (int64_t)d->stage.id);
        lode_try(lode_file_write(path, stage->params.data, stage->params.size, false));
        message.file_size = stage->params.size;
        message.file_hash = lode_hash(stage->params.data, stage->params.size);
        message.bytes = lode_span_text(path);
    }
    d->stage_message.size = 0;
    return lode_message_encode(&message, &d->stage_message);
}

/* From the main thread: a stage, or (no stage) the order to leave. */
static lode_status take_orders(struct dispatch *d)
{
    const void *data = NULL;
    size_t size = 0;
    bool got = false;
    lode_try(lode_socket_receive(d->inner, NULL, &data, &size, &got));
    if (!got) return LODE_OK;
    memcpy(&d->stage, data, sizeof d->stage);
    if (!d->stage.stage) {
        d->leaving = true;
        return LODE_OK;
    }
    d->has_stage = true;
    d->workers_seen_us = lode_clock_us();
    lode_try(announce(d));
    return scheduler_begin(d->scheduler, d->stage.stage->n_tasks, d->stage.stage->costs);
}

static lode_status beat(struct dispatch *d, int64_t now)
{
    const struct lode_message message = {.type = LODE_BEAT};
    const int64_t beat_us = d->options.heartbeat_ms * 1000;
    if (now - d->beat_us < beat_us) return LODE_OK;
    /* after a pause of this process itself (stopped, starved) nobody is lost on its account */
    const bool awake = now - d->beat_us < 2 * beat_us;
    d->beat_us = now;
    for (int i = 0; i < members_count(d->members); i++) {
        struct member *member = members_at(d->members, i);
        if (!member->here) continue;
        if (awake && now - member->heard_us > LOST_BEATS * beat_us)
            lode_try(lose(d, i, false, "nothing heard from it"));
        else
            lode_try(send_to(d, i, &message));
    }
    return LODE_OK;
}

static lode_status look_after_time(struct dispatch *d)
{
    const int64_t now = lode_clock_us();
    int alive = -1;
    lode_try(beat(d, now));
    if (d->supervisor) lode_try(supervisor_poll(d->supervisor, &alive));
    if (d->has_stage && *d->options.stop_signal)
        return report_plain(d, DISPATCH_STOPPED, 0, LODE_E_STOPPED, NULL);
    if (scheduler_workers(d->scheduler) > 0) {
        d->workers_seen_us = now;
        return LODE_OK;
    }
    if (d->has_stage &&
        (alive == 0 || now - d->workers_seen_us > d->options.start_timeout_ms * 1000))
        return report_plain(d, DISPATCH_NO_WORKERS, 0, LODE_E_CLUSTER, NULL);
    return LODE_OK;
}

/* Tells everybody to leave, also those who come while we wait for them: a worker that finds nobody
 * at the door would hold up its agent, and so mpirun, until its patience ends. */
static lode_status dismiss_all(struct dispatch *d)
{
    const int64_t end_us = lode_clock_us() + (int64_t)LEAVE_GRACE_MS * 1000;
    for (int i = 0; i < members_count(d->members); i++)
        if (members_at(d->members, i)->here) lode_try(tell_end(d, i));
    while (members_slots(d->members) < d->expected && lode_clock_us() < end_us) {
        if (d->supervisor && supervisor_running(d->supervisor) == 0) break;
        lode_try(lode_socket_wait(&d->router, 1, LEAVE_TICK_MS));
        lode_try(receive_all(d));
    }
    return LODE_OK;
}

static lode_status run_loop(struct dispatch *d)
{
    struct lode_socket *const sockets[] = {d->router, d->inner};
    if (d->local_workers > 0)
        lode_try(supervisor_start(&d->door, d->local_workers, 0, &d->supervisor));
    while (!d->leaving) {
        lode_try(lode_socket_wait(sockets, 2, TICK_MS));
        lode_try(receive_all(d));
        lode_try(take_orders(d));
        lode_try(look_after_time(d));
        lode_try(act(d));
    }
    return dismiss_all(d);
}

static void *run_thread(void *argument)
{
    struct dispatch *d = argument;
    sigset_t all;
    sigfillset(&all); /* signals go to the main thread */
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    const lode_status status = run_loop(d);
    struct dispatch_report *report = NULL;
    if (status && make_report(DISPATCH_BROKEN, &report) == LODE_OK) {
        report->status = status;
        report->text = strdup(lode_error_text());
        if (lode_socket_send(d->inner, NULL, &report, sizeof report, NULL))
            dispatch_report_free(report);
    }
    supervisor_stop(d->supervisor, LEAVE_GRACE_MS);
    return NULL;
}

lode_status dispatch_open(struct lode_zmq *zmq, const struct dispatch_options *options,
                          struct door *door, int *port, struct dispatch **dispatch)
{
    lode_status status = LODE_OK;
    const struct scheduler_options scheduling = {
        .window = WINDOW, .max_attempts = MAX_ATTEMPTS, .max_kills = MAX_KILLS};
    struct dispatch *d = calloc(1, sizeof *d);
    if (!d) return lode_fail(LODE_E_MEMORY, "no memory for the dispatcher");
    d->zmq = zmq;
    d->options = *options;
    lode_try_done(scheduler_create(&scheduling, &d->scheduler));
    lode_try_done(members_create(&d->members));
    lode_try_done(lode_pair_open(zmq, "dispatch", true, &d->inner));
    lode_try_done(lode_pair_open(zmq, "dispatch", false, &d->outer));
    lode_try_done(
        lode_router_open(zmq, options->bind_address, options->heartbeat_ms, &d->router, port));
    lode_try_done(door_make_token(door->token));
    door->heartbeat_ms = options->heartbeat_ms;
    snprintf(door->endpoint, sizeof door->endpoint, "tcp://127.0.0.1:%d", *port);
    *dispatch = d;
    d = NULL;
done:
    dispatch_close(d);
    return status;
}

lode_status dispatch_start(struct dispatch *d, const struct door *door, int local_workers,
                           int64_t expected)
{
    d->door = *door;
    d->local_workers = local_workers;
    d->expected = expected;
    d->beat_us = d->workers_seen_us = lode_clock_us();
    if (pthread_create(&d->thread, NULL, run_thread, d))
        return lode_fail(LODE_E_MEMORY, "no dispatcher thread could be started");
    d->has_thread = true;
    return LODE_OK;
}

void dispatch_close(struct dispatch *d)
{
    if (!d) return;
    if (d->has_thread) {
        struct dispatch_report *report = NULL;
        const struct dispatch_stage nothing = {0};
        if (lode_socket_send(d->outer, NULL, &nothing, sizeof nothing, NULL) == LODE_OK)
            pthread_join(d->thread, NULL);
        while (dispatch_next(d, 0, &report) == LODE_OK && report) dispatch_report_free(report);
    }
    scheduler_destroy(d->scheduler);
    members_destroy(d->members);
    lode_bytes_clear(&d->stage_message);
    lode_socket_close_after(d->router, 200);
    lode_socket_close(d->inner);
    lode_socket_close(d->outer);
    free(d);
}

lode_status dispatch_begin(struct dispatch *d, const struct dispatch_stage *stage)
{
    return lode_socket_send(d->outer, NULL, stage, sizeof *stage, NULL);
}

lode_status dispatch_next(struct dispatch *d, int timeout_ms, struct dispatch_report **report)
{
    const void *data = NULL;
    size_t size = 0;
    bool got = false;
    *report = NULL;
    lode_try(lode_socket_wait(&d->outer, 1, timeout_ms));
    lode_try(lode_socket_receive(d->outer, NULL, &data, &size, &got));
    if (got) memcpy(report, data, sizeof *report);
    return LODE_OK;
}
