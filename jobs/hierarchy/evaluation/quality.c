/* Quality: see the header. */
#include "jobs/hierarchy/evaluation/quality.h"

#include <math.h>
#include <string.h>

static const int64_t recall_tenths[QUALITY_RECALLS] = {4, 6, 8};

/* The threshold with the fewest firings that finds so many issues; -1. */
static int best_of(const struct quality *quality, int level, int64_t least_found)
{
    const struct quality_level *of = &quality->levels[level];
    int best = -1;
    for (int t = 0; t < quality->n_thresholds && quality->n_issues > 0; t++) {
        if (of->found[t] < least_found) continue;
        if (best < 0 || of->firings[t] < of->firings[best]) best = t;
    }
    return best;
}

int quality_best(const struct quality *quality, int level, int64_t tenths)
{
    return best_of(quality, level, (tenths * quality->n_issues + 9) / 10);
}

static double ratio(int64_t part, int64_t whole)
{
    return whole > 0 ? (double)part / (double)whole : (double)NAN;
}

/* Firings beside the fewest of level low that find as many issues. */
static double ratio_to_low(const struct quality *quality, int64_t firings, int64_t found)
{
    const int low = best_of(quality, 0, found);
    return low < 0 ? (double)NAN : ratio(firings, quality->levels[0].firings[low]);
}

static lode_status level_names(const struct quality *quality, struct lode_arena *arena,
                               struct lode_words **words)
{
    lode_try(lode_words_create(arena, words));
    for (int level = 0; level < quality->n_levels; level++) {
        uint32_t code = 0;
        const char *name = quality->levels[level].name;
        lode_try(lode_words_add(*words, name, strlen(name), &code));
    }
    return LODE_OK;
}

static lode_status put_evaluation(const struct quality *quality, char *const *names,
                                  struct lode_arena *arena, struct lode_results *results)
{
    const int64_t n = (int64_t)quality->n_levels * quality->n_thresholds;
    uint32_t *level;
    double *threshold, *recall, *precision, *ratios;
    int64_t *firings, *issues, *found;
    lode_try(lode_take(arena, n, &level));
    lode_try(lode_take(arena, n, &threshold));
    lode_try(lode_take(arena, n, &recall));
    lode_try(lode_take(arena, n, &precision));
    lode_try(lode_take(arena, n, &ratios));
    lode_try(lode_take(arena, n, &firings));
    lode_try(lode_take(arena, n, &issues));
    lode_try(lode_take(arena, n, &found));
    for (int64_t i = 0; i < n; i++) {
        const struct quality_level *of = &quality->levels[i / quality->n_thresholds];
        const int64_t t = i % quality->n_thresholds;
        level[i] = (uint32_t)(i / quality->n_thresholds);
        threshold[i] = quality->thresholds[t];
        firings[i] = of->firings[t];
        issues[i] = quality->n_issues;
        found[i] = of->found[t];
        recall[i] = ratio(of->found[t], quality->n_issues);
        precision[i] = ratio(of->inside[t], of->firings[t]);
        ratios[i] = ratio_to_low(quality, of->firings[t], of->found[t]);
    }
    struct lode_column columns[] = {
        lode_column_words("level", level, names, quality->n_levels, "level of detectors"),
        lode_column_numbers("threshold", LODE_COLUMN_F64, threshold, NULL, "E from which it fires"),
        lode_column_numbers("firings", LODE_COLUMN_I64, firings, NULL, "upward crossings"),
        lode_column_numbers("issues", LODE_COLUMN_I64, issues, NULL, "that start in scored slots"),
        lode_column_numbers("found", LODE_COLUMN_I64, found, NULL, "issues with a firing inside"),
        lode_column_numbers("recall", LODE_COLUMN_F64, recall, "1", "found / issues"),
        lode_column_numbers("precision", LODE_COLUMN_F64, precision, "1",
                            "firings inside an issue / firings"),
        lode_column_numbers("ratio_to_low", LODE_COLUMN_F64, ratios, "1",
                            "firings / fewest firings of level low that find as many issues"),
    };
    return lode_results_put(results,
                            &(struct lode_table){"evaluation", "firings and issues by threshold", n,
                                                 sizeof columns / sizeof *columns, columns});
}

struct summary_columns {
    uint32_t *level;
    double *recall, *threshold, *firings, *precision, *ratio_to_low;
};

static void fill_summary(const struct quality *quality, int64_t i, const struct summary_columns *c)
{
    const int level = (int)(i / QUALITY_RECALLS);
    const int64_t tenths = recall_tenths[i % QUALITY_RECALLS];
    const int best = quality_best(quality, level, tenths);
    const int low = quality_best(quality, 0, tenths);
    const struct quality_level *of = &quality->levels[level];
    const double none = (double)NAN;
    c->level[i] = (uint32_t)level;
    c->recall[i] = (double)tenths / 10.0;
    c->threshold[i] = best < 0 ? none : quality->thresholds[best];
    c->firings[i] = best < 0 ? none : (double)of->firings[best];
    c->precision[i] = best < 0 ? none : ratio(of->inside[best], of->firings[best]);
    c->ratio_to_low[i] =
        best < 0 || low < 0 ? none : ratio(of->firings[best], quality->levels[0].firings[low]);
}

static lode_status put_summary(const struct quality *quality, char *const *names,
                               struct lode_arena *arena, struct lode_results *results)
{
    const int64_t n = (int64_t)quality->n_levels * QUALITY_RECALLS;
    struct summary_columns c;
    lode_try(lode_take(arena, n, &c.level));
    lode_try(lode_take(arena, n, &c.recall));
    lode_try(lode_take(arena, n, &c.threshold));
    lode_try(lode_take(arena, n, &c.firings));
    lode_try(lode_take(arena, n, &c.precision));
    lode_try(lode_take(arena, n, &c.ratio_to_low));
    for (int64_t i = 0; i < n; i++) fill_summary(quality, i, &c);
    struct lode_column columns[] = {
        lode_column_words("level", c.level, names, quality->n_levels, "level of detectors"),
        lode_column_numbers("recall", LODE_COLUMN_F64, c.recall, "1", "that must be reached"),
        lode_column_numbers("threshold", LODE_COLUMN_F64, c.threshold, NULL,
                            "the lowest with the fewest firings"),
        lode_column_numbers("firings", LODE_COLUMN_F64, c.firings, NULL, "fewest at that recall"),
        lode_column_numbers("precision", LODE_COLUMN_F64, c.precision, "1", "at that threshold"),
        lode_column_numbers("ratio_to_low", LODE_COLUMN_F64, c.ratio_to_low, "1",
                            "firings / fewest firings of level low at that recall"),
    };
    return lode_results_put(
        results, &(struct lode_table){"summary", "fewest firings that find a share of the issues",
                                      n, sizeof columns / sizeof *columns, columns});
}

lode_status quality_put(const struct quality *quality, struct lode_arena *arena,
                        struct lode_results *results)
{
    struct lode_words *words;
    int64_t n = 0;
    lode_try(level_names(quality, arena, &words));
    char *const *names = lode_words_list(words, &n);
    if (n != quality->n_levels)
        return lode_fail(LODE_E_BUG, "%d levels of %lld names", quality->n_levels, (long long)n);
    lode_try(put_evaluation(quality, names, arena, results));
    return put_summary(quality, names, arena, results);
}
