/* Worker: see the header. What is said is decided in protocol.c; here are its socket, its clock and
 * its computing thread. The two threads share nothing but pointers passed through a PAIR (a task
 * goes to the computing thread and comes back with its outcome) and two atomics: the progress that
 * a leaf counts and the wish that it stop.
 */
#include "worker/worker.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/patience.h"
#include "common/version.h"
#include "common/wire/landmark.h"
#include "common/wire/zmq.h"
#include "jobs/plugin.h"
#include "worker/executor.h"
#include "worker/protocol.h"
#include "worker/reach.h"
#include "worker/supervisor.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SILENCE_BEATS = 40, /* heartbeats without a word after which the coordinator is gone ... */
    SILENCE_MIN_US = 60000000, /* ... but a switch may take a minute to start again */
    REACH_TIMEOUT_MS = 1000,
    GIVE_BACK_US = 2000, /* results wait no longer for others to travel with */
    GIVE_BACK_BYTES = 256 << 10,
    LOG_US = 10000, /* tasks that are longer have a line in the log each */
    PARAMS_LIMIT = 1 << 30
};

/* Set by TERM and USR1: finish what runs and leave. Process-wide, as signals are. */
static atomic_bool drain_signal;

/* Where the computing thread leaves results and the network thread takes them. Results of short
 * tasks travel together: the network thread is woken every GIVE_BACK_US at most, and comes by on
 * its own with every tick, so that a result does not wait for the long task after it. */
struct mailbox {
    pthread_mutex_t mutex;
    pthread_cond_t taken; /* a full one waits: what is in it goes into one message */
    int n_ended;
    struct lode_bytes results;
};

struct worker {
    const struct door *door;
    struct lode_zmq *zmq;
    struct lode_socket *dealer;
    struct lode_socket *pair; /* to the computing thread */
    struct worker_protocol *protocol;
    pthread_t computing;
    bool has_thread;
    struct executor *executor; /* made when welcomed */
    struct plugin plugin;      /* opened when welcomed, where the job is in a library */
    struct mailbox mailbox;
    atomic_llong progress;
    bool left;
    lode_status status;
    /* below: the computing thread's own */
    struct lode_bytes params; /* of params_stage, read from its file */
    uint64_t params_stage;
};

static void note_signal(int number)
{
    (void)number;
    atomic_store(&drain_signal, true);
}

/* Ending under a running leaf: it cannot be interrupted, its result is not wanted, and all it wrote
 * lies aside. So the process ends without the libraries' clean-up at exit, which would pull HDF5
 * away from the running thread. */
static void end_now(int exit_status)
{
    lode_log_info("ends under its task exit_status=%d", exit_status);
    _exit(exit_status);
}

/* Parameters that are too large for a message lie in a file of the run. */
static lode_status load_params(struct worker *worker, const struct worker_stage *stage,
                               struct lode_span *params)
{
    *params = (struct lode_span){stage->params.data, stage->params.size};
    if (stage->file_size == 0) return LODE_OK;
    if (worker->params_stage != stage->id) {
        char path[4096];
        snprintf(path, sizeof path, "%.*s", (int)stage->params.size,
                 (const char *)stage->params.data);
        worker->params_stage = 0;
        worker->params.size = 0;
        if (stage->file_size > PARAMS_LIMIT)
            return lode_fail(LODE_E_INPUT, "%s: parameters of %" PRIu64 " bytes, at most %d", path,
                             stage->file_size, PARAMS_LIMIT);
        lode_try(lode_read_told(path, stage->file_size, stage->file_hash, &worker->params));
        worker->params_stage = stage->id;
    }
    *params = (struct lode_span){worker->params.data, worker->params.size};
    return LODE_OK;
}

static struct lode_result result_of(const struct worker_task *task,
                                    const struct executor_outcome *outcome)
{
    return (struct lode_result){
        .attempt = task->attempt,
        .status = (uint64_t)outcome->status,
        .text = lode_span_text(outcome->error),
        .bytes = {outcome->bytes, outcome->bytes ? outcome->size : 0},
        .file_size = outcome->bytes ? 0 : outcome->size,
        .file_hash = outcome->file_hash,
        .cpu_us = (uint64_t)outcome->cpu_us,
        .wall_us = (uint64_t)outcome->wall_us,
        .peak_bytes = outcome->peak_bytes,
        .read_bytes = outcome->read_bytes,
        .written_bytes = outcome->written_bytes,
        .shuffled_bytes = outcome->shuffled_bytes,
    };
}

/* On the computing thread: runs one task and leaves its result in the mailbox. *is_due: it is time
 * to hand results back, and the bytes of all tasks since the last time are counted with this one.
 */
static lode_status run_task(struct worker *worker, const struct worker_task *task, int64_t woken_us,
                            bool *is_due, bool *is_full)
{
    struct executor_outcome outcome = {.error = ""};
    struct lode_span params = {0};
    if (atomic_load(&task->stop))
        outcome.status = LODE_E_STOPPED;
    else
        outcome.status = load_params(worker, task->stage, &params);
    if (outcome.status && outcome.status != LODE_E_STOPPED) outcome.error = lode_error_text();
    const struct executor_request request = {
        .leaf = task->stage->leaf_run,
        .stage = (int64_t)task->attempt.stage,
        .task = (int64_t)task->attempt.task,
        .attempt = (int64_t)task->attempt.attempt,
        .params = params.data,
        .params_size = params.size,
        .input = task->input.data,
        .input_size = task->input.size,
        .stop = &task->stop,
    };
    if (!outcome.status) executor_run(worker->executor, &request, &outcome);
    *is_due = !task->next || lode_clock_us() - woken_us > GIVE_BACK_US;
    if (*is_due) executor_count(worker->executor, &outcome);
    atomic_fetch_add_explicit(&worker->progress, 1, memory_order_relaxed); /* for the lease */
    if (outcome.status || outcome.wall_us > LOG_US)
        lode_log_info("task=%" PRIu64 " stage=%" PRIu64 " attempt=%" PRIu64
                      " status=%s cpu_us=%" PRId64 " bytes=%zu",
                      task->attempt.task, task->attempt.stage, task->attempt.attempt,
                      lode_status_name(outcome.status), outcome.cpu_us, outcome.size);
    const struct lode_result result = result_of(task, &outcome);
    pthread_mutex_lock(&worker->mailbox.mutex);
    while (worker->mailbox.results.size > GIVE_BACK_BYTES)
        pthread_cond_wait(&worker->mailbox.taken, &worker->mailbox.mutex);
    const lode_status status = lode_result_append(&worker->mailbox.results, &result);
    worker->mailbox.n_ended++;
    *is_full = worker->mailbox.results.size > GIVE_BACK_BYTES;
    pthread_mutex_unlock(&worker->mailbox.mutex);
    return status;
}

/* Runs the tasks in their order, and wakes the network thread now and then and at the end. */
static lode_status run_tasks(struct worker *worker, struct lode_socket *pair,
                             const struct worker_task *task)
{
    int64_t woken_us = lode_clock_us();
    executor_count_begin(worker->executor);
    while (task) {
        const struct worker_task *next = task->next; /* it is freed once its result is taken */
        bool is_due = false, is_full = false;
        lode_try(run_task(worker, task, woken_us, &is_due, &is_full));
        if (is_due || is_full) {
            lode_try(lode_socket_send(pair, NULL, "", 1, NULL));
            woken_us = lode_clock_us();
        }
        if (is_due && next) executor_count_begin(worker->executor); /* the sending is no task's */
        task = next;
    }
    return LODE_OK;
}

/* The computing thread: takes tasks, runs them, gives them back; a null pointer ends it. */
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
        const struct worker_task *task = NULL;
        memcpy(&task, data, sizeof task);
        if (!task) break;
        if (run_tasks(worker, pair, task)) {
            lode_log_error("%s", lode_error_text());
            end_now(lode_exit_status(LODE_E_MEMORY)); /* nothing can be told: another process may */
        }
    }
    lode_socket_close(pair);
    return NULL;
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

/* A host that does not see the job's library, or another one, cannot compute for this run. */
static bool open_plugin(struct worker *worker, const struct worker_action *action)
{
    char host[DOOR_HOST_SIZE] = "host", why[1024];
    if (action->library[0] == '\0') return true;
    const lode_status status = plugin_open(action->library, &action->library_hash, &worker->plugin);
    if (!status) return true;
    gethostname(host, sizeof host - 1);
    snprintf(why, sizeof why, "the job's library on host %s: %s", host, lode_error_text());
    lode_log_error("%s", why);
    worker_protocol_refused(worker->protocol, why);
    return false;
}

/* Whether this host sees the run's disk as the coordinator does, and may write there. */
static lode_status check_sight(const struct worker_action *action, const char *host)
{
    lode_try(lode_landmarks_check(action->landmarks, host));
    if (access(action->directory, W_OK | X_OK) == 0) return LODE_OK;
    return lode_fail(LODE_E_DISK, "host %s cannot write to the run's folder: %s: %s", host,
                     action->directory, strerror(errno));
}

/* What this process may take: as it is welcomed, or less where its host has less for each worker.
 */
static size_t budget_of(const struct worker *worker, const struct worker_action *action)
{
    const uint64_t share = (uint64_t)worker->door->memory_bytes;
    return (size_t)(share > 0 && share < action->memory_bytes ? share : action->memory_bytes);
}

/* Welcomed: a log of our own, an executor with our budget, a thread to compute on. Before that: is
 * this the host that the coordinator thinks it is? */
static lode_status prepare(struct worker *worker, const struct worker_action *action)
{
    char path[4400], host[64] = "", name[192];
    gethostname(host, sizeof host - 1);
    const lode_status sight = check_sight(action, host);
    if (sight == LODE_E_INPUT || sight == LODE_E_DISK) {
        worker_protocol_refused(worker->protocol, lode_error_text());
        lode_error_clear();
        return LODE_OK;
    }
    lode_try(sight);
    snprintf(name, sizeof name, "worker %s/%s.%" PRId64, host, worker->door->place,
             worker->door->incarnation);
    lode_log_name(name);
    snprintf(path, sizeof path, "%s/../log/worker-%s.log", action->directory, worker->door->place);
    lode_log_set_level(LODE_LOG_INFO);
    lode_try(lode_log_open(path));
    const size_t memory_bytes = budget_of(worker, action);
    lode_log_info("welcomed worker=%" PRIu64 " memory_bytes=%zu", action->worker, memory_bytes);
    const struct executor_options options = {.memory_bytes = memory_bytes,
                                             .directory = action->directory,
                                             .epoch = (int64_t)action->epoch,
                                             .progress = &worker->progress};
    if (!open_plugin(worker, action)) return LODE_OK;
    lode_try(executor_create(&options, &worker->executor));
    lode_try(start_computing(worker));
    if (!lode_memory_cap(memory_bytes + memory_bytes / 10))
        lode_log_info("memory outside of arenas is not limited here");
    return LODE_OK;
}

/* Finds the leaf of every stage among them once; a worker without it would fail every task. */
static lode_status start_tasks(struct worker *worker, const struct worker_task *first)
{
    for (const struct worker_task *task = first; task; task = task->next) {
        struct worker_stage *stage = task->stage;
        const struct lode_leaf *leaf =
            stage->leaf_run ? NULL : plugin_find_leaf(&worker->plugin, stage->leaf);
        if (leaf) stage->leaf_run = leaf->run;
        if (stage->leaf_run) continue;
        char why[256];
        snprintf(why, sizeof why,
                 "this worker's program has no leaf '%s': it is another one than the coordinator's",
                 stage->leaf);
        worker_protocol_refused(worker->protocol, why);
        return LODE_OK;
    }
    return lode_socket_send(worker->pair, NULL, (const void *)&first, sizeof first, NULL);
}

static lode_status act(struct worker *worker)
{
    while (!worker->left) {
        struct worker_action action;
        lode_try(worker_protocol_next(worker->protocol, lode_clock_us(), &action));
        switch (action.kind) {
        case WORKER_NOTHING:
            return LODE_OK;
        case WORKER_PREPARE:
            lode_try(prepare(worker, &action));
            break;
        case WORKER_SEND: {
            const lode_status status =
                lode_socket_send(worker->dealer, NULL, action.bytes.data, action.bytes.size, NULL);
            lode_bytes_clear(&action.bytes);
            lode_try(status);
            break;
        }
        case WORKER_RUN:
            lode_try(start_tasks(worker, action.task));
            break;
        case WORKER_AGAIN:
            lode_log_warn("told to stop a task that does not: starting anew");
            end_now(WORKER_EXIT_AGAIN);
            break;
        case WORKER_LEAVE:
            worker->left = true;
            worker->status = action.status ? lode_fail(action.status, "%s", action.why) : LODE_OK;
            break;
        }
    }
    return LODE_OK;
}

static lode_status receive_all(struct worker *worker)
{
    for (;;) {
        const void *data = NULL;
        size_t size = 0;
        bool got = false;
        lode_try(lode_socket_receive(worker->dealer, NULL, &data, &size, &got));
        if (!got) return LODE_OK;
        lode_try(worker_protocol_message(worker->protocol, data, size, lode_clock_us()));
    }
}

/* Takes what the computing thread has left. */
static lode_status take_back(struct worker *worker)
{
    struct lode_bytes results = {0};
    int n_ended = 0;
    for (bool got = true; got;) { /* it may have woken us many times */
        const void *data = NULL;
        size_t size = 0;
        lode_try(lode_socket_receive(worker->pair, NULL, &data, &size, &got));
    }
    pthread_mutex_lock(&worker->mailbox.mutex);
    n_ended = worker->mailbox.n_ended;
    results = worker->mailbox.results;
    worker->mailbox.n_ended = 0;
    worker->mailbox.results = (struct lode_bytes){0};
    pthread_cond_signal(&worker->mailbox.taken);
    pthread_mutex_unlock(&worker->mailbox.mutex);
    return n_ended ? worker_protocol_ended(worker->protocol, n_ended, &results) : LODE_OK;
}

static lode_status serve(struct worker *worker)
{
    struct lode_socket *const sockets[] = {worker->dealer, worker->pair};
    const int tick_ms = (int)worker->door->heartbeat_ms / 4 + 1;
    lode_try(act(worker));
    while (!worker->left) {
        lode_try(lode_socket_wait(sockets, 2, tick_ms));
        lode_try(receive_all(worker));
        lode_try(take_back(worker));
        if (atomic_load(&drain_signal)) worker_protocol_drain(worker->protocol);
        const char *refusal = lode_dealer_refusal(worker->dealer);
        if (refusal[0]) worker_protocol_refused(worker->protocol, refusal);
        lode_try(worker_protocol_tick(worker->protocol, (uint64_t)atomic_load(&worker->progress),
                                      lode_clock_us()));
        lode_try(act(worker));
    }
    return worker->status;
}

static void clear(struct worker *worker, lode_status status)
{
    lode_log_info("leaves peak_memory_bytes=%zu", lode_memory_peak());
    if (worker->protocol && worker_protocol_running(worker->protocol)) {
        if (status) lode_log_error("%s", lode_error_text());
        end_now(lode_exit_status(status));
    }
    const void *nothing = NULL;
    if (worker->has_thread &&
        !lode_socket_send(worker->pair, NULL, (const void *)&nothing, sizeof nothing, NULL))
        pthread_join(worker->computing, NULL);
    executor_destroy(worker->executor);
    plugin_close(&worker->plugin);
    worker_protocol_destroy(worker->protocol);
    lode_bytes_clear(&worker->params);
    lode_bytes_clear(&worker->mailbox.results);
    lode_socket_close(worker->pair);
    lode_socket_close_after(worker->dealer, 100);
    lode_zmq_destroy(worker->zmq);
}

static int64_t patience_us(int64_t heartbeat_ms)
{
    const int64_t silence_us = SILENCE_BEATS * heartbeat_ms * 1000;
    return silence_us > SILENCE_MIN_US ? silence_us : SILENCE_MIN_US;
}

lode_status worker_serve(const struct door *door)
{
    lode_status status = LODE_OK;
    lode_memory_stay_small();
    char host[DOOR_HOST_SIZE] = "host", identity[LODE_IDENTITY_SIZE], endpoint[128];
    struct worker worker = {
        .door = door,
        .mailbox = {.mutex = PTHREAD_MUTEX_INITIALIZER, .taken = PTHREAD_COND_INITIALIZER}};
    const struct sigaction drain = {.sa_handler = note_signal};
    sigaction(SIGTERM, &drain, NULL);
    sigaction(SIGUSR1, &drain, NULL);

    gethostname(host, sizeof host - 1);
    snprintf(identity, sizeof identity, "%s/%d/%" PRId64, host, (int)getpid(), door->incarnation);
    const struct worker_options options = {.version = lode_version(),
                                           .host = host,
                                           .place = door->place,
                                           .pid = (uint64_t)getpid(),
                                           .incarnation = (uint64_t)door->incarnation,
                                           .heartbeat_us = door->heartbeat_ms * 1000,
                                           .silence_us = patience_us(door->heartbeat_ms)};
    lode_try_done(worker_protocol_create(&options, lode_clock_us(), &worker.protocol));
    lode_try_done(reach_choose(door, REACH_TIMEOUT_MS, endpoint, sizeof endpoint));
    lode_try_done(lode_zmq_create(&worker.zmq));
    lode_try_done(lode_pair_open(worker.zmq, "computing", true, &worker.pair));
    lode_try_done(lode_dealer_open(worker.zmq, endpoint, identity, door->heartbeat_ms, &door->keys,
                                   door->server_key, &worker.dealer));
    status = serve(&worker);
done:
    clear(&worker, status);
    return status;
}
