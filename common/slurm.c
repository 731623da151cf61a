/* Slurm: variables into numbers; see the header. */
#include "common/slurm.h"

#include "common/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MEGABYTE = 1 << 20 };

/* The last second of the year 9999: whoever says more means never. */
static const int64_t latest_s = INT64_C(253402300799);

static const char *look_here(void *context, const char *name)
{
    (void)context;
    return getenv(name);
}

static int64_t read_count(lode_slurm_look_fn look, void *context, const char *name)
{
    int64_t count = 0;
    const char *text = look(context, name);
    if (!text || !lode_text_to_i64(text, strlen(text), &count) || count < 0) return 0;
    return count;
}

/* Either of the node or of each of its cores; a --mem of 0 means all that the node has. */
static uint64_t read_memory(lode_slurm_look_fn look, void *context, int64_t cores)
{
    const int64_t of_node = read_count(look, context, "SLURM_MEM_PER_NODE");
    const int64_t of_core = read_count(look, context, "SLURM_MEM_PER_CPU");
    int64_t bytes = 0;
    if (of_node > 0)
        return __builtin_mul_overflow(of_node, (int64_t)MEGABYTE, &bytes) ? 0 : (uint64_t)bytes;
    if (__builtin_mul_overflow(of_core, cores, &bytes) ||
        __builtin_mul_overflow(bytes, (int64_t)MEGABYTE, &bytes))
        return 0;
    return (uint64_t)bytes;
}

void lode_slurm_read(lode_slurm_look_fn look, void *context, struct lode_slurm *slurm)
{
    const char *job = look(context, "SLURM_JOB_ID");
    *slurm = (struct lode_slurm){0};
    if (!job || !job[0] || strlen(job) >= sizeof slurm->job ||
        strspn(job, "0123456789") != strlen(job))
        return;
    slurm->is_here = true;
    snprintf(slurm->job, sizeof slurm->job, "%s", job);
    slurm->restarts = read_count(look, context, "SLURM_RESTART_COUNT");
    slurm->cores = read_count(look, context, "SLURM_CPUS_ON_NODE");
    slurm->memory_bytes = read_memory(look, context, slurm->cores);
    slurm->end_s = read_count(look, context, "SLURM_JOB_END_TIME");
    if (slurm->end_s > latest_s) slurm->end_s = 0;
}

struct lode_slurm lode_slurm_here(void)
{
    struct lode_slurm slurm;
    lode_slurm_read(look_here, NULL, &slurm);
    return slurm;
}
