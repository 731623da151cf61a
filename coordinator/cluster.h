/* Cluster: what a job's lode_map talks to. Starts workers whichever way this process was started
 * (mpirun, or forked here), runs stages, merges results in task order, keeps the run's log.
 */
#ifndef LODE_COORDINATOR_CLUSTER_H
#define LODE_COORDINATOR_CLUSTER_H

#include "coordinator/budget.h"
#include "coordinator/journal/journal.h"
#include "coordinator/ledger.h"
#include "coordinator/metrics/metrics.h"
#include "jobs/job.h"
#include "jobs/plugin.h"

#include <stdbool.h>

struct cluster_options {
    int local_workers;        /* workers to start here when there is no mpirun; 0: one per core */
    int64_t workers_per_rank; /* under mpirun */
    uint64_t memory_bytes;    /* budget of each worker; 0: share of the machine */
    const char *scratch;      /* folder for spills, on every node; NULL: that of the run */
    int64_t heartbeat_ms;
    const char *interface;       /* where workers reach this process (endpoint.h); NULL: anywhere */
    const char *verdict_path;    /* invocation.verdict_path */
    int64_t lease_ms;            /* a task without progress for so long hangs */
    bool no_speculation;         /* do not repeat tasks that are merely slow */
    bool allow_partial;          /* go on without tasks that were given up */
    bool quiet;                  /* no progress */
    const struct plugin *plugin; /* where the job is in a library; borrowed. NULL: it is not */
    int64_t n_partitions;        /* of the store that is read; 0: there is none */
    struct lode_bytes landmarks; /* what every worker must see (landmark.h); borrowed */
    struct journal *journal;     /* taken; borrowed until cluster_close. NULL: the run has none */
    struct metrics *metrics;     /* kept up to date, and ended when the process is; or NULL */
};

/* directory: the run's, absolute, with log/ and stages/ in it. *mpi_started is set once MPI's
 * start-up was done with the other ranks (see cluster_decline). */
LODE_CHECKED lode_status cluster_open(const struct cluster_options *options, const char *directory,
                                      bool *mpi_started, struct lode_cluster **cluster);
/* Tells the workers to leave and waits for the ones that were started here. Takes NULL. */
void cluster_close(struct lode_cluster *cluster);

/* How many workers these options ask for on this machine (when they say nothing: one per core, or
 * as many as its memory can carry), and the memory budget of each when `workers` share it. */
int cluster_local_workers(const struct cluster_options *options);
struct budget cluster_local_budget(const struct cluster_options *options, int workers);

/* lode_run.map. With a journal: a result is merged once it is on disk, and what the journal knows
 * of an earlier epoch is merged without being computed again. LODE_E_BUG: the stage is not the one
 * that the journal has in its place. */
lode_status cluster_map(struct lode_cluster *cluster, const struct lode_stage *stage,
                        lode_merge_fn merge, void *context);

/* Under mpirun, when rank 0 fails before cluster_open: lets the waiting ranks go. */
void cluster_decline(void);

/* Does a run that failed for want of memory fail for that of a task, told with it? */
bool cluster_task_failed(const struct lode_cluster *cluster);
/* Of the workers that were there at the start. */
const struct budget *cluster_budget(const struct lode_cluster *cluster);
/* What happened so far; and how many workers there were at most. */
const struct ledger *cluster_ledger(const struct lode_cluster *cluster);
int cluster_workers(const struct lode_cluster *cluster);
/* The signal that stopped the run at once; 0: none, or it was stopped in good order. */
int cluster_signal(const struct lode_cluster *cluster);

#endif
