/* mpirun: `lode run -n N` is `mpirun -n N+1 lode run` with mpirun owned by this process. */
#ifndef LODE_COORDINATOR_MPIRUN_H
#define LODE_COORDINATOR_MPIRUN_H

#include "coordinator/command.h"

/* Starts mpirun with `workers` + 1 ranks of the same command line less its -n, in a process group
 * of its own, waits for the run's verdict (or mpirun's end), and puts the exit status into the
 * invocation. verdict_path: a file that rank 0 can write and this process read; removed.
 *
 * The first INT or TERM (and USR1) is passed on as USR1, "drain"; the verdict then says how it
 * went (75: stopped in good order). A second one ends mpirun: LODE_E_STOPPED, exit status 128 + n.
 * LODE_E_CLUSTER: rank 0 died, or mpirun ended, without a verdict. */
LODE_CHECKED lode_status mpirun_run(struct invocation *invocation, int workers,
                                    const char *verdict_path);

#endif
