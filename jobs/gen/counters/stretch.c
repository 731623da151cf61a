/* Stretch: a counter is level x (1 + rhythm of the day + what its group does + its own noise) x
 * factors of issues. No function of the mathematics library: equal bytes everywhere.
 */
#include "jobs/gen/counters/stretch.h"

#include "common/hash.h"
#include "common/stats/random.h"
#include "jobs/gen/counters/issue.h"
#include "jobs/gen/counters/service.h"

#include <inttypes.h>
#include <string.h>

enum { KNOT = 16, NUMBER_SIZE = 32, DECIMALS = 1000 };
static const int64_t FIRST_S = INT64_C(1767225600), DAY_S = 86400; /* 2026-01-01 UTC */

/* What stays of a counter. */
struct trait {
    double level;
    double daily, shared, own; /* shares of the level: rhythm, group, noise */
};

/* Streams of different things never meet. */
enum thing { TRAIT, DAY, KNOTS, SLOT };

struct maker {
    const struct gen_counters_options *options;
    int64_t component, n_groups;
    double phase;         /* of the service's day, in days */
    struct trait *traits; /* [counters] */
    double *knots;        /* [2 x groups] of the slow course of each group */
    int64_t knot;         /* of the first of them; -1: none yet */
    double *shared;       /* [groups] in the slot under way */
    struct issue issue;   /* of the period under way */
    int64_t period;       /* -1: none yet */
    struct issue *noise;  /* [counters] likewise */
    int64_t noise_period;
    struct stretch_texts *texts;
};

static struct lode_random begin(const struct maker *m, enum thing thing, int64_t of, int64_t index)
{
    const int64_t item[] = {ISSUE_KINDS + (int64_t)thing, of, index};
    return lode_random_begin(m->options->seed, lode_hash(item, sizeof item));
}

static double between(struct lode_random *random, double least, double most)
{
    return least + (most - least) * lode_random_uniform(random);
}

static lode_status prepare(struct maker *m, struct lode_arena *arena)
{
    const int64_t n = m->options->counters;
    struct lode_random random = begin(m, DAY, service_of(m->component), 0);
    m->phase = lode_random_uniform(&random);
    m->n_groups = service_groups(n);
    m->knot = m->period = m->noise_period = -1;
    lode_try(lode_take(arena, n, &m->traits));
    lode_try(lode_take_zero(arena, n, &m->noise));
    lode_try(lode_take(arena, 2 * m->n_groups, &m->knots));
    lode_try(lode_take(arena, m->n_groups, &m->shared));
    for (int64_t c = 0; c < n; c++) {
        random = begin(m, TRAIT, m->component, c);
        struct trait *trait = &m->traits[c];
        trait->level = between(&random, 10.0, 20.0) * (double)(1 << lode_random_below(&random, 7));
        trait->daily = between(&random, 0.05, 0.35);
        trait->shared = between(&random, 0.04, 0.10);
        trait->own = between(&random, 0.03, 0.08);
    }
    return LODE_OK;
}

/* A wave over [0, 1), two parabolas: 0, 1 at a quarter, 0, -1 at three quarters. */
static double wave(double phase)
{
    const double x = 2.0 * phase;
    return x < 1.0 ? 4.0 * x * (1.0 - x) : -4.0 * (x - 1.0) * (2.0 - x);
}

static void draw_knots(const struct maker *m, int64_t knot, double *to)
{
    struct lode_random random = begin(m, KNOTS, m->component, knot);
    for (int64_t g = 0; g < m->n_groups; g++) to[g] = lode_random_normal(&random);
}

/* What each group does in the slot: a slow course between knots, and a little on top. */
static void move_groups(struct maker *m, int64_t slot, struct lode_random *random)
{
    const int64_t knot = slot / KNOT;
    const double at = (double)(slot % KNOT) / KNOT;
    if (knot != m->knot) {
        draw_knots(m, knot, m->knots);
        draw_knots(m, knot + 1, m->knots + m->n_groups);
        m->knot = knot;
    }
    for (int64_t g = 0; g < m->n_groups; g++)
        m->shared[g] = m->knots[g] + at * (m->knots[m->n_groups + g] - m->knots[g]) +
                       0.5 * lode_random_normal(random);
}

/* --- what is told of an issue --- */

static int64_t second_of(const struct maker *m, int64_t slot)
{
    return FIRST_S + slot * (m->options->slot_ms / 1000);
}

/* Names of the counters with such a factor: above 1, or below. */
static lode_status list_counters(const struct maker *m, const struct issue *issue, bool rising,
                                 const char *separator, const char *quote, bool *is_first,
                                 struct lode_bytes *out)
{
    char name[SERVICE_NAME_SIZE];
    for (int64_t c = 0; c < m->options->counters; c++) {
        const double factor = issue_factor(m->options, issue, c);
        if (rising ? factor <= 1.0 : factor >= 1.0) continue;
        service_counter_name(c, m->options->counters, name);
        lode_try(
            lode_bytes_printf(out, "%s%s%s%s", *is_first ? "" : separator, quote, name, quote));
        *is_first = false;
    }
    return LODE_OK;
}

static lode_status tell_row(const struct maker *m, const struct issue *issue,
                            struct lode_bytes *out)
{
    char name[SERVICE_NAME_SIZE];
    bool is_first = true;
    service_component_name(m->component, name);
    lode_try(lode_bytes_printf(out, "%s,%" PRId64 ",%" PRId64 ",", name, second_of(m, issue->first),
                               second_of(m, issue->end)));
    lode_try(list_counters(m, issue, true, ";", "", &is_first, out));
    lode_try(list_counters(m, issue, false, ";", "", &is_first, out));
    return lode_bytes_append(out, "\n", 1);
}

static lode_status tell_truth(const struct maker *m, const struct issue *issue)
{
    struct lode_bytes *out = &m->texts->truth;
    char name[SERVICE_NAME_SIZE];
    bool is_first = true;
    service_component_name(m->component, name);
    lode_try(lode_bytes_printf(
        out,
        ",\n  {\"kind\": \"%s\", \"component\": \"%s\", \"start_s\": %" PRId64
        ", \"end_s\": %" PRId64 ", \"rising\": [",
        issue_kind_name(issue->kind), name, second_of(m, issue->first), second_of(m, issue->end)));
    lode_try(list_counters(m, issue, true, ", ", "\"", &is_first, out));
    is_first = true;
    lode_try(lode_bytes_printf(out, "], \"falling\": ["));
    lode_try(list_counters(m, issue, false, ", ", "\"", &is_first, out));
    return lode_bytes_printf(out, "]}");
}

/* Issues and noise of the slot's periods; those that begin in it are told. */
static lode_status look_up_issues(struct maker *m, int64_t slot)
{
    const struct gen_counters_options *options = m->options;
    const int64_t in_test = slot - options->slots;
    const int64_t noise_period = slot / ISSUE_NOISE_PERIOD;
    if (in_test >= 0 && in_test / issue_period(options) != m->period) {
        m->period = in_test / issue_period(options);
        m->issue = issue_of_period(options, m->component, m->period);
    }
    if (in_test >= 0 && m->issue.exists && m->issue.first == slot) {
        lode_try(tell_row(m, &m->issue, &m->texts->labels));
        lode_try(tell_truth(m, &m->issue));
    }
    for (int64_t c = 0; c < options->counters; c++) {
        if (noise_period != m->noise_period)
            m->noise[c] = issue_noise(options, m->component, c, noise_period);
        if (m->noise[c].exists && m->noise[c].first == slot)
            lode_try(tell_row(m, &m->noise[c], &m->texts->noise));
    }
    m->noise_period = noise_period;
    return LODE_OK;
}

static double factor_now(const struct maker *m, const struct issue *issue, int64_t counter,
                         int64_t slot)
{
    if (!issue->exists || slot < issue->first || slot >= issue->end) return 1.0;
    return issue_factor(m->options, issue, counter);
}

/* --- rows --- */

/* ",12.345" into text; returns its size. Three decimals are finer than any noise here. */
static size_t put_number(double value, char *text)
{
    char digits[NUMBER_SIZE];
    int64_t scaled = (int64_t)((value > 0.0 ? value : 0.0) * DECIMALS + 0.5);
    int n = 0;
    size_t size = 0;
    for (; n < 4 || scaled > 0; scaled /= 10) {
        if (n == 3) digits[n++] = '.';
        digits[n++] = (char)('0' + scaled % 10);
    }
    text[size++] = ',';
    while (n > 0) text[size++] = digits[--n];
    return size;
}

static lode_status make_row(struct maker *m, int64_t slot)
{
    struct lode_bytes *out = &m->texts->rows;
    const int64_t n = m->options->counters, second = second_of(m, slot);
    struct lode_random random = begin(m, SLOT, m->component, slot);
    double day = (double)((second - FIRST_S) % DAY_S) / (double)DAY_S + m->phase;
    if (day >= 1.0) day -= 1.0;
    const double rhythm = wave(day);
    move_groups(m, slot, &random);
    lode_try(lode_bytes_printf(out, "%" PRId64, second));
    lode_try(lode_bytes_reserve(out, (size_t)(n + 1) * NUMBER_SIZE));
    for (int64_t c = 0; c < n; c++) {
        const struct trait *trait = &m->traits[c];
        const double course = 1.0 + trait->daily * rhythm +
                              trait->shared * m->shared[service_group(c, n)] +
                              trait->own * lode_random_normal(&random);
        const double factor =
            factor_now(m, &m->issue, c, slot) * factor_now(m, &m->noise[c], c, slot);
        out->size += put_number(trait->level * course * factor, (char *)out->data + out->size);
    }
    return lode_bytes_append(out, "\n", 1);
}

lode_status stretch_header(const struct gen_counters_options *options, struct lode_bytes *out)
{
    char name[SERVICE_NAME_SIZE];
    lode_try(lode_bytes_printf(out, "timestamp_s"));
    for (int64_t c = 0; c < options->counters; c++) {
        service_counter_name(c, options->counters, name);
        lode_try(lode_bytes_printf(out, ",%s", name));
    }
    return lode_bytes_append(out, "\n", 1);
}

lode_status stretch_make(const struct gen_counters_options *options, const struct stretch *stretch,
                         struct lode_arena *arena, lode_status (*advance)(void *context),
                         void *context, struct stretch_texts *texts)
{
    struct maker maker = {.options = options, .component = stretch->component, .texts = texts};
    lode_try(prepare(&maker, arena));
    for (int64_t slot = stretch->first; slot < stretch->first + stretch->count; slot++) {
        lode_try(look_up_issues(&maker, slot));
        lode_try(make_row(&maker, slot));
        lode_try(advance(context));
    }
    return LODE_OK;
}
