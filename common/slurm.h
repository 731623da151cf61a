/* Slurm: what the batch system says of the allocation that this process runs in.
 *
 * Slurm tells its processes by environment variables, on every node those of that node. A variable
 * that is not there, or is no number, says nothing: its field is 0.
 */
#ifndef LODE_COMMON_SLURM_H
#define LODE_COMMON_SLURM_H

#include <stdbool.h>
#include <stdint.h>

enum { LODE_SLURM_JOB_SIZE = 32 };

struct lode_slurm {
    bool is_here;                  /* this process is part of a batch job */
    char job[LODE_SLURM_JOB_SIZE]; /* its number */
    int64_t restarts;              /* how often it was started again */
    int64_t cores;                 /* of this node */
    uint64_t memory_bytes;         /* of this node; 0: no limit of the job's own */
    int64_t end_s;                 /* when Slurm ends it, in seconds since 1970; 0: not known */
};

/* A variable's text, or NULL. */
typedef const char *(*lode_slurm_look_fn)(void *context, const char *name);

/* Pure: everything comes from `look`. */
void lode_slurm_read(lode_slurm_look_fn look, void *context, struct lode_slurm *slurm);

/* From the environment of this process. */
struct lode_slurm lode_slurm_here(void);

#endif
