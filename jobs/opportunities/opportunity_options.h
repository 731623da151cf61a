/* Options of job opportunities: its parameter table, and what the parameters say about one store.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_OPPORTUNITY_OPTIONS_H
#define LODE_JOBS_OPPORTUNITIES_OPPORTUNITY_OPTIONS_H

#include "common/param/param.h"
#include "common/store/store.h"
#include "jobs/opportunities/decimal.h"
#include "jobs/opportunities/sample.h"
#include "jobs/opportunities/tokens.h"

struct derivation;

extern const struct lode_param opportunity_params[]; /* ends with a NULL name */

enum { OVERLAP_MOST = 1000 }; /* fold_top */

struct opportunity_options {
    int64_t n_kpis;
    int64_t *kpis; /* [n_kpis] indices into store->kpis, in the store's order */
    int64_t n_kpi_names;
    char **kpi_names;   /* [n_kpi_names] of all KPIs of the store, by index */
    bool *attribute_on; /* [store->n_attributes] searched for cohorts */
    /* The last so many attributes are hypotheses of the generator: rows of table cohorts, but no
     * scenarios that are searched for patterns. Set by the job. */
    int64_t n_generated;
    int64_t most_deep; /* derived attributes that are looked at beyond their cohorts */
    bool *is_deep;     /* [store->n_attributes] deep.h; NULL: all. Set by the job. */

    int64_t first_k, last_k; /* lengths of patterns */
    int64_t gap_events;      /* distinct tokens of a session that take part with gaps */
    struct decimal min_support;
    struct decimal min_share, min_ratio; /* expert pattern */
    struct token_rules rules;

    bool gaps;            /* patterns are tokens in order, with anything between them */
    bool cohort_patterns; /* patterns inside cohorts too */
    bool pairs;           /* count pairs of attributes too */
    bool trend, change;   /* experts over time */
    bool causal;          /* adjust findings for attributes */
    bool anonymous;       /* session ids are printed as keyed hashes */
    int64_t cohort_max_k, cohort_min_users, cohort_min_faulty, cohort_min_normal;
    int64_t pair_min_users; /* of a pair, and so of both its values */

    int64_t min_users; /* of a listed cohort of a static attribute */
    int64_t sparse_after_ms, first_sessions;
    const char *sparse_after; /* as the user wrote it, for words; borrowed from the parameters */
    double cohort_relative, cohort_z; /* expert cohort */

    double fold_relative; /* a smaller difference of faulty rates is none, for folding */
    int64_t fold_top;     /* leads of a KPI whose sessions are compared */
    const struct derivation *derivation; /* what of the store is derived; set by the caller */
    int64_t bucket_ms;                   /* 0: chosen */
    int64_t bucket_sessions;             /* least, of a bucket that counts */
    double trend_relative;               /* least rise of a finding */
    int64_t causal_folds, causal_top;

    int64_t min_count;         /* groups of fewer users or sessions are not printed; 0: all are */
    const char *anonymous_key; /* of hashed ids; borrowed from the parameters */
    struct sample sample;      /* the sessions that take part */
    double sample_rate;        /* their share, 1: all */
    double max_q;
    int64_t top, examples;
    int64_t sum_limit_mb; /* changes who sums, never what comes out */
};

/* Reads and checks every parameter against the store. Arrays come from the arena. LODE_E_USAGE
 * names parameter, value and, for a name that the store has not, the nearest one and the list. */
LODE_CHECKED lode_status opportunity_options_read(const struct lode_params *params,
                                                  const struct lode_store *store,
                                                  struct lode_arena *arena,
                                                  struct opportunity_options *options);

#endif
