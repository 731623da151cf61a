/* Leaf "hierarchy.detect": the components of one partition, scored stretch by stretch; what they
 * come to is told at once, so that memory does not grow with the slots (detected.h has the
 * records).
 */
#include "jobs/hierarchy/detection/detected.h"
#include "jobs/hierarchy/detection/silence.h"
#include "jobs/hierarchy/evaluation/thresholds.h"

#include <math.h>
#include <string.h>

/* A component under way. */
struct detecting {
    struct lode_task *task;
    int n_levels, n_thresholds;
    const double *thresholds;
    struct given given;
    const struct plan_component *plan;
    struct scoring scoring;
    struct firing_state *states; /* [n_nodes] */
    int64_t *n_below; /* [n_nodes] leaves that can contribute, at most; a leaf is below itself */
    /* scratch of contributions, [n_nodes] each */
    double *e, *contributions;
    struct contributor *order;
    /* evaluation; NULL where there are no thresholds */
    struct tally_place *places; /* [n_nodes] */
    struct tally *tallies;      /* [n_levels] */
    int64_t ***covers;          /* [n_levels][n_issues][n_thresholds + 1] */
    uint8_t *is_inside;         /* [scoring.most] */
    struct issue_slots *issues; /* [n_issues] in the stretch */
};

static lode_status pack_numbers(struct lode_bytes *out, const int64_t *numbers, size_t n)
{
    for (size_t i = 0; i < n; i++) lode_try(lode_pack_i64(out, numbers[i]));
    return LODE_OK;
}

/* --- firings --- */

static lode_status put_firing(const struct detecting *d, int64_t node, struct firing *firing)
{
    struct lode_bytes *out = d->task->output;
    firing->node = node;
    const int64_t numbers[] = {DETECTED_FIRING, firing->node,      firing->first,
                               firing->end,     firing->peak_slot, firing->change_slot};
    lode_try(pack_numbers(out, numbers, sizeof numbers / sizeof *numbers));
    lode_try(lode_pack_f64(out, firing->peak));
    lode_try(pack_numbers(out, (const int64_t[]){firing->n_main, firing->n_top}, 2));
    for (int64_t i = 0; i < firing->n_top; i++) {
        lode_try(lode_pack_i64(out, firing->top[i].node));
        lode_try(lode_pack_f64(out, firing->top[i].e));
    }
    return LODE_OK;
}

/* What the leaves add to a detector's E in slot i of the stretch. */
static void contribute(struct detecting *d, int64_t node, int64_t i)
{
    for (int64_t k = 0; k <= node; k++) d->e[k] = d->scoring.e[k][i];
    plan_contributions(d->plan, node, d->e, d->scoring.scratch, d->contributions);
}

/* When the leaf changed that adds most in the slot in which the firing began. */
static lode_status date_change(struct detecting *d, int64_t node)
{
    struct firing *firing = &d->states[node].firing;
    const int64_t i = firing->first - d->scoring.at;
    int64_t most = 0;
    contribute(d, node, i);
    for (int64_t k = 1; k <= node; k++)
        if (d->contributions[k] > d->contributions[most]) most = k;
    return scoring_change(&d->scoring, most, i, &firing->change_slot);
}

/* Who made the peak, which lies in this stretch. */
static lode_status explain_peak(struct detecting *d, int64_t node)
{
    struct firing *firing = &d->states[node].firing;
    if (!firing->top) lode_try(lode_take(d->task->arena, d->n_below[node], &firing->top));
    contribute(d, node, firing->peak_slot - d->scoring.at);
    firing_contributions(d->contributions, d->plan->n_nodes, d->order, firing);
    return LODE_OK;
}

static lode_status find_firings(struct detecting *d, int64_t node)
{
    const struct scoring *s = &d->scoring;
    struct firing_state *state = &d->states[node];
    const double threshold = d->plan->nodes[node].alert;
    if (isinf(threshold)) return LODE_OK;
    for (int64_t i = 0; i < s->n;) {
        bool is_peak = false;
        const int64_t from = s->at + i;
        i = firing_scan(s->e[node], s->n, i, s->at, threshold, state, &is_peak);
        if (is_peak && state->firing.first >= from) lode_try(date_change(d, node));
        if (is_peak) lode_try(explain_peak(d, node));
        if (i < s->n) lode_try(put_firing(d, node, &state->firing));
    }
    return LODE_OK;
}

static lode_status end_firings(struct detecting *d)
{
    for (int64_t i = 0; i < d->plan->n_nodes; i++)
        if (d->states[i].is_open) lode_try(put_firing(d, i, &d->states[i].firing));
    return LODE_OK;
}

/* --- evaluation --- */

static lode_status take_tallies(struct detecting *d)
{
    struct lode_arena *arena = d->task->arena;
    const int64_t room = d->n_thresholds + 1;
    lode_try(lode_take_zero(arena, d->plan->n_nodes, &d->places));
    lode_try(lode_take(arena, d->n_levels, &d->tallies));
    lode_try(lode_take(arena, d->n_levels, &d->covers));
    lode_try(lode_take(arena, d->scoring.most, &d->is_inside));
    lode_try(lode_take(arena, d->plan->n_issues, &d->issues));
    for (int level = 0; level < d->n_levels; level++) {
        lode_try(lode_take_zero(arena, room, &d->tallies[level].firings));
        lode_try(lode_take_zero(arena, room, &d->tallies[level].inside));
        lode_try(lode_take(arena, d->plan->n_issues, &d->covers[level]));
        for (int64_t i = 0; i < d->plan->n_issues; i++)
            lode_try(lode_take_zero(arena, room, &d->covers[level][i]));
    }
    return LODE_OK;
}

/* The slot of the stretch, within [0, n], that is the first at or after a time. */
static int64_t slot_from(const struct scoring *s, int64_t time_ms)
{
    const int64_t begin = s->slots.first_ms + s->at * s->slots.step_ms;
    int64_t since = 0;
    if (__builtin_sub_overflow(time_ms, begin, &since)) return time_ms < begin ? 0 : s->n;
    if (since <= 0) return 0;
    const int64_t slot = (since - 1) / s->slots.step_ms + 1;
    return slot < s->n ? slot : s->n;
}

static void place_issues(struct detecting *d)
{
    const struct scoring *s = &d->scoring;
    memset(d->is_inside, 0, (size_t)s->n);
    for (int64_t k = 0; k < d->plan->n_issues; k++) {
        struct issue_slots *slots = &d->issues[k];
        slots->first = slot_from(s, d->plan->issues[k].start_ms);
        slots->end = slot_from(s, d->plan->issues[k].end_ms);
        for (int64_t i = slots->first; i < slots->end; i++) d->is_inside[i] = 1;
    }
}

static void count_firings(struct detecting *d, int64_t node)
{
    const struct scoring *s = &d->scoring;
    const int32_t level = d->plan->nodes[node].level;
    const struct tally_series series = {.e = s->e[node],
                                        .n = s->n,
                                        .is_inside = d->is_inside,
                                        .n_issues = d->plan->n_issues,
                                        .issues = d->issues};
    tally_add(d->thresholds, d->n_thresholds, &series, &d->places[node], &d->tallies[level],
              d->covers[level]);
}

static lode_status put_found(const struct detecting *d, int level, int64_t issue)
{
    struct lode_arena *arena = d->task->arena;
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    uint8_t *is_found;
    lode_try(lode_take(arena, d->n_thresholds, &is_found));
    thresholds_sum(d->covers[level][issue], d->n_thresholds);
    for (int i = 0; i < d->n_thresholds; i++) is_found[i] = d->covers[level][issue][i] > 0;
    lode_try(pack_numbers(d->task->output, (const int64_t[]){DETECTED_FOUND, issue, level}, 3));
    lode_try(lode_pack_bin(d->task->output, is_found, (size_t)d->n_thresholds));
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

static lode_status put_tallies(const struct detecting *d)
{
    struct lode_bytes *out = d->task->output;
    const size_t bytes = (size_t)(d->n_thresholds + 1) * sizeof(int64_t);
    for (int level = 0; level < d->n_levels; level++) {
        lode_try(pack_numbers(out, (const int64_t[]){DETECTED_TALLY, level}, 2));
        lode_try(lode_pack_bin(out, d->tallies[level].firings, bytes));
        lode_try(lode_pack_bin(out, d->tallies[level].inside, bytes));
        for (int64_t i = 0; i < d->plan->n_issues; i++) lode_try(put_found(d, level, i));
    }
    return LODE_OK;
}

/* --- what is new --- */

/* Counters of the component that no node is about. */
static lode_status put_unknown(const struct detecting *d)
{
    const struct lode_counters_block *about = d->scoring.about;
    struct lode_arena *arena = d->task->arena;
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    int64_t most = -1;
    bool *is_known;
    for (int64_t i = 0; i < about->n_counters; i++)
        if (about->counters[i] > most) most = about->counters[i];
    lode_try(lode_take_zero(arena, most + 1, &is_known));
    for (int64_t i = 0; i < d->plan->n_nodes; i++) {
        const struct plan_node *node = &d->plan->nodes[i];
        if (node->kind == PLAN_LEAF && node->counter >= 0 && node->counter <= most)
            is_known[node->counter] = true;
    }
    for (int64_t i = 0; i < about->n_counters; i++)
        if (!is_known[about->counters[i]])
            lode_try(pack_numbers(d->task->output,
                                  (const int64_t[]){DETECTED_COUNTER, about->counters[i]}, 2));
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

static lode_status put_waking(struct detecting *d, int64_t node)
{
    struct waking waking;
    if (!d->plan->nodes[node].is_dead) return LODE_OK;
    lode_try(scoring_waking(&d->scoring, node, &waking));
    if (!waking.is_awake) return LODE_OK;
    lode_try(
        pack_numbers(d->task->output, (const int64_t[]){DETECTED_WAKING, node, waking.time_ms}, 3));
    lode_try(lode_pack_f64(d->task->output, waking.before));
    return lode_pack_f64(d->task->output, waking.after);
}

static lode_status put_silence(struct detecting *d, int64_t node)
{
    struct silence silence;
    lode_try(silence_find(&d->scoring, node, &silence));
    if (!silence.is_silent) return LODE_OK;
    return pack_numbers(d->task->output, (const int64_t[]){DETECTED_SILENT, node, silence.since_ms},
                        3);
}

static lode_status put_news(struct detecting *d)
{
    lode_try(put_unknown(d));
    for (int64_t i = 0; i < d->plan->n_nodes; i++) {
        if (!plan_is_leaf(&d->plan->nodes[i])) continue;
        if (!d->scoring.is_there[i])
            lode_try(pack_numbers(d->task->output, (const int64_t[]){DETECTED_MISSING, i}, 2));
        lode_try(put_waking(d, i));
        lode_try(put_silence(d, i));
    }
    return LODE_OK;
}

/* --- a component, a task --- */

static lode_status put_series(const struct detecting *d, int64_t node)
{
    const struct scoring *s = &d->scoring;
    if (!d->plan->nodes[node].is_kept) return LODE_OK;
    lode_try(
        pack_numbers(d->task->output, (const int64_t[]){DETECTED_SERIES, node, s->at, s->n}, 4));
    return lode_pack_bin(d->task->output, s->e[node], (size_t)s->n * sizeof(double));
}

static lode_status take_scratch(struct detecting *d)
{
    struct lode_arena *arena = d->task->arena;
    const int64_t n = d->plan->n_nodes;
    lode_try(lode_take_zero(arena, n, &d->states));
    lode_try(lode_take(arena, n, &d->e));
    lode_try(lode_take(arena, n, &d->contributions));
    lode_try(lode_take(arena, n, &d->order));
    lode_try(lode_take(arena, n, &d->n_below));
    for (int64_t i = 0; i < n; i++) {
        const struct plan_node *node = &d->plan->nodes[i];
        d->n_below[i] = node->n_members == 0;
        for (int64_t m = 0; m < node->n_members && d->n_below[i] < n; m++)
            d->n_below[i] += d->n_below[d->plan->members[node->first_member + m].node];
        if (d->n_below[i] > n) d->n_below[i] = n; /* a leaf that is below by two ways counts once */
    }
    return d->n_thresholds > 0 ? take_tallies(d) : LODE_OK;
}

static lode_status detect_component(struct detecting *d, struct lode_counters *counters)
{
    bool more = false;
    lode_try(scoring_begin(d->task, counters, d->plan, &d->given, &d->scoring));
    const int64_t n_slots = d->scoring.end - d->scoring.first;
    lode_try(pack_numbers(d->task->output,
                          (const int64_t[]){DETECTED_SLOTS, d->scoring.first, n_slots,
                                            d->scoring.first > d->scoring.seam},
                          4));
    if (n_slots == 0) return LODE_OK;
    lode_try(take_scratch(d));
    for (;;) {
        lode_try(scoring_next(&d->scoring, &more));
        if (!more) break;
        if (d->n_thresholds > 0) place_issues(d);
        for (int64_t i = 0; i < d->plan->n_nodes; i++) {
            lode_try(find_firings(d, i));
            lode_try(put_series(d, i));
            if (d->n_thresholds > 0) count_firings(d, i);
        }
    }
    lode_try(end_firings(d));
    if (d->n_thresholds > 0) lode_try(put_tallies(d));
    return put_news(d);
}

static lode_status unpack_thresholds(struct lode_unpack *in, struct detecting *d)
{
    int64_t n_levels = 0, n_thresholds = 0;
    double *thresholds;
    lode_try(lode_unpack_count(in, "levels", INT32_MAX, &n_levels));
    lode_try(lode_unpack_count(in, "thresholds", EVALUATION_THRESHOLDS, &n_thresholds));
    lode_try(lode_take(d->task->arena, n_thresholds, &thresholds));
    for (int64_t i = 0; i < n_thresholds; i++) lode_try(lode_unpack_f64(in, &thresholds[i]));
    d->n_levels = (int)n_levels;
    d->n_thresholds = (int)n_thresholds;
    d->thresholds = thresholds;
    return LODE_OK;
}

static lode_status detect_plans(struct lode_unpack *in, const struct detecting *with,
                                struct lode_counters *counters)
{
    struct lode_arena *arena = with->task->arena;
    int64_t n = 0;
    lode_try(lode_unpack_count(in, "plans", with->task->input_size, &n));
    for (int64_t i = 0; i < n; i++) {
        const struct lode_arena_mark mark = lode_arena_mark(arena);
        struct plan_component plan = {0};
        struct detecting d = *with;
        lode_try(plan_unpack(in, d.n_levels, arena, &plan));
        d.plan = &plan;
        lode_try(detect_component(&d, counters));
        lode_arena_rewind(arena, mark);
    }
    return lode_unpack_end(in);
}

lode_status hierarchy_detect_leaf(struct lode_task *task)
{
    struct lode_unpack params = lode_unpack_begin(task->params, task->params_size);
    struct lode_unpack in = lode_unpack_begin(task->input, task->input_size);
    struct detecting with = {.task = task};
    struct lode_counters *counters = NULL;
    int64_t partition = 0;
    lode_status status = LODE_OK;
    lode_try(lode_unpack_i64(&in, &partition));
    lode_try_done(lode_task_open_counters(task, &params, partition, &counters));
    lode_try_done(unpack_thresholds(&params, &with));
    lode_try_done(given_unpack(&params, task->arena, &with.given));
    lode_try_done(lode_unpack_end(&params));
    lode_try_done(detect_plans(&in, &with, counters));
done:
    lode_counters_close(counters);
    return status;
}
