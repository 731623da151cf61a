/* Columns: those of one partition, as docs/formats.md describes them, row by row in and as data
 * sets of an HDF5 file out. The number of rows and the width of ids are known only at the end, so
 * columns wait in spools; the file is the same whatever the memory.
 */
#ifndef LODE_JOBS_STAGE_COLUMNS_H
#define LODE_JOBS_STAGE_COLUMNS_H

#include "common/store/hdf.h"
#include "jobs/stage/sessions.h"
#include "jobs/stage/spool.h"

struct columns;

struct columns_counts {
    int64_t n_users, n_sessions, n_events;
    const int64_t *n_missing; /* [n_kpis] sessions without a value */
};

/* `memory_bytes` of the site's arena; two 4 KiB buffers a column are taken in any case. Ends with
 * columns_close. */
LODE_CHECKED lode_status columns_create(const struct stage_plan *plan,
                                        const struct shuffle_site *site, size_t memory_bytes,
                                        struct columns **columns);
/* As in sessions_sink, `columns` being the context. */
lode_status columns_events(void *columns, const struct event_rows *rows);
lode_status columns_session(void *columns, const struct session_row *row);
lode_status columns_user(void *columns, struct record_id id, const uint32_t *attributes);
/* Appending: where the next user stands among those of the generations before (generations.h). */
void columns_place(struct columns *columns, int64_t place, bool is_new);
/* Once, behind the last row. */
LODE_CHECKED lode_status columns_write(struct columns *columns, struct lode_hdf *file);
struct columns_counts columns_counts(const struct columns *columns);
void columns_close(struct columns *columns); /* takes NULL */

#endif
