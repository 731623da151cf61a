/* Findings: what the experts let through, folded and ranked: one list over all experts.
 *
 * 1. Candidates: rows of `patterns` that pass expert pattern, rows of `cohorts` that pass expert
 *    cohort, series that pass trend or change, all with q <= max_q.
 * 2. Folding (folding.h): of candidates that are about the same sessions one lead stays; candidates
 *    are left out until the leads' false discovery rate is max_q too.
 * 3. Leads that say nearly the same are folded by the sessions they share (overlap.h).
 * 4. Ranking: by impact, at most `top` per scenario.
 * 5. Simpson's reversals among them are marked (simpson.h).
 */
#ifndef LODE_JOBS_OPPORTUNITIES_FINDINGS_H
#define LODE_JOBS_OPPORTUNITIES_FINDINGS_H

#include "common/stats/causal.h"
#include "jobs/opportunities/experts/trends.h"
#include "jobs/opportunities/tables/cohort_table.h"
#include "jobs/opportunities/tables/pattern_table.h"

/* In the order in which column `experts` names those that agree; EXPERT_CAUSAL finds nothing. */
enum finding_expert {
    EXPERT_PATTERN,
    EXPERT_COHORT,
    EXPERT_TREND,
    EXPERT_CHANGE,
    EXPERT_CAUSAL,
    N_EXPERTS
};

struct finding {
    enum finding_expert expert;
    int64_t kpi;        /* index into store->kpis */
    bool is_binary;     /* always, for patterns */
    unsigned agree;     /* a set of experts (bit e: expert e), its own among them */
    int64_t row;        /* of `patterns` or of `cohorts`, of which a series is one too */
    int64_t trend;      /* experts trend and change: row of `trends` */
    int64_t scenario;   /* patterns: index into scenarios->list; else -1 */
    const char *cohort; /* "attribute=value"; "" for a pattern or trend of all sessions */
    const struct lode_causal *adjusted; /* NULL: expert causal was not asked */
    int k;                              /* 0 for cohorts */
    const uint32_t *tokens;             /* [k] */

    struct two_by_two table; /* binary KPIs: faulty and normal sessions with it, of the scenario */
    double effect;           /* see findings_finish */
    double low, high;        /* 95 % interval of effect */
    double ratio, p, q;
    double impact; /* faulty sessions above the rate of the others; NaN for numeric KPIs */
    double impact_low, impact_high; /* 95 % interval; of a sample alone, else not filled */
    double weight; /* numeric KPIs: |relative difference| x sessions, their order */

    const char *simpson; /* attribute inside whose values it turns round (simpson.h); NULL: none */
    double simpson_difference; /* of the faulty rates with and without it, pooled; < 0 */

    int64_t lead;   /* index of the candidate it is folded under; its own when it leads */
    int64_t folded; /* candidates folded under it */
};

static inline bool finding_is_over_time(const struct finding *finding)
{
    return finding->expert == EXPERT_TREND || finding->expert == EXPERT_CHANGE;
}

struct findings {
    int64_t n;
    struct finding *list;
    int64_t n_candidates; /* before folding and `top` */
    int64_t n_folded;
};

/* Everything the selection reads; borrowed. */
struct finding_sources {
    const struct lode_store *store;
    const struct opportunity_options *options;
    const struct scenarios *scenarios;
    const struct pattern_rows *patterns; /* q filled */
    const struct cohort_rows *cohorts;   /* q filled */
    const struct trend_rows *trends;     /* NULL: nobody looked over time */
};

/* "cohort"; and all that agree, its own first: "cohort+trend", into buffer
 * [FINDING_EXPERTS_TEXT]. */
enum { FINDING_EXPERTS_TEXT = 64 };
const char *finding_expert_name(enum finding_expert expert);
const char *finding_experts_text(const struct finding *finding, char *buffer);

/* Steps 1 and 2: the leads, in the order of step 4. */
LODE_CHECKED lode_status findings_lead(const struct finding_sources *sources,
                                       struct lode_arena *arena, struct findings *findings);

/* Steps 4 and 5: the ranked list; rank is the place in it, from 0.
 *
 *   effect   pattern: faulty_rate - normal_rate (interval: Newcombe); cohort: relative difference
 *            of the KPI's mean to that of all sessions (NaN where that is 0)
 *            trend: slope a day, of the mean; change: (after - before) / before
 *   ratio    pattern: faulty_rate / normal_rate; cohort: kpi_mean / all_mean; trend: end of the
 *            line / its beginning; change: after / before
 *   impact   faulty_with - with x (faulty rate of the scenario's sessions without it); of a sample,
 *            divided by its share: an estimate for all sessions. Its interval puts together that of
 *            the difference of the two rates (Newcombe) and that of how many sessions have it
 *            (binomial), by their squares. Trend and change: faulty sessions above the level at the
 *            beginning, or before.
 *
 * A cohort of a binary KPI is a candidate when it is worse (higher) than all; of a numeric KPI in
 * both directions. Order: impact, largest first; then numeric KPIs by weight; ties by q, KPI,
 * cohort, tokens. A scenario is a KPI and a cohort; the cohort findings of a KPI are one more, and
 * its trends and changes another.
 * Cost O(rows + candidates log candidates). */
LODE_CHECKED lode_status findings_finish(const struct finding_sources *sources,
                                         struct lode_arena *arena, struct findings *findings);

#endif
