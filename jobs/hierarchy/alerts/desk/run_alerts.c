/* Run alerts: see the header. Tables: firings, incidents (a row each), contributions, scored. */
#include "jobs/hierarchy/alerts/desk/run_alerts.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>

#include "common/store/table.h"

struct reading {
    char path[PATH_MAX];
    struct lode_arena *arena;
    struct lode_table firings, incidents, contributions, scored;
};

/* Plain cells of a column; the file is the one that this process has just written. */
static lode_status cells(const struct lode_table *table, const char *name,
                         enum lode_column_type type, const struct lode_column **column)
{
    *column = lode_table_column(table, name);
    if (*column && (*column)->type == type) return LODE_OK;
    return lode_fail(LODE_E_INPUT, "table %s has no column %s of the right kind", table->name,
                     name);
}

static const char *word_at(const struct lode_column *column, int64_t row)
{
    const uint32_t code = ((const uint32_t *)column->data)[lode_column_at(column, row)];
    return code == UINT32_MAX ? "" : column->words[code];
}

static int64_t integer_at(const struct lode_column *column, int64_t row)
{
    return ((const int64_t *)column->data)[lode_column_at(column, row)];
}

static double number_at(const struct lode_column *column, int64_t row)
{
    return ((const double *)column->data)[lode_column_at(column, row)];
}

static lode_status read_firings(const struct lode_table *table, struct alert_firing *firings)
{
    const struct lode_column *level, *component, *detector, *start, *until, *threshold, *peak,
        *peak_time, *change, *cut;
    lode_try(cells(table, "level", LODE_COLUMN_WORD, &level));
    lode_try(cells(table, "component", LODE_COLUMN_WORD, &component));
    lode_try(cells(table, "detector", LODE_COLUMN_WORD, &detector));
    lode_try(cells(table, "start", LODE_COLUMN_I64, &start));
    lode_try(cells(table, "end", LODE_COLUMN_F64, &until));
    lode_try(cells(table, "threshold", LODE_COLUMN_F64, &threshold));
    lode_try(cells(table, "peak", LODE_COLUMN_F64, &peak));
    lode_try(cells(table, "peak_time", LODE_COLUMN_I64, &peak_time));
    lode_try(cells(table, "change", LODE_COLUMN_I64, &change));
    lode_try(cells(table, "cut", LODE_COLUMN_I64, &cut));
    for (int64_t i = 0; i < table->n_rows; i++) {
        const double end_ms = number_at(until, i);
        firings[i] = (struct alert_firing){.level = word_at(level, i),
                                           .component = word_at(component, i),
                                           .detector = word_at(detector, i),
                                           .start_ms = integer_at(start, i),
                                           .end_ms = isnan(end_ms) ? INT64_MIN : (int64_t)end_ms,
                                           .peak_ms = integer_at(peak_time, i),
                                           .change_ms = integer_at(change, i),
                                           .is_cut = integer_at(cut, i) != 0,
                                           .peak = number_at(peak, i),
                                           .threshold = number_at(threshold, i)};
    }
    return LODE_OK;
}

static lode_status read_incidents(const struct lode_table *table, struct alert_firing *firings,
                                  int64_t n)
{
    const struct lode_column *incident, *severity, *text;
    lode_try(cells(table, "incident", LODE_COLUMN_I64, &incident));
    lode_try(cells(table, "severity", LODE_COLUMN_F64, &severity));
    lode_try(cells(table, "text", LODE_COLUMN_WORD, &text));
    if (table->n_rows != n)
        return lode_fail(LODE_E_INPUT, "table incidents has %lld rows, not %lld",
                         (long long)table->n_rows, (long long)n);
    for (int64_t i = 0; i < n; i++) {
        firings[i].incident = integer_at(incident, i);
        firings[i].severity = number_at(severity, i);
        firings[i].text = word_at(text, i);
        if (firings[i].incident < 1 || firings[i].incident > n)
            return lode_fail(LODE_E_INPUT, "table incidents, row %lld: incident %lld of %lld",
                             (long long)i, (long long)firings[i].incident, (long long)n);
    }
    return LODE_OK;
}

/* Rows of a firing lie together. */
static lode_status read_counters(const struct reading *reading, struct alert_firing *firings,
                                 int64_t n)
{
    const struct lode_table *table = &reading->contributions;
    const struct lode_column *firing, *component, *detector, *share;
    struct alert_counter *counters;
    lode_try(cells(table, "firing", LODE_COLUMN_I64, &firing));
    lode_try(cells(table, "component", LODE_COLUMN_WORD, &component));
    lode_try(cells(table, "detector", LODE_COLUMN_WORD, &detector));
    lode_try(cells(table, "share", LODE_COLUMN_F64, &share));
    lode_try(lode_take(reading->arena, table->n_rows, &counters));
    for (int64_t row = 0; row < table->n_rows; row++) {
        const int64_t of = integer_at(firing, row) - 1;
        if (of < 0 || of >= n)
            return lode_fail(LODE_E_INPUT, "table contributions, row %lld: firing %lld of %lld",
                             (long long)row, (long long)of + 1, (long long)n);
        counters[row] = (struct alert_counter){word_at(component, row), word_at(detector, row),
                                               number_at(share, row)};
        if (firings[of].n_counters++ == 0) firings[of].counters = &counters[row];
    }
    return LODE_OK;
}

static lode_status read_scored(const struct reading *reading, struct alert_run *run)
{
    const struct lode_table *table = &reading->scored;
    const struct lode_column *component, *from, *until;
    struct alert_scored *scored;
    lode_try(cells(table, "component", LODE_COLUMN_WORD, &component));
    lode_try(cells(table, "from", LODE_COLUMN_I64, &from));
    lode_try(cells(table, "until", LODE_COLUMN_I64, &until));
    lode_try(lode_take(reading->arena, table->n_rows, &scored));
    for (int64_t i = 0; i < table->n_rows; i++)
        scored[i] =
            (struct alert_scored){word_at(component, i), integer_at(from, i), integer_at(until, i)};
    run->n_scored = table->n_rows;
    run->scored = scored;
    return LODE_OK;
}

lode_status run_alerts_read(const char *directory, struct lode_arena *arena, struct alert_run *run)
{
    struct reading *reading;
    struct alert_firing *firings;
    lode_try(lode_take_zero(arena, 1, &reading));
    reading->arena = arena;
    if (snprintf(reading->path, PATH_MAX, "%s/results.h5", directory) >= PATH_MAX)
        return lode_fail(LODE_E_USAGE, "path too long: %.64s...", directory);
    lode_try(lode_results_read(reading->path, "firings", arena, &reading->firings));
    lode_try(lode_results_read(reading->path, "incidents", arena, &reading->incidents));
    lode_try(lode_results_read(reading->path, "contributions", arena, &reading->contributions));
    lode_try(lode_results_read(reading->path, "scored", arena, &reading->scored));
    run->n = reading->firings.n_rows;
    lode_try(lode_take(arena, run->n, &firings));
    lode_try(read_firings(&reading->firings, firings));
    lode_try(read_incidents(&reading->incidents, firings, run->n));
    run->firings = firings;
    lode_try(read_scored(reading, run));
    return read_counters(reading, firings, run->n);
}
