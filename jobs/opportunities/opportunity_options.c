/* Options: the parameter table of job opportunities, and the reading of it. */
#include "jobs/opportunities/opportunity_options.h"

#include <string.h>

#include "common/text.h"
#include "jobs/opportunities/grams/gapped.h"
#include "jobs/opportunities/patterns.h"

const struct lode_param opportunity_params[] = {
    {"kpi", "", "", "KPIs to analyse, a list, with or without `kpi_`; empty: all of the store"},
    {"k", "1..3", "events", "lengths of event patterns: a range within 1..8"},
    {"gaps", "off", "", "patterns of events in this order with anything between them; k up to 3"},
    {"gap_events", "64", "events", "gaps: distinct events of a session that take part, the first"},
    {"map", "", "", "list of glob=token: events that count as one token; the first match wins"},
    {"ignore", "", "", "list of globs of event names to leave out of patterns"},
    {"min_support", "0.01", "1",
     "patterns in fewer than this share of the faulty sessions are left out; 0: none are"},
    {"min_share", "0.10", "1", "expert pattern: least share of the faulty sessions"},
    {"min_ratio", "2", "1", "expert pattern: least rate in faulty over rate in normal sessions"},
    {"kpis", "", LODE_PARAM_DEFINITIONS, "KPIs by expression: a bool (true = faulty) or a number"},
    {"derived", "", LODE_PARAM_DEFINITIONS, "attributes by expression, searched for cohorts"},
    {"sources", "", LODE_PARAM_STORES, "stores of counters that expressions speak of: name: path"},
    {"bins", "5", "cohorts", "a derived number is cut at quantiles into at most so many"},
    {"timezone", "UTC", "", "of hour(time) and its like in expressions: +02:00, Europe/Berlin"},
    {"attributes", "", "",
     "attributes to search for cohorts, stored or derived, a list; empty: all"},
    {"most_deep", "50", "attributes",
     "derived ones that are in pairs, searched for patterns and looked at over time, at most"},
    {"cohort_patterns", "on", "", "search patterns inside cohorts too"},
    {"cohort_max_k", "3", "events", "longest pattern inside a cohort"},
    {"cohort_min_users", "200", "users", "least users of a cohort that is searched for patterns"},
    {"cohort_min_faulty", "20", "sessions", "least faulty sessions of such a cohort"},
    {"cohort_min_normal", "20", "sessions", "least normal sessions of such a cohort"},
    {"pairs", "on", "", "search pairs of attributes, and of life cycle and attribute, for cohorts"},
    {"pair_min_users", "", "users", "least users of a pair; empty: as cohort_min_users"},
    {"min_users", "50", "users", "least users of a static attribute's value in table cohorts"},
    {"sparse_after", "30d", "duration", "a gap between session starts above this: sparse user"},
    {"first_sessions", "1", "sessions", "a user is new in this many first sessions"},
    {"cohort_relative", "0.25", "1", "expert cohort: relative difference to all sessions above"},
    {"cohort_z", "3", "1", "expert cohort: robust z among the attribute's values above this"},
    {"fold_relative", "0.25", "1",
     "a pattern is folded under one that explains it up to this relative difference"},
    {"fold_top", "100", "findings", "of each KPI so many are compared by the sessions they share"},
    {"trend", "on", "", "expert trend: cohorts whose KPI rises over the time of the store"},
    {"change", "on", "", "expert change: cohorts whose KPI jumps at some time"},
    {"bucket", "auto", "duration", "width of the buckets of time; auto: about 60 of them"},
    {"bucket_sessions", "20", "sessions", "buckets with fewer sessions of a cohort do not count"},
    {"trend_relative", "0.1", "1", "experts trend and change: relative rise of at least this"},
    {"causal", "on", "", "expert causal: adjust findings for attributes"},
    {"causal_folds", "5", "folds", "parts of the users; each is judged by models of the others"},
    {"causal_top", "20", "findings", "adjust so many of the first findings"},
    {"max_q", "0.05", "1", "findings have a false discovery rate of at most this"},
    {"top", "5", "findings", "most findings per scenario (KPI and cohort)"},
    {"examples", "3", "sessions", "example sessions per finding"},
    {"sample", "1", "1", "share of the sessions that are analysed, chosen by a hash of their ids"},
    {"min_count", "0", "users, sessions", "groups of fewer are not printed anywhere; 0: all are"},
    {"anonymous", "off", LODE_PARAM_SWITCH, "print session ids as keyed hashes"},
    {"anonymous_key", "lode", "", "the key of these: choose your own, the default is known"},
    {"templates", "", LODE_PARAM_MAPPINGS,
     "hypotheses by template, `retries: {retry: x, success: y}`; `lode templates` lists them"},
    {"template_path", "", "", "more folders or files of templates, a list"},
    {"generate", "off", "",
     "more hypotheses: off, offline (rules), llm (a model), or a run's generated.json again"},
    {"max_hypotheses", "200", "definitions", "at most so many are generated in a round"},
    {"rounds", "1", "rounds", "after each, what was promising is extended (1..10)"},
    {"llm_url", "", "", "the endpoint of chat completions; its key is LODE_LLM_KEY's value"},
    {"llm_model", "", "", "the model's name at that endpoint"},
    {"llm_timeout", "60s", "duration", "for one try of the model"},
    {"llm_retries", "2", "tries", "further tries when it does not answer"},
    {"prompt", "", "", "what the model is asked to look for"},
    {"metadata", "", "", "files about the application that the model is given, a list"},
    {"sum_limit", "512", "MB",
     "counts of patterns larger than this, by estimate, are summed by workers, not the "
     "coordinator"},
    {0},
};

enum { MOST = 1000000000 };

/* Names of a store's KPIs or attributes as one NULL-terminated list. */
struct name_list {
    const char *what; /* "KPI" */
    const char *const *names;
};

static lode_status unknown_name(const char *parameter, const char *given,
                                const struct name_list *list)
{
    struct lode_bytes text = {0};
    const char *near = lode_text_nearest(given, list->names);
    lode_status status = LODE_OK;
    for (int i = 0; list->names[i] && !status; i++)
        status = lode_bytes_printf(&text, "%s%s", i ? ", " : "", list->names[i]);
    if (!status)
        status = lode_fail(
            LODE_E_USAGE, "parameter %s: the store has no %s '%s'%s%s%s; it has: %.*s", parameter,
            list->what, given, near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "",
            text.size ? (int)text.size : 4, text.size ? (const char *)text.data : "none");
    lode_bytes_clear(&text);
    return status;
}

/* `kpi_` may be left out: the prefix only says what the column is. */
static int64_t find_kpi(const struct lode_store *store, const char *name)
{
    const int64_t found = lode_store_find_kpi(store, name);
    if (found >= 0) return found;
    for (int64_t i = 0; i < store->n_kpis; i++)
        if (strncmp(store->kpis[i].name, "kpi_", 4) == 0 &&
            strcmp(store->kpis[i].name + 4, name) == 0)
            return i;
    return -1;
}

/* Marks the KPIs that are asked for; *n_wanted is 0 when none was named. */
static lode_status mark_kpis(const struct lode_params *params, const struct lode_store *store,
                             struct lode_arena *arena, bool *wanted, int64_t *n_wanted)
{
    char **items = NULL;
    const char **names = NULL;
    lode_try(lode_params_list(params, "kpi", arena, &items, n_wanted));
    lode_try(lode_take_zero(arena, store->n_kpis + 1, &names));
    for (int64_t i = 0; i < store->n_kpis; i++) names[i] = store->kpis[i].name;
    for (int64_t i = 0; i < *n_wanted; i++) {
        const int64_t kpi = find_kpi(store, items[i]);
        if (kpi < 0)
            return unknown_name("kpi", items[i],
                                &(struct name_list){.what = "KPI", .names = names});
        wanted[kpi] = true;
    }
    return LODE_OK;
}

static lode_status read_kpis(const struct lode_params *params, const struct lode_store *store,
                             struct lode_arena *arena, struct opportunity_options *options)
{
    if (store->n_kpis == 0)
        return lode_fail(LODE_E_USAGE,
                         "the store has no KPI: stage a sessions file with a column whose name "
                         "begins with kpi_, 0 or 1 (1 = faulty) or a number, or define one under "
                         "`kpis:` in a spec");
    bool *wanted = NULL;
    int64_t n_wanted = 0;
    lode_try(lode_take_zero(arena, store->n_kpis, &wanted));
    lode_try(mark_kpis(params, store, arena, wanted, &n_wanted));
    lode_try(lode_take(arena, store->n_kpis, &options->kpis));
    lode_try(lode_take(arena, store->n_kpis, &options->kpi_names));
    options->n_kpi_names = store->n_kpis;
    for (int64_t i = 0; i < store->n_kpis; i++) {
        const char *name = store->kpis[i].name;
        lode_try(lode_arena_text(arena, name, strlen(name), &options->kpi_names[i]));
        if (n_wanted == 0 || wanted[i]) options->kpis[options->n_kpis++] = i;
    }
    return LODE_OK;
}

static lode_status read_attributes(const struct lode_params *params, const struct lode_store *store,
                                   struct lode_arena *arena, struct opportunity_options *options)
{
    char **items = NULL;
    const char **names = NULL;
    int64_t n = 0;
    lode_try(lode_params_list(params, "attributes", arena, &items, &n));
    lode_try(lode_take_zero(arena, store->n_attributes, &options->attribute_on));
    lode_try(lode_take_zero(arena, store->n_attributes + 1, &names));
    for (int64_t i = 0; i < store->n_attributes; i++) {
        names[i] = store->attributes[i].name;
        options->attribute_on[i] = n == 0;
    }
    for (int64_t i = 0; i < n; i++) {
        const int64_t attribute = lode_store_find_attribute(store, items[i]);
        if (attribute < 0)
            return unknown_name("attributes", items[i],
                                &(struct name_list){.what = "attribute", .names = names});
        options->attribute_on[attribute] = true;
    }
    return LODE_OK;
}

static lode_status read_patterns(const struct lode_params *params, struct lode_arena *arena,
                                 struct opportunity_options *options)
{
    char **ignore = NULL, **map = NULL;
    lode_try(lode_params_range(params, "k", 1, PATTERN_MAX_K, &options->first_k, &options->last_k));
    lode_try(lode_params_bool(params, "gaps", &options->gaps));
    lode_try(lode_params_i64(params, "gap_events", 2, GAPPED_MOST_DISTINCT, &options->gap_events));
    if (options->gaps && options->last_k > GAPPED_MAX_K)
        return lode_fail(LODE_E_USAGE,
                         "parameter k: with gaps=on patterns have at most %d events, "
                         "not %lld",
                         GAPPED_MAX_K, (long long)options->last_k);
    lode_try(lode_params_list(params, "ignore", arena, &ignore, &options->rules.n_ignore));
    lode_try(lode_params_list(params, "map", arena, &map, &options->rules.n_map));
    options->rules.ignore = ignore;
    options->rules.map = map;
    lode_try(decimal_read(params, "min_support", 1, &options->min_support));
    lode_try(decimal_read(params, "min_share", 1, &options->min_share));
    return decimal_read(params, "min_ratio", MOST, &options->min_ratio);
}

static lode_status read_cohorts(const struct lode_params *params,
                                struct opportunity_options *options)
{
    lode_try(lode_params_i64(params, "most_deep", 0, INT64_MAX, &options->most_deep));
    lode_try(lode_params_bool(params, "cohort_patterns", &options->cohort_patterns));
    lode_try(lode_params_i64(params, "cohort_max_k", 1, PATTERN_MAX_K, &options->cohort_max_k));
    lode_try(lode_params_i64(params, "cohort_min_users", 1, INT64_MAX, &options->cohort_min_users));
    lode_try(
        lode_params_i64(params, "cohort_min_faulty", 1, INT64_MAX, &options->cohort_min_faulty));
    lode_try(
        lode_params_i64(params, "cohort_min_normal", 1, INT64_MAX, &options->cohort_min_normal));
    lode_try(lode_params_bool(params, "pairs", &options->pairs));
    options->pair_min_users = options->cohort_min_users;
    if (lode_params_text(params, "pair_min_users")[0])
        lode_try(lode_params_i64(params, "pair_min_users", 1, INT64_MAX, &options->pair_min_users));
    lode_try(lode_params_i64(params, "min_users", 1, INT64_MAX, &options->min_users));
    lode_try(lode_params_duration_ms(params, "sparse_after", &options->sparse_after_ms));
    options->sparse_after = lode_params_text(params, "sparse_after");
    lode_try(lode_params_i64(params, "first_sessions", 1, MOST, &options->first_sessions));
    lode_try(lode_params_f64(params, "cohort_relative", 0, MOST, &options->cohort_relative));
    return lode_params_f64(params, "cohort_z", 0, MOST, &options->cohort_z);
}

static lode_status read_experts(const struct lode_params *params,
                                struct opportunity_options *options)
{
    lode_try(lode_params_bool(params, "trend", &options->trend));
    lode_try(lode_params_bool(params, "change", &options->change));
    if (strcmp(lode_params_text(params, "bucket"), "auto") != 0) {
        lode_try(lode_params_duration_ms(params, "bucket", &options->bucket_ms));
        if (options->bucket_ms < 1000)
            return lode_fail(LODE_E_USAGE, "parameter bucket: '%s' must be `auto` or at least 1s",
                             lode_params_text(params, "bucket"));
    }
    lode_try(lode_params_i64(params, "bucket_sessions", 1, MOST, &options->bucket_sessions));
    lode_try(lode_params_f64(params, "trend_relative", 0, MOST, &options->trend_relative));
    lode_try(lode_params_bool(params, "causal", &options->causal));
    lode_try(lode_params_i64(params, "causal_folds", 2, 10, &options->causal_folds));
    return lode_params_i64(params, "causal_top", 0, 1000, &options->causal_top);
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* After the limits that it raises. */
static lode_status read_privacy(const struct lode_params *params,
                                struct opportunity_options *options)
{
    lode_try(lode_params_i64(params, "min_count", 0, MOST, &options->min_count));
    lode_try(lode_params_bool(params, "anonymous", &options->anonymous));
    options->anonymous_key = lode_params_text(params, "anonymous_key");
    options->min_users = larger(options->min_users, options->min_count);
    options->cohort_min_users = larger(options->cohort_min_users, options->min_count);
    options->pair_min_users = larger(options->pair_min_users, options->min_count);
    return LODE_OK;
}

static lode_status read_sample(const struct lode_params *params,
                               struct opportunity_options *options)
{
    struct decimal share;
    lode_try(decimal_read(params, "sample", 1, &share));
    if (share.numerator == 0)
        return lode_fail(LODE_E_USAGE, "parameter sample: 0 leaves no session to analyse");
    options->sample = sample_of(share);
    options->sample_rate = (double)share.numerator / (double)share.denominator;
    return LODE_OK;
}

lode_status opportunity_options_read(const struct lode_params *params,
                                     const struct lode_store *store, struct lode_arena *arena,
                                     struct opportunity_options *options)
{
    struct opportunity_options read = {0};
    struct pattern_tokens tokens;
    lode_try(read_kpis(params, store, arena, &read));
    lode_try(read_attributes(params, store, arena, &read));
    lode_try(read_patterns(params, arena, &read));
    lode_try(read_cohorts(params, &read));
    lode_try(lode_params_f64(params, "fold_relative", 0, MOST, &read.fold_relative));
    lode_try(lode_params_i64(params, "fold_top", 0, OVERLAP_MOST, &read.fold_top));
    lode_try(read_experts(params, &read));
    lode_try(read_privacy(params, &read));
    lode_try(read_sample(params, &read));
    lode_try(lode_params_f64(params, "max_q", 0, 1, &read.max_q));
    lode_try(lode_params_i64(params, "top", 1, MOST, &read.top));
    lode_try(lode_params_i64(params, "examples", 0, 1000, &read.examples));
    lode_try(lode_params_i64(params, "sum_limit", 0, MOST, &read.sum_limit_mb));
    lode_try(tokens_make(&store->event_names, &read.rules, arena, &tokens)); /* rules that fit? */
    *options = read;
    return LODE_OK;
}
