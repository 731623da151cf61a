/* Words: sentences are put together from left to right in one buffer. */
#include "jobs/opportunities/findings/finding_words.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "jobs/opportunities/derive/derivation.h"
#include "jobs/opportunities/findings/trend_words.h"

enum { GROUPED = 32 }; /* room for lode_text_grouped */

/* Life cycle cohorts in words; %s stands for the gap that makes a user sparse. */
static const struct lifecycle_words {
    const char *value, *words;
} lifecycle_words[] = {
    {"session_index=1", "first sessions of users"},
    {"session_index=2", "second sessions of users"},
    {"session_index>=3", "third and later sessions of users"},
    {"session_index>1", "second and later sessions of users"},
    {"session_index<=2", "first two sessions of users"},
    {"sparse_user", "sessions of users who once stayed away for more than "},
    {"not_sparse_user", "sessions of users who never stayed away for more than "},
    {"session_after_gap", "sessions that follow a gap of more than "},
    {"session_not_after_gap", "sessions that do not follow a gap of more than "},
    {NULL, NULL},
};

/* "first 5 sessions of users" for session_index<=5; other names as they are. */
static lode_status add_index_words(struct lode_bytes *out, const char *value)
{
    static const char new_user[] = "session_index<=", later[] = "session_index>";
    if (strncmp(value, new_user, strlen(new_user)) == 0)
        return lode_bytes_printf(out, "first %s sessions of users", value + strlen(new_user));
    if (strncmp(value, later, strlen(later)) == 0)
        return lode_bytes_printf(out, "sessions after the first %s of a user",
                                 value + strlen(later));
    return lode_bytes_printf(out, "sessions of life cycle %s", value);
}

/* A cohort of the life cycle: "second sessions of users". */
static lode_status add_lifecycle_words(struct lode_bytes *out,
                                       const struct finding_sources *sources, const char *value)
{
    if (strcmp(value, "all") == 0) return lode_bytes_printf(out, "all sessions");
    for (const struct lifecycle_words *known = lifecycle_words; known->value; known++)
        if (strcmp(known->value, value) == 0)
            return lode_bytes_printf(out, "%s%s", known->words,
                                     strstr(value, "index") ? "" : sources->options->sparse_after);
    return add_index_words(out, value);
}

/* "os=android"; of a number that was cut "steps<3", not "steps=<3". */
static lode_status add_attribute_words(struct lode_bytes *out,
                                       const struct finding_sources *sources, int64_t set,
                                       int64_t value)
{
    const struct derivation *derivation = sources->options->derivation;
    const struct cohort_set *of = &sources->cohorts->counts->sets[set];
    const char *word = of->values[value];
    const bool is_cut = derivation && derivation_has_order(derivation, set);
    const bool has_sign = is_cut && (*word == '<' || *word == '>');
    return lode_bytes_printf(out, "%s%s%s", of->attribute, has_sign ? "" : "=", word);
}

static lode_status add_value_words(struct lode_bytes *out, const struct finding_sources *sources,
                                   int64_t set, int64_t value)
{
    const struct cohort_counts *counts = sources->cohorts->counts;
    const struct cohort_set *of = &counts->sets[set];
    if (set == counts->n_sets - 1) return add_lifecycle_words(out, sources, of->values[value]);
    lode_try(lode_bytes_printf(out, "sessions with "));
    return add_attribute_words(out, sources, set, value);
}

/* The sessions of a cohort: "sessions with os=android and country=DE", "second sessions of users
 * with os=android". */
static lode_status add_cohort_words(struct lode_bytes *out, const struct finding_sources *sources,
                                    int64_t set, int64_t value)
{
    const struct cohort_counts *counts = sources->cohorts->counts;
    const struct cohort_set *of = &counts->sets[set];
    if (!of->values_of) return add_value_words(out, sources, set, value);
    const int64_t *values = of->values_of[value];
    const bool is_lifecycle = of->parents[0] == counts->n_sets - 1;
    lode_try(add_value_words(out, sources, of->parents[0], values[0]));
    lode_try(lode_bytes_printf(out, is_lifecycle ? " with " : " and "));
    return add_attribute_words(out, sources, of->parents[1], values[1]);
}

static lode_status add_pattern(struct lode_bytes *out, const struct finding_sources *sources,
                               const struct pattern_tokens *tokens, const struct finding *finding)
{
    const char *joint = sources->options->gaps ? ", later " : " > ";
    for (int i = 0; i < finding->k; i++)
        lode_try(
            lode_bytes_printf(out, "%s%s", i ? joint : "", tokens->tokens[finding->tokens[i]]));
    return LODE_OK;
}

static lode_status add_hypothesis(struct lode_bytes *out, const struct finding_sources *sources,
                                  const struct pattern_tokens *tokens,
                                  const struct finding *finding)
{
    const char *kpi = sources->store->kpis[finding->kpi].name;
    if (finding->expert != EXPERT_PATTERN) {
        const struct cohort_row *row = &sources->cohorts->rows[finding->row];
        lode_try(add_cohort_words(out, sources, row->attribute, row->value));
        if (finding_is_over_time(finding)) return trend_words_add_claim(out, sources, finding);
        if (finding->is_binary) return lode_bytes_printf(out, " have %s more often", kpi);
        const bool is_higher = row->difference > 0;
        return lode_bytes_printf(out, " have %s %s", is_higher ? "higher" : "lower", kpi);
    }
    const struct scenario *scenario = &sources->scenarios->list[finding->scenario];
    if (scenario->attribute >= 0) {
        lode_try(lode_bytes_printf(out, "among "));
        lode_try(add_cohort_words(out, sources, scenario->attribute, scenario->value));
        lode_try(lode_bytes_printf(out, ", those with "));
    } else {
        lode_try(lode_bytes_printf(out, "sessions with "));
    }
    lode_try(add_pattern(out, sources, tokens, finding));
    return lode_bytes_printf(out, " have %s more often", kpi);
}

/* A share as "12.3 %", with more places where it is small. */
static lode_status add_percent(struct lode_bytes *out, double share)
{
    const double percent = 100 * share;
    return lode_bytes_printf(out, fabs(percent) >= 0.1 ? "%.1f %%" : "%.2g %%", percent);
}

static lode_status add_impact(struct lode_bytes *out, const struct finding_sources *sources,
                              const struct finding *finding)
{
    char number[GROUPED], low[GROUPED], high[GROUPED];
    lode_try(lode_bytes_printf(
        out, ". At the rate of the other sessions, about %s fewer would be faulty",
        lode_text_grouped((int64_t)llround(finding->impact), number)));
    if (sources->options->sample_rate >= 1 || isnan(finding->impact_low)) return LODE_OK;
    return lode_bytes_printf(out, " in all sessions (%s to %s)",
                             lode_text_grouped((int64_t)llround(finding->impact_low), low),
                             lode_text_grouped((int64_t)llround(finding->impact_high), high));
}

static lode_status add_pattern_numbers(struct lode_bytes *out,
                                       const struct finding_sources *sources,
                                       const struct finding *finding)
{
    const struct two_by_two *table = &finding->table;
    char faulty[GROUPED], normal[GROUPED];
    lode_text_grouped(table->faulty_total, faulty);
    lode_text_grouped(table->normal_total, normal);
    lode_try(add_percent(out, (double)table->faulty_with / (double)table->faulty_total));
    lode_try(lode_bytes_printf(out, " of the %s faulty sessions contain it, ", faulty));
    if (table->normal_with == 0) {
        lode_try(lode_bytes_printf(out, "none of the %s normal ones", normal));
    } else {
        lode_try(add_percent(out, (double)table->normal_with / (double)table->normal_total));
        lode_try(lode_bytes_printf(out, " of the %s normal ones (%.1f times the rate)", normal,
                                   finding->ratio));
    }
    return add_impact(out, sources, finding);
}

static lode_status add_cohort_numbers(struct lode_bytes *out, const struct finding_sources *sources,
                                      const struct finding *finding, const struct cohort_row *row)
{
    char sessions[GROUPED], users[GROUPED];
    lode_text_grouped(row->sessions, sessions);
    lode_text_grouped(row->users, users);
    if (finding->is_binary) {
        lode_try(add_percent(out, row->kpi_mean));
        lode_try(
            lode_bytes_printf(out, " of %s sessions (%s users) are faulty, ", sessions, users));
        lode_try(add_percent(out, row->all_mean));
        lode_try(lode_bytes_printf(out, " of all"));
    } else {
        lode_try(lode_bytes_printf(out, "mean %.6g in %s sessions (%s users), %.6g over all",
                                   row->kpi_mean, sessions, users, row->all_mean));
    }
    if (!isnan(row->relative))
        lode_try(lode_bytes_printf(out, " (%.0f %% %s)", fabs(100 * row->relative),
                                   row->relative > 0 ? "more" : "less"));
    return finding->is_binary ? add_impact(out, sources, finding) : LODE_OK;
}

/* What is left among sessions of equal attributes. */
static lode_status add_adjusted(struct lode_bytes *out, const struct finding *finding)
{
    const struct lode_causal *adjusted = finding->adjusted;
    if (!adjusted || isnan(adjusted->survives)) return LODE_OK;
    lode_try(lode_bytes_printf(out,
                               ". Among sessions of equal attributes %.0f %% of the difference "
                               "is left (",
                               100 * adjusted->survives));
    if (!finding->is_binary)
        return lode_bytes_printf(out, "%.4g, 95 %% interval %.4g to %.4g)", adjusted->adjusted,
                                 adjusted->low, adjusted->high);
    return lode_bytes_printf(out, "%.2f points, 95 %% interval %.2f to %.2f)",
                             100 * adjusted->adjusted, 100 * adjusted->low, 100 * adjusted->high);
}

static lode_status add_text(struct lode_bytes *out, const struct finding_sources *sources,
                            const struct pattern_tokens *tokens, const struct finding *finding)
{
    lode_try(add_hypothesis(out, sources, tokens, finding));
    out->data[0] = (uint8_t)toupper(out->data[0]); /* one of our own words */
    lode_try(lode_bytes_printf(out, ": "));
    if (finding_is_over_time(finding))
        lode_try(trend_words_add_numbers(out, sources, finding));
    else
        lode_try(
            finding->expert == EXPERT_PATTERN
                ? add_pattern_numbers(out, sources, finding)
                : add_cohort_numbers(out, sources, finding, &sources->cohorts->rows[finding->row]));
    lode_try(add_adjusted(out, finding));
    lode_try(lode_bytes_printf(out, "."));
    if (sources->options->sample_rate < 1) {
        lode_try(lode_bytes_printf(out, " Counted in a sample of "));
        lode_try(add_percent(out, sources->options->sample_rate));
        lode_try(lode_bytes_printf(out, " of the sessions."));
    }
    if (finding->simpson)
        lode_try(lode_bytes_printf(out,
                                   " Simpson's reversal: among sessions of the same %s, those with "
                                   "it are faulty less often (by %.1f points, pooled).",
                                   finding->simpson, -100 * finding->simpson_difference));
    if (finding->folded == 0) return LODE_OK;
    char folded[GROUPED];
    return lode_bytes_printf(out, " Folded into this: %s related finding%s.",
                             lode_text_grouped(finding->folded, folded),
                             finding->folded == 1 ? "" : "s");
}

lode_status finding_words_make(const struct finding_sources *sources,
                               const struct pattern_tokens *tokens, const struct finding *finding,
                               struct lode_arena *arena, struct finding_words *words)
{
    struct lode_bytes hypothesis = {0}, text = {0};
    struct finding_words made = {0};
    lode_status status = LODE_OK;
    lode_try_done(add_hypothesis(&hypothesis, sources, tokens, finding));
    lode_try_done(add_text(&text, sources, tokens, finding));
    lode_try_done(
        lode_arena_text(arena, (const char *)hypothesis.data, hypothesis.size, &made.hypothesis));
    lode_try_done(lode_arena_text(arena, (const char *)text.data, text.size, &made.text));
    *words = made;
done:
    lode_bytes_clear(&hypothesis);
    lode_bytes_clear(&text);
    return status;
}
