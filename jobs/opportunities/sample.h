/* Sample: the sessions that take part, chosen by a hash of their ids alone: the same ones in every
 * stage, whatever the partitions and the workers, and mostly the same ones after more was staged.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_SAMPLE_H
#define LODE_JOBS_OPPORTUNITIES_SAMPLE_H

#include "jobs/job.h"
#include "jobs/opportunities/decimal.h"

/* Sessions whose hash, XXH3 of the id with seed 0x73616d706c65 ("sample"), is below; 0: all. */
struct sample {
    uint64_t below;
};

/* Of a share in (0, 1]; 1 is all. */
struct sample sample_of(struct decimal share);

/* Is a session of this id in it? */
bool sample_holds(struct sample sample, const void *id, size_t size);

/* *is_in [n_sessions] of the part, from the arena; NULL: all are. Reads ids only where it must. */
LODE_CHECKED lode_status sample_read(struct sample sample, struct lode_part *part,
                                     struct lode_arena *arena, bool **is_in);

/* Sessions that are not in it lose their value of a KPI. is_in NULL: none does. */
void sample_marks(const bool *is_in, int64_t n_sessions, uint8_t *marks);
void sample_numbers(const bool *is_in, int64_t n_sessions, double *numbers);

#endif
