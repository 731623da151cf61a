/* Tables of a detection run: see the header. */
#include "jobs/hierarchy/detection/detection_tables.h"

#include <math.h>
#include <string.h>

#define TIME_UNITS "ms since 1970-01-01T00:00:00Z"
enum { MOST_COLUMNS = 16, TIME_TEXT = 40 };

/* A table under way: columns of one length, and the words of all. */
struct making {
    struct lode_arena *arena;
    struct lode_words *words;
    int64_t n_rows;
    int n_columns;
    struct lode_column columns[MOST_COLUMNS];
};

static lode_status begin(struct lode_arena *arena, int64_t n_rows, struct making *making)
{
    *making = (struct making){.arena = arena, .n_rows = n_rows};
    return lode_words_create(arena, &making->words);
}

static lode_status add_numbers(struct making *m, const char *name, const char *title,
                               int64_t **numbers)
{
    lode_try(lode_take(m->arena, m->n_rows, numbers));
    m->columns[m->n_columns++] = lode_column_numbers(name, LODE_COLUMN_I64, *numbers, NULL, title);
    return LODE_OK;
}

static lode_status add_times(struct making *m, const char *name, const char *title,
                             int64_t **numbers)
{
    lode_try(lode_take(m->arena, m->n_rows, numbers));
    m->columns[m->n_columns++] =
        lode_column_numbers(name, LODE_COLUMN_I64, *numbers, TIME_UNITS, title);
    return LODE_OK;
}

static lode_status add_reals(struct making *m, const char *name, const char *title,
                             double **numbers)
{
    lode_try(lode_take(m->arena, m->n_rows, numbers));
    m->columns[m->n_columns++] = lode_column_numbers(name, LODE_COLUMN_F64, *numbers, NULL, title);
    return LODE_OK;
}

static lode_status add_words(struct making *m, const char *name, const char *title,
                             uint32_t **codes)
{
    lode_try(lode_take(m->arena, m->n_rows, codes));
    m->columns[m->n_columns++] = lode_column_words(name, *codes, NULL, 0, title);
    return LODE_OK;
}

static lode_status word(struct making *m, const char *text, uint32_t *code)
{
    *code = UINT32_MAX;
    return text[0] ? lode_words_add(m->words, text, strlen(text), code) : LODE_OK;
}

/* The words are known now. */
static struct lode_table end(struct making *m, const char *name, const char *title)
{
    int64_t n = 0;
    char *const *words = lode_words_list(m->words, &n);
    for (int c = 0; c < m->n_columns; c++)
        if (m->columns[c].type == LODE_COLUMN_WORD) {
            m->columns[c].words = words;
            m->columns[c].n_words = n;
        }
    return (struct lode_table){name, title, m->n_rows, m->n_columns, m->columns};
}

static lode_status put_findings(const struct lode_run *run,
                                const struct detection_findings *findings)
{
    struct making m;
    int64_t *rank, *counters;
    uint32_t *component, *level, *detector, *start, *until, *change, *text;
    double *peak;
    lode_try(begin(run->arena, findings->n, &m));
    lode_try(add_numbers(&m, "rank", "place in the list, from 1", &rank));
    lode_try(add_words(&m, "component", "whose counters these are", &component));
    lode_try(
        add_words(&m, "level", "of the detector that fired; woke: dead counters move", &level));
    lode_try(add_words(&m, "detector", "that fired", &detector));
    lode_try(add_words(&m, "start", "first slot at or above the threshold", &start));
    lode_try(add_words(&m, "end", "first slot below it again; empty: it lasts", &until));
    lode_try(add_reals(&m, "peak", "largest E", &peak));
    lode_try(add_words(&m, "change", "when the first contributor changed", &change));
    lode_try(add_numbers(&m, "counters", "fewest that make 90 % of the peak", &counters));
    lode_try(add_words(&m, "text", "the finding in words", &text));
    for (int64_t i = 0; i < findings->n; i++) {
        const struct detection_finding *of = &findings->list[i];
        char time[TIME_TEXT];
        rank[i] = i + 1;
        peak[i] = of->peak;
        counters[i] = of->counters;
        lode_try(word(&m, of->component, &component[i]));
        lode_try(word(&m, of->level, &level[i]));
        lode_try(word(&m, of->detector, &detector[i]));
        lode_try(word(&m, detection_time(of->start_ms, time), &start[i]));
        lode_try(word(&m, detection_time(of->end_ms, time), &until[i]));
        lode_try(word(&m, detection_time(of->change_ms, time), &change[i]));
        lode_try(word(&m, of->text, &text[i]));
    }
    const struct lode_table table = end(&m, DETECTION_FINDINGS, "what changed, ranked");
    return lode_findings_put(run, &table);
}

static lode_status put_firings(const struct lode_run *run, const struct outcome *outcome)
{
    struct making m;
    int64_t *firing, *start, *peak_time, *change, *counters, *of_counters;
    uint32_t *level, *component, *detector;
    double *until, *peak, *threshold;
    lode_try(begin(run->arena, outcome->n_fired, &m));
    lode_try(add_numbers(&m, "firing", "number, as in table contributions", &firing));
    lode_try(add_words(&m, "level", "of the detector", &level));
    lode_try(add_words(&m, "component", "of the detector", &component));
    lode_try(add_words(&m, "detector", "that fired", &detector));
    lode_try(add_times(&m, "start", "first slot at or above the threshold", &start));
    lode_try(add_reals(&m, "end", "first slot below it again; empty: it lasts", &until));
    lode_try(add_reals(&m, "threshold", "on E, of the level", &threshold));
    lode_try(add_reals(&m, "peak", "largest E", &peak));
    lode_try(add_times(&m, "peak_time", "slot of the peak", &peak_time));
    lode_try(add_times(&m, "change", "when the first contributor changed", &change));
    lode_try(add_numbers(&m, "counters", "fewest that make 90 % of the peak", &counters));
    lode_try(add_numbers(&m, "of", "counters (of level whole: detectors) below", &of_counters));
    m.columns[5].units = TIME_UNITS; /* a number, so that it can be empty */
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
        lode_try(word(&m, outcome->planning->levels->names[of->level], &level[i]));
        lode_try(word(&m, of->component, &component[i]));
        lode_try(word(&m, of->detector, &detector[i]));
    }
    const struct lode_table table =
        end(&m, "firings", "detectors over the threshold of their level");
    return lode_results_put(run->results, &table);
}

static lode_status put_contributions(const struct lode_run *run, const struct outcome *outcome)
{
    struct making m;
    int64_t *firing, *place, n = 0, row = 0;
    uint32_t *component, *detector;
    double *e, *share;
    for (int64_t i = 0; i < outcome->n_fired; i++) n += outcome->fired[i].n_top;
    lode_try(begin(run->arena, n, &m));
    lode_try(add_numbers(&m, "firing", "number, as in table firings", &firing));
    lode_try(add_numbers(&m, "place", "in falling order, from 1", &place));
    lode_try(add_words(&m, "component", "of the detector", &component));
    lode_try(add_words(&m, "detector", "leaf (of level whole: member)", &detector));
    lode_try(add_reals(&m, "contribution", "to E at the peak", &e));
    lode_try(add_reals(&m, "share", "of E at the peak", &share));
    for (int64_t i = 0; i < outcome->n_fired; i++) {
        const struct fired *of = &outcome->fired[i];
        for (int k = 0; k < of->n_top; k++, row++) {
            firing[row] = i + 1;
            place[row] = k + 1;
            e[row] = of->top[k].e;
            share[row] = of->peak > 0.0 ? of->top[k].e / of->peak : (double)NAN;
            lode_try(word(&m, of->top[k].component, &component[row]));
            lode_try(word(&m, of->top[k].name, &detector[row]));
        }
    }
    const struct lode_table table = end(&m, "contributions", "who made the peak of a firing");
    return lode_results_put(run->results, &table);
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
    struct making m;
    struct series series;
    int64_t *time, n = 0, row = 0;
    uint32_t *level, *component, *detector, code;
    double *e, *score;
    for (int64_t i = 0, node = 0; next_series(outcome, crossing, &i, &node, &series);)
        n += series.slots.n;
    lode_try(begin(run->arena, n, &m));
    lode_try(add_words(&m, "level", "of the detector", &level));
    lode_try(add_words(&m, "component", "of the detector", &component));
    lode_try(add_words(&m, "detector", "whose score this is", &detector));
    lode_try(add_times(&m, "time", "slot", &time));
    lode_try(add_reals(&m, "e", "how unusual the slot is", &e));
    lode_try(add_reals(&m, "score", "1 - exp(-E)", &score));
    for (int64_t i = 0, node = 0; next_series(outcome, crossing, &i, &node, &series);) {
        const int64_t end_row = row + series.slots.n;
        uint32_t codes[3];
        lode_try(word(&m, outcome->planning->levels->names[series.level], &code));
        codes[0] = code;
        lode_try(word(&m, series.component, &codes[1]));
        lode_try(word(&m, series.detector, &codes[2]));
        for (int64_t k = 0; row < end_row; row++, k++) {
            level[row] = codes[0];
            component[row] = codes[1];
            detector[row] = codes[2];
            time[row] = series.slots.first_ms + k * series.slots.step_ms;
            e[row] = series.e[k];
            score[row] = detector_score(e[row]);
        }
    }
    const struct lode_table table =
        end(&m, "scores", "E of the levels that parameter scores names");
    return lode_results_put(run->results, &table);
}

static lode_status put_woke(const struct lode_run *run, const struct outcome *outcome)
{
    struct making m;
    int64_t *time;
    uint32_t *component, *counter;
    double *before, *after;
    lode_try(begin(run->arena, outcome->n_woken, &m));
    lode_try(add_words(&m, "component", "of the counter", &component));
    lode_try(add_words(&m, "counter", "that was constant in training", &counter));
    lode_try(add_times(&m, "time", "first sample with another value", &time));
    lode_try(add_reals(&m, "before", "its value in training; empty: it had none", &before));
    lode_try(add_reals(&m, "after", "its value then", &after));
    for (int64_t i = 0; i < outcome->n_woken; i++) {
        const struct woken *of = &outcome->woken[i];
        time[i] = of->waking.time_ms;
        before[i] = of->waking.before;
        after[i] = of->waking.after;
        lode_try(word(&m, of->component, &component[i]));
        lode_try(word(&m, of->counter, &counter[i]));
    }
    const struct lode_table table = end(&m, "woke", "counters that move since training");
    return lode_results_put(run->results, &table);
}

static lode_status put_unscored(const struct lode_run *run, const struct outcome *outcome)
{
    const struct planned *planned = outcome->planned;
    struct making m;
    uint32_t *component, *counter, *reason;
    lode_try(begin(run->arena, planned->n_unscored + outcome->n_unscored, &m));
    lode_try(add_words(&m, "component", "that is not scored", &component));
    lode_try(add_words(&m, "counter", "that is not scored; empty: the whole component", &counter));
    lode_try(add_words(&m, "reason", "why", &reason));
    for (int64_t i = 0; i < m.n_rows; i++) {
        const struct unscored *of = i < planned->n_unscored
                                        ? &planned->unscored[i]
                                        : &outcome->unscored[i - planned->n_unscored];
        lode_try(word(&m, of->component, &component[i]));
        lode_try(word(&m, of->counter, &counter[i]));
        lode_try(word(&m, unscored_reason_names[of->reason], &reason[i]));
    }
    const struct lode_table table = end(&m, "unscored", "what model and store do not share");
    return lode_results_put(run->results, &table);
}

lode_status detection_tables_put(const struct lode_run *run, const struct outcome *outcome,
                                 const struct crossing *crossing,
                                 const struct detection_findings *findings)
{
    lode_try(put_findings(run, findings));
    lode_try(put_firings(run, outcome));
    lode_try(put_contributions(run, outcome));
    lode_try(put_scores(run, outcome, crossing));
    lode_try(put_woke(run, outcome));
    return put_unscored(run, outcome);
}
