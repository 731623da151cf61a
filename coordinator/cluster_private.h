/* What the files of the cluster share. */
#ifndef LODE_COORDINATOR_CLUSTER_PRIVATE_H
#define LODE_COORDINATOR_CLUSTER_PRIVATE_H

#include "common/wire/zmq.h"
#include "coordinator/cluster.h"
#include "coordinator/dispatch/dispatch.h"
#include "coordinator/progress.h"

struct lode_cluster {
    struct cluster_options options;
    char *work_directory;
    char *endpoint_path; /* for late joiners; removed at the end */
    struct lode_zmq *zmq;
    struct dispatch *dispatch;
    struct progress progress;
    struct budget budget;
    bool task_failed;  /* the run fails for a task, not for a root step */
    int64_t oom_kills; /* before the workers were started */
    struct ledger ledger;
    int most_workers, stop_signal;
};

/* Has the kernel ended processes of this host, or of our control group, since the start? */
bool cluster_ran_out_of_memory(const struct lode_cluster *cluster);

#endif
