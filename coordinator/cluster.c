/* Cluster: the main thread's side of the engine.
 *
 * Results come in any order and are merged in task order: a result that comes early waits in
 * `early` until all before it are merged. That order, not the order of arrival, is what makes the
 * bytes of a run the same for any number of workers.
 */
#include "coordinator/cluster.h"

#include "common/clock.h"
#include "common/file.h"
#include "common/hash.h"
#include "common/log.h"
#include "common/wire/mpi.h"
#include "coordinator/dispatch/dispatch.h"
#include "coordinator/endpoint.h"
#include "coordinator/progress.h"
#include "coordinator/signals.h"
#include "coordinator/verdict.h"
#include "worker/agent.h"
#include "worker/executor.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    WAIT_MS = 200,
    START_TIMEOUT_MS = 60000,
    RESULT_LIMIT = INT32_MAX,
    TRANSIT_BEATS = 4, /* heartbeats after which an assignment must be listed */
    SLOW_US = 2000000, /* a task that runs shorter is not worth a second copy */
    MAX_ATTEMPTS = 4,
    MAX_KILLS = 3
};

struct lode_cluster {
    struct cluster_options options;
    char *work_directory;
    char *endpoint_path; /* for late joiners; removed at the end */
    struct lode_zmq *zmq;
    struct dispatch *dispatch;
    struct progress progress;
    struct ledger ledger;
    int most_workers, stop_signal;
};

/* One lode_map under way. */
struct mapping {
    struct lode_cluster *cluster;
    const struct lode_stage *stage;
    lode_merge_fn merge;
    void *context;
    struct report **early; /* [n_tasks] results that wait for their turn */
    int64_t n_merged, n_done;
    bool ended, broken;
};

/* Budget of a worker where none is asked for: its share of 80 % of the machine. */
static uint64_t memory_share(int64_t memory_bytes, int64_t workers)
{
    return (uint64_t)(memory_bytes / 10 * 8 / (workers < 1 ? 1 : workers));
}

static int64_t machine_memory(void)
{
    return (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
}

struct opening {
    struct lode_cluster *cluster;
    struct dispatch_options dispatch;
    struct agent_orders orders;
    int64_t expected; /* workers */
};

/* The door where workers can reach it, and the file by which late ones find it. */
static lode_status open_door(struct opening *opening, bool one_host)
{
    struct lode_cluster *cluster = opening->cluster;
    struct door *door = &opening->orders.door;
    char bind_address[DOOR_ADDRESS_SIZE];
    lode_try(endpoint_addresses(cluster->options.interface, one_host, door, bind_address));
    lode_try(
        dispatch_open(cluster->zmq, &opening->dispatch, bind_address, door, &cluster->dispatch));
    return door_save(door, cluster->endpoint_path);
}

/* Called on rank 0 between gather and broadcast: opens the door where all ranks can reach it. A run
 * on one host listens on loopback alone, unless --interface says where others may join. */
static lode_status prepare_door(void *context, const struct lode_node *nodes, int n_nodes)
{
    struct opening *opening = context;
    struct lode_cluster *cluster = opening->cluster;
    bool one_host = true;
    int64_t least_memory = nodes[0].memory_bytes;
    int ranks_here = 0;
    for (int i = 0; i < n_nodes; i++) {
        const bool here = strcmp(nodes[i].host, nodes[0].host) == 0;
        one_host = one_host && here;
        ranks_here += here;
        if (nodes[i].memory_bytes < least_memory) least_memory = nodes[i].memory_bytes;
    }
    if (opening->dispatch.protocol.memory_bytes == 0)
        opening->dispatch.protocol.memory_bytes =
            memory_share(least_memory, ranks_here * cluster->options.workers_per_rank);
    lode_try(open_door(opening, one_host));
    opening->orders.workers_per_rank = cluster->options.workers_per_rank;
    opening->expected = (n_nodes - 1) * cluster->options.workers_per_rank;
    return LODE_OK;
}

static lode_status open_under_mpi(struct opening *opening, bool *mpi_started)
{
    bool go = false;
    *mpi_started = true;
    lode_try(lode_mpi_start(prepare_door, opening, &opening->orders, sizeof opening->orders, &go));
    return dispatch_start(opening->cluster->dispatch, &opening->orders.door, 0, opening->expected);
}

static lode_status open_local(struct opening *opening, int workers)
{
    if (workers <= 0) workers = (int)sysconf(_SC_NPROCESSORS_ONLN);
    if (opening->dispatch.protocol.memory_bytes == 0)
        opening->dispatch.protocol.memory_bytes = memory_share(machine_memory(), workers);
    lode_try(open_door(opening, true));
    return dispatch_start(opening->cluster->dispatch, &opening->orders.door, workers, workers);
}

/* The main thread is deep in a root step and there is no time: what is known is in the log. */
static void abandon(void *context, int signal_number)
{
    struct lode_cluster *cluster = context;
    ledger_flush(&cluster->ledger);
    unlink(cluster->endpoint_path);
    fprintf(stderr, "lode: stopped by signal %d in the middle of a root step\n", signal_number);
    if (cluster->options.verdict_path &&
        verdict_write_ended(cluster->options.verdict_path, 128 + signal_number))
        fprintf(stderr, "lode: %s\n", lode_error_text());
    _exit(128 + signal_number);
}

static struct dispatch_options dispatch_options_of(struct lode_cluster *cluster, bool under_mpirun)
{
    const struct cluster_options *options = &cluster->options;
    return (struct dispatch_options){
        .protocol = {.scheduling = {.max_attempts = MAX_ATTEMPTS,
                                    .max_kills = MAX_KILLS,
                                    .lease_us = options->lease_ms * 1000,
                                    .transit_us = TRANSIT_BEATS * options->heartbeat_ms * 1000,
                                    .slow_us = SLOW_US,
                                    .speculation = !options->no_speculation,
                                    .allow_partial = options->allow_partial},
                     .heartbeat_us = options->heartbeat_ms * 1000,
                     .start_timeout_us = START_TIMEOUT_MS * INT64_C(1000),
                     .memory_bytes = options->memory_bytes,
                     .work_directory = cluster->work_directory},
        .under_mpirun = under_mpirun,
        .abandon = abandon,
        .context = cluster};
}

lode_status cluster_open(const struct cluster_options *options, const char *directory,
                         bool *mpi_started, struct lode_cluster **cluster)
{
    lode_status status = LODE_OK;
    int rank = 0, ranks = 0;
    char path[4096];
    struct lode_cluster *opened = calloc(1, sizeof *opened);
    if (!opened) return lode_fail(LODE_E_MEMORY, "no memory for the cluster");
    opened->options = *options;
    progress_init(&opened->progress, options->quiet);
    signals_catch();
    signal(SIGPIPE, SIG_IGN);

    snprintf(path, sizeof path, "%s/stages", directory);
    opened->work_directory = strdup(path);
    snprintf(path, sizeof path, "%s/endpoint", directory);
    opened->endpoint_path = strdup(path);
    const bool under_mpirun = lode_mpi_rank(&rank, &ranks);
    struct opening opening = {.cluster = opened,
                              .dispatch = dispatch_options_of(opened, under_mpirun)};
    lode_try_done(ledger_open(&opened->ledger, directory, lode_clock_us()));
    lode_try_done(lode_zmq_create(&opened->zmq));
    if (under_mpirun && ranks > 1)
        lode_try_done(open_under_mpi(&opening, mpi_started));
    else
        lode_try_done(open_local(&opening, ranks == 1 ? 1 : options->local_workers));
    *cluster = opened;
    opened = NULL;
done:
    explicit_bzero(&opening.orders, sizeof opening.orders); /* holds the run's secret key */
    cluster_close(opened);
    return status;
}

void cluster_close(struct lode_cluster *cluster)
{
    if (!cluster) return;
    if (cluster->endpoint_path) unlink(cluster->endpoint_path);
    dispatch_close(cluster->dispatch);
    lode_zmq_destroy(cluster->zmq);
    ledger_close(&cluster->ledger);
    free(cluster->work_directory);
    free(cluster->endpoint_path);
    free(cluster);
}

static lode_status decline_all(void *context, const struct lode_node *nodes, int n_nodes)
{
    (void)context;
    (void)nodes;
    (void)n_nodes;
    return LODE_E_USAGE; /* the reason was told already; the ranks only need the no */
}

void cluster_decline(void)
{
    struct agent_orders orders = {0};
    bool go = false;
    if (lode_mpi_start(decline_all, NULL, &orders, sizeof orders, &go) == LODE_OK)
        lode_log_warn("ranks were let go twice");
}

/* A result that travelled as a file of the run: read whole, checked, removed. */
static lode_status read_result(struct mapping *map, const struct report *report,
                               struct lode_bytes *bytes)
{
    char path[4096];
    executor_result_path(path, sizeof path, map->cluster->work_directory,
                         map->cluster->ledger.n_stages, report->task, report->attempt);
    lode_try(lode_file_read(path, RESULT_LIMIT, bytes));
    if (bytes->size != report->file_size ||
        lode_hash(bytes->data, bytes->size) != report->file_hash)
        return lode_fail(LODE_E_RUN, "%s: not the result that was announced", path);
    unlink(path);
    return LODE_OK;
}

static lode_status merge_one(struct mapping *map, struct report *report)
{
    if (report->kind == REPORT_GIVEN_UP) return LODE_OK; /* the run goes on without it */
    if (report->file_size) lode_try(read_result(map, report, &report->bytes));
    return map->merge(map->context, report->task, report->bytes.data, report->bytes.size);
}

/* Takes the report over. */
static lode_status take_result(struct mapping *map, struct report *report)
{
    lode_status status = LODE_OK;
    map->early[report->task] = report;
    map->n_done++;
    progress_task(&map->cluster->progress, report->task, false);
    while (!status && map->n_merged < map->stage->n_tasks && map->early[map->n_merged]) {
        struct report *next = map->early[map->n_merged];
        status = merge_one(map, next);
        map->early[map->n_merged++] = NULL;
        report_free(next);
    }
    return status;
}

static lode_status fail_task(struct mapping *map, const struct report *report)
{
    char name[512];
    struct lode_bytes why = {0};
    const struct ledger *ledger = &map->cluster->ledger;
    /* a leaf's own verdict (bad input, no memory) is the run's; a task that kills workers is not */
    lode_status status = ledger_status(ledger, report->task);
    if (report->quarantined || status == LODE_E_CLUSTER) status = LODE_E_RUN;
    ledger_name_task(map->stage, report->task, name, sizeof name);
    lode_try(ledger_explain(ledger, report->task, &why));
    status = lode_fail(status, "%s: %s was given up%s: %.*s", map->stage->title, name,
                       report->quarantined ? ", it took its worker down each time" : "",
                       (int)why.size, (const char *)why.data);
    lode_bytes_clear(&why);
    return status;
}

static lode_status stop(struct mapping *map, const struct report *report)
{
    const struct signals_wish wish = signals_wish(lode_mpi_rank(&(int){0}, &(int){0}));
    if (report->kind == REPORT_STOPPED) {
        map->cluster->stop_signal = wish.stop;
        return lode_fail(LODE_E_STOPPED,
                         "stopped by signal %d: %" PRId64 " of %" PRId64 " tasks of '%s' were done",
                         wish.stop, map->n_done, map->stage->n_tasks, map->stage->title);
    }
    return lode_fail(LODE_E_STOPPED,
                     "stopped in good order, as asked: %" PRId64 " of %" PRId64
                     " tasks of '%s' were done",
                     map->n_done, map->stage->n_tasks, map->stage->title);
}

/* What the report means for the run; *kept: it was taken over. */
static lode_status take_report(struct mapping *map, struct report *report, bool *kept)
{
    struct lode_cluster *cluster = map->cluster;
    *kept = false;
    if (report->workers > cluster->most_workers) cluster->most_workers = report->workers;
    switch (report->kind) {
    case REPORT_RESULT:
        lode_try(ledger_attempt(&cluster->ledger, map->stage, report));
        *kept = true;
        return take_result(map, report);
    case REPORT_ATTEMPT:
        return ledger_attempt(&cluster->ledger, map->stage, report);
    case REPORT_GIVEN_UP:
        lode_try(ledger_missing(&cluster->ledger, map->stage, report));
        *kept = true;
        return take_result(map, report);
    case REPORT_WORKER_LOST:
        return ledger_lost(&cluster->ledger, report);
    case REPORT_STAGE_DONE:
        map->ended = true;
        return LODE_OK;
    case REPORT_STAGE_FAILED:
        return fail_task(map, report);
    case REPORT_NO_WORKERS:
        return lode_fail(LODE_E_CLUSTER,
                         "no worker is left and none came back; see log/ in the run directory");
    case REPORT_DRAINED:
    case REPORT_STOPPED:
        return stop(map, report);
    case REPORT_FORGOTTEN:
        return LODE_OK;
    case REPORT_BROKEN:
        map->broken = true;
        return lode_fail(report->status, "%s", report->text);
    }
    return LODE_OK;
}

static lode_status wait_for_stage(struct mapping *map)
{
    struct lode_cluster *cluster = map->cluster;
    while (!map->ended) {
        struct report *report = NULL;
        bool kept = false;
        lode_try(dispatch_next(cluster->dispatch, 0, &report));
        if (!report) { /* time to tell what is known: it survives us */
            ledger_flush(&cluster->ledger);
            lode_try(dispatch_next(cluster->dispatch, WAIT_MS, &report));
        }
        lode_status status = LODE_OK;
        if (report) {
            status = take_report(map, report, &kept);
            if (!kept) report_free(report);
        }
        lode_try(status);
        progress_update(&cluster->progress, cluster->most_workers, lode_clock_us());
    }
    return LODE_OK;
}

lode_status cluster_map(struct lode_cluster *cluster, const struct lode_stage *stage,
                        lode_merge_fn merge, void *context)
{
    const int64_t start = lode_clock_us();
    if (stage->n_tasks == 0) return LODE_OK;
    lode_try(ledger_begin(&cluster->ledger, stage));
    struct stage_statistics *statistics = &cluster->ledger.stages[cluster->ledger.n_stages - 1];
    struct mapping map = {.cluster = cluster, .stage = stage, .merge = merge, .context = context};
    map.early = calloc((size_t)stage->n_tasks, sizeof *map.early);
    if (!map.early)
        return lode_fail(LODE_E_MEMORY, "no memory for %" PRId64 " tasks", stage->n_tasks);

    progress_begin(&cluster->progress, stage->title, stage->n_tasks, stage->costs,
                   stage->cost_units, start);
    lode_status status =
        dispatch_begin(cluster->dispatch, (uint64_t)cluster->ledger.n_stages, stage);
    if (!status) status = wait_for_stage(&map);
    if (status && !map.broken && dispatch_forget(cluster->dispatch))
        lode_log_warn("the dispatcher does not listen");
    progress_end(&cluster->progress, cluster->most_workers, lode_clock_us());
    statistics->wall_us = lode_clock_us() - start;
    ledger_flush(&cluster->ledger);
    for (int64_t i = 0; i < stage->n_tasks; i++) report_free(map.early[i]);
    free(map.early);
    return status;
}

const struct ledger *cluster_ledger(const struct lode_cluster *cluster)
{
    return &cluster->ledger;
}

int cluster_workers(const struct lode_cluster *cluster)
{
    return cluster->most_workers;
}

int cluster_signal(const struct lode_cluster *cluster)
{
    return cluster->stop_signal;
}
