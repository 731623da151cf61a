/* Sorter: records of any number in, the same sorted by key (equal keys in order of arrival) out,
 * in bounded memory. For what a leaf has to sort itself. What does not fit goes to a scratch file.
 */
#ifndef LODE_JOBS_SHUFFLE_SORTER_H
#define LODE_JOBS_SHUFFLE_SORTER_H

#include "jobs/shuffle/batch.h"
#include "jobs/shuffle/scratch.h"

enum { SORTER_LEAST_BYTES = 1 << 20 };

struct sorter;

/* `memory_bytes` (at least SORTER_LEAST_BYTES) from the site's arena. Ends with sorter_close. */
LODE_CHECKED lode_status sorter_open(const struct shuffle_site *site, size_t memory_bytes,
                                     struct sorter **sorter);
/* LODE_E_MEMORY when one record does not fit, LODE_E_DISK. */
LODE_CHECKED lode_status sorter_put(struct sorter *sorter, const struct shuffle_record *record);
/* No more are put; the first can be taken. Again: the first once more. */
LODE_CHECKED lode_status sorter_begin(struct sorter *sorter);
/* *more is false behind the last; the record is borrowed until the next call. */
LODE_CHECKED lode_status sorter_next(struct sorter *sorter, struct shuffle_record *record,
                                     bool *more);
int64_t sorter_count(const struct sorter *sorter);
void sorter_clear(struct sorter *sorter); /* empty again, for other records */
void sorter_close(struct sorter *sorter); /* takes NULL */

#endif
