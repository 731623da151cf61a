/* Derivation: the KPIs and attributes that a spec defines by expression (parameters `kpis` and
 * `derived`), compiled together into ONE graph against a store.
 *
 * The root steps of the job need not know: they are given the store with what is derived appended
 * to its KPIs and attributes, and index them as they do the stored ones. Leaves get at values
 * through session_columns.h. A bool KPI is binary (true = faulty), a number numeric. A bool
 * attribute has the words `false` and `true`, a text those of the attribute it comes from; a number
 * gets its words when it has been cut (derivation_prepare).
 */
#ifndef LODE_JOBS_OPPORTUNITIES_DERIVATION_H
#define LODE_JOBS_OPPORTUNITIES_DERIVATION_H

#include "common/expr/expr.h"
#include "common/param/definitions.h"
#include "jobs/job.h"
#include "jobs/opportunities/derive/cuts.h"
#include "jobs/opportunities/derive/samples.h"

struct derived_attribute {
    int32_t node;
    enum expr_type type;
    enum expr_unit unit;
    struct cuts cuts; /* of a number, once it has been cut */
};

struct derivation {
    struct lode_store store; /* borrows from the real one; derived ones stand after stored ones */
    int64_t n_stored_kpis, n_stored_attributes;
    int32_t *kpi_nodes;                        /* [store.n_kpis - n_stored_kpis] */
    struct derived_attribute *attributes;      /* [store.n_attributes - n_stored_attributes] */
    const struct lode_definition *definitions; /* of the derived KPIs, then attributes */
    struct expr_graph *graph;                  /* NULL: nothing is defined */
    struct expr_schema schema;                 /* that the graph was made with */
    struct lode_bytes zone_rules;              /* the arena's */
    struct sources sources;
    struct lode_bytes samples; /* of the graph's series, once prepared (samples.h); the arena's */
    int64_t bins;
};

/* Reads parameters `kpis`, `derived`, `sources`, `timezone`, `bins` and `ignore`. Definitions may
 * use each other in any order. Everything is the arena's; the store is borrowed. LODE_E_USAGE, with
 * file, line and column: what is no expression, a name that the store has already, a text as KPI;
 * LODE_E_INPUT likewise: a source that is none. */
LODE_CHECKED lode_status derivation_make(const struct lode_params *params,
                                         const struct lode_store *store, struct lode_arena *arena,
                                         struct derivation *derivation);

/* The first passes: reads the series of other stores, fills the `top`s of the graph and cuts the
 * numbers among the attributes that are wanted ([store.n_attributes]), from the sessions of the
 * first partitions (users are spread over partitions by a hash, so that is a sample of users). Runs
 * a stage only where there is something to do. Results live in run->arena. */
LODE_CHECKED lode_status derivation_prepare(const struct lode_run *run, const bool *wanted,
                                            struct derivation *derivation);
lode_status derived_tops_leaf(struct lode_task *task);
lode_status derived_values_leaf(struct lode_task *task);

/* Adds to a forecast of the job what definitions take: first passes, and memory of every task. */
LODE_CHECKED lode_status derivation_forecast(const struct lode_run *run,
                                             struct lode_forecast *forecast);

/* Partitions that are sampled for cuts, from the first on. */
int64_t derivation_sampled_partitions(const struct lode_store *store);

/* What the spec says of a KPI or an attribute; NULL: it is a column of the store. */
const struct lode_definition *derivation_of_kpi(const struct derivation *derivation, int64_t kpi);
const struct lode_definition *derivation_of_attribute(const struct derivation *derivation,
                                                      int64_t attribute);

/* Values of a derived bool or number are listed as they are made, all others in order of bytes. */
bool derivation_has_order(const struct derivation *derivation, int64_t attribute);

#endif
