/* Trend test: both experts look at the slots with enough sessions. */
#include "jobs/opportunities/experts/trend_test.h"

#include <math.h>

#include "common/stats/change.h"
#include "common/stats/trend.h"

static const double no_value = (double)NAN;
static const double normal_975 = 1.959963984540054; /* quantile of a 95 % interval */

/* Slots that count, of a series at hand. */
struct slots {
    int64_t n;
    double *levels, *counts, *sums, *squares; /* [n]; levels: NaN where a slot does not count */
    bool is_binary;
};

static const struct trend_answer no_answer = {.p = (double)NAN,
                                              .q = (double)NAN,
                                              .rise = (double)NAN,
                                              .low = (double)NAN,
                                              .high = (double)NAN,
                                              .misfit = (double)NAN,
                                              .extra = (double)NAN,
                                              .from = (double)NAN,
                                              .to = (double)NAN};

/* Slots below the least are as empty. */
static lode_status take_slots(const struct series *series, int64_t n, double least,
                              struct lode_arena *arena, struct slots *slots)
{
    *slots = (struct slots){.n = n, .is_binary = !series->squares};
    lode_try(lode_take(arena, n, &slots->levels));
    lode_try(lode_take_zero(arena, n, &slots->counts));
    lode_try(lode_take_zero(arena, n, &slots->sums));
    lode_try(lode_take_zero(arena, n, &slots->squares));
    for (int64_t i = 0; i < n; i++) {
        slots->levels[i] = no_value;
        if (!(series->counts[i] >= least)) continue;
        slots->counts[i] = series->counts[i];
        slots->sums[i] = series->sums[i];
        slots->squares[i] = series->squares ? series->squares[i] : series->sums[i];
        slots->levels[i] = series->sums[i] / series->counts[i];
    }
    return LODE_OK;
}

static void look(const struct slots *slots, struct trend_row *row)
{
    double sum = 0.0;
    row->first_slot = -1;
    for (int64_t i = 0; i < slots->n; i++) {
        if (!(slots->counts[i] > 0.0)) continue;
        if (row->first_slot < 0) row->first_slot = i;
        row->last_slot = i;
        row->slots++;
        row->sessions += slots->counts[i];
        sum += slots->sums[i];
    }
    row->faulty = slots->is_binary ? sum : 0.0;
    row->mean = sum / row->sessions;
}

/* Only a positive level is one to be relative to. */
static double relative(double difference, double level)
{
    return level > 0.0 ? difference / level : no_value;
}

/* Squared distances to the line, or to the levels, weighed by sessions. */
static void weigh(const struct slots *slots, const struct lode_theil_sen *line,
                  const struct lode_change *change, struct trend_row *row)
{
    row->trend.misfit = row->change.misfit = 0.0;
    row->trend.extra = row->change.extra = 0.0;
    for (int64_t i = 0; i < slots->n; i++) {
        const double count = slots->counts[i], level = slots->levels[i];
        if (!(count > 0.0)) continue;
        const double on_line = line->intercept + line->slope * (double)i;
        const double on_step = i < change->at ? change->before : change->after;
        row->trend.misfit += count * (level - on_line) * (level - on_line);
        row->change.misfit += count * (level - on_step) * (level - on_step);
        row->trend.extra += count * line->slope * (double)(i - row->first_slot);
        if (i >= change->at) row->change.extra += count * (change->after - change->before);
    }
    if (!slots->is_binary) row->trend.extra = no_value;
    if (!slots->is_binary || !change->is_judged) row->change.extra = no_value;
}

static lode_status ask_trend(const struct slots *slots, int64_t width_ms, struct lode_arena *arena,
                             struct lode_theil_sen *line, struct trend_row *row)
{
    struct lode_mann_kendall kendall;
    const double per_day = (double)SERIES_DAY_MS / (double)width_ms;
    const double steps = (double)(row->last_slot - row->first_slot);
    lode_try(lode_mann_kendall(slots->levels, slots->n, arena, &kendall));
    lode_try(lode_theil_sen(slots->levels, slots->n, 0.95, arena, line));
    row->slope = line->slope * per_day;
    row->slope_low = line->low * per_day;
    row->slope_high = line->high * per_day;
    row->trend.p = kendall.p;
    row->trend.from = line->intercept + line->slope * (double)row->first_slot;
    row->trend.to = line->intercept + line->slope * (double)row->last_slot;
    row->trend.rise = relative(line->slope * steps, row->mean);
    row->trend.low = relative(line->low * steps, row->mean);
    row->trend.high = relative(line->high * steps, row->mean);
    return LODE_OK;
}

/* Variance of the mean of slots first .. end - 1, by sessions. */
static double squared_error(const struct slots *slots, int64_t first, int64_t end)
{
    double count = 0.0, sum = 0.0, squares = 0.0;
    for (int64_t i = first; i < end; i++) {
        count += slots->counts[i];
        sum += slots->sums[i];
        squares += slots->squares[i];
    }
    return fmax(0.0, squares - sum * (sum / count)) / count / count;
}

static void ask_change(const struct slots *slots, struct lode_change *change, struct trend_row *row)
{
    const struct lode_change_series series = {slots->n, slots->counts, slots->sums,
                                              slots->is_binary ? NULL : slots->squares};
    lode_change_find(&series, TREND_CHANGE_SIDE, change);
    row->change_at = change->is_judged ? change->at : -1;
    if (!change->is_judged) return;
    const double ratio = change->after / change->before;
    const double error =
        sqrt(change->dispersion * (squared_error(slots, change->at, slots->n) +
                                   ratio * ratio * squared_error(slots, 0, change->at))) /
        change->before; /* of a quotient, to the first order */
    row->change.p = change->p;
    row->change.from = change->before;
    row->change.to = change->after;
    row->change.rise = relative(change->after - change->before, change->before);
    if (isnan(row->change.rise)) return;
    row->change.low = row->change.rise - normal_975 * error;
    row->change.high = row->change.rise + normal_975 * error;
}

lode_status trend_test(const struct series *series, const struct series_list *list,
                       const struct trend_options *options, struct lode_arena *arena,
                       struct trend_row *row)
{
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    struct slots slots;
    struct lode_theil_sen line = {0};
    struct lode_change change = {0};
    *row = (struct trend_row){.change_at = -1, .trend = no_answer, .change = no_answer};
    row->slope = row->slope_low = row->slope_high = no_value;
    lode_try(take_slots(series, list->n_slots, options->least_sessions, arena, &slots));
    look(&slots, row);
    if (row->slots >= SERIES_LEAST_SLOTS) {
        if (options->trend) lode_try(ask_trend(&slots, list->width_ms, arena, &line, row));
        if (options->change) ask_change(&slots, &change, row);
        weigh(&slots, &line, &change, row);
    }
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

bool trend_passes(const struct trend_answer *answer, double p, bool is_binary,
                  const struct trend_options *options)
{
    if (!(p <= options->max_q)) return false; /* NaN: no test */
    return is_binary ? answer->rise >= options->relative ||
                           (isnan(answer->rise) && answer->to > answer->from)
                     : fabs(answer->rise) >= options->relative;
}
