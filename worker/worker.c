/* Worker: see the header. The two threads share nothing but pointers passed through a PAIR: a
 * struct work goes to the computing thread and comes back with its outcome, so there is no lock.
 */
#include "worker/worker.h"

#include "common/clock.h"
#include "common/file.h"
#include "common/hash.h"
#include "common/log.h"
#include "common/wire/message.h"
#include "common/wire/zmq.h"
#include "worker/executor.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef LODE_VERSION
#define LODE_VERSION "unknown"
#endif

enum {
    QUEUE_MAX = 16,     /* tasks waiting here; the scheduler's window is smaller */
    SILENCE_BEATS = 20, /* heartbeats without a word after which the coordinator is gone */
    SILENCE_MIN_US = 10000000,
    PARAMS_LIMIT = 1 << 30
};

/* A stage as the coordinator announced it; kept until the worker ends (stages are few). */
struct stage {
    struct stage *next;
    uint64_t id;
    lode_leaf_fn leaf;
    struct lode_bytes params;
};

/* One task on its way through the worker. */
struct work {
    struct stage *stage;
    uint64_t task, attempt;
    struct lode_bytes input;
    struct executor_outcome outcome;
};

struct worker {
    const struct door *door;
    struct lode_zmq *zmq;
    struct lode_socket *dealer;
    struct lode_socket *pair; /* to the computing thread */
    pthread_t computing;
    bool has_thread;
    struct executor *executor; /* made at the welcome */
    struct stage *stages;
    struct work *running;
    struct work *waiting[QUEUE_MAX];
    int n_waiting;
    atomic_llong progress;
    int64_t heard_us, beat_us; /* when the coordinator was heard last, when we spoke last */
    bool welcomed, leaving;
};

/* The computing thread: takes work, runs it, gives it back; a null pointer ends it. */
struct computing_start {
    struct worker *worker;
    struct lode_socket *pair;
};

static void *compute(void *argument)
{
    struct computing_start *start = argument;
    struct lode_socket *pair = start->pair;
    struct worker *worker = start->worker;
    free(start);
    for (;;) {
        const void *data = NULL;
        size_t size = 0;
        bool got = false;
        if (lode_socket_wait(&pair, 1, -1) || lode_socket_receive(pair, NULL, &data, &size, &got))
            break;
        if (!got) continue;
        struct work *work = NULL;
        memcpy(&work, data, sizeof work);
        if (!work) break;
        const struct executor_request request = {
            .leaf = work->stage->leaf,
            .stage = (int64_t)work->stage->id,
            .task = (int64_t)work->task,
            .attempt = (int64_t)work->attempt,
            .params = work->stage->params.data,
            .params_size = work->stage->params.size,
            .input = work->input.data,
            .input_size = work->input.size,
        };
        executor_run(worker->executor, &request, &work->outcome);
        if (lode_socket_send(pair, NULL, &work, sizeof work, NULL)) break;
    }
    lode_socket_close(pair);
    return NULL;
}

static lode_status send_message(struct worker *worker, const struct lode_message *message)
{
    struct lode_bytes out = {0};
    lode_status status = lode_message_encode(message, &out);
    if (!status) status = lode_socket_send(worker->dealer, NULL, out.data, out.size, NULL);
    lode_bytes_clear(&out);
    worker->beat_us = lode_clock_us();
    return status;
}

static lode_status say_hello(struct worker *worker)
{
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    const struct lode_message hello = {
        .type = LODE_HELLO,
        .protocol = LODE_PROTOCOL,
        .version = lode_span_text(LODE_VERSION),
        .token = lode_span_text(worker->door->token),
        .host = lode_span_text(host),
        .pid = (uint64_t)getpid(),
        .slot = (uint64_t)worker->door->slot,
        .incarnation = (uint64_t)worker->door->incarnation,
    };
    return send_message(worker, &hello);
}

static void free_work(struct work *work)
{
    if (!work) return;
    lode_bytes_clear(&work->input);
    free(work);
}

static lode_status start_next(struct worker *worker)
{
    if (worker->running || worker->n_waiting == 0) return LODE_OK;
    worker->running = worker->waiting[0];
    worker->n_waiting--;
    memmove(worker->waiting, worker->waiting + 1,
            (size_t)worker->n_waiting * sizeof *worker->waiting);
    atomic_store(&worker->progress, 0);
    return lode_socket_send(worker->pair, NULL, &worker->running, sizeof worker->running, NULL);
}

static lode_status start_computing(struct worker *worker)
{
    struct computing_start *start = calloc(1, sizeof *start);
    if (!start) return lode_fail(LODE_E_MEMORY, "no memory for the computing thread");
    start->worker = worker;
    const lode_status status = lode_pair_open(worker->zmq, "computing", false, &start->pair);
    if (status) {
        free(start);
        return status;
    }
    if (pthread_create(&worker->computing, NULL, compute, start)) {
        lode_socket_close(start->pair);
        free(start);
        return lode_fail(LODE_E_MEMORY, "no computing thread could be started");
    }
    worker->has_thread = true;
    return LODE_OK;
}

static lode_status on_welcome(struct worker *worker, const struct lode_message *message)
{
    char directory[4096], path[4200], host[64] = "", name[128];
    if (worker->welcomed) return LODE_OK; /* the answer to a hello said twice */
    snprintf(directory, sizeof directory, "%.*s", (int)message->directory.size,
             (const char *)message->directory.data);
    gethostname(host, sizeof host - 1);
    snprintf(name, sizeof name, "worker %s/%" PRId64 ".%" PRId64, host, worker->door->slot,
             worker->door->incarnation);
    lode_log_name(name);
    snprintf(path, sizeof path, "%s/../log/worker-%" PRId64 ".log", directory, worker->door->slot);
    lode_log_set_level(LODE_LOG_INFO);
    lode_try(lode_log_open(path));
    lode_log_info("welcomed worker=%llu memory_bytes=%llu", (unsigned long long)message->worker,
                  (unsigned long long)message->memory_bytes);
    lode_try(executor_create((size_t)message->memory_bytes, directory, &worker->progress,
                             &worker->executor));
    worker->welcomed = true;
    return start_computing(worker);
}

/* Parameters that are too large for a message lie in a file of the run. */
static lode_status load_params(struct worker *worker, const struct lode_message *message,
                               struct lode_bytes *params)
{
    if (message->file_size == 0)
        return lode_bytes_append(params, message->bytes.data, message->bytes.size);
    char path[4096];
    (void)worker;
    snprintf(path, sizeof path, "%.*s", (int)message->bytes.size,
             (const char *)message->bytes.data);
    lode_try(lode_file_read(path, PARAMS_LIMIT, params));
    if (params->size != message->file_size ||
        lode_hash(params->data, params->size) != message->file_hash)
        return lode_fail(LODE_E_INPUT, "%s: not the parameters that were announced", path);
    return LODE_OK;
}

static lode_status on_stage(struct worker *worker, const struct lode_message *message)
{
    char name[128];
    snprintf(name, sizeof name, "%.*s", (int)message->leaf.size, (const char *)message->leaf.data);
    const struct lode_leaf *leaf = lode_leaf_find(name);
    if (!leaf) return lode_fail(LODE_E_CLUSTER, "this worker has no leaf '%s'", name);
    struct stage *stage = calloc(1, sizeof *stage);
    if (!stage) return lode_fail(LODE_E_MEMORY, "no memory for a stage");
    stage->id = message->stage;
    stage->leaf = leaf->run;
    stage->next = worker->stages;
    worker->stages = stage;
    lode_log_info("stage=%llu leaf=%s", (unsigned long long)stage->id, name);
    return load_params(worker, message, &stage->params);
}

static lode_status on_task(struct worker *worker, const struct lode_message *message)
{
    struct stage *stage = worker->stages;
    while (stage && stage->id != message->stage) stage = stage->next;
    if (!stage || !worker->welcomed || worker->n_waiting == QUEUE_MAX)
        return lode_fail(LODE_E_MESSAGE, "task %llu of stage %llu is not expected here",
                         (unsigned long long)message->task, (unsigned long long)message->stage);
    struct work *work = calloc(1, sizeof *work);
    if (!work) return lode_fail(LODE_E_MEMORY, "no memory for a task");
    work->stage = stage;
    work->task = message->task;
    work->attempt = message->attempt;
    const lode_status status =
        lode_bytes_append(&work->input, message->bytes.data, message->bytes.size);
    if (status) {
        free_work(work);
        return status;
    }
    worker->waiting[worker->n_waiting++] = work;
    return start_next(worker);
}

static lode_status on_message(struct worker *worker, const struct lode_message *message)
{
    switch (message->type) {
    case LODE_WELCOME:
        return on_welcome(worker, message);
    case LODE_STAGE:
        return on_stage(worker, message);
    case LODE_TASK:
        return on_task(worker, message);
    case LODE_BEAT:
        return LODE_OK;
    case LODE_END:
        worker->leaving = true;
        return LODE_OK;
    case LODE_REFUSED:
        return lode_fail(LODE_E_USAGE, "the coordinator refused this worker: %.*s",
                         (int)message->text.size, (const char *)message->text.data);
    default:
        return lode_fail(LODE_E_MESSAGE, "message type %d is not for workers", message->type);
    }
}

static lode_status send_result(struct worker *worker, struct work *work)
{
    const struct executor_outcome *outcome = &work->outcome;
    const struct lode_message message = {
        .type = LODE_RESULT,
        .stage = work->stage->id,
        .task = work->task,
        .attempt = work->attempt,
        .status = (uint64_t)outcome->status,
        .text = lode_span_text(outcome->error),
        .bytes = {outcome->bytes, outcome->bytes ? outcome->size : 0},
        .file_size = outcome->bytes ? 0 : outcome->size,
        .file_hash = outcome->file_hash,
        .cpu_us = (uint64_t)outcome->cpu_us,
        .wall_us = (uint64_t)outcome->wall_us,
        .peak_bytes = outcome->peak_bytes,
    };
    lode_log_info("task=%llu stage=%llu attempt=%llu status=%s cpu_us=%lld bytes=%zu",
                  (unsigned long long)work->task, (unsigned long long)work->stage->id,
                  (unsigned long long)work->attempt, lode_status_name(outcome->status),
                  (long long)outcome->cpu_us, outcome->size);
    return send_message(worker, &message);
}

static lode_status receive_all(struct worker *worker)
{
    for (;;) {
        const void *data = NULL;
        size_t size = 0;
        bool got = false;
        struct lode_message message;
        lode_try(lode_socket_receive(worker->dealer, NULL, &data, &size, &got));
        if (!got) return LODE_OK;
        worker->heard_us = lode_clock_us();
        lode_try(lode_message_decode(data, size, &message));
        lode_try(on_message(worker, &message));
    }
}

static lode_status take_back(struct worker *worker)
{
    const void *data = NULL;
    size_t size = 0;
    bool got = false;
    struct work *work = NULL;
    lode_try(lode_socket_receive(worker->pair, NULL, &data, &size, &got));
    if (!got) return LODE_OK;
    memcpy(&work, data, sizeof work);
    worker->running = NULL;
    lode_status status = send_result(worker, work);
    free_work(work);
    if (!status) status = start_next(worker);
    return status;
}

static lode_status keep_alive(struct worker *worker)
{
    const int64_t now = lode_clock_us();
    const int64_t beat_us = worker->door->heartbeat_ms * 1000;
    int64_t silence_us = SILENCE_BEATS * beat_us;
    if (silence_us < SILENCE_MIN_US) silence_us = SILENCE_MIN_US;
    if (now - worker->heard_us > silence_us)
        return lode_fail(LODE_E_CLUSTER, "nothing heard from the coordinator at %s for %lld s",
                         worker->door->endpoint, (long long)(silence_us / 1000000));
    if (now - worker->beat_us < beat_us) return LODE_OK;
    if (!worker->welcomed) return say_hello(worker);
    struct lode_message beat = {.type = LODE_BEAT,
                                .progress = (uint64_t)atomic_load(&worker->progress)};
    if (worker->running) {
        beat.stage = worker->running->stage->id;
        beat.task = worker->running->task;
        beat.attempt = worker->running->attempt;
    }
    return send_message(worker, &beat);
}

static lode_status serve(struct worker *worker)
{
    struct lode_socket *const sockets[] = {worker->dealer, worker->pair};
    lode_try(say_hello(worker));
    worker->heard_us = lode_clock_us();
    while (!worker->leaving) {
        lode_try(lode_socket_wait(sockets, 2, (int)worker->door->heartbeat_ms / 2 + 1));
        lode_try(receive_all(worker));
        lode_try(take_back(worker));
        lode_try(keep_alive(worker));
    }
    const struct lode_message bye = {.type = LODE_BYE};
    return send_message(worker, &bye);
}

/* Leaving while a leaf runs (END, or the coordinator is gone): the leaf cannot be interrupted, its
 * result is not wanted, and all it wrote lies aside. So the process ends under it, without the
 * libraries' clean-up at exit, which would pull HDF5 away from the running thread. */
static void leave(struct worker *worker, lode_status status)
{
    if (worker->running) {
        if (status) lode_log_error("%s", lode_error_text());
        _exit(lode_exit_status(status));
    }
    const void *nothing = NULL;
    if (worker->has_thread &&
        !lode_socket_send(worker->pair, NULL, (const void *)&nothing, sizeof nothing, NULL))
        pthread_join(worker->computing, NULL);
    executor_destroy(worker->executor);
    lode_socket_close(worker->pair);
    lode_socket_close_after(worker->dealer, 100);
    lode_zmq_destroy(worker->zmq);
    while (worker->stages) {
        struct stage *next = worker->stages->next;
        lode_bytes_clear(&worker->stages->params);
        free(worker->stages);
        worker->stages = next;
    }
}

lode_status worker_serve(const struct door *door)
{
    lode_status status = LODE_OK;
    char host[64] = "host", identity[LODE_IDENTITY_SIZE];
    struct worker worker = {.door = door};

    gethostname(host, sizeof host - 1);
    snprintf(identity, sizeof identity, "%s/%d/%" PRId64, host, (int)getpid(), door->incarnation);
    lode_try_done(lode_zmq_create(&worker.zmq));
    lode_try_done(lode_pair_open(worker.zmq, "computing", true, &worker.pair));
    lode_try_done(
        lode_dealer_open(worker.zmq, door->endpoint, identity, door->heartbeat_ms, &worker.dealer));
    status = serve(&worker);
done:
    leave(&worker, status);
    return status;
}
