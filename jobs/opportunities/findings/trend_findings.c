/* Trend findings: figures of a series in the places that those of cohorts have. */
#include "jobs/opportunities/findings/trend_findings.h"

#include <math.h>
#include <string.h>

int64_t trend_findings_count(const struct finding_sources *sources)
{
    return sources->trends ? sources->trends->n : 0;
}

static lode_status add_escaped(struct lode_bytes *out, const char *text)
{
    for (; *text; text++)
        lode_try(lode_bytes_printf(out, "%s%c", *text == '&' || *text == '\\' ? "\\" : "", *text));
    return LODE_OK;
}

/* As pairs of cohorts are written: "lifecycle=session_index=1&os=ios". */
static lode_status part_label(const struct cohort_set *set, int64_t value, enum series_part part,
                              struct lode_arena *arena, char **label)
{
    lode_status status = LODE_OK;
    struct lode_bytes text = {0};
    lode_try_done(lode_bytes_printf(&text, "lifecycle=%s&", series_part_name(part)));
    lode_try_done(add_escaped(&text, set->attribute));
    lode_try_done(lode_bytes_printf(&text, "="));
    lode_try_done(add_escaped(&text, set->values[value]));
    lode_try_done(lode_arena_text(arena, (const char *)text.data, text.size, label));
done:
    lode_bytes_clear(&text);
    return status;
}

/* "" for all sessions. */
static lode_status add_label(const struct cohort_rows *cohorts, const struct series *of,
                             struct lode_arena *arena, struct finding *finding)
{
    const struct cohort_row *cohort = &cohorts->rows[of->row];
    const struct cohort_counts *counts = cohorts->counts;
    char *label = NULL;
    if (cohort->is_all) return LODE_OK;
    lode_try(
        of->part == SERIES_ANY
            ? cohort_label(counts, cohort->attribute, cohort->value, arena, &label)
            : part_label(&counts->sets[cohort->attribute], cohort->value, of->part, arena, &label));
    finding->cohort = label;
    return LODE_OK;
}

static unsigned agreement(const struct trend_row *row)
{
    return (row->trend.passes ? 1u << EXPERT_TREND : 0) |
           (row->change.passes ? 1u << EXPERT_CHANGE : 0);
}

static lode_status make(const struct finding_sources *sources, int64_t index,
                        struct lode_arena *arena, struct finding *finding)
{
    const struct trend_row *row = &sources->trends->rows[index];
    const struct series_list *series = sources->trends->series;
    const struct series *of = &series->list[row->series];
    const struct cohort_row *cohort = &sources->cohorts->rows[of->row];
    const struct trend_answer *answer = trend_answer_of(row);
    const bool is_trend = row->expert == TREND_TREND;
    const double days = (double)(row->last_slot - row->first_slot) * (double)series->width_ms /
                        (double)SERIES_DAY_MS;
    const double scale = is_trend ? 1.0 / days : 1.0; /* of a rise over all days to one day */
    *finding = (struct finding){
        .expert = is_trend ? EXPERT_TREND : EXPERT_CHANGE,
        .kpi = cohort->kpi,
        .is_binary = cohort->is_binary,
        .agree = agreement(row),
        .row = of->row,
        .trend = index,
        .scenario = -1,
        .effect = answer->rise * scale,
        .low = answer->low * scale,
        .high = answer->high * scale,
        .ratio = answer->from > 0 ? answer->to / answer->from : (double)NAN,
        .p = answer->p,
        .q = answer->q,
        .impact = answer->extra / sources->options->sample_rate, /* from the sample to all */
        .impact_low = (double)NAN,
        .impact_high = (double)NAN,
        .weight = isnan(answer->rise) ? 0 : fabs(answer->rise) * row->sessions,
        .folded = row->folded,
        .cohort = "",
    };
    if (cohort->is_binary) {
        int64_t place = 0;
        while (sources->options->kpis[place] != cohort->kpi) place++;
        const struct cohort_cell *all = &sources->cohorts->counts->all[place];
        const int64_t faulty = (int64_t)row->faulty, sessions = (int64_t)row->sessions;
        finding->table = (struct two_by_two){.faulty_with = faulty,
                                             .normal_with = sessions - faulty,
                                             .faulty_total = all->faulty,
                                             .normal_total = all->sessions - all->faulty};
    }
    return add_label(sources->cohorts, of, arena, finding);
}

/* Findings of the same whole cohort, by one expert or the other. */
static void mark_cohorts(struct findings *findings, const struct finding *trend, unsigned experts)
{
    for (int64_t i = 0; i < findings->n; i++)
        if (findings->list[i].expert == EXPERT_COHORT && findings->list[i].row == trend->row)
            findings->list[i].agree |= experts;
}

static bool is_cohort_finding(const struct findings *findings, int64_t row)
{
    for (int64_t i = 0; i < findings->n; i++)
        if (findings->list[i].expert == EXPERT_COHORT && findings->list[i].row == row) return true;
    return false;
}

lode_status trend_findings_add(const struct finding_sources *sources, struct lode_arena *arena,
                               struct findings *findings)
{
    const struct trend_rows *trends = sources->trends;
    for (int64_t i = 0; trends && i < trends->n; i++) {
        if (trends->rows[i].expert == TREND_NONE) continue;
        const bool is_whole = trends->series->list[trends->rows[i].series].part == SERIES_ANY;
        struct finding made;
        lode_try(make(sources, i, arena, &made));
        if (is_whole) mark_cohorts(findings, &made, made.agree);
        if (is_whole && is_cohort_finding(findings, made.row)) made.agree |= 1u << EXPERT_COHORT;
        findings->n_candidates++;
        made.lead = findings->n;
        if (trends->rows[i].lead == i)
            findings->list[findings->n++] = made;
        else
            findings->n_folded++;
    }
    return LODE_OK;
}
