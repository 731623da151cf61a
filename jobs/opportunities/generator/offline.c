/* Offline: candidates of every kind are ranked once, then each template takes from them. */
#include "jobs/opportunities/generator/offline.h"

#include "common/text.h"
#include "jobs/opportunities/generator/weights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COMBINATIONS_MAX = 4096, WORDS_LEAST = 2, WORDS_MOST = 50 };

/* Values for one parameter, best first. */
struct candidates {
    int n;
    const char *values[OFFLINE_CANDIDATES_MAX];
};

struct offline {
    const struct offline_facts *facts;
    struct lode_arena *arena;
    struct candidates events[TEMPLATE_CANDIDATES];
    struct candidates event_lists[TEMPLATE_CANDIDATES]; /* the same as items of a list */
    struct candidates attributes;
};

/* An event with its score in one order; higher is better. */
struct ranked {
    const char *name;
    double score;
};

/* Faulty sessions with the event beyond what the rate of normal ones would give, of the KPI where
 * they are most. */
static double contrast(const struct survey *survey, int64_t name)
{
    double best = 0;
    for (int64_t k = 0; k < survey->n_kpis; k++) {
        const struct survey_count *with = &survey->with[name * survey->n_kpis + k];
        const struct survey_count *all = &survey->all[k];
        if (all->normal == 0 || all->faulty == 0) continue;
        const double expected = (double)with->normal / (double)all->normal * (double)all->faulty;
        best = fmax(best, (double)with->faulty - expected);
    }
    return best;
}

static bool is_trouble(const char *name)
{
    static const char *const words[] = {"error",    "fail",   "timeout", "exception",
                                        "crash",    "abort",  "retry",   "stall",
                                        "rebuffer", "denied", "reject",  NULL};
    for (int i = 0; words[i]; i++)
        if (strcasestr(name, words[i])) return true;
    return false;
}

/* <= 0: not a candidate. */
static double score(const struct offline *offline, enum template_candidates order, int64_t name)
{
    const struct survey *survey = offline->facts->survey;
    const struct survey_event *event = &survey->events[name];
    if (event->sessions < OFFLINE_LEAST_SESSIONS) return 0;
    switch (order) {
    case TEMPLATE_CONTRAST: /* without a binary KPI: nothing to tell them apart */
        return survey->n_kpis ? contrast(survey, name) : (double)event->sessions;
    case TEMPLATE_REPEATED:
        return (double)event->repeated;
    case TEMPLATE_ERRORS:
        return is_trouble(offline->facts->schema->events.names[name]) ? (double)event->sessions : 0;
    default:
        return (double)event->sessions;
    }
}

static int compare_ranked(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    if (a->score != b->score) return a->score > b->score ? -1 : 1;
    return strcmp(a->name, b->name);
}

/* names[0..n-1] as one list. */
static lode_status make_list(struct lode_arena *arena, const char *const *names, int n,
                             const char **list)
{
    struct lode_bytes out = {0};
    char *copy = NULL;
    lode_status status = LODE_OK;
    for (int i = 0; i < n && !status; i++) {
        if (i > 0) status = lode_bytes_append(&out, ",", 1);
        if (!status) status = instantiate_append_item(&out, names[i]);
    }
    if (!status) status = lode_arena_text(arena, (const char *)out.data, out.size, &copy);
    lode_bytes_clear(&out);
    *list = copy;
    return status;
}

/* Lists of one each; where the order is `errors`, all of them together come first. */
static lode_status make_lists(struct offline *offline, enum template_candidates order)
{
    const struct candidates *events = &offline->events[order];
    struct candidates *lists = &offline->event_lists[order];
    if (order == TEMPLATE_ERRORS && events->n > 1)
        lode_try(make_list(offline->arena, events->values, events->n, &lists->values[lists->n++]));
    for (int i = 0; i < events->n && lists->n < OFFLINE_CANDIDATES_MAX; i++)
        lode_try(make_list(offline->arena, &events->values[i], 1, &lists->values[lists->n++]));
    return LODE_OK;
}

static lode_status rank_events(struct offline *offline, enum template_candidates order)
{
    struct ranked *ranked = NULL;
    const struct generator_names *events = &offline->facts->schema->events;
    struct candidates *out = &offline->events[order];
    int64_t n = 0;
    const struct lode_arena_mark mark = lode_arena_mark(offline->arena);
    lode_try(lode_take(offline->arena, events->n, &ranked));
    for (int64_t i = 0; i < events->n; i++) {
        const double value = score(offline, order, i);
        if (value > 0) ranked[n++] = (struct ranked){events->names[i], value};
    }
    qsort(ranked, (size_t)n, sizeof *ranked, compare_ranked);
    for (int64_t i = 0; i < n && i < OFFLINE_CANDIDATES_MAX; i++)
        out->values[out->n++] = ranked[i].name; /* the schema's */
    lode_arena_rewind(offline->arena, mark);
    return make_lists(offline, order);
}

/* By number of words, then by name. */
static void rank_attributes(struct offline *offline)
{
    const struct generator_names *all = &offline->facts->schema->attributes;
    const int64_t *words = offline->facts->attribute_words;
    struct candidates *out = &offline->attributes;
    int64_t last = -1;
    while (out->n < OFFLINE_CANDIDATES_MAX) {
        int64_t best = -1;
        for (int64_t i = 0; i < all->n; i++) {
            if (words[i] < WORDS_LEAST || words[i] > WORDS_MOST) continue;
            const bool is_later =
                last < 0 || words[i] > words[last] ||
                (words[i] == words[last] && strcmp(all->names[i], all->names[last]) > 0);
            const bool is_less =
                best < 0 || words[i] < words[best] ||
                (words[i] == words[best] && strcmp(all->names[i], all->names[best]) < 0);
            if (is_later && is_less) best = i;
        }
        if (best < 0) return;
        out->values[out->n++] = all->names[best];
        last = best;
    }
}

/* --- one template --- */

static void take_names(const struct generator_names *names, struct candidates *out)
{
    for (int64_t i = 0; i < names->n && out->n < OFFLINE_CANDIDATES_MAX; i++)
        out->values[out->n++] = names->names[i];
}

/* Plain values: those of `try:`, else the default (NULL: filled in later). */
static lode_status take_attempts(const struct template_parameter *parameter,
                                 struct lode_arena *arena, struct candidates *out)
{
    const char *at = parameter->attempts;
    if (!at[0] && parameter->initial) out->values[out->n++] = NULL;
    while (*at && out->n < OFFLINE_CANDIDATES_MAX) {
        char *copy = NULL;
        const char *end = strchrnul(at, ',');
        lode_try(lode_arena_text(arena, at, (size_t)(end - at), &copy));
        out->values[out->n++] = copy;
        at = *end ? end + 1 : end;
    }
    return LODE_OK;
}

static lode_status find_candidates(const struct offline *offline,
                                   const struct template_parameter *parameter,
                                   struct candidates *out)
{
    const struct generator_schema *schema = offline->facts->schema;
    *out = (struct candidates){0};
    switch (parameter->type) {
    case TEMPLATE_EVENT:
        *out = offline->events[parameter->candidates];
        return LODE_OK;
    case TEMPLATE_EVENTS:
        *out = offline->event_lists[parameter->candidates];
        return LODE_OK;
    case TEMPLATE_ATTRIBUTE:
        *out = offline->attributes;
        return LODE_OK;
    case TEMPLATE_EVENT_ATTRIBUTE:
        take_names(&schema->event_attributes, out);
        return LODE_OK;
    case TEMPLATE_KPI:
        take_names(&offline->facts->binary_kpis, out);
        return LODE_OK;
    case TEMPLATE_SERIES:
        take_names(&schema->series, out);
        return LODE_OK;
    default:
        return take_attempts(parameter, offline->arena, out);
    }
}

/* Combinations of one template, best first: ranks of its parameters' candidates. */
struct plan {
    const struct template *template;
    struct candidates candidates[TEMPLATE_PARAMETERS_MAX];
    int n;
    uint8_t (*ranks)[TEMPLATE_PARAMETERS_MAX]; /* [n] */
};

/* Shortens the lists until no more than COMBINATIONS_MAX combinations are left. */
static void limit_candidates(struct plan *plan)
{
    for (int most = OFFLINE_CANDIDATES_MAX; most > 1; most--) {
        int64_t n = 1;
        for (int p = 0; p < plan->template->n_parameters; p++) {
            if (plan->candidates[p].n > most) plan->candidates[p].n = most;
            n *= plan->candidates[p].n; /* at most 12^8 */
        }
        if (n <= COMBINATIONS_MAX) return;
    }
}

static bool is_event(const struct plan *plan, int p)
{
    return plan->template->parameters[p].type == TEMPLATE_EVENT;
}

static bool has_event_twice(const struct plan *plan, const uint8_t *ranks)
{
    for (int p = 0; p < plan->template->n_parameters; p++)
        for (int q = 0; q < p; q++)
            if (is_event(plan, p) && is_event(plan, q) &&
                strcmp(plan->candidates[p].values[ranks[p]],
                       plan->candidates[q].values[ranks[q]]) == 0)
                return true;
    return false;
}

/* Counts the ranks on like the digits of a number, the last parameter fastest; false at the end. */
static bool step(const struct plan *plan, uint8_t *ranks)
{
    for (int p = plan->template->n_parameters - 1; p >= 0; p--) {
        if (++ranks[p] < plan->candidates[p].n) return true;
        ranks[p] = 0;
    }
    return false;
}

static int sum(const struct plan *plan, const uint8_t *ranks)
{
    int total = 0;
    for (int p = 0; p < plan->template->n_parameters; p++) total += ranks[p];
    return total;
}

static lode_status make_plan(const struct offline *offline, const struct template *template,
                             struct plan *plan)
{
    int most = 0;
    *plan = (struct plan){.template = template};
    if (!template->offline || template->n_definitions == 0) return LODE_OK;
    for (int p = 0; p < template->n_parameters; p++) {
        lode_try(find_candidates(offline, &template->parameters[p], &plan->candidates[p]));
        if (plan->candidates[p].n == 0) return LODE_OK; /* nothing in this store to fill it with */
    }
    limit_candidates(plan);
    for (int p = 0; p < template->n_parameters; p++) most += plan->candidates[p].n - 1;
    lode_try(lode_take(offline->arena, COMBINATIONS_MAX, &plan->ranks));
    for (int total = 0; total <= most; total++) {
        uint8_t ranks[TEMPLATE_PARAMETERS_MAX] = {0};
        do {
            if (sum(plan, ranks) != total || has_event_twice(plan, ranks)) continue;
            memcpy(plan->ranks[plan->n++], ranks, sizeof ranks);
        } while (step(plan, ranks));
    }
    return LODE_OK;
}

static lode_status carry_out(const struct plan *plan, int64_t share,
                             const struct generator_schema *schema,
                             struct generator_definitions *definitions)
{
    const int64_t wanted = definitions->n + share;
    for (int i = 0; i < plan->n; i++) {
        const char *values[TEMPLATE_PARAMETERS_MAX] = {0};
        if (definitions->n + plan->template->n_definitions > wanted) return LODE_OK;
        for (int p = 0; p < plan->template->n_parameters; p++)
            values[p] = plan->candidates[p].values[plan->ranks[i][p]];
        const lode_status status =
            template_instantiate(plan->template, values, schema, definitions);
        /* a value that the template does not take (a `try:` out of range) is one less */
        if (status && status != LODE_E_USAGE) return status;
    }
    return LODE_OK;
}

lode_status offline_choose(const struct template_library *library,
                           const struct offline_facts *facts, const double *weights, int64_t budget,
                           struct generator_definitions *definitions)
{
    struct offline offline = {.facts = facts, .arena = definitions->arena};
    struct plan *plans = NULL;
    int64_t *limits = NULL, *shares = NULL;
    for (int order = 0; order < TEMPLATE_CANDIDATES; order++)
        lode_try(rank_events(&offline, (enum template_candidates)order));
    rank_attributes(&offline);
    lode_try(lode_take(offline.arena, library->n, &plans));
    lode_try(lode_take(offline.arena, library->n, &limits));
    lode_try(lode_take(offline.arena, library->n, &shares));
    for (int t = 0; t < library->n; t++) {
        lode_try(make_plan(&offline, &library->templates[t], &plans[t]));
        limits[t] = (int64_t)plans[t].n * library->templates[t].n_definitions;
    }
    generator_shares(weights, limits, library->n, budget, shares);
    for (int t = 0; t < library->n; t++)
        lode_try(carry_out(&plans[t], shares[t], facts->schema, definitions));
    return LODE_OK;
}

lode_status offline_events(const struct offline_facts *facts, struct lode_arena *arena,
                           const char *const **names, int64_t *n)
{
    struct offline offline = {.facts = facts, .arena = arena};
    const char **copy = NULL;
    lode_try(rank_events(&offline, TEMPLATE_CONTRAST));
    const struct candidates *events = &offline.events[TEMPLATE_CONTRAST];
    lode_try(lode_take(arena, events->n, &copy));
    for (int i = 0; i < events->n; i++) copy[i] = events->values[i];
    *names = copy;
    *n = events->n;
    return LODE_OK;
}
