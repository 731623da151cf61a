/* Script: the batch script of a run, for sbatch. Pure: the same wishes give the same bytes. */
#ifndef LODE_COORDINATOR_SCRIPT_H
#define LODE_COORDINATOR_SCRIPT_H

#include "common/error.h"
#include "common/memory.h"

#include <stdint.h>

enum script_kind {
    SCRIPT_RUN,    /* begins a run; goes on with it when the batch job is started again */
    SCRIPT_RESUME, /* goes on with a run that was begun */
    SCRIPT_JOIN    /* brings workers to a run that another job executes */
};

/* What was asked for. All texts are borrowed, and may hold any byte but NUL. */
struct script {
    enum script_kind kind;
    const char *program;   /* lode, absolute */
    const char *folder;    /* where names in the parameters start from, absolute */
    const char *run;       /* the run directory, absolute */
    const char *job;       /* of lode; SCRIPT_RUN only, as the two below */
    const char *store;     /* absolute */
    const char **settings; /* [n_settings] further words of `lode run`, not for SCRIPT_JOIN */
    int n_settings;
    int nodes, tasks_per_node;
    const char *time_limit; /* Slurm's notation, see limit.h; NULL: the partition's */
    const char *partition;  /* NULL: Slurm's default */
    uint64_t memory_bytes;  /* of each worker; 0: what Slurm gives */
    const char **extra;     /* [n_extra] further options of sbatch */
    int n_extra;
};

/* Appends the script. LODE_E_USAGE: something cannot stand in a #SBATCH line (see quote.h), or the
 * time limit is none. */
LODE_CHECKED lode_status script_write(const struct script *script, struct lode_bytes *out);

/* What the batch system and the run print goes there: RUN.batch.log, or RUN.join.log. Appended. */
LODE_CHECKED lode_status script_log_path(const struct script *script, struct lode_bytes *out);

#endif
