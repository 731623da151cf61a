/* Cluster: opening and closing, and what there is to tell. A stage under way is in mapping.c. */
#include "common/cgroup.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/machine.h"
#include "common/slurm.h"
#include "common/wire/mpi.h"
#include "coordinator/cluster_private.h"
#include "coordinator/endpoint.h"
#include "coordinator/signals.h"
#include "coordinator/verdict.h"
#include "worker/agent.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    START_TIMEOUT_MS = 60000,
    TRANSIT_BEATS = 4, /* heartbeats after which an assignment must be listed */
    SLOW_US = 2000000, /* a task that runs shorter is not worth a second copy */
    MAX_ATTEMPTS = 4,
    MAX_REFUSALS = 2,
    MAX_KILLS = 3
};

int cluster_local_workers(const struct cluster_options *options)
{
    if (options->local_workers > 0) return options->local_workers;
    const int64_t cores = lode_machine_cores();
    const struct lode_machine_memory memory = lode_machine_memory();
    return (int)(options->memory_bytes ? cores : budget_fits(&memory, cores));
}

struct budget cluster_local_budget(const struct cluster_options *options, int workers)
{
    struct lode_node here = {.memory = lode_machine_memory()};
    gethostname(here.host, sizeof here.host - 1);
    return budget_of_node(&here, workers, options->memory_bytes);
}

struct opening {
    struct lode_cluster *cluster;
    struct dispatch_options dispatch;
    struct agent_orders orders;
    int64_t expected; /* workers */
};

/* Workers are welcomed with the largest share; those of poorer hosts have a lesser one of their
 * own.
 */
static lode_status take_budget(struct opening *opening)
{
    const struct budget *budget = &opening->cluster->budget;
    opening->dispatch.protocol.memory_bytes = budget->most_bytes;
    return budget_check(budget);
}

/* The door where workers can reach it, and the file by which late ones find it. */
static lode_status open_door(struct opening *opening, bool one_host)
{
    struct lode_cluster *cluster = opening->cluster;
    struct door *door = &opening->orders.door;
    char bind_address[DOOR_ADDRESS_SIZE];
    /* a batch job may be joined by another one on other nodes */
    const bool is_closed = one_host && !lode_slurm_here().is_here;
    lode_try(endpoint_addresses(cluster->options.interface, is_closed, door, bind_address));
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
    for (int i = 0; i < n_nodes; i++)
        one_host = one_host && strcmp(nodes[i].host, nodes[0].host) == 0;
    lode_try(budget_of_nodes(nodes, n_nodes, cluster->options.workers_per_rank,
                             cluster->options.memory_bytes, &cluster->budget));
    lode_try(take_budget(opening));
    lode_try(open_door(opening, one_host));
    opening->orders.workers_per_rank = cluster->options.workers_per_rank;
    opening->orders.own_share = cluster->options.memory_bytes == 0;
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
    const struct cluster_options *options = &opening->cluster->options;
    if (workers <= 0) workers = cluster_local_workers(options);
    opening->cluster->budget = cluster_local_budget(options, workers);
    lode_try(take_budget(opening));
    lode_try(open_door(opening, true));
    return dispatch_start(opening->cluster->dispatch, &opening->orders.door, workers, workers);
}

/* The main thread is deep in a root step and there is no time: what is known is in the log. */
static void abandon(void *context, int signal_number)
{
    struct lode_cluster *cluster = context;
    const struct journal *journal = cluster->options.journal;
    const char *const path = cluster->endpoint_path;
    if (ledger_flush(&cluster->ledger)) fprintf(stderr, "lode: %s\n", lode_error_text());
    if (!journal || !journal_is_lost(journal)) unlink(path);
    if (journal)
        fprintf(stderr, "lode: to go on: lode run --resume %.*s\n",
                (int)(strrchr(path, '/') - path), path);
    const int exit_status = signal_number ? 128 + signal_number : lode_exit_status(LODE_E_STOPPED);
    metrics_end(cluster->options.metrics, "stopped", exit_status);
    if (signal_number)
        fprintf(stderr, "lode: stopped by signal %d in the middle of a root step\n", signal_number);
    else
        fprintf(stderr, "lode: the time of the batch job is up in the middle of a root step\n");
    if (cluster->options.verdict_path &&
        verdict_write_ended(cluster->options.verdict_path, exit_status))
        fprintf(stderr, "lode: %s\n", lode_error_text());
    _exit(exit_status);
}

/* A run without a journal has only one. */
static uint64_t epoch_of(const struct cluster_options *options)
{
    return options->journal ? journal_epoch(options->journal) : 1;
}

/* When the batch system ends this process; all zero: not known. Clocks of wall and process differ
 * by what they count from alone. */
static struct deadline find_deadline(void)
{
    struct timespec wall;
    const int64_t end_s = lode_slurm_here().end_s, now_us = lode_clock_us();
    if (end_s == 0 || clock_gettime(CLOCK_REALTIME, &wall)) return (struct deadline){0};
    return deadline_plan(now_us, now_us + (end_s - (int64_t)wall.tv_sec) * 1000000);
}

static struct dispatch_options dispatch_options_of(struct lode_cluster *cluster, bool under_mpirun)
{
    const struct cluster_options *options = &cluster->options;
    return (struct dispatch_options){
        .protocol = {.scheduling = {.max_attempts = MAX_ATTEMPTS,
                                    .max_refusals = MAX_REFUSALS,
                                    .max_kills = MAX_KILLS,
                                    .lease_us = options->lease_ms * 1000,
                                    .transit_us = TRANSIT_BEATS * options->heartbeat_ms * 1000,
                                    .slow_us = SLOW_US,
                                    .speculation = !options->no_speculation,
                                    .allow_partial = options->allow_partial},
                     .heartbeat_us = options->heartbeat_ms * 1000,
                     .start_timeout_us = START_TIMEOUT_MS * INT64_C(1000),
                     .epoch = epoch_of(options),
                     .n_partitions = options->n_partitions,
                     .work_directory = cluster->work_directory,
                     .library = options->plugin ? options->plugin->path : NULL,
                     .library_hash = options->plugin ? options->plugin->hash : 0,
                     .landmarks = {options->landmarks.data, options->landmarks.size}},
        .metrics = options->metrics,
        .under_mpirun = under_mpirun,
        .deadline = find_deadline(),
        .abandon = abandon,
        .context = cluster};
}

/* Workers find their node's scratch folder through a link in the folder that all share. */
static lode_status link_scratch(const char *work_directory, const char *scratch)
{
    char path[4096];
    lode_status status = LODE_OK;
    if (!scratch) return LODE_OK;
    char *target = realpath(scratch, NULL);
    snprintf(path, sizeof path, "%s/" LODE_SCRATCH_FOLDER, work_directory);
    if (!target || (unlink(path) && errno != ENOENT) || symlink(target, path))
        status = lode_fail(LODE_E_DISK, "%s -> %s: %s", path, scratch, strerror(errno));
    free(target);
    return status;
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
    opened->oom_kills = lode_cgroup_oom_kills();
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
    lode_try_done(link_scratch(opened->work_directory, options->scratch));
    lode_try_done(ledger_open(&opened->ledger, directory, epoch_of(options), lode_clock_us()));
    lode_try_done(lode_zmq_create(&opened->zmq));
    if (under_mpirun && ranks > 1)
        lode_try_done(open_under_mpi(&opening, mpi_started));
    else
        lode_try_done(open_local(&opening, ranks == 1 ? 1 : options->local_workers));
    const uint64_t share = opened->budget.coordinator_bytes;
    if (share && !lode_memory_cap((size_t)share))
        lode_log_info("the coordinator's memory is not limited here");
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
    /* else it is the door of the coordinator that has the run by now */
    const bool is_ours = !cluster->options.journal || !journal_is_lost(cluster->options.journal);
    if (cluster->endpoint_path && is_ours) unlink(cluster->endpoint_path);
    if (!is_ours) ledger_abandon(&cluster->ledger);
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

bool cluster_ran_out_of_memory(const struct lode_cluster *cluster)
{
    return lode_cgroup_oom_kills() > cluster->oom_kills;
}

bool cluster_task_failed(const struct lode_cluster *cluster)
{
    return cluster->task_failed;
}

const struct budget *cluster_budget(const struct lode_cluster *cluster)
{
    return &cluster->budget;
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
