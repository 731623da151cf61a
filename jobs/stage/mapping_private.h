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

/* Is a column of that name a KPI; is it an attribute? */
bool mapping_is_kpi(const struct mapping *m, const char *name);
bool mapping_is_attribute(const struct mapping *m, const struct name *name);

/* Files for a store that is there must have the keys that its rows have. LODE_E_INPUT. */
lode_status mapping_check_keys(struct mapping *m);
/* KPIs and attributes of the plan are the store's. LODE_E_INPUT: the files have another, or have
 * one in other rows. */
lode_status mapping_list_known(struct mapping *m);

#endif
