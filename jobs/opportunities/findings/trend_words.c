/* Words of trends. Times of whole days are written as dates. */
#include "jobs/opportunities/findings/trend_words.h"

#include <math.h>
#include <string.h>

#include "common/text.h"

static const struct trend_row *row_of(const struct finding_sources *sources,
                                      const struct finding *finding)
{
    return &sources->trends->rows[finding->trend];
}

/* A slot's start, as a date where slots are whole days. */
static lode_status add_time(struct lode_bytes *out, const struct series_list *series, int64_t slot)
{
    char text[40];
    series_slot_text(series, slot, text);
    if (series->width_ms % SERIES_DAY_MS == 0) text[strcspn(text, "T")] = '\0';
    return lode_bytes_printf(out, "%s", text);
}

lode_status trend_words_add_claim(struct lode_bytes *out, const struct finding_sources *sources,
                                  const struct finding *finding)
{
    const struct trend_row *row = row_of(sources, finding);
    const struct trend_answer *answer = trend_answer_of(row);
    const char *kpi = sources->store->kpis[finding->kpi].name;
    const enum series_part part = sources->trends->series->list[row->series].part;
    const bool rises = answer->to > answer->from;
    if (part != SERIES_ANY)
        lode_try(lode_bytes_printf(out, " that are %sthe first of their user",
                                   part == SERIES_FIRST ? "" : "not "));
    if (finding->expert == EXPERT_TREND)
        return finding->is_binary
                   ? lode_bytes_printf(out, " have %s more and more often", kpi)
                   : lode_bytes_printf(out, " have %s %s", rises ? "rising" : "falling", kpi);
    if (finding->is_binary)
        lode_try(lode_bytes_printf(out, " have %s more often since ", kpi));
    else
        lode_try(lode_bytes_printf(out, " have %s %s since ", rises ? "higher" : "lower", kpi));
    return add_time(out, sources->trends->series, row->change_at);
}

static lode_status add_level(struct lode_bytes *out, bool is_binary, double level)
{
    return is_binary ? lode_bytes_printf(out, "%.1f %%", 100 * level)
                     : lode_bytes_printf(out, "%.6g", level);
}

static lode_status add_times(struct lode_bytes *out, const struct series_list *series,
                             const struct trend_row *row, const struct finding *finding)
{
    const struct trend_answer *answer = trend_answer_of(row);
    const bool is_trend = finding->expert == EXPERT_TREND;
    lode_try(add_level(out, finding->is_binary, answer->from));
    lode_try(lode_bytes_printf(out, is_trend ? " on " : " before "));
    lode_try(add_time(out, series, is_trend ? row->first_slot : row->change_at));
    lode_try(lode_bytes_printf(out, ", "));
    lode_try(add_level(out, finding->is_binary, answer->to));
    if (!is_trend) return lode_bytes_printf(out, " from then on");
    lode_try(lode_bytes_printf(out, " on "));
    return add_time(out, series, row->last_slot);
}

lode_status trend_words_add_numbers(struct lode_bytes *out, const struct finding_sources *sources,
                                    const struct finding *finding)
{
    const struct trend_row *row = row_of(sources, finding);
    char number[32];
    lode_try(add_times(out, sources->trends->series, row, finding));
    if (!isnan(finding->effect))
        lode_try(lode_bytes_printf(out, " (%+.3g %%%s, 95 %% interval %.3g to %.3g)",
                                   100 * finding->effect,
                                   finding->expert == EXPERT_TREND ? " of the mean a day" : "",
                                   100 * finding->low, 100 * finding->high));
    lode_try(lode_bytes_printf(out, ", in %s sessions",
                               lode_text_grouped((int64_t)row->sessions, number)));
    if (!finding->is_binary) return LODE_OK;
    return lode_bytes_printf(out, ". About %s more of %s are faulty than at the first level",
                             lode_text_grouped((int64_t)llround(finding->impact), number),
                             sources->options->sample_rate < 1 ? "all sessions" : "them");
}
