/* findings.jsonl: keys in a fixed order, numbers in their shortest exact form, nothing that depends
 * on when or where the run took place. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/file.h"
#include "common/text.h"
#include "jobs/opportunities/derive/derivation.h"
#include "jobs/opportunities/findings/finding_members.h"
#include "jobs/opportunities/findings/report.h"

static lode_status add_key(struct lode_bytes *out, const char *key)
{
    const bool is_first = out->size > 0 && out->data[out->size - 1] == '{';
    return lode_bytes_printf(out, "%s\"%s\":", is_first ? "" : ",", key);
}

static lode_status add_text(struct lode_bytes *out, const char *key, const char *text)
{
    lode_try(add_key(out, key));
    return lode_text_append_json(out, text, strlen(text));
}

static lode_status add_count(struct lode_bytes *out, const char *key, int64_t value)
{
    lode_try(add_key(out, key));
    return lode_bytes_printf(out, "%lld", (long long)value);
}

static lode_status add_number(struct lode_bytes *out, const char *key, double value)
{
    lode_try(add_key(out, key));
    return isfinite(value) ? lode_text_append_f64(out, value) : lode_bytes_printf(out, "null");
}

static lode_status add_list(struct lode_bytes *out, const char *key, char *const *texts, int64_t n)
{
    lode_try(add_key(out, key));
    lode_try(lode_bytes_printf(out, "["));
    for (int64_t i = 0; i < n; i++) {
        if (i > 0) lode_try(lode_bytes_printf(out, ","));
        lode_try(lode_text_append_json(out, texts[i], strlen(texts[i])));
    }
    return lode_bytes_printf(out, "]");
}

static lode_status add_pattern(struct lode_bytes *out, const struct finding *finding,
                               const struct pattern_tokens *tokens)
{
    char *texts[PATTERN_MAX_K];
    for (int i = 0; i < finding->k; i++) texts[i] = tokens->tokens[finding->tokens[i]];
    return add_list(out, "pattern", texts, finding->k);
}

static lode_status add_table(struct lode_bytes *out, const struct two_by_two *table)
{
    lode_try(add_count(out, "faulty_with", table->faulty_with));
    lode_try(add_count(out, "normal_with", table->normal_with));
    lode_try(add_count(out, "faulty_total", table->faulty_total));
    lode_try(add_count(out, "normal_total", table->normal_total));
    lode_try(
        add_number(out, "faulty_rate", (double)table->faulty_with / (double)table->faulty_total));
    return add_number(out, "normal_rate", (double)table->normal_with / (double)table->normal_total);
}

static lode_status add_cohort(struct lode_bytes *out, const struct cohort_row *row)
{
    lode_try(add_count(out, "users", row->users));
    lode_try(add_count(out, "sessions", row->sessions));
    lode_try(add_number(out, "kpi_mean", row->kpi_mean));
    lode_try(add_number(out, "all_mean", row->all_mean));
    return add_number(out, "z", row->z);
}

static lode_status add_trend(struct lode_bytes *out, const struct trend_rows *trends,
                             const struct trend_row *trend)
{
    const struct trend_answer *answer = trend_answer_of(trend);
    char text[40];
    lode_try(add_count(out, "buckets", trend->slots));
    lode_try(
        add_text(out, "first_bucket", series_slot_text(trends->series, trend->first_slot, text)));
    lode_try(
        add_text(out, "last_bucket", series_slot_text(trends->series, trend->last_slot, text)));
    lode_try(add_number(out, "from", answer->from));
    lode_try(add_number(out, "to", answer->to));
    lode_try(add_number(out, "rise", answer->rise));
    if (trend->expert != TREND_CHANGE) return LODE_OK;
    return add_text(out, "change_at", series_slot_text(trends->series, trend->change_at, text));
}

static double difference_of(const struct finding *finding, const struct cohort_row *row,
                            const struct trend_row *trend)
{
    if (trend) return trend_answer_of(trend)->to - trend_answer_of(trend)->from;
    return row ? row->difference : finding->effect;
}

/* What expert causal says, or why it says nothing. */
static lode_status add_adjusted(struct lode_bytes *out, const struct finding *finding)
{
    const struct lode_causal *adjusted = finding->adjusted;
    if (!adjusted) return LODE_OK;
    lode_try(add_number(out, "raw_difference", adjusted->raw));
    if (adjusted->verdict != LODE_CAUSAL_JUDGED)
        return add_text(out, "not_adjusted", lode_causal_words(adjusted->verdict));
    lode_try(add_number(out, "adjusted", adjusted->adjusted));
    lode_try(add_number(out, "adjusted_low", adjusted->low));
    lode_try(add_number(out, "adjusted_high", adjusted->high));
    return add_number(out, "survives", adjusted->survives);
}

/* A definition that the finding is about; NULL: there is none. */
static lode_status add_definition(struct lode_bytes *out, const struct lode_definition *definition)
{
    if (!definition) return LODE_OK;
    lode_try(lode_bytes_printf(out, out->data[out->size - 1] == '[' ? "{" : ",{"));
    lode_try(add_text(out, "name", definition->name));
    lode_try(add_text(out, "expression", definition->text));
    return lode_bytes_printf(out, "}");
}

/* What the spec says of the KPI and of the attributes of the cohort; no key where it says nothing.
 */
static lode_status add_definitions(struct lode_bytes *out, const struct report *report,
                                   const struct finding *finding, struct lode_arena *arena)
{
    const struct derivation *derivation = report->sources->options->derivation;
    const struct lode_definition *of[1 + MEMBER_MOST_VALUES];
    struct member_rule rule;
    bool is_any = false;
    lode_try(finding_members(report->sources, finding, arena, &rule));
    of[0] = derivation_of_kpi(derivation, finding->kpi);
    for (int i = 0; i < rule.n_values; i++)
        of[1 + i] = derivation_of_attribute(derivation, rule.values[i].attribute);
    for (int i = 0; i <= rule.n_values; i++) is_any |= of[i] != NULL;
    if (!is_any) return LODE_OK;
    lode_try(add_key(out, "definition"));
    lode_try(lode_bytes_printf(out, "["));
    for (int i = 0; i <= rule.n_values; i++) lode_try(add_definition(out, of[i]));
    return lode_bytes_printf(out, "]");
}

static lode_status add_timeline(struct lode_bytes *out, const char *key,
                                const struct timeline *timeline, const struct lode_store *store)
{
    lode_try(add_key(out, key));
    lode_try(lode_bytes_printf(out, "["));
    for (int64_t i = 0; i < timeline->n; i++) {
        const struct example_event *event = &timeline->events[i];
        lode_try(lode_bytes_printf(out, i ? ",{" : "{"));
        lode_try(add_number(out, "seconds", event->seconds));
        lode_try(add_text(out, "event", store->event_names.words[event->name]));
        lode_try(lode_bytes_printf(out, ",\"in_match\":%s}", event->in_match ? "true" : "false"));
    }
    return lode_bytes_printf(out, "]");
}

static lode_status add_examples(struct lode_bytes *out, const struct example *example,
                                const struct lode_store *store)
{
    lode_try(add_list(out, "example_sessions", example->sessions, example->n_sessions));
    lode_try(add_text(out, "timeline_session", example->n_sessions ? example->sessions[0] : ""));
    lode_try(add_timeline(out, "timeline", &example->timeline, store));
    lode_try(add_text(out, "normal_session", example->normal ? example->normal : ""));
    return add_timeline(out, "normal_timeline", &example->normal_timeline, store);
}

static lode_status add_finding(const struct report *report, int64_t index, struct lode_arena *arena,
                               struct lode_bytes *out)
{
    const struct finding *finding = &report->findings->list[index];
    const struct lode_store *store = report->sources->store;
    const struct cohort_row *row = report_cohort(report, finding);
    const struct trend_row *trend =
        finding_is_over_time(finding) ? &report->sources->trends->rows[finding->trend] : NULL;
    const double none = (double)NAN; /* null */
    lode_try(lode_bytes_printf(out, "{"));
    lode_try(add_count(out, "rank", index + 1));
    lode_try(add_text(out, "kpi", store->kpis[finding->kpi].name));
    char experts[FINDING_EXPERTS_TEXT];
    lode_try(add_text(out, "expert", finding_expert_name(finding->expert)));
    lode_try(add_text(out, "experts", finding_experts_text(finding, experts)));
    lode_try(add_text(out, "cohort", finding->cohort));
    lode_try(add_pattern(out, finding, report->tokens));
    lode_try(add_text(out, "hypothesis", report->words[index].hypothesis));
    lode_try(add_text(out, "text", report->words[index].text));
    if (finding->is_binary) lode_try(add_table(out, &finding->table));
    if (row) lode_try(add_cohort(out, row));
    if (trend) lode_try(add_trend(out, report->sources->trends, trend));
    lode_try(add_number(out, "ratio", finding->ratio));
    lode_try(add_number(out, "difference", difference_of(finding, row, trend)));
    lode_try(add_number(out, "effect", finding->effect));
    lode_try(add_number(out, "low", finding->low));
    lode_try(add_number(out, "high", finding->high));
    lode_try(add_number(out, "p", finding->p));
    lode_try(add_number(out, "q", finding->q));
    lode_try(add_number(out, "impact", finding->impact));
    lode_try(add_adjusted(out, finding));
    if (report->sources->options->sample_rate < 1) {
        lode_try(add_number(out, "impact_low", finding->is_binary ? finding->impact_low : none));
        lode_try(add_number(out, "impact_high", finding->is_binary ? finding->impact_high : none));
        lode_try(add_number(out, "sample", report->sources->options->sample_rate));
    }
    lode_try(add_count(out, "folded", finding->folded));
    lode_try(add_text(out, "simpson", finding->simpson ? finding->simpson : ""));
    if (finding->simpson)
        lode_try(add_number(out, "simpson_difference", finding->simpson_difference));
    lode_try(add_definitions(out, report, finding, arena));
    lode_try(add_examples(out, &report->examples[index], store));
    return lode_bytes_printf(out, "}\n");
}

lode_status report_write_findings(const struct report *report, const char *directory,
                                  struct lode_arena *arena)
{
    static const char name[] = "/findings.jsonl";
    struct lode_bytes lines = {0};
    lode_status status = LODE_OK;
    char *path = NULL;
    const size_t size = strlen(directory) + sizeof name;
    lode_try(lode_take(arena, size, &path));
    snprintf(path, size, "%s%s", directory, name);
    for (int64_t i = 0; i < report->findings->n; i++)
        lode_try_done(add_finding(report, i, arena, &lines));
    lode_try_done(lode_file_write(path, lines.data, lines.size, true));
done:
    lode_bytes_clear(&lines);
    return status;
}
