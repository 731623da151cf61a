/* Scope: of a pattern its scenario's cohort; of a cohort every session, for it is compared with the
 * others. */
#include "jobs/opportunities/findings/finding_members.h"

#include <string.h>

lode_status finding_scope(const struct finding_sources *sources, const struct finding *finding,
                          struct lode_arena *arena, struct member_rule *rule)
{
    *rule = member_rule_all();
    if (finding->expert != EXPERT_PATTERN) return LODE_OK;
    const struct scenario *of = &sources->scenarios->list[finding->scenario];
    if (of->attribute < 0) return LODE_OK;
    return member_rule_add_cohort(rule, sources->options, sources->cohorts->counts, of->attribute,
                                  of->value, arena);
}

lode_status finding_members(const struct finding_sources *sources, const struct finding *finding,
                            struct lode_arena *arena, struct member_rule *rule)
{
    struct member_rule made;
    lode_try(finding_scope(sources, finding, arena, &made));
    if (finding->expert == EXPERT_PATTERN) {
        made.k = finding->k;
        memcpy(made.tokens, finding->tokens, (size_t)finding->k * sizeof *made.tokens);
    } else {
        const struct cohort_row *of = &sources->cohorts->rows[finding->row];
        lode_try(member_rule_add_cohort(&made, sources->options, sources->cohorts->counts,
                                        of->attribute, of->value, arena));
    }
    if (finding_is_over_time(finding)) {
        const struct trend_rows *trends = sources->trends;
        const struct series *series = &trends->series->list[trends->rows[finding->trend].series];
        const struct cohort_counts *counts = sources->cohorts->counts;
        if (series->part != SERIES_ANY) /* its place among the cohorts of the life cycle */
            lode_try(member_rule_add_cohort(&made, sources->options, counts, counts->n_sets - 1,
                                            series->part == SERIES_FIRST ? 1 : 4, arena));
    }
    *rule = made;
    return LODE_OK;
}
