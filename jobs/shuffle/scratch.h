/* Scratch: where a task keeps for a while what does not fit into its memory.
 *
 * A scratch file has no name: it is unlinked as soon as it is open, so that nothing is left of it
 * however its process ends. It lies in LODE_SCRATCH_FOLDER below the run's folder for exchange,
 * which is a link to a local disk where the run was given one (--scratch), else in that folder
 * itself.
 */
#ifndef LODE_JOBS_SHUFFLE_SCRATCH_H
#define LODE_JOBS_SHUFFLE_SCRATCH_H

#include "jobs/job.h"

#include <stddef.h>
#include <stdint.h>

/* Where the parts of a shuffle live. */
struct shuffle_site {
    struct lode_arena *arena;
    const char *directory;  /* the run's stages/ */
    struct lode_task *task; /* whose lease is renewed while data are merged; NULL: no task's */
};
static inline struct shuffle_site shuffle_site_of(struct lode_task *task)
{
    return (struct shuffle_site){task->arena, task->work_directory, task};
}

/* A share of what the arena has left, for the records of one part of a shuffle: 1 / `parts` of it,
 * at most 48 MiB (more makes nothing faster). */
static inline size_t shuffle_memory(const struct lode_arena *arena, size_t parts)
{
    const size_t most = (size_t)48 << 20;
    const size_t share = lode_arena_left(arena) / parts / 64 * 64;
    return share < most ? share : most;
}

/* The caller closes it. LODE_E_DISK. */
LODE_CHECKED lode_status scratch_open(const char *directory, int *fd);

/* All `size` bytes at `offset`. `path` is for messages. LODE_E_DISK; reading: LODE_E_INPUT, also
 * where the file ends before. */
LODE_CHECKED lode_status scratch_write(int fd, const char *path, uint64_t offset, const void *data,
                                       size_t size);
LODE_CHECKED lode_status scratch_read(int fd, const char *path, uint64_t offset, void *data,
                                      size_t size);

#endif
