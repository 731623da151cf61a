/* Given detectors: what people have given to stand beside what is learned, over a store and its
 * components: rules (detectors/rule.h) and, numbered behind them, patterns (detectors/pattern.h).
 * The coordinator makes them, leaves get them as bytes.
 *
 * A component has the rules whose counters it all has, and the patterns whose counter it has, that
 * are looked for in a component of its name, and whose length is possible in its slots.
 */
#ifndef LODE_JOBS_HIERARCHY_GIVEN_H
#define LODE_JOBS_HIERARCHY_GIVEN_H

#include "jobs/hierarchy/detectors/pattern.h"
#include "jobs/hierarchy/detectors/rule.h"
#include "jobs/hierarchy/options.h"
#include "jobs/hierarchy/slots.h"
#include "jobs/job.h"

/* Sigma of all of them: no share of the training slots has a say in it. */
#define GIVEN_SIGMA RULE_SIGMA

struct given {
    struct rules rules;
    struct patterns patterns;
};

/* Rule i is options->rules[i], pattern i options->patterns[i]. Patterns have the values that the
 * store has where they were marked, or, where `patterns` is not NULL, those of it. Everything is
 * the arena's. Fails as rules_compile and marks_read do. */
LODE_CHECKED lode_status given_make(const struct hierarchy_options *options,
                                    const struct patterns *patterns, const struct lode_store *store,
                                    struct lode_arena *arena, struct given *given);

/* To the parameters of a stage and back. LODE_E_MESSAGE, LODE_E_MEMORY. */
LODE_CHECKED lode_status given_pack(const struct given *given, struct lode_bytes *out);
LODE_CHECKED lode_status given_unpack(struct lode_unpack *in, struct lode_arena *arena,
                                      struct given *given);

static inline int64_t given_count(const struct given *given)
{
    return given->rules.n + given->patterns.n;
}

/* The pattern that a number stands for; -1: it stands for a rule. */
static inline int64_t given_pattern(const struct given *given, int64_t i)
{
    return i < given->rules.n ? -1 : i - given->rules.n;
}

/* What of a component decides. */
struct given_component {
    const char *name;
    int64_t step_ms;
    const int64_t *counters; /* [n_counters] indices in the store, in any order */
    int64_t n_counters;
};

/* Does the component have it? */
bool given_fits(const struct given *given, int64_t i, const struct given_component *component);

/* Is it a pattern that the component would have, were not its slots too long or too short for the
 * pattern's length? */
bool given_is_out_of_length(const struct given *given, int64_t i,
                            const struct given_component *component);

/* All that a component has: numbers [*n], ascending. */
LODE_CHECKED lode_status given_find(const struct given *given,
                                    const struct given_component *component,
                                    struct lode_arena *arena, int64_t **found, int64_t *n);

/* Slots before a slot that it reads, in slots of a step in which it is possible. */
int64_t given_reach(const struct given *given, int64_t i, int64_t step_ms);

/* Where it is read. */
struct given_slots {
    struct lode_counters *counters;
    int64_t block;
    struct slots slots;
    const int64_t *times;    /* of the component's samples */
    int64_t first_sample, n; /* those that may lie in the slots */
};

/* D of what the component has: distance [slots.n]. Gaps stay gaps. Scratch (a MiB and some series
 * for each counter that is read) is given back. LODE_E_MEMORY, LODE_E_INPUT. */
LODE_CHECKED lode_status given_scan(const struct given *given, int64_t i,
                                    const struct given_slots *where, struct lode_arena *arena,
                                    double *distance);

#endif
