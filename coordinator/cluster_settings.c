/* The options that all commands with a cluster share. */
#include "common/log.h"
#include "common/text.h"
#include "coordinator/command.h"
#include "worker/executor.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    N = CLUSTER_OPTION_FIRST,
    LOCAL,
    PER_RANK,
    MEMORY,
    SCRATCH,
    HEARTBEAT,
    LEASE,
    NO_SPECULATION,
    INTERFACE,
    METRICS,
    METRICS_EVERY,
    METRICS_LISTEN,
    QUIET,
    VERBOSE
};

const struct option cluster_option_table[] = {
    {N, "-n", "N", "start mpirun with N workers"},
    {LOCAL, "--local", "N", "N workers on this machine, without mpirun (default: one per core)"},
    {PER_RANK, "--workers-per-rank", "N", "workers each MPI rank starts (1)"},
    {MEMORY, "--memory", "BYTES",
     "memory budget of each worker, such as 2G (share of 80 % of RAM, cgroup or batch job)"},
    {SCRATCH, "--scratch", "DIR",
     "local disk of each node for what does not fit into memory (the run's folder)"},
    {HEARTBEAT, "--heartbeat", "TIME", "interval of signs of life; three missed: lost (500ms)"},
    {LEASE, "--lease", "TIME", "a task without progress for so long hangs and is ended (2m)"},
    {NO_SPECULATION, "--no-speculation", NULL, "do not repeat slow tasks on idle workers"},
    {INTERFACE, "--interface", "NAME",
     "network for workers on other hosts: eth0, 10.0.0.5, 10.0.0.0/24 (all)"},
    {METRICS, "--metrics", "FILE.prom",
     "write metrics to this file again and again, for the node exporter of Prometheus"},
    {METRICS_EVERY, "--metrics-every", "TIME", "how often (5s)"},
    {METRICS_LISTEN, "--metrics-listen", "ADDRESS",
     "serve them at http://ADDRESS/metrics: PORT (of 127.0.0.1) or HOST:PORT; port 0: any"},
    {QUIET, "--quiet", NULL, "no progress"},
    {VERBOSE, "--verbose", NULL, "tell what happens, and where an error began"},
    {0, NULL, NULL, NULL},
};

void cluster_settings_init(struct cluster_settings *settings)
{
    *settings = (struct cluster_settings){
        .options = {.workers_per_rank = 1, .heartbeat_ms = 500, .lease_ms = 120000},
        .metrics = {.interval_ms = 5000}};
}

static lode_status take_count(const char *name, const char *value, int *count)
{
    int64_t number = 0;
    if (!lode_text_to_i64(value, strlen(value), &number) || number < 1 || number > 100000)
        return lode_fail(LODE_E_USAGE, "%s %s: must be a number in 1..100000", name, value);
    *count = (int)number;
    return LODE_OK;
}

static lode_status take_heartbeat(const char *value, int64_t *heartbeat_ms)
{
    if (!lode_text_to_duration_ms(value, strlen(value), heartbeat_ms) || *heartbeat_ms < 50 ||
        *heartbeat_ms > 60000)
        return lode_fail(LODE_E_USAGE, "--heartbeat %s: must be a time in 50ms..60s", value);
    return LODE_OK;
}

static lode_status take_lease(const char *value, int64_t *lease_ms)
{
    if (!lode_text_to_duration_ms(value, strlen(value), lease_ms) || *lease_ms < 500 ||
        *lease_ms > 86400000)
        return lode_fail(LODE_E_USAGE, "--lease %s: must be a time in 500ms..1d", value);
    return LODE_OK;
}

/* Other nodes are seen when they need it: a task that cannot use its node's fails by name. */
static lode_status check_scratch(const char *value)
{
    struct stat status;
    if (stat(value, &status) != 0)
        return lode_fail(LODE_E_USAGE, "--scratch %s: %s", value, strerror(errno));
    if (!S_ISDIR(status.st_mode) || access(value, W_OK | X_OK) != 0)
        return lode_fail(LODE_E_USAGE, "--scratch %s: not a folder that can be written to", value);
    return LODE_OK;
}

static lode_status take_metrics_every(const char *value, int64_t *interval_ms)
{
    if (!lode_text_to_duration_ms(value, strlen(value), interval_ms) || *interval_ms < 100 ||
        *interval_ms > 3600000)
        return lode_fail(LODE_E_USAGE, "--metrics-every %s: must be a time in 100ms..1h", value);
    return LODE_OK;
}

static lode_status take_metrics(struct metrics_options *metrics, int id, const char *value)
{
    if (id == METRICS_EVERY) return take_metrics_every(value, &metrics->interval_ms);
    if (id == METRICS) {
        metrics->file = value;
        return LODE_OK;
    }
    metrics->listens = true;
    return listener_parse(value, &metrics->address);
}

lode_status cluster_settings_take(struct cluster_settings *settings, int id, const char *value,
                                  bool *taken)
{
    int per_rank = 0;
    *taken = true;
    switch (id) {
    case N:
        return take_count("-n", value, &settings->mpirun_workers);
    case LOCAL:
        return take_count("--local", value, &settings->options.local_workers);
    case PER_RANK:
        lode_try(take_count("--workers-per-rank", value, &per_rank));
        settings->options.workers_per_rank = per_rank;
        return LODE_OK;
    case MEMORY:
        if (!lode_text_to_bytes(value, strlen(value), &settings->options.memory_bytes) ||
            settings->options.memory_bytes < EXECUTOR_LEAST_BYTES)
            return lode_fail(LODE_E_USAGE, "--memory %s: must be a size of at least %dM", value,
                             EXECUTOR_LEAST_BYTES >> 20);
        return LODE_OK;
    case SCRATCH:
        settings->options.scratch = value;
        return check_scratch(value);
    case HEARTBEAT:
        return take_heartbeat(value, &settings->options.heartbeat_ms);
    case LEASE:
        return take_lease(value, &settings->options.lease_ms);
    case NO_SPECULATION:
        settings->options.no_speculation = true;
        return LODE_OK;
    case INTERFACE: /* what it names is looked up when the cluster opens */
        settings->options.interface = value;
        return LODE_OK;
    case METRICS:
    case METRICS_EVERY:
    case METRICS_LISTEN:
        return take_metrics(&settings->metrics, id, value);
    case QUIET:
        settings->options.quiet = true;
        return LODE_OK;
    case VERBOSE:
        settings->verbose = true;
        lode_log_set_level(LODE_LOG_INFO);
        return LODE_OK;
    default:
        *taken = false;
        return LODE_OK;
    }
}
