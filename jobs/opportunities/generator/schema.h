/* Schema: what a store has names for, as templates and language models see it: names only. */
#ifndef LODE_JOBS_OPPORTUNITIES_GENERATOR_SCHEMA_H
#define LODE_JOBS_OPPORTUNITIES_GENERATOR_SCHEMA_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct generator_names {
    int64_t n;
    const char *const *names; /* [n], in any order */
};

static inline bool generator_names_have(const struct generator_names *all, const char *name)
{
    for (int64_t i = 0; i < all->n; i++)
        if (strcmp(all->names[i], name) == 0) return true;
    return false;
}

struct generator_schema {
    struct generator_names events, attributes, event_attributes, kpis;
    struct generator_names series; /* "source.counter", "source[attribute].counter" */
};

#endif
