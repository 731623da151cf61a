/* What the sources of mapping share; nobody else includes this. */
#ifndef LODE_JOBS_STAGE_MAPPING_PRIVATE_H
#define LODE_JOBS_STAGE_MAPPING_PRIVATE_H

#include "jobs/stage/mapping.h"
#include "jobs/stage/rules.h"

/* The five columns with a meaning of their own. */
enum meaning { SESSION, USER, TIME, EVENT, START, N_MEANINGS };

/* The names by which such a column goes. */
struct wanted {
    bool given;
    const char *const *names; /* ends with NULL */
};

struct name {
    const char *text;
    bool in_sessions, in_events;
    bool is_staged;
};

struct mapping {
    const struct stage_events_options *options;
    const struct stage_known *known; /* NULL: a new store */
    const struct stage_header *headers;
    int64_t n;
    struct lode_arena *arena;
    struct stage_plan *plan;
    struct wanted common[N_MEANINGS]; /* of all files without a rule about it */
    struct wanted *of_file;           /* [n * N_MEANINGS] */
    int64_t *rule_of;                 /* [n] index into options->file_rules; -1: none */
    struct name *names;               /* each name of any header, once */
    int64_t n_names;
};

/* --- mapping_names.c --- */

/* Column of that name; -1: none. */
int mapping_find_column(const struct stage_header *header, const char *name);
/* What is known of a name; NULL: no file has it. */
struct name *mapping_find_name(struct mapping *m, const char *text);
/* LODE_E_INPUT: none of `wanted` is among `there` (both end with NULL), with the nearest. */
lode_status mapping_fail_missing(struct mapping *m, const char *path, const char *what,
                                 const char *const *wanted, const char *const *there,
                                 const char *remark);
/* The same where no file has it. */
lode_status mapping_fail_missing_anywhere(struct mapping *m, const char *what,
                                          const char *const *wanted);

/* --- mapping_values.c --- */

/* Is a column of that name a KPI; is it an attribute? */
bool mapping_is_kpi(const struct mapping *m, const char *name);
bool mapping_is_attribute(const struct mapping *m, const struct name *name);

/* KPIs and attributes of the plan, those of single events last. LODE_E_INPUT, LODE_E_USAGE. */
lode_status mapping_list_values(struct mapping *m);
/* Where each file has them. */
lode_status mapping_place_values(struct mapping *m);
/* Names that mean nothing to the plan. */
lode_status mapping_list_unstaged(struct mapping *m);

/* --- mapping_known.c --- */

/* Files for a store that is there must have the keys that its rows have. LODE_E_INPUT. */
lode_status mapping_check_keys(struct mapping *m);
/* KPIs and attributes of the plan are the store's. LODE_E_INPUT: the files have another, or have
 * one in other rows. */
lode_status mapping_list_known(struct mapping *m);

#endif
