/* Schema: what a store has names for, as templates and language models see it: names only. */
#ifndef LODE_JOBS_OPPORTUNITIES_GENERATOR_SCHEMA_H
#define LODE_JOBS_OPPORTUNITIES_GENERATOR_SCHEMA_H

#include <stdint.h>

struct generator_names {
    int64_t n;
    const char *const *names; /* [n], in any order */
};

struct generator_schema {
    struct generator_names events, attributes, event_attributes, kpis;
    struct generator_names series; /* "source.counter" */
};

#endif
