/* Tables of a detection run: see the header. */
#include "jobs/hierarchy/detection/detection_tables.h"

#include <math.h>

#include "jobs/hierarchy/model/rows.h"

#define TIME_UNITS "ms since 1970-01-01T00:00:00Z"
enum { TIME_TEXT = 40 };

static lode_status put_findings(const struct lode_run *run,
                                const struct detection_findings *findings)
{
    struct rows rows;
    int64_t *rank, *counters;
    uint32_t *component, *level, *detector, *start, *until, *change, *text;
    double *peak, *firing;
    lode_try(
        rows_begin(&rows, DETECTION_FINDINGS, "what changed, ranked", findings->n, run->arena));
    lode_try(rows_i64(&rows, "rank", NULL, "place in the list, from 1", &rank));
    lode_try(rows_text(&rows, "component", "whose counters these are", &component));
    lode_try(
        rows_text(&rows, "level", "of the detector that fired; woke: dead counters move", &level));
    lode_try(rows_text(&rows, "detector", "that fired", &detector));
    lode_try(rows_text(&rows, "start", "first slot at or above the threshold", &start));
    lode_try(rows_text(&rows, "end", "first slot below it again; empty: it lasts", &until));
    lode_try(rows_f64(&rows, "peak", NULL, "largest E", &peak));
    lode_try(rows_text(&rows, "change", "when the first contributor changed", &change));
    lode_try(rows_i64(&rows, "counters", NULL, "fewest that make 90 % of the peak", &counters));
    lode_try(rows_f64(&rows, "firing", NULL, "number, as in table firings; empty: none", &firing));
    lode_try(rows_text(&rows, "text", "the finding in words", &text));
    for (int64_t i = 0; i < findings->n; i++) {
        const struct detection_finding *of = &findings->list[i];
        char time[TIME_TEXT];
        rank[i] = i + 1;
        peak[i] = of->peak;
        counters[i] = of->counters;
        firing[i] = of->fired >= 0 ? (double)(of->fired + 1) : (double)NAN;
        lode_try(rows_code(&rows, of->component, &component[i]));
        lode_try(rows_code(&rows, of->level, &level[i]));
        lode_try(rows_code(&rows, of->detector, &detector[i]));
        lode_try(rows_code(&rows, detection_time(of->start_ms, time), &start[i]));
        lode_try(rows_code(&rows, detection_time(of->end_ms, time), &until[i]));
        lode_try(rows_code(&rows, detection_time(of->change_ms, time), &change[i]));
        lode_try(rows_code(&rows, of->text, &text[i]));
    }
    return lode_findings_put(run, rows_end(&rows));
}

static lode_status put_firings(const struct lode_run *run, const struct outcome *outcome)
{
    struct rows rows;
    int64_t *firing, *start, *peak_time, *change, *counters, *of_counters;
    int64_t *cut;
    uint32_t *level, *component, *detector;
    double *until, *peak, *threshold;
    lode_try(rows_begin(&rows, "firings", "detectors over the threshold of their level",
                        outcome->n_fired, run->arena));
    lode_try(rows_i64(&rows, "firing", NULL, "number, as in table contributions", &firing));
    lode_try(rows_text(&rows, "level", "of the detector", &level));
    lode_try(rows_text(&rows, "component", "of the detector", &component));
    lode_try(rows_text(&rows, "detector", "that fired", &detector));
    lode_try(rows_i64(&rows, "start", TIME_UNITS, "first slot at or above the threshold", &start));
    lode_try(
        rows_f64(&rows, "end", TIME_UNITS, "first slot below it again; empty: it lasts", &until));
    lode_try(rows_f64(&rows, "threshold", NULL, "on E, of the level", &threshold));
    lode_try(rows_f64(&rows, "peak", NULL, "largest E", &peak));
    lode_try(rows_i64(&rows, "peak_time", TIME_UNITS, "slot of the peak", &peak_time));
    lode_try(rows_i64(&rows, "change", TIME_UNITS, "when the first contributor changed", &change));
    lode_try(rows_i64(&rows, "counters", NULL, "fewest that make 90 % of the peak", &counters));
    lode_try(rows_i64(&rows, "of", NULL, "counters of the component (across components: members)",
                      &of_counters));
    lode_try(rows_i64(&rows, "cut", NULL,
                      "1: it fires in the first slot scored, and may have begun before", &cut));
    for (int64_t i = 0; i < outcome->n_fired; i++) {
        const struct fired *of = &outcome->fired[i];
        firing[i] = i + 1;
        start[i] = of->start_ms;
        until[i] = of->end_ms == INT64_MIN ? (double)NAN : (double)of->end_ms;
        threshold[i] = outcome->planning->levels->alerts[of->level];
        peak[i] = of->peak;
        peak_time[i] = of->peak_ms;
        change[i] = of->change_ms;
        counters[i] = of->n_main;
        of_counters[i] = of->n_leaves;
        cut[i] = of->is_cut;
        lode_try(rows_code(&rows, outcome->planning->levels->names[of->level], &level[i]));
        lode_try(rows_code(&rows, of->component, &component[i]));
        lode_try(rows_code(&rows, of->detector, &detector[i]));
    }
    return lode_results_put(run->results, rows_end(&rows));
}

static lode_status put_contributions(const struct lode_run *run, const struct outcome *outcome)
{
    struct rows rows;
    int64_t *firing, *place, n = 0, row = 0;
    uint32_t *component, *detector;
    double *e, *share;
    for (int64_t i = 0; i < outcome->n_fired; i++) n += outcome->fired[i].n_top;
    lode_try(rows_begin(&rows, "contributions", "who made the peak of a firing", n, run->arena));
    lode_try(rows_i64(&rows, "firing", NULL, "number, as in table firings", &firing));
    lode_try(rows_i64(&rows, "place", NULL, "in falling order, from 1", &place));
    lode_try(rows_text(&rows, "component", "of the detector", &component));
    lode_try(rows_text(&rows, "detector", "leaf (across components: member)", &detector));
    lode_try(rows_f64(&rows, "contribution", NULL, "to E at the peak", &e));
    lode_try(rows_f64(&rows, "share", NULL, "of E at the peak", &share));
    for (int64_t i = 0; i < outcome->n_fired; i++) {
        const struct fired *of = &outcome->fired[i];
        for (int64_t k = 0; k < of->n_top; k++, row++) {
            firing[row] = i + 1;
            place[row] = k + 1;
            e[row] = of->top[k].e;
            share[row] = of->peak > 0.0 ? of->top[k].e / of->peak : (double)NAN;
            lode_try(rows_code(&rows, of->top[k].component, &component[row]));
            lode_try(rows_code(&rows, of->top[k].name, &detector[row]));
        }
    }
    return lode_results_put(run->results, rows_end(&rows));
}

/* A kept series, wherever it comes from. */
struct series {
    int level;
    const char *component, *detector;
    struct slots slots;
    const double *e;
};

/* The next kept series from *i, *node on; false: there is none. */
static bool next_series(const struct outcome *outcome, const struct crossing *crossing, int64_t *i,
                        int64_t *node, struct series *series)
{
    const struct planned *planned = outcome->planned;
    const struct levels *levels = outcome->planning->levels;
    const struct model *model = outcome->planning->model;
    for (; *i < planned->n; (*i)++, *node = 0) {
        const struct planned_component *of = &planned->list[*i];
        for (; *node < of->plan.n_nodes; (*node)++) {
            const int level = of->plan.nodes[*node].level;
            if (!levels->is_kept[level] || !of->series[*node]) continue;
            *series = (struct series){
                level,
                model->components[of->component].name,
                of->names[*node],
                {of->plan.first_ms + of->first * of->plan.step_ms, of->plan.step_ms, of->n_slots},
                of->series[(*node)]};
            (*node)++;
            return true;
        }
    }
    for (; *i - planned->n < crossing->n; (*i)++) {
        const struct crossing_detector *of = &crossing->list[*i - planned->n];
        const struct model_detector *detector = &model->detectors[of->detector];
        if (!levels->is_kept[of->level] || of->slots.n == 0) continue;
        *series = (struct series){of->level, model->components[detector->component].name,
                                  detector->name, of->slots, of->e};
        (*i)++;
        return true;
    }
    return false;
}

static lode_status put_scores(const struct lode_run *run, const struct outcome *outcome,
                              const struct crossing *crossing)
{
    struct rows rows;
    struct series series;
    int64_t *time, n = 0, row = 0;
    uint32_t *level, *component, *detector, code;
    double *e, *score;
    for (int64_t i = 0, node = 0; next_series(outcome, crossing, &i, &node, &series);)
        n += series.slots.n;
    lode_try(
        rows_begin(&rows, "scores", "E of the levels that parameter scores names", n, run->arena));
    lode_try(rows_text(&rows, "level", "of the detector", &level));
    lode_try(rows_text(&rows, "component", "of the detector", &component));
    lode_try(rows_text(&rows, "detector", "whose score this is", &detector));
    lode_try(rows_i64(&rows, "time", TIME_UNITS, "slot", &time));
    lode_try(rows_f64(&rows, "e", NULL, "how unusual the slot is", &e));
    lode_try(rows_f64(&rows, "score", NULL, "1 - exp(-E)", &score));
    for (int64_t i = 0, node = 0; next_series(outcome, crossing, &i, &node, &series);) {
        const int64_t end_row = row + series.slots.n;
        uint32_t codes[3];
        lode_try(rows_code(&rows, outcome->planning->levels->names[series.level], &code));
        codes[0] = code;
        lode_try(rows_code(&rows, series.component, &codes[1]));
        lode_try(rows_code(&rows, series.detector, &codes[2]));
        for (int64_t k = 0; row < end_row; row++, k++) {
            level[row] = codes[0];
            component[row] = codes[1];
            detector[row] = codes[2];
            time[row] = series.slots.first_ms + k * series.slots.step_ms;
            e[row] = series.e[k];
            score[row] = detector_score(e[row]);
        }
    }
    return lode_results_put(run->results, rows_end(&rows));
}

/* Slots of a component and of the detectors across components that are its. */
struct scored {
    int64_t from_ms, until_ms, n;
};

static void widen(struct scored *scored, const struct slots *slots)
{
    const int64_t until_ms = slots->first_ms + slots->n * slots->step_ms;
    if (slots->n == 0) return;
    if (scored->n == 0 || slots->first_ms < scored->from_ms) scored->from_ms = slots->first_ms;
    if (scored->n == 0 || until_ms > scored->until_ms) scored->until_ms = until_ms;
    if (slots->n > scored->n) scored->n = slots->n;
}

static lode_status put_scored(const struct lode_run *run, const struct outcome *outcome,
                              const struct crossing *crossing)
{
    const struct model *model = outcome->planning->model;
    struct rows rows;
    struct scored *scored;
    int64_t *from, *until, *slots, n = 0, row = 0;
    uint32_t *component;
    lode_try(lode_take_zero(run->arena, model->n_components, &scored));
    for (int64_t i = 0; i < outcome->planned->n; i++) {
        const struct planned_component *of = &outcome->planned->list[i];
        const struct slots own = {of->plan.first_ms + of->first * of->plan.step_ms,
                                  of->plan.step_ms, of->n_slots};
        widen(&scored[of->component], &own);
    }
    for (int64_t i = 0; i < crossing->n; i++)
        widen(&scored[model->detectors[crossing->list[i].detector].component],
              &crossing->list[i].slots);
    for (int64_t c = 0; c < model->n_components; c++) n += scored[c].n > 0;
    lode_try(rows_begin(&rows, "scored", "what was scored, by component", n, run->arena));
    lode_try(rows_text(&rows, "component", "in order of names", &component));
    lode_try(rows_i64(&rows, "from", TIME_UNITS, "first slot", &from));
    lode_try(rows_i64(&rows, "until", TIME_UNITS, "end of the last slot", &until));
    lode_try(rows_i64(&rows, "slots", NULL, "number of slots", &slots));
    for (int64_t c = 0; c < model->n_components; c++) {
        if (scored[c].n == 0) continue;
        from[row] = scored[c].from_ms;
        until[row] = scored[c].until_ms;
        slots[row] = scored[c].n;
        lode_try(rows_code(&rows, model->components[c].name, &component[row++]));
    }
    return lode_results_put(run->results, rows_end(&rows));
}

static lode_status put_woke(const struct lode_run *run, const struct outcome *outcome)
{
    struct rows rows;
    int64_t *time;
    uint32_t *component, *counter;
    double *before, *after;
    lode_try(rows_begin(&rows, "woke", "counters that move since training", outcome->n_woken,
                        run->arena));
    lode_try(rows_text(&rows, "component", "of the counter", &component));
    lode_try(rows_text(&rows, "counter", "whose distance was 0 in training", &counter));
    lode_try(rows_i64(&rows, "time", TIME_UNITS, "first sample with another value", &time));
    lode_try(rows_f64(&rows, "before", NULL, "its value in training; empty: it had none", &before));
    lode_try(rows_f64(&rows, "after", NULL, "its value then", &after));
    for (int64_t i = 0; i < outcome->n_woken; i++) {
        const struct woken *of = &outcome->woken[i];
        time[i] = of->waking.time_ms;
        before[i] = of->waking.before;
        after[i] = of->waking.after;
        lode_try(rows_code(&rows, of->component, &component[i]));
        lode_try(rows_code(&rows, of->counter, &counter[i]));
    }
    return lode_results_put(run->results, rows_end(&rows));
}

static lode_status put_unscored(const struct lode_run *run, const struct outcome *outcome)
{
    const struct planned *planned = outcome->planned;
    struct rows rows;
    uint32_t *component, *counter, *reason;
    double *since;
    lode_try(rows_begin(&rows, "unscored", "what model and store do not share, and what is silent",
                        planned->n_unscored + outcome->n_unscored, run->arena));
    lode_try(rows_text(&rows, "component", "that is not scored", &component));
    lode_try(
        rows_text(&rows, "counter", "that is not scored; empty: the whole component", &counter));
    lode_try(rows_text(&rows, "reason", "why", &reason));
    lode_try(rows_f64(&rows, "since", TIME_UNITS, "its last sample; empty: not known", &since));
    for (int64_t i = 0; i < rows.table.n_rows; i++) {
        const struct unscored *of = i < planned->n_unscored
                                        ? &planned->unscored[i]
                                        : &outcome->unscored[i - planned->n_unscored];
        lode_try(rows_code(&rows, of->component, &component[i]));
        lode_try(rows_code(&rows, of->counter, &counter[i]));
        lode_try(rows_code(&rows, unscored_reason_names[of->reason], &reason[i]));
        since[i] = of->since_ms == INT64_MIN ? (double)NAN : (double)of->since_ms;
    }
    return lode_results_put(run->results, rows_end(&rows));
}

lode_status detection_tables_put(const struct lode_run *run, const struct outcome *outcome,
                                 const struct crossing *crossing,
                                 const struct detection_findings *findings)
{
    lode_try(put_findings(run, findings));
    lode_try(put_firings(run, outcome));
    lode_try(put_contributions(run, outcome));
    lode_try(put_scores(run, outcome, crossing));
    lode_try(put_scored(run, outcome, crossing));
    lode_try(put_woke(run, outcome));
    return put_unscored(run, outcome);
}
