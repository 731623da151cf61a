/* Rules: the alert rules of operators as detectors that stand beside the learned ones.
 *
 *     rules:
 *       hot:   cpu > 90% and errors > 5
 *       leak:  least(memory within 6h) > 8 * 1024
 *       slow:  latency > 500ms and previous(latency) > 500ms
 *
 * A rule is a name and a condition in the expression language (docs/language.md), read slot by slot
 * of one component: a counter's name is its value in the slot, `time` the slot's beginning,
 * `previous(x)` x one slot earlier, `most(cpu within 15m)` (mean, least, sum) over the slots that
 * began less than 15 minutes before and this one, `counter('disk-0.reads')` a counter whose name is
 * no name of the language. What speaks of sessions, users or events is refused. Missing values
 * follow the language: a rule holds where it is true, not where it is missing.
 *
 * Units: a counter in ms, s, us, ns, min or h is a duration (`latency > 500ms` is meant, `> 500`
 * refused); one in % is a share (90 is 90%), and is not compared with a number above 1.
 */
#ifndef LODE_JOBS_HIERARCHY_DETECTORS_RULE_H
#define LODE_JOBS_HIERARCHY_DETECTORS_RULE_H

#include "common/expr/graph.h"
#include "common/param/definitions.h"
#include "common/zone.h"
#include "lode/counters.h"

/* D of a rule is 1 where it holds, else 0, and this makes its score 0.99 there: no share of the
 * training slots has a say in what an operator has fixed. */
#define RULE_SIGMA 9.210340371976184 /* 2 ln 100 */

struct rule {
    const char *name;
    const char *text; /* as the language writes it, names of other rules replaced: compiled again
                         over the same counters it is this rule. NULL once unpacked */
    int32_t node;
    int64_t n_counters;
    const int64_t *counters; /* [n_counters] ascending: indices of those that it reads */
    int64_t reach_slots;     /* slots, and time on top of them, before a slot that it reads */
    int64_t reach_ms;
};

/* How numbers of a counter become those of the language: x * times / over. */
struct rule_scale {
    double times, over;
};

struct rules {
    int64_t n;
    struct rule *list;               /* [n] in the order of their definitions */
    const struct expr_graph *graph;  /* of all rules */
    int64_t n_counters;              /* of the store */
    const struct rule_scale *scales; /* [n_counters] */
    const struct lode_zone *zone;    /* graph->zone, of hour(time) and its like */
    size_t zone_size;
    const uint8_t *zone_rules; /* [zone_size] of it (lode_zone_read) */
};

/* Compiles rules (of parameter `rules`: lode_params_definitions). A rule may use the names of those
 * before it.
 *
 *   counters  [n_counters] of the store: names and units
 *   zone      of hour(time) and its like: "UTC", "+02:00", "Europe/Berlin"
 *   rules     out; everything is the arena's
 *
 * LODE_E_USAGE, "file:line:column: ...": no expression (with the nearest name), no condition, reads
 * no counter, compares a counter in % with a number above 1; the zone is none. LODE_E_MEMORY. */
LODE_CHECKED lode_status rules_compile(const struct lode_definition *definitions, int64_t n,
                                       const struct lode_counter *counters, int64_t n_counters,
                                       const char *zone, struct lode_arena *arena,
                                       struct rules *rules);

/* For parameters of a stage, and back (from anybody's bytes; all from the arena). LODE_E_MESSAGE:
 * no rules; LODE_E_MEMORY. */
LODE_CHECKED lode_status rules_pack(const struct rules *rules, struct lode_bytes *out);
LODE_CHECKED lode_status rules_unpack(struct lode_unpack *in, struct lode_arena *arena,
                                      struct rules *rules);

/* The series of one component, gaps and all: not filled. */
struct rule_series {
    int64_t n;
    const int64_t *times;        /* [n] ms, ascending: where each slot begins */
    const double *const *values; /* [n_counters of the rules][n] NaN: missing; NULL: the component
                                    has no such counter */
};

/* Has the component all counters that the rule reads? */
bool rule_applies(const struct rule *rule, const double *const *values);

/* Slots before a slot that it reads, where a slot lasts step_ms > 0 (gaps only make it fewer). */
int64_t rule_reach(const struct rule *rule, int64_t step_ms);

/* D of every slot for every rule that applies: 1 where it holds, else 0.
 *
 *   arena     scratch (1 MiB, and 8 n bytes for each counter with a scale), given back
 *   distance  [rules->n][n] out; NULL: that rule is not asked for (as it must be where it does not
 *             apply)
 *
 * LODE_E_MEMORY; LODE_E_BUG: a rule that does not apply was asked
 * for. Same bits wherever the series begins, from its reach on. */
LODE_CHECKED lode_status rules_scan(const struct rules *rules, const struct rule_series *series,
                                    struct lode_arena *arena, double *const *distance);

#endif
