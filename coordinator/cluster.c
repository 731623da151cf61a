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
#include "common/text.h"
#include "common/wire/mpi.h"
#include "coordinator/dispatch.h"
#include "coordinator/endpoint.h"
#include "coordinator/progress.h"
#include "worker/agent.h"
#include "worker/executor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STAGES_MAX = 64, WAIT_MS = 200, START_TIMEOUT_MS = 60000, RESULT_LIMIT = INT32_MAX };

/* Set by the handler below; the only state a signal handler can reach. It is process-wide because
 * signals are: a third exception beside the error chain and the log sink. */
static volatile sig_atomic_t stop_signal;

struct lode_cluster {
    struct cluster_options options;
    char *work_directory;
    FILE *tasks_log;
    int64_t start_us;
    struct lode_zmq *zmq;
    struct dispatch *dispatch;
    struct progress progress;
    struct stage_statistics statistics[STAGES_MAX];
    int n_stages, most_workers;
};

/* One lode_map under way. */
struct mapping {
    struct lode_cluster *cluster;
    const struct lode_stage *stage;
    uint64_t stage_id;
    struct stage_statistics *statistics;
    lode_merge_fn merge;
    void *context;
    struct dispatch_report **early; /* [n_tasks] results that wait for their turn */
    int64_t n_merged, n_done;
    char *last_error; /* of the attempt that failed last, and its status */
    lode_status last_status;
    bool ended;
};

static void note_signal(int number)
{
    stop_signal = number;
}

static void catch_signals(void)
{
    /* the first asks to stop, between merges; the second of its kind ends the process at once */
    struct sigaction action = {.sa_handler = note_signal, .sa_flags = (int)SA_RESETHAND};
    stop_signal = 0;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

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

/* Called on rank 0 between gather and broadcast: opens the door where all ranks can reach it. */
static lode_status prepare_door(void *context, const struct lode_node *nodes, int n_nodes)
{
    struct opening *opening = context;
    struct lode_cluster *cluster = opening->cluster;
    bool one_host = true;
    int64_t least_memory = nodes[0].memory_bytes;
    int port = 0, ranks_here = 0;
    for (int i = 0; i < n_nodes; i++) {
        const bool here = strcmp(nodes[i].host, nodes[0].host) == 0;
        one_host = one_host && here;
        ranks_here += here;
        if (nodes[i].memory_bytes < least_memory) least_memory = nodes[i].memory_bytes;
    }
    if (opening->dispatch.memory_bytes == 0)
        opening->dispatch.memory_bytes =
            memory_share(least_memory, ranks_here * cluster->options.workers_per_rank);
    opening->dispatch.bind_address = one_host ? "127.0.0.1" : "*";
    lode_try(dispatch_open(cluster->zmq, &opening->dispatch, &opening->orders.door, &port,
                           &cluster->dispatch));
    if (!one_host)
        lode_try(endpoint_of_this_host(port, opening->orders.door.endpoint,
                                       sizeof opening->orders.door.endpoint));
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
    int port = 0;
    struct lode_cluster *cluster = opening->cluster;
    if (workers <= 0) workers = (int)sysconf(_SC_NPROCESSORS_ONLN);
    if (opening->dispatch.memory_bytes == 0)
        opening->dispatch.memory_bytes = memory_share(machine_memory(), workers);
    opening->dispatch.bind_address = "127.0.0.1";
    lode_try(dispatch_open(cluster->zmq, &opening->dispatch, &opening->orders.door, &port,
                           &cluster->dispatch));
    return dispatch_start(cluster->dispatch, &opening->orders.door, workers, workers);
}

static lode_status open_log(struct lode_cluster *cluster, const char *directory)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/log/tasks.csv", directory);
    cluster->tasks_log = fopen(path, "we");
    if (!cluster->tasks_log) return lode_fail(LODE_E_DISK, "%s cannot be written", path);
    fputs("stage,leaf,task,attempt,outcome,worker,slot,host,pid,start_ms,duration_ms,cpu_ms,"
          "result_bytes,peak_bytes,error\n",
          cluster->tasks_log);
    return LODE_OK;
}

lode_status cluster_open(const struct cluster_options *options, const char *directory,
                         bool *mpi_started, struct lode_cluster **cluster)
{
    lode_status status = LODE_OK;
    int rank = 0, ranks = 0;
    char work[4096];
    struct lode_cluster *opened = calloc(1, sizeof *opened);
    if (!opened) return lode_fail(LODE_E_MEMORY, "no memory for the cluster");
    opened->options = *options;
    opened->start_us = lode_clock_us();
    progress_init(&opened->progress, options->quiet);
    catch_signals();

    snprintf(work, sizeof work, "%s/stages", directory);
    opened->work_directory = strdup(work);
    struct opening opening = {.cluster = opened,
                              .dispatch = {.work_directory = opened->work_directory,
                                           .heartbeat_ms = options->heartbeat_ms,
                                           .start_timeout_ms = START_TIMEOUT_MS,
                                           .memory_bytes = options->memory_bytes,
                                           .stop_signal = &stop_signal}};
    lode_try_done(open_log(opened, directory));
    lode_try_done(lode_zmq_create(&opened->zmq));
    if (lode_mpi_rank(&rank, &ranks) && ranks > 1)
        lode_try_done(open_under_mpi(&opening, mpi_started));
    else
        lode_try_done(open_local(&opening, ranks == 1 ? 1 : options->local_workers));
    *cluster = opened;
    opened = NULL;
done:
    cluster_close(opened);
    return status;
}

void cluster_close(struct lode_cluster *cluster)
{
    if (!cluster) return;
    dispatch_close(cluster->dispatch);
    lode_zmq_destroy(cluster->zmq);
    if (cluster->tasks_log) fclose(cluster->tasks_log);
    free(cluster->work_directory);
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

static void log_attempt(struct mapping *map, const struct dispatch_report *report)
{
    struct lode_cluster *cluster = map->cluster;
    struct lode_bytes text = {0};
    const char *error = report->text ? report->text : "";
    const uint64_t size = report->file_size ? report->file_size : report->bytes.size;
    if (lode_text_append_csv(&text, error, strlen(error)) == LODE_OK)
        fprintf(cluster->tasks_log,
                "%" PRIu64 ",%s,%" PRId64 ",%" PRId64 ",%s,%d,%" PRId64 ",%s,%" PRId64
                ",%.3f,%.3f,%.3f,%" PRIu64 ",%" PRIu64 ",%.*s\n",
                map->stage_id, map->stage->leaf, report->task, report->attempt, report->outcome,
                report->worker, report->slot, report->host, report->pid,
                (double)(report->start_us - cluster->start_us) / 1e3, (double)report->wall_us / 1e3,
                (double)report->cpu_us / 1e3, size, report->peak_bytes, (int)text.size,
                (const char *)text.data);
    lode_bytes_clear(&text);
    map->statistics->attempts++;
}

/* A result that travelled as a file of the run: read whole, checked, removed. */
static lode_status read_result(struct mapping *map, const struct dispatch_report *report,
                               struct lode_bytes *bytes)
{
    char path[4096];
    executor_result_path(path, sizeof path, map->cluster->work_directory, (int64_t)map->stage_id,
                         report->task, report->attempt);
    lode_try(lode_file_read(path, RESULT_LIMIT, bytes));
    if (bytes->size != report->file_size ||
        lode_hash(bytes->data, bytes->size) != report->file_hash)
        return lode_fail(LODE_E_RUN, "%s: not the result that was announced", path);
    unlink(path);
    return LODE_OK;
}

static lode_status merge_one(struct mapping *map, struct dispatch_report *report)
{
    if (report->file_size) lode_try(read_result(map, report, &report->bytes));
    struct stage_statistics *statistics = map->statistics;
    statistics->cpu_us += report->cpu_us;
    statistics->result_bytes += report->bytes.size;
    if (report->peak_bytes > statistics->peak_bytes) statistics->peak_bytes = report->peak_bytes;
    return map->merge(map->context, report->task, report->bytes.data, report->bytes.size);
}

static lode_status take_result(struct mapping *map, struct dispatch_report *report)
{
    lode_status status = LODE_OK;
    map->early[report->task] = report;
    map->n_done++;
    while (!status && map->n_merged < map->stage->n_tasks && map->early[map->n_merged]) {
        struct dispatch_report *next = map->early[map->n_merged];
        status = merge_one(map, next);
        map->early[map->n_merged++] = NULL;
        dispatch_report_free(next);
    }
    return status;
}

static lode_status fail_task(struct mapping *map, const struct dispatch_report *report)
{
    /* a leaf's own verdict (bad input, no memory) is the run's; a task that kills workers is not */
    const lode_status status =
        report->text || map->last_status == LODE_E_CLUSTER ? LODE_E_RUN : map->last_status;
    return lode_fail(status ? status : LODE_E_RUN,
                     "%s: task %" PRId64 " of %" PRId64 " was given up: %s", map->stage->title,
                     report->task, map->stage->n_tasks,
                     report->text      ? report->text
                     : map->last_error ? map->last_error
                                       : "no reason known");
}

/* Takes the report over. */
static lode_status take_report(struct mapping *map, struct dispatch_report *report)
{
    lode_status status = LODE_OK;
    if (report->workers > map->cluster->most_workers) map->cluster->most_workers = report->workers;
    switch (report->kind) {
    case DISPATCH_RESULT:
        log_attempt(map, report);
        return take_result(map, report);
    case DISPATCH_ATTEMPT:
        log_attempt(map, report);
        if (report->text) {
            free(map->last_error);
            map->last_error = report->text;
            map->last_status = report->status;
            report->text = NULL;
        }
        break;
    case DISPATCH_STAGE_DONE:
        map->ended = true;
        break;
    case DISPATCH_STAGE_FAILED:
        status = fail_task(map, report);
        break;
    case DISPATCH_NO_WORKERS:
        status =
            lode_fail(LODE_E_CLUSTER,
                      "no worker is left and none came back%s%s; see log/ in the run directory",
                      map->last_error ? ": " : "", map->last_error ? map->last_error : "");
        break;
    case DISPATCH_STOPPED:
        status = lode_fail(LODE_E_STOPPED, "stopped by signal %d", (int)stop_signal);
        break;
    case DISPATCH_BROKEN:
        status = lode_fail(report->status, "%s", report->text);
        break;
    }
    dispatch_report_free(report);
    return status;
}

static lode_status wait_for_stage(struct mapping *map)
{
    struct lode_cluster *cluster = map->cluster;
    while (!map->ended) {
        struct dispatch_report *report = NULL;
        lode_try(dispatch_next(cluster->dispatch, WAIT_MS, &report));
        if (report) lode_try(take_report(map, report));
        progress_update(&cluster->progress, map->n_done, cluster->most_workers, lode_clock_us());
    }
    if (map->n_merged != map->stage->n_tasks)
        return lode_fail(LODE_E_BUG, "%" PRId64 " of %" PRId64 " results merged", map->n_merged,
                         map->stage->n_tasks);
    return LODE_OK;
}

lode_status cluster_map(struct lode_cluster *cluster, const struct lode_stage *stage,
                        lode_merge_fn merge, void *context)
{
    const int64_t start = lode_clock_us();
    if (stage->n_tasks == 0) return LODE_OK;
    if (cluster->n_stages == STAGES_MAX)
        return lode_fail(LODE_E_BUG, "more than %d stages in a run", STAGES_MAX);
    struct mapping map = {.cluster = cluster,
                          .stage = stage,
                          .stage_id = (uint64_t)cluster->n_stages + 1,
                          .statistics = &cluster->statistics[cluster->n_stages++],
                          .merge = merge,
                          .context = context};
    *map.statistics = (struct stage_statistics){.leaf = stage->leaf, .tasks = stage->n_tasks};
    map.early = calloc((size_t)stage->n_tasks, sizeof *map.early);
    if (!map.early)
        return lode_fail(LODE_E_MEMORY, "no memory for %" PRId64 " tasks", stage->n_tasks);

    const struct dispatch_stage order = {.id = map.stage_id, .stage = stage};
    progress_begin(&cluster->progress, stage->title, stage->n_tasks, start);
    lode_status status = dispatch_begin(cluster->dispatch, &order);
    if (!status) status = wait_for_stage(&map);
    progress_end(&cluster->progress, map.n_done, cluster->most_workers, lode_clock_us());
    map.statistics->wall_us = lode_clock_us() - start;
    for (int64_t i = 0; i < stage->n_tasks; i++) dispatch_report_free(map.early[i]);
    free(map.early);
    free(map.last_error);
    return status;
}

const struct stage_statistics *cluster_statistics(const struct lode_cluster *cluster, int *count)
{
    *count = cluster->n_stages;
    return cluster->statistics;
}

int cluster_workers(const struct lode_cluster *cluster)
{
    return cluster->most_workers;
}

int cluster_signal(const struct lode_cluster *cluster)
{
    (void)cluster;
    return (int)stop_signal;
}
