/* Dispatch: one loop. Wait for messages; hand them to the protocol; do what it says; look after
 * time, local children, strangers at the gate and signals.
 */
#include "coordinator/dispatch/dispatch.h"

#include "common/clock.h"
#include "common/file.h"
#include "common/hash.h"
#include "common/log.h"
#include "coordinator/signals.h"
#include "worker/executor.h"
#include "worker/supervisor.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TICK_MS = 50,
    LEAVE_GRACE_MS = 2000,
    LEAVE_TICK_MS = 10,
    ABANDON_US = 300000, /* mpirun kills a second after its TERM */
    SOCKETS = 2 + LODE_GATE_SOCKETS
};

/* From the main thread. */
enum order_kind { ORDER_BEGIN, ORDER_FORGET, ORDER_LEAVE };
struct order {
    enum order_kind kind;
    uint64_t id; /* BEGIN */
    const struct lode_stage *stage;
    const bool *done;
};

struct dispatch {
    struct lode_zmq *zmq;
    struct dispatch_options options;
    struct door door;
    struct lode_gate *gate;
    struct lode_socket *router;
    struct lode_socket *inner; /* the thread's end of the pair */
    struct lode_socket *outer; /* the main thread's */
    pthread_t thread;
    bool has_thread;
    int local_workers;
    int64_t expected;
    /* below: the thread's own */
    struct supervisor *supervisor;
    struct protocol *protocol;
    struct lode_bytes announcement; /* of the stage; encoded once */
    bool leaving, draining, told_stop;
    int64_t stop_us;
    struct lode_gate_count told; /* strangers the log knows of */
};

static lode_status send_report(struct dispatch *d, struct report *report)
{
    const lode_status status = lode_socket_send(d->inner, NULL, &report, sizeof report, NULL);
    if (status) report_free(report);
    return status;
}

/* Sends and reports until the protocol has nothing more to say. */
static lode_status act(struct dispatch *d)
{
    for (;;) {
        struct protocol_output output;
        bool more = false, gone = false;
        const int64_t now = lode_clock_us();
        lode_try(protocol_next(d->protocol, now, &output, &more));
        if (!more) return LODE_OK;
        if (output.kind == PROTOCOL_REPORT) {
            lode_try(send_report(d, output.report));
            continue;
        }
        const lode_status status = lode_socket_send(d->router, output.identity, output.bytes.data,
                                                    output.bytes.size, &gone);
        lode_bytes_clear(&output.bytes);
        lode_try(status);
        if (gone) lode_try(protocol_unreachable(d->protocol, output.identity, now));
    }
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
        lode_try(protocol_message(d->protocol, identity, data, size, lode_clock_us()));
    }
}

/* The stage's announcement; parameters too large for a message go to a file of the run. */
static lode_status announce(struct dispatch *d, const struct order *order)
{
    const struct lode_stage *stage = order->stage;
    char path[4096];
    struct lode_message message = {.type = LODE_STAGE,
                                   .stage = order->id,
                                   .leaf = lode_span_text(stage->leaf),
                                   .bytes = {stage->params.data, stage->params.size}};
    if (stage->params.size > LODE_INLINE_LIMIT) {
        executor_params_path(path, sizeof path, d->options.protocol.work_directory,
                             (int64_t)order->id);
        lode_try(lode_file_write(path, stage->params.data, stage->params.size, false));
        message.file_size = stage->params.size;
        message.file_hash = lode_hash(stage->params.data, stage->params.size);
        message.bytes = lode_span_text(path);
    }
    d->announcement.size = 0;
    return lode_message_encode(&message, &d->announcement);
}

static lode_status take_orders(struct dispatch *d)
{
    const void *data = NULL;
    size_t size = 0;
    bool got = false;
    struct order order;
    lode_try(lode_socket_receive(d->inner, NULL, &data, &size, &got));
    if (!got) return LODE_OK;
    memcpy(&order, data, sizeof order);
    if (order.kind == ORDER_FORGET) return protocol_forget(d->protocol);
    if (order.kind == ORDER_LEAVE) {
        d->leaving = true;
        return LODE_OK;
    }
    lode_try(announce(d, &order));
    const struct protocol_stage stage = {
        .id = order.id, .stage = order.stage, .done = order.done, .message = &d->announcement};
    return protocol_begin(d->protocol, &stage, lode_clock_us());
}

/* Strangers are told in the log when there are twice as many of a kind: it must not grow with each.
 */
static bool has_doubled(int64_t count, int64_t told)
{
    return count > 0 && count >= 2 * told;
}

static void tell_strangers(struct dispatch *d)
{
    const struct lode_gate_count count = lode_gate_count(d->gate);
    /* a worker may have to try several addresses: those connections say nothing */
    const int64_t usual = 16 + 4 * (int64_t)members_count(protocol_members(d->protocol));
    if (!has_doubled(count.refused, d->told.refused) &&
        (count.broken <= usual || !has_doubled(count.broken, d->told.broken)))
        return;
    d->told = count;
    lode_log_warn("refused connections wrong_key=%lld latest=%s no_handshake=%lld latest=%s",
                  (long long)count.refused, count.refused ? count.refused_address : "-",
                  (long long)count.broken, count.broken ? count.broken_address : "-");
}

static void begin_drain(struct dispatch *d)
{
    if (d->draining) return;
    d->draining = true;
    protocol_drain(d->protocol);
    lode_log_info("draining");
}

static lode_status tell_stop(struct dispatch *d)
{
    struct report *report = NULL;
    if (d->told_stop) return LODE_OK;
    d->told_stop = true;
    d->stop_us = lode_clock_us();
    lode_try(report_make(REPORT_STOPPED, &report));
    return send_report(d, report);
}

static void tell_metrics(struct dispatch *d)
{
    int64_t begin_us = 0;
    if (!d->options.metrics) return;
    const struct protocol_stage *stage = protocol_stage(d->protocol, &begin_us);
    const struct scheduler_counts counts = scheduler_counts(protocol_scheduler(d->protocol));
    const struct metrics_cluster now = {
        .workers = counts.workers,
        .joined = members_count(protocol_members(d->protocol)),
        .stage = stage ? stage->id : 0,
        .running = counts.running,
        .waiting = counts.waiting,
        .done = counts.done,
        .given_up = counts.missing,
        .rejected_messages = protocol_bad_messages(d->protocol),
        .refused_workers = protocol_refused_workers(d->protocol),
        .refused_connections = lode_gate_count(d->gate).refused,
    };
    metrics_take_cluster(d->options.metrics, &now);
}

static lode_status obey_signals(struct dispatch *d)
{
    const struct signals_wish wish = signals_wish(d->options.under_mpirun);
    if (wish.drain && !d->draining) {
        begin_drain(d);
        if (!d->options.under_mpirun) /* else the parent of mpirun says so */
            fprintf(stderr, "lode: draining: running tasks are finished first; once more to end "
                            "now\n");
    }
    if (!wish.stop) return LODE_OK;
    if (d->told_stop && lode_clock_us() - d->stop_us > ABANDON_US)
        d->options.abandon(d->options.context, wish.stop);
    return tell_stop(d);
}

/* The batch job ends soon, whether it was warned or not. */
static lode_status obey_deadline(struct dispatch *d)
{
    const struct deadline *deadline = &d->options.deadline;
    const int64_t now = lode_clock_us();
    if (!deadline_is_due(deadline->drain_us, now)) return LODE_OK;
    if (!d->draining)
        fprintf(stderr, "lode: the batch job ends soon: running tasks are finished\n");
    begin_drain(d);
    if (deadline_is_due(deadline->abandon_us, now)) d->options.abandon(d->options.context, 0);
    return deadline_is_due(deadline->stop_us, now) ? tell_stop(d) : LODE_OK;
}

static lode_status look_after_time(struct dispatch *d)
{
    int alive = -1;
    lode_try(protocol_tick(d->protocol, lode_clock_us()));
    if (d->supervisor) lode_try(supervisor_poll(d->supervisor, &alive));
    if (alive == 0 || (d->expected > 0 && protocol_unfit(d->protocol) >= d->expected))
        lode_try(protocol_no_children(d->protocol));
    tell_strangers(d);
    tell_metrics(d);
    lode_try(obey_signals(d));
    return obey_deadline(d);
}

static lode_status wait_and_receive(struct dispatch *d, int timeout_ms)
{
    struct lode_socket *sockets[SOCKETS] = {d->router, d->inner};
    lode_gate_sockets(d->gate, sockets + 2);
    lode_try(lode_socket_wait(sockets, SOCKETS, timeout_ms));
    lode_try(lode_gate_serve(d->gate));
    return receive_all(d);
}

/* Tells everybody to leave, also those who come while we wait for them: a worker that finds nobody
 * at the door would hold up its agent, and so mpirun, until its patience ends. */
static lode_status dismiss_all(struct dispatch *d)
{
    const int64_t end_us = lode_clock_us() + (int64_t)LEAVE_GRACE_MS * 1000;
    const struct members *members = protocol_members(d->protocol);
    lode_try(protocol_dismiss(d->protocol));
    lode_try(act(d));
    while (lode_clock_us() < end_us) {
        const bool all_came = members_places(members) >= d->expected;
        if (all_came && !d->supervisor) break;
        if (d->supervisor && supervisor_running(d->supervisor) == 0) break;
        lode_try(wait_and_receive(d, LEAVE_TICK_MS));
        lode_try(act(d));
    }
    return LODE_OK;
}

static lode_status run_loop(struct dispatch *d)
{
    if (d->local_workers > 0)
        lode_try(supervisor_start(&d->door, d->local_workers, 0, &d->supervisor));
    while (!d->leaving) {
        lode_try(wait_and_receive(d, TICK_MS));
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
    struct report *report = NULL;
    if (status && report_make(REPORT_BROKEN, &report) == LODE_OK) {
        report->status = status;
        report->text = strdup(lode_error_text());
        if (lode_socket_send(d->inner, NULL, &report, sizeof report, NULL)) report_free(report);
    }
    supervisor_stop(d->supervisor, LEAVE_GRACE_MS);
    return NULL;
}

lode_status dispatch_open(struct lode_zmq *zmq, const struct dispatch_options *options,
                          const char *bind_address, struct door *door, struct dispatch **dispatch)
{
    lode_status status = LODE_OK;
    struct lode_keys own = {0};
    int port = 0;
    struct dispatch *d = calloc(1, sizeof *d);
    if (!d) return lode_fail(LODE_E_MEMORY, "no memory for the dispatcher");
    d->zmq = zmq;
    d->options = *options;
    lode_try_done(protocol_create(&options->protocol, lode_clock_us(), &d->protocol));
    lode_try_done(lode_pair_open(zmq, "dispatch", true, &d->inner));
    lode_try_done(lode_pair_open(zmq, "dispatch", false, &d->outer));
    lode_try_done(lode_keys_make(&own));
    lode_try_done(lode_keys_make(&door->keys));
    lode_try_done(lode_gate_open(zmq, door->keys.public_key, &d->gate));
    lode_try_done(lode_router_open(zmq, bind_address, options->protocol.heartbeat_us / 1000, &own,
                                   d->gate, &d->router, &port));
    memcpy(door->server_key, own.public_key, sizeof door->server_key);
    door->port = port;
    door->heartbeat_ms = options->protocol.heartbeat_us / 1000;
    *dispatch = d;
    d = NULL;
done:
    explicit_bzero(&own, sizeof own);
    dispatch_close(d);
    return status;
}

lode_status dispatch_start(struct dispatch *d, const struct door *door, int local_workers,
                           int64_t expected)
{
    d->door = *door;
    d->local_workers = local_workers;
    d->expected = expected;
    if (pthread_create(&d->thread, NULL, run_thread, d))
        return lode_fail(LODE_E_MEMORY, "no dispatcher thread could be started");
    d->has_thread = true;
    return LODE_OK;
}

void dispatch_close(struct dispatch *d)
{
    if (!d) return;
    if (d->has_thread) {
        struct report *report = NULL;
        const struct order leave = {.kind = ORDER_LEAVE};
        if (lode_socket_send(d->outer, NULL, &leave, sizeof leave, NULL) == LODE_OK)
            pthread_join(d->thread, NULL);
        while (dispatch_next(d, 0, &report) == LODE_OK && report) report_free(report);
    }
    protocol_destroy(d->protocol);
    lode_bytes_clear(&d->announcement);
    lode_socket_close_after(d->router, 200);
    lode_gate_close(d->gate);
    lode_socket_close(d->inner);
    lode_socket_close(d->outer);
    explicit_bzero(&d->door, sizeof d->door);
    free(d);
}

lode_status dispatch_begin(struct dispatch *d, uint64_t id, const struct lode_stage *stage,
                           const bool *done)
{
    const struct order order = {.kind = ORDER_BEGIN, .id = id, .stage = stage, .done = done};
    return lode_socket_send(d->outer, NULL, &order, sizeof order, NULL);
}

lode_status dispatch_forget(struct dispatch *d)
{
    const struct order order = {.kind = ORDER_FORGET};
    bool forgotten = false;
    lode_try(lode_socket_send(d->outer, NULL, &order, sizeof order, NULL));
    while (!forgotten) { /* the thread answers, or says with its end that it cannot */
        struct report *report = NULL;
        lode_try(dispatch_next(d, TICK_MS, &report));
        if (report) forgotten = report->kind == REPORT_FORGOTTEN || report->kind == REPORT_BROKEN;
        report_free(report);
    }
    return LODE_OK;
}

lode_status dispatch_next(struct dispatch *d, int timeout_ms, struct report **report)
{
    const void *data = NULL;
    size_t size = 0;
    bool got = false;
    *report = NULL;
    lode_try(lode_socket_receive(d->outer, NULL, &data, &size, &got));
    if (!got && timeout_ms > 0) {
        lode_try(lode_socket_wait(&d->outer, 1, timeout_ms));
        lode_try(lode_socket_receive(d->outer, NULL, &data, &size, &got));
    }
    if (got) memcpy(report, data, sizeof *report);
    return LODE_OK;
}
