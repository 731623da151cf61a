/* Series: sessions and KPIs over time, in slots of one width, for all sessions, for every listed
 * value of an attribute, for its users' first and later sessions, and for the life cycle.
 *
 * Sessions without a start are left out, and so are the earliest and latest days of the store that
 * together hold less than a thousandth of its sessions at either end: one wrong clock must not
 * stretch sixty slots over decades.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_EXPERTS_SERIES_H
#define LODE_JOBS_OPPORTUNITIES_EXPERTS_SERIES_H

#include "jobs/opportunities/tables/cohort_table.h"

enum {
    SERIES_MOST_SLOTS = 1000,
    SERIES_LEAST_SLOTS = 10, /* slots with enough sessions, below which nothing is tested */
    SERIES_DAY_MS = 24 * 60 * 60 * 1000,
    SERIES_FIRST_DAY = -25567, /* 1900-01-01 and 2100-01-01: times before and after are no times */
    SERIES_LAST_DAY = 47482
};

/* Sessions of an attribute's value, by their place in the history of their user. */
enum series_part { SERIES_ANY, SERIES_FIRST, SERIES_LATER };

struct series {
    int64_t row; /* of cohort_rows: KPI, attribute, value */
    enum series_part part;
    double *counts;  /* [n_slots] sessions with a value of the KPI */
    double *sums;    /* [n_slots] of the KPI; 0/1 KPI: faulty sessions */
    double *squares; /* [n_slots] of its squares; NULL: a 0/1 KPI */
};

struct series_list {
    int64_t first_ms, width_ms; /* the first slot's start: a multiple of the width since 1970 */
    int64_t n_slots;            /* 0: there is no time to speak of, and no series */
    int64_t n;
    struct series *list; /* by KPI, then attribute (the life cycle last), value, part */
};

/* Slots of `width_ms` (0: chosen, about 60 of them, from a minute to 30 days, whole days from 20
 * days of data on). Maps leaves "opportunities.span" and "opportunities.series"; the second only
 * where there are at least SERIES_LEAST_SLOTS slots. Values whose sessions cannot fill that many
 * slots with `least_sessions` each are not counted. All from run->arena. LODE_E_USAGE: width_ms
 * makes more than SERIES_MOST_SLOTS slots. */
struct series_options {
    int64_t width_ms;
    int64_t least_sessions; /* of a slot that counts */
};
LODE_CHECKED lode_status series_count(struct lode_run *run, const struct series_options *how,
                                      const struct opportunity_options *options,
                                      const struct cohort_rows *cohorts,
                                      struct series_list *series);
lode_status span_leaf(struct lode_task *task);
lode_status series_leaf(struct lode_task *task);

/* The width for sessions that start from first_ms to last_ms. */
int64_t series_width(int64_t first_ms, int64_t last_ms);

/* Cohort of the life cycle that a part is: "session_index=1"; NULL for SERIES_ANY. */
const char *series_part_name(enum series_part part);
/* "2026-03-05T00:00:00Z", the start of a slot, into buffer (>= 40 bytes). */
const char *series_slot_text(const struct series_list *series, int64_t slot, char *buffer);

#endif
