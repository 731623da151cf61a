/* Options: the parameter table, the presets, and what both come to. */
#include "jobs/hierarchy/options.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/param/definitions.h"
#include "common/text.h"
#include "jobs/hierarchy/grouping/neighbourhood.h"

enum { MOST_COUNT = 1000000, LEAST_NOISE = 16 /* slots that tell a variance */ };

const struct lode_param hierarchy_params[] = {
    {"preset", "votes", "",
     "values of all parameters that are left empty: `votes`, `robust`, or `paper` (as published)"},
    {"detectors", "", "",
     "kinds of leaf detectors, a list (votes: shift; robust, paper: hellinger)"},
    {"family", "", "",
     "of hellinger: poisson, gaussian, exponential, lognormal, pareto, or auto, the likeliest of "
     "each counter (all: poisson)"},
    {"splits", "", "",
     "where hellinger splits a window: max (everywhere; paper), centre, or edge (the newest slots "
     "against the rest; votes, robust)"},
    {"window", "", "time",
     "length of the window that a slot is judged by (paper 12h, votes and robust 1h)"},
    {"edge", "", "time",
     "length of the newest part of the window, for shift and splits=edge (votes 3m, robust 5m)"},
    {"noise", "", "time", "how far back shift looks for the noise of now (all: 2h)"},
    {"least_window", "", "slots", "a window has at least so many (votes 9, robust 48, paper 10)"},
    {"least_edge", "", "slots", "a newest part has at least so many (votes 1, robust and paper 3)"},
    {"least_side", "", "slots", "of each side of a split, at least, for splits=max (all: 5)"},
    {"saturation", "", "1",
     "largest share of training slots that a leaf may score above 0.99 (paper 0.001, votes and "
     "robust 0.01)"},
    {"lasso", "", "",
     "when a neighbourhood is large enough: error at most (1 + f) times the least (above; paper), "
     "or all but f of the variance that can be explained (explained; votes, robust)"},
    {"lasso_fraction", "", "1", "f of that rule (paper 0.1, votes and robust 0.3)"},
    {"edges", "", "",
     "two detectors are joined where one explains the other (or; all presets) or each the other "
     "(and)"},
    {"similarity", "", "",
     "of joined detectors: binary (1; paper) or coefficient (mean |coefficient| of both "
     "directions; votes, robust)"},
    {"preference", "", "",
     "how readily a detector begins a group of its own (paper 0.5, votes and robust 0.2)"},
    {"damping", "", "1", "of affinity propagation, 0.5 to less than 1 (all: 0.9)"},
    {"overlap", "", "", "groups may overlap: one for each edge, instead of clusters (all: off)"},
    {"replicates", "", "", "bootstraps that tell how stable an edge is; 0: none (all: 0)"},
    {"combiner", "", "",
     "a group's E from those of its members: mean (robust, paper), weighted (by `weights`), "
     "largest, votes: the mean of c ln(1 + E / c), and above it leaves without a group count, "
     "too (votes), or oneclass: how far their votes are from what training had"},
    {"vote", "", "", "c of combiner=votes and oneclass (all: 30)"},
    {"cross_level", "", "",
     "level from which groups cross the borders of components inside a service (all: 2)"},
    {"max_levels", "", "", "most levels of groups (all: 4)"},
    {"rules", "", LODE_PARAM_DEFINITIONS,
     "lines `name: condition`, as `hot: cpu > 90% and errors > 5`: detectors beside the learned "
     "ones, 1 while the condition holds (docs/jobs/hierarchy-rules.md)"},
    {"timezone", "UTC", "", "of hour(time) and its like in rules: +02:00, Europe/Berlin"},
    {"patterns", "", LODE_PARAM_DEFINITIONS,
     "lines `name: counter@component FROM .. TO`, as `sawtooth: cpu@web-1 2018-03-01T10:00:00Z .. "
     "2018-03-01T10:30:00Z`, and behind it `in COMPONENTS` or nothing: detectors of the shape that "
     "is marked there (docs/jobs/hierarchy-patterns.md)"},
    {"pattern_match", "0.9", "1",
     "correlation with what was marked from which a pattern matches, 0.5 to 0.999"},
    {"pattern_amplitude", "0.5", "1",
     "a stretch matches only where its standard deviation is this share of the marked one's, at "
     "least"},
    {"groups", "", LODE_PARAM_DEFINITIONS,
     "lines `name: counter, counter@component, ...`: groups of level 1 that are given; names "
     "with * and ?"},
    {"exemplars", "", "", "counters that begin a group of their own, likewise"},
    {"weights", "", LODE_PARAM_DEFINITIONS,
     "lines `counter: weight` for combiner=weighted; names with * and ?, the first that fits "
     "counts, else 1"},
    {"severities", "", LODE_PARAM_DEFINITIONS,
     "lines `counter or component: severity` for health, likewise"},
    {"thresholds", "", LODE_PARAM_DEFINITIONS,
     "lines `level: E` at which a detector of that level fires (low, mid, high, level-2, ...); of "
     "woke and silent the number of counters of a component"},
    {"scores", "", "",
     "levels whose scores detection keeps in table scores, a list, or none (empty: high)"},
    {"detect", "", LODE_PARAM_MODEL,
     "score the slots after the model's last against it, instead of learning"},
    {"newest", "", "time",
     "with --detect: only so much before the store's last sample, so that a run takes as long "
     "however much there is (empty: all after the model's last slot)"},
    {"labels", "", LODE_PARAM_FILE,
     "issues, component,start_s,end_s: with --detect to judge by; without it they adjust the "
     "weights of counters"},
    {"harmless", "", LODE_PARAM_FILE,
     "alerts that were harmless, component,start_s,end_s and perhaps counters (a;b, those meant): "
     "they adjust weights, too"},
    {"label_ridge", "3", "",
     "how firmly weights stay where they were against labels and harmless marks: a larger number "
     "moves them less"},
    {"manual_groups", "", LODE_PARAM_FILE, "groups of people's own to compare with; with --detect"},
    {"alerts", "run", "",
     "with --detect: tell all that this run finds (run), what no run before has told (new), or "
     "nothing (off)"},
    {"alert_gap", "15m", "time", "firings of related detectors so far apart are one incident"},
    {"cooldown", "1h", "time",
     "a detector that fires again within this time of the last firing told is not told again"},
    {"alert_state", "", "",
     "folder with what was told and is yet to be delivered, for alerts=new (empty: MODEL.alerts)"},
    {"webhook", "", "",
     "URL to which alerts are posted in the form of Alertmanager's /api/v2/alerts; kept in the "
     "run's record"},
    {"webhook_file", "", LODE_PARAM_FILE, "file with that URL, for one that is a secret"},
    {"webhook_time", "1m", "time", "for all deliveries of a run, with tries again and pauses"},
    {"webhook_lasts", "1h", "time",
     "a lasting alert ends at the receiver when no run has sent it again for so long: some four "
     "times the time between runs"},
    {"alert_exit", "off", "", "end with status 10 when alerts were raised"},
    {NULL, NULL, NULL, NULL},
};

static const char *const preset_names[] = {"votes", "robust", "paper", NULL};
enum { PRESETS = sizeof preset_names / sizeof *preset_names - 1 };

/* What a preset gives those that are left empty; text as a user would write it. */
static const struct {
    const char *name, *values[PRESETS]; /* in the order of their names */
} presets[] = {
    {"detectors", {"shift", "hellinger", "hellinger"}},
    {"family", {"poisson", "poisson", "poisson"}},
    {"splits", {"edge", "edge", "max"}},
    {"window", {"1h", "1h", "12h"}},
    {"edge", {"3m", "5m", "5m"}},
    {"noise", {"2h", "2h", "2h"}},
    {"least_window", {"9", "48", "10"}},
    {"least_edge", {"1", "3", "3"}},
    {"least_side", {"5", "5", "5"}},
    {"saturation", {"0.01", "0.01", "0.001"}},
    {"lasso", {"explained", "explained", "above"}},
    {"lasso_fraction", {"0.3", "0.3", "0.1"}},
    {"edges", {"or", "or", "or"}},
    {"similarity", {"coefficient", "coefficient", "binary"}},
    {"preference", {"0.2", "0.2", "0.5"}},
    {"damping", {"0.9", "0.9", "0.9"}},
    {"overlap", {"off", "off", "off"}},
    {"replicates", {"0", "0", "0"}},
    {"combiner", {"votes", "mean", "mean"}},
    {"vote", {"30", "30", "30"}},
    {"cross_level", {"2", "2", "2"}},
    {"max_levels", {"4", "4", "4"}},
};

const char *hierarchy_param_text(const struct lode_params *params, const char *name)
{
    const char *text = lode_params_text(params, name);
    const char *preset = lode_params_text(params, "preset");
    if (!text || text[0] != '\0' || !preset) return text;
    int of = 0;
    while (preset_names[of] && strcmp(preset_names[of], preset) != 0) of++;
    if (of == PRESETS) return text;
    for (size_t i = 0; i < sizeof presets / sizeof *presets; i++)
        if (strcmp(presets[i].name, name) == 0) return presets[i].values[of];
    return text;
}

/* Which of the words [ended by NULL] a parameter is. */
static lode_status choose(const struct lode_params *params, const char *name,
                          const char *const *words, int *index)
{
    struct lode_bytes known = {0};
    const char *text = lode_params_text(params, name);
    if (!text) return lode_fail(LODE_E_BUG, "no parameter '%s' in the job's table", name);
    for (int i = 0; words[i]; i++) {
        if (strcmp(words[i], text) != 0) continue;
        *index = i;
        return LODE_OK;
    }
    lode_status status = LODE_OK;
    for (int i = 0; words[i] && !status; i++)
        status = lode_bytes_printf(&known, "%s%s", i > 0 ? ", " : "", words[i]);
    if (!status)
        status = lode_fail(LODE_E_USAGE, "parameter %s: '%s' is none of %.*s", name, text,
                           (int)known.size, (const char *)known.data);
    lode_bytes_clear(&known);
    return status;
}

static lode_status refuse_kind(const char *name)
{
    struct lode_bytes known = {0};
    lode_status status = LODE_OK;
    for (int i = 0; detector_kinds[i] && !status; i++)
        status = lode_bytes_printf(&known, "%s%s", i > 0 ? ", " : "", detector_kinds[i]->name);
    if (!status)
        status =
            lode_fail(LODE_E_USAGE, "parameter detectors: there is no kind '%s', there are %.*s",
                      name, (int)known.size, (const char *)known.data);
    lode_bytes_clear(&known);
    return status;
}

static lode_status read_kinds(const struct lode_params *params, struct lode_arena *arena,
                              struct hierarchy_options *options)
{
    char **items = NULL;
    int64_t n = 0;
    lode_try(lode_params_list(params, "detectors", arena, &items, &n));
    if (n < 1 || n > HIERARCHY_MOST_KINDS)
        return lode_fail(LODE_E_USAGE, "parameter detectors: %lld kinds, 1 to %d are allowed",
                         (long long)n, HIERARCHY_MOST_KINDS);
    for (int64_t i = 0; i < n; i++) {
        const int kind = detector_kind_find(items[i]);
        if (kind < 0) return refuse_kind(items[i]);
        for (int64_t k = 0; k < i; k++)
            if (options->kinds[k] == kind)
                return lode_fail(LODE_E_USAGE, "parameter detectors: '%s' twice", items[i]);
        options->kinds[i] = kind;
    }
    options->n_kinds = (int)n;
    return LODE_OK;
}

static lode_status read_leaves(const struct lode_params *params, struct lode_arena *arena,
                               struct hierarchy_options *options)
{
    struct lode_definition *rules = NULL, *patterns = NULL;
    char *timezone = NULL;
    int chosen = 0;
    lode_try(read_kinds(params, arena, options));
    lode_try(choose(params, "family", detector_family_names, &chosen));
    options->family = (enum detector_family)chosen;
    lode_try(choose(params, "splits", detector_splits_names, &chosen));
    options->splits = (enum detector_splits)chosen;
    lode_try(lode_params_duration_ms(params, "window", &options->window_ms));
    lode_try(lode_params_duration_ms(params, "edge", &options->edge_ms));
    lode_try(lode_params_duration_ms(params, "noise", &options->noise_ms));
    lode_try(lode_params_i64(params, "least_window", 2, MOST_COUNT, &options->least_window));
    lode_try(lode_params_i64(params, "least_edge", 1, MOST_COUNT, &options->least_edge));
    lode_try(lode_params_i64(params, "least_side", 1, MOST_COUNT, &options->least_side));
    lode_try(lode_params_f64(params, "saturation", 0, 1, &options->saturation));
    lode_try(lode_params_definitions(params, "rules", arena, &rules, &options->n_rules));
    options->rules = rules;
    const char *text = lode_params_text(params, "timezone");
    lode_try(lode_arena_text(arena, text, strlen(text), &timezone));
    options->timezone = timezone;
    lode_try(lode_params_definitions(params, "patterns", arena, &patterns, &options->n_patterns));
    options->patterns = patterns;
    lode_try(lode_params_f64(params, "pattern_match", 0.5, 0.999, &options->pattern_match));
    lode_try(lode_params_f64(params, "pattern_amplitude", 0.01, 100, &options->pattern_amplitude));
    return LODE_OK;
}

/* Given groups, whose names must not look like those of groups that are found. */
static lode_status read_hints(const struct lode_params *params, struct lode_arena *arena,
                              struct hierarchy_options *options)
{
    struct lode_definition *groups = NULL;
    char *exemplars = NULL;
    lode_try(lode_params_definitions(params, "groups", arena, &groups, &options->n_groups));
    for (int64_t i = 0; i < options->n_groups; i++)
        if (strncmp(groups[i].name, "group-", strlen("group-")) == 0)
            return lode_fail(LODE_E_USAGE,
                             "%s:%lld:%lld: parameter groups: '%s' is a name of groups that are "
                             "found: choose another",
                             groups[i].file, (long long)groups[i].line, (long long)groups[i].column,
                             groups[i].name);
    const char *text = lode_params_text(params, "exemplars");
    lode_try(lode_arena_text(arena, text, strlen(text), &exemplars));
    options->groups = groups;
    options->exemplars = exemplars;
    return LODE_OK;
}

static lode_status read_grouping(const struct lode_params *params, struct lode_arena *arena,
                                 struct hierarchy_options *options)
{
    static const char *const rules[] = {"above", "explained", NULL};
    static const char *const joined[] = {"or", "and", NULL};
    static const char *const similarities[] = {"binary", "coefficient", NULL};
    int chosen = 0;
    lode_try(choose(params, "lasso", rules, &chosen));
    options->lasso_rule = chosen == 0 ? NEIGHBOURHOOD_ABOVE : NEIGHBOURHOOD_EXPLAINED;
    lode_try(lode_params_f64(params, "lasso_fraction", 0, 1e6, &options->lasso_fraction));
    lode_try(choose(params, "edges", joined, &chosen));
    options->needs_both = chosen == 1;
    lode_try(choose(params, "similarity", similarities, &chosen));
    options->by_coefficient = chosen == 1;
    lode_try(lode_params_f64(params, "preference", -1e6, 1e6, &options->preference));
    lode_try(lode_params_f64(params, "damping", 0.5, 1.0 - 1e-6, &options->damping));
    lode_try(lode_params_bool(params, "overlap", &options->overlaps));
    lode_try(lode_params_i64(params, "replicates", 0, 10000, &options->replicates));
    return read_hints(params, arena, options);
}

/* Lines `name: number`, each number in [low, high]. */
static lode_status read_numbers(const struct lode_params *params, const char *name, double low,
                                double high, struct lode_arena *arena,
                                struct hierarchy_numbers *numbers)
{
    struct lode_definition *definitions = NULL;
    struct hierarchy_number *list = NULL;
    lode_try(lode_params_definitions(params, name, arena, &definitions, &numbers->n));
    lode_try(lode_take(arena, numbers->n, &list));
    for (int64_t i = 0; i < numbers->n; i++) {
        const struct lode_definition *one = &definitions[i];
        list[i].name = one->name;
        if (!lode_text_to_f64(one->text, strlen(one->text), &list[i].value) ||
            !(list[i].value >= low && list[i].value <= high))
            return lode_fail(LODE_E_USAGE,
                             "%s:%lld:%lld: parameter %s: '%s' of '%s' is no number from %g to %g",
                             one->file, (long long)one->line, (long long)one->column, name,
                             one->text, one->name, low, high);
    }
    numbers->list = list;
    return LODE_OK;
}

static lode_status read_tree(const struct lode_params *params, struct lode_arena *arena,
                             struct hierarchy_options *options)
{
    static const char *const combiners[] = {"mean",  "weighted", "largest",
                                            "votes", "oneclass", NULL};
    int chosen = 0;
    lode_try(choose(params, "combiner", combiners, &chosen));
    options->combiner = (enum hierarchy_combiner)chosen;
    lode_try(lode_params_f64(params, "vote", 1e-3, 1e6, &options->vote));
    lode_try(lode_params_f64(params, "label_ridge", 1e-3, 1e6, &options->label_ridge));
    lode_try(lode_params_i64(params, "cross_level", 2, 1000, &options->cross_level));
    lode_try(lode_params_i64(params, "max_levels", 1, 1000, &options->max_levels));
    lode_try(read_numbers(params, "weights", 1e-6, 1e6, arena, &options->weights));
    lode_try(read_numbers(params, "severities", 1e-6, 1e6, arena, &options->severities));
    return read_numbers(params, "thresholds", 0, 1e6, arena, &options->thresholds);
}

/* A set in which what is empty has the preset's value. */
static lode_status resolve(const struct lode_params *params, struct lode_params **resolved)
{
    const char *name = NULL, *value = NULL;
    struct lode_bytes text = {0};
    lode_status status = LODE_OK;
    lode_try(lode_params_create(hierarchy_params, resolved));
    for (int i = 0; lode_params_at(params, i, &name, &value) && !status; i++) {
        text.size = 0;
        status = lode_bytes_printf(&text, "%s=%s", name, hierarchy_param_text(params, name));
        if (!status) status = lode_bytes_append(&text, "", 1);
        if (!status) status = lode_params_set(*resolved, (const char *)text.data);
    }
    lode_bytes_clear(&text);
    return status;
}

lode_status hierarchy_options_read(const struct lode_params *params, struct lode_arena *arena,
                                   struct hierarchy_options *options)
{
    struct hierarchy_options read = {0};
    struct lode_params *resolved = NULL;
    int preset = 0;
    lode_status status = choose(params, "preset", preset_names, &preset);
    if (!status) status = resolve(params, &resolved);
    if (!status) status = read_leaves(resolved, arena, &read);
    if (!status) status = read_grouping(resolved, arena, &read);
    if (!status) status = read_tree(resolved, arena, &read);
    lode_params_destroy(resolved);
    if (!status) *options = read;
    return status;
}

int64_t hierarchy_slots_in(int64_t time_ms, int64_t step_ms)
{
    const int64_t whole = time_ms / step_ms, rest = time_ms % step_ms;
    return whole + (rest >= step_ms - rest ? 1 : 0);
}

static int64_t slots_in(int64_t time_ms, int64_t step_ms, int64_t least)
{
    const int64_t slots = hierarchy_slots_in(time_ms, step_ms);
    return slots > least ? slots : least;
}

struct detector_settings hierarchy_settings(const struct hierarchy_options *options, int kind,
                                            int64_t step_ms)
{
    struct detector_settings settings = {.kind = kind,
                                         .splits = options->splits,
                                         .family = options->family,
                                         .least_side = options->least_side};
    const int64_t sides = options->splits == DETECTOR_SPLITS_MAX ? 2 * options->least_side : 0;
    const int64_t least = options->least_window > sides ? options->least_window : sides;
    settings.window = slots_in(options->window_ms, step_ms, least);
    if (settings.window > DETECTOR_LONGEST_WINDOW) settings.window = DETECTOR_LONGEST_WINDOW;
    settings.edge = slots_in(options->edge_ms, step_ms, options->least_edge);
    if (settings.edge >= settings.window) settings.edge = settings.window - 1;
    settings.noise = slots_in(options->noise_ms, step_ms, settings.edge + LEAST_NOISE);
    if (settings.noise > DETECTOR_LONGEST_WINDOW) settings.noise = DETECTOR_LONGEST_WINDOW;
    return settings;
}

double hierarchy_number_of(const struct hierarchy_numbers *numbers, const char *name,
                           double otherwise)
{
    for (int64_t i = 0; i < numbers->n; i++)
        if (lode_text_glob(numbers->list[i].name, name)) return numbers->list[i].value;
    return otherwise;
}
