/* Series, on the coordinator: the span of time, the width of slots, and the leaves' counts added up
 * in task order. (series_leaf.c has the leaves, and the layout of parameters and results.)
 */
#include "jobs/opportunities/experts/series.h"

#include <stdlib.h>
#include <string.h>

#include "common/wire/pack.h"
#include "jobs/opportunities/derive/session_columns.h"
#include "jobs/opportunities/exact_sum.h"
#include "jobs/opportunities/lifecycle.h"

enum { MINUTE_MS = 60 * 1000, HOUR_MS = 60 * MINUTE_MS, AIMED_SLOTS = 60, TRIMMED = 1000 };

/* --- the span --- */

struct day {
    int64_t day, sessions, first_ms, last_ms;
};

struct days {
    const struct lode_store *store;
    struct lode_bytes list; /* of struct day */
};

static lode_status merge_days(void *context, int64_t task, const uint8_t *result, size_t size)
{
    struct days *days = context;
    const uint64_t n_sessions = (uint64_t)days->store->partitions[task].n_sessions;
    struct lode_unpack in = lode_unpack_begin(result, size);
    uint32_t n = 0;
    lode_try(lode_unpack_array(&in, &n));
    for (uint32_t i = 0; i < n; i++) {
        struct day day;
        lode_try(lode_unpack_i64(&in, &day.day));
        if (day.day < SERIES_FIRST_DAY || day.day >= SERIES_LAST_DAY)
            return lode_fail(LODE_E_MESSAGE, "day %lld since 1970", (long long)day.day);
        lode_try(lode_unpack_count(&in, "sessions", n_sessions, &day.sessions));
        lode_try(lode_unpack_i64(&in, &day.first_ms));
        lode_try(lode_unpack_i64(&in, &day.last_ms));
        const int64_t begin = day.day * SERIES_DAY_MS;
        if (day.first_ms > day.last_ms || day.first_ms < begin ||
            day.last_ms - begin >= SERIES_DAY_MS)
            return lode_fail(LODE_E_MESSAGE, "day %lld with sessions from %lld to %lld ms",
                             (long long)day.day, (long long)day.first_ms, (long long)day.last_ms);
        lode_try(lode_bytes_append(&days->list, &day, sizeof day));
    }
    return lode_unpack_end(&in);
}

static int compare_days(const void *left, const void *right)
{
    const struct day *a = left, *b = right;
    if (a->day != b->day) return a->day < b->day ? -1 : 1;
    if (a->first_ms != b->first_ms) return a->first_ms < b->first_ms ? -1 : 1;
    return (a->last_ms > b->last_ms) - (a->last_ms < b->last_ms);
}

/* First day (step 1) or last (step -1), without those that hold less than 1 in TRIMMED from there.
 */
static int64_t trim(const struct day *days, int64_t n, int64_t total, int step)
{
    int64_t at = step > 0 ? 0 : n - 1, passed = 0;
    for (;; at += step) {
        passed += days[at].sessions;
        if (passed * TRIMMED > total) break;
    }
    /* the same day of other partitions */
    while (at - step >= 0 && at - step < n && days[at - step].day == days[at].day) at -= step;
    return at;
}

struct span {
    int64_t first_ms, last_ms;
    bool is_known;
};

static struct span span_of(struct day *days, int64_t n)
{
    int64_t total = 0;
    for (int64_t i = 0; i < n; i++) total += days[i].sessions;
    if (total == 0) return (struct span){0};
    qsort(days, (size_t)n, sizeof *days, compare_days);
    const int64_t first = trim(days, n, total, 1), last = trim(days, n, total, -1);
    struct span span = {days[first].first_ms, days[last].last_ms, true};
    for (int64_t i = last; i >= 0 && days[i].day == days[last].day; i--)
        if (days[i].last_ms > span.last_ms) span.last_ms = days[i].last_ms;
    return span;
}

static lode_status session_costs(const struct lode_run *run, struct lode_stage *stage)
{
    const struct lode_store *store = run->store;
    int64_t *costs;
    lode_try(lode_take(run->arena, store->n_partitions, &costs));
    for (int64_t i = 0; i < store->n_partitions; i++) costs[i] = store->partitions[i].n_sessions;
    stage->n_tasks = store->n_partitions;
    stage->costs = costs;
    stage->cost_units = "sessions";
    stage->describe = lode_store_name_partition;
    stage->describe_context = store;
    return LODE_OK;
}

static lode_status find_span(struct lode_run *run, struct span *span)
{
    lode_status status = LODE_OK;
    struct days days = {.store = run->store};
    struct lode_stage stage = {.leaf = "opportunities.span", .title = "finding the span of time"};
    lode_try(session_costs(run, &stage));
    lode_try_done(lode_store_refer(run->store, &stage.params));
    lode_try_done(lode_map(run, &stage, merge_days, &days));
    struct day *list;
    const int64_t n = (int64_t)(days.list.size / sizeof *list);
    lode_try_done(lode_take(run->arena, n, &list));
    if (n > 0) memcpy(list, days.list.data, days.list.size);
    *span = span_of(list, n);
done:
    lode_bytes_clear(&stage.params);
    lode_bytes_clear(&days.list);
    return status;
}

int64_t series_width(int64_t first_ms, int64_t last_ms)
{
    static const int64_t widths[] = {MINUTE_MS,
                                     INT64_C(2) * MINUTE_MS,
                                     INT64_C(5) * MINUTE_MS,
                                     INT64_C(10) * MINUTE_MS,
                                     INT64_C(15) * MINUTE_MS,
                                     INT64_C(30) * MINUTE_MS,
                                     HOUR_MS,
                                     INT64_C(2) * HOUR_MS,
                                     INT64_C(3) * HOUR_MS,
                                     INT64_C(4) * HOUR_MS,
                                     INT64_C(6) * HOUR_MS,
                                     INT64_C(8) * HOUR_MS,
                                     INT64_C(12) * HOUR_MS,
                                     SERIES_DAY_MS,
                                     INT64_C(2) * SERIES_DAY_MS,
                                     INT64_C(3) * SERIES_DAY_MS,
                                     INT64_C(7) * SERIES_DAY_MS,
                                     INT64_C(14) * SERIES_DAY_MS,
                                     INT64_C(30) * SERIES_DAY_MS};
    const int n = sizeof widths / sizeof *widths;
    const uint64_t span = (uint64_t)last_ms - (uint64_t)first_ms;
    const bool is_long = span >= 20 * (uint64_t)SERIES_DAY_MS; /* days tell more than their hours */
    for (int i = 0; i < n; i++)
        if (span / (uint64_t)widths[i] < AIMED_SLOTS && (!is_long || widths[i] >= SERIES_DAY_MS))
            return widths[i];
    return widths[n - 1];
}

static int64_t floor_to(int64_t time_ms, int64_t width_ms)
{
    const int64_t rest = time_ms % width_ms;
    return time_ms - (rest < 0 ? rest + width_ms : rest);
}

/* first_ms, width_ms and n_slots. */
static lode_status lay_slots(const struct span *span, int64_t width_ms, struct series_list *series)
{
    if (!span->is_known) return LODE_OK;
    series->width_ms = width_ms ? width_ms : series_width(span->first_ms, span->last_ms);
    series->first_ms = floor_to(span->first_ms, series->width_ms);
    const int64_t n = (span->last_ms - series->first_ms) / series->width_ms + 1;
    if (n > SERIES_MOST_SLOTS && width_ms)
        return lode_fail(LODE_E_USAGE,
                         "parameter bucket: the sessions of the store span %lld slots of that "
                         "width; at most %d are possible: take a wider one, or `auto`",
                         (long long)n, SERIES_MOST_SLOTS);
    series->n_slots = n > SERIES_MOST_SLOTS ? 0 : n;
    return LODE_OK;
}

/* --- the counts --- */

struct sums {
    int64_t sessions, faulty;
    struct exact_sum sum, squares;
};

/* Values of an attribute that are counted, by code. */
struct asked {
    int64_t attribute, n;
    int64_t *values;
};

struct merge {
    const struct lode_run *run;
    struct lode_arena *scratch; /* for all but the series */
    const struct opportunity_options *options;
    const struct cohort_rows *cohorts;
    struct series_list *series;
    int64_t n_asked;
    struct asked *asked; /* attributes with such values */
    struct sums **sums;  /* [n_asked + 1], each [n_kpis x groups x slots] */
};

static int64_t groups_of(const struct merge *merge, int64_t asked)
{
    return asked == merge->n_asked ? LIFECYCLE_CLASSES : 2 * merge->asked[asked].n;
}

/* Listed values whose sessions could fill the least number of slots, for any KPI. */
static lode_status ask(struct merge *merge, int64_t least_sessions)
{
    const struct cohort_rows *cohorts = merge->cohorts;
    const int64_t n_attributes = merge->run->store->n_attributes;
    struct lode_arena *arena = merge->scratch;
    lode_try(lode_take(arena, n_attributes, &merge->asked));
    for (int64_t a = 0; a < n_attributes; a++) {
        const int64_t n_values = cohorts->counts->sets[a].n_values;
        struct asked asked = {.attribute = a};
        bool *is_large;
        if (merge->options->is_deep && !merge->options->is_deep[a]) continue;
        lode_try(lode_take_zero(arena, n_values, &is_large));
        for (int64_t i = 0; i < cohorts->n; i++)
            if (cohorts->rows[i].attribute == a &&
                cohorts->rows[i].sessions / SERIES_LEAST_SLOTS >= least_sessions)
                is_large[cohorts->rows[i].value] = true;
        for (int64_t v = 0; v < n_values; v++) asked.n += is_large[v];
        if (asked.n == 0) continue;
        lode_try(lode_take(arena, asked.n, &asked.values));
        asked.n = 0;
        for (int64_t v = 0; v < n_values; v++)
            if (is_large[v]) asked.values[asked.n++] = v;
        merge->asked[merge->n_asked++] = asked;
    }
    return LODE_OK;
}

static lode_status pack_columns(const struct merge *merge, struct lode_bytes *out)
{
    const struct lode_store *store = merge->run->store;
    bool *attributes;
    lode_try(lode_take_zero(merge->scratch, store->n_attributes, &attributes));
    for (int64_t a = 0; a < merge->n_asked; a++) attributes[merge->asked[a].attribute] = true;
    const struct session_wanted wanted = {.attributes = attributes};
    return session_columns_pack(store, merge->options->derivation, &wanted, out);
}

static lode_status pack_params(const struct merge *merge, struct lode_bytes *out)
{
    const struct opportunity_options *options = merge->options;
    const struct series_list *series = merge->series;
    lode_try(lode_store_refer(merge->run->store, out));
    lode_try(pack_columns(merge, out));
    lode_try(lode_pack_i64(out, options->sparse_after_ms));
    lode_try(lode_pack_u64(out, (uint64_t)options->first_sessions));
    lode_try(lode_pack_u64(out, options->sample.below));
    lode_try(lode_pack_i64(out, series->first_ms));
    lode_try(lode_pack_i64(out, series->width_ms));
    lode_try(lode_pack_u64(out, (uint64_t)series->n_slots));
    lode_try(lode_pack_array(out, (uint32_t)options->n_kpis));
    for (int64_t i = 0; i < options->n_kpis; i++)
        lode_try(lode_pack_u64(out, (uint64_t)options->kpis[i]));
    lode_try(lode_pack_array(out, (uint32_t)merge->n_asked));
    for (int64_t a = 0; a < merge->n_asked; a++) {
        const struct asked *asked = &merge->asked[a];
        const struct cohort_set *set = &merge->cohorts->counts->sets[asked->attribute];
        lode_try(lode_pack_u64(out, (uint64_t)asked->attribute));
        lode_try(lode_pack_array(out, (uint32_t)asked->n));
        for (int64_t v = 0; v < asked->n; v++)
            lode_try(lode_pack_u64(out, cohort_code(set, asked->values[v])));
    }
    return LODE_OK;
}

static lode_status unpack_sum(struct lode_unpack *in, struct exact_sum *to)
{
    struct exact_sum sum;
    lode_try(lode_unpack_f64(in, &sum.sum));
    lode_try(lode_unpack_f64(in, &sum.rest));
    exact_sum_merge(to, &sum);
    return LODE_OK;
}

static lode_status merge_slot(struct lode_unpack *in, uint64_t most, bool is_binary,
                              struct sums *sums)
{
    int64_t sessions, faulty = 0;
    lode_try(lode_unpack_count(in, "sessions", most, &sessions));
    if (sessions == 0) return LODE_OK;
    sums->sessions += sessions;
    if (is_binary) {
        lode_try(lode_unpack_count(in, "faulty", (uint64_t)sessions, &faulty));
        sums->faulty += faulty;
        return LODE_OK;
    }
    lode_try(unpack_sum(in, &sums->sum));
    return unpack_sum(in, &sums->squares);
}

static lode_status merge_task(void *context, int64_t task, const uint8_t *result, size_t size)
{
    const struct merge *merge = context;
    const struct lode_store *store = merge->run->store;
    const uint64_t most = (uint64_t)store->partitions[task].n_sessions;
    struct lode_unpack in = lode_unpack_begin(result, size);
    for (int64_t a = 0; a <= merge->n_asked; a++) {
        const int64_t n = groups_of(merge, a) * merge->series->n_slots;
        for (int64_t k = 0; k < merge->options->n_kpis; k++) {
            const bool is_binary = store->kpis[merge->options->kpis[k]].is_binary;
            for (int64_t i = 0; i < n; i++)
                lode_try(merge_slot(&in, most, is_binary, &merge->sums[a][k * n + i]));
        }
    }
    return lode_unpack_end(&in);
}

static lode_status map_leaf(struct lode_run *run, struct merge *merge)
{
    lode_status status = LODE_OK;
    struct lode_stage stage = {.leaf = "opportunities.series", .title = "counting over time"};
    lode_try(session_costs(run, &stage));
    lode_try_done(pack_params(merge, &stage.params));
    lode_try_done(lode_map(run, &stage, merge_task, merge));
done:
    lode_bytes_clear(&stage.params);
    return status;
}

/* --- from groups to series --- */

static lode_status take_series(struct merge *merge, int64_t row, enum series_part part,
                               struct series **made)
{
    struct lode_arena *arena = merge->run->arena;
    const int64_t n_slots = merge->series->n_slots;
    *made = &merge->series->list[merge->series->n++];
    **made = (struct series){.row = row, .part = part};
    lode_try(lode_take_zero(arena, n_slots, &(*made)->counts));
    lode_try(lode_take_zero(arena, n_slots, &(*made)->sums));
    return merge->cohorts->rows[row].is_binary ? LODE_OK
                                               : lode_take_zero(arena, n_slots, &(*made)->squares);
}

/* Adds the slots of a group to a series. Slots below the least are tested by nobody, but a series
 * keeps them: differences of series want all. */
static void add_group(const struct sums *sums, int64_t n_slots, struct series *series)
{
    for (int64_t i = 0; i < n_slots; i++) {
        series->counts[i] += (double)sums[i].sessions;
        series->sums[i] += series->squares ? exact_sum_value(&sums[i].sum) : (double)sums[i].faulty;
        if (series->squares) series->squares[i] += exact_sum_value(&sums[i].squares);
    }
}

static int64_t kpi_place(const struct opportunity_options *options, int64_t kpi)
{
    int64_t place = 0;
    while (options->kpis[place] != kpi) place++;
    return place;
}

static const struct sums *group_sums(const struct merge *merge, int64_t asked, int64_t kpi,
                                     int64_t group)
{
    const int64_t n_slots = merge->series->n_slots;
    return merge->sums[asked] + (kpi * groups_of(merge, asked) + group) * n_slots;
}

static bool has_sessions(const struct sums *sums, int64_t n_slots)
{
    for (int64_t i = 0; i < n_slots; i++)
        if (sums[i].sessions > 0) return true;
    return false;
}

/* A value's series; where its users have first and later sessions, those too. */
static lode_status add_value(struct merge *merge, int64_t asked, int64_t place, int64_t row)
{
    const int64_t n_slots = merge->series->n_slots;
    const int64_t kpi = kpi_place(merge->options, merge->cohorts->rows[row].kpi);
    const struct sums *first = group_sums(merge, asked, kpi, 2 * place);
    const struct sums *later = group_sums(merge, asked, kpi, 2 * place + 1);
    const bool is_cut = has_sessions(first, n_slots) && has_sessions(later, n_slots);
    for (int part = SERIES_ANY; part <= (is_cut ? SERIES_LATER : SERIES_ANY); part++) {
        struct series *series;
        lode_try(take_series(merge, row, (enum series_part)part, &series));
        if (part != SERIES_LATER) add_group(first, n_slots, series);
        if (part != SERIES_FIRST) add_group(later, n_slots, series);
    }
    return LODE_OK;
}

static lode_status add_lifecycle(struct merge *merge, int classes, int64_t row)
{
    const int64_t kpi = kpi_place(merge->options, merge->cohorts->rows[row].kpi);
    struct series *series;
    lode_try(take_series(merge, row, SERIES_ANY, &series));
    for (int c = 0; c < LIFECYCLE_CLASSES; c++)
        if (classes >> c & 1)
            add_group(group_sums(merge, merge->n_asked, kpi, c), merge->series->n_slots, series);
    return LODE_OK;
}

static lode_status make_series(struct merge *merge)
{
    const struct cohort_rows *cohorts = merge->cohorts;
    const int64_t lifecycle = merge->run->store->n_attributes;
    struct lifecycle_cohorts of;
    lode_try(lifecycle_cohorts_init(merge->options->first_sessions, merge->scratch, &of));
    lode_try(lode_take(merge->run->arena, 3 * cohorts->n, &merge->series->list));
    for (int64_t row = 0; row < cohorts->n; row++) {
        const int64_t attribute = cohorts->rows[row].attribute, value = cohorts->rows[row].value;
        if (attribute == lifecycle) lode_try(add_lifecycle(merge, of.classes[value], row));
        for (int64_t a = 0; a < merge->n_asked; a++)
            for (int64_t v = 0; merge->asked[a].attribute == attribute && v < merge->asked[a].n;
                 v++)
                if (merge->asked[a].values[v] == value) lode_try(add_value(merge, a, v, row));
    }
    return LODE_OK;
}

static lode_status count_slots(struct lode_run *run, struct merge *merge, int64_t least_sessions)
{
    lode_try(ask(merge, least_sessions));
    lode_try(lode_take(merge->scratch, merge->n_asked + 1, &merge->sums));
    for (int64_t a = 0; a <= merge->n_asked; a++)
        lode_try(lode_take_zero(
            merge->scratch, merge->options->n_kpis * groups_of(merge, a) * merge->series->n_slots,
            &merge->sums[a]));
    lode_try(map_leaf(run, merge));
    return make_series(merge);
}

lode_status series_count(struct lode_run *run, const struct series_options *how,
                         const struct opportunity_options *options,
                         const struct cohort_rows *cohorts, struct series_list *series)
{
    lode_status status = LODE_OK;
    struct series_list made = {0};
    struct span span = {0};
    struct merge merge = {.run = run, .options = options, .cohorts = cohorts, .series = &made};
    lode_try(lode_arena_create(0, &merge.scratch));
    lode_try_done(find_span(run, &span));
    lode_try_done(lay_slots(&span, how->width_ms, &made));
    if (made.n_slots >= SERIES_LEAST_SLOTS)
        lode_try_done(count_slots(run, &merge, how->least_sessions));
    *series = made;
done:
    lode_arena_destroy(merge.scratch);
    return status;
}
