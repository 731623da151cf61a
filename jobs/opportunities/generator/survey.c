/* Survey: the leaf, and its results added up.
 *
 * Parameters: store, number of event names, array of names of binary KPIs.
 * Result: sessions, returning users, first and last start (i64); for each KPI its faulty and normal
 * sessions; the number of event names that occur, then for each its code, sessions, sessions with
 * more than one, and for each KPI its faulty and normal sessions with the event.
 */
#include "jobs/opportunities/generator/survey.h"
#include "jobs/opportunities/by_partition.h"

#include <string.h>

#include "common/store/store.h"
#include "common/wire/pack.h"

/* An event name while it is counted. */
struct tally {
    int64_t last_session; /* index + 1 of the session that had it last; 0: none */
    bool is_repeated;     /* in that session */
};

struct leaf {
    struct lode_task *task;
    uint32_t n_kpis;
    char **kpi_names;
    const uint8_t **marks; /* [n_kpis][sessions] 0, 1, 2 = no value */
    struct survey survey;
    struct tally *tallies; /* [n_names] */
};

static lode_status unpack_params(struct leaf *leaf, struct lode_unpack in)
{
    struct lode_arena *arena = leaf->task->arena;
    struct survey *survey = &leaf->survey;
    lode_try(lode_unpack_count(&in, "names", UINT32_MAX - 1, &survey->n_names));
    lode_try(lode_unpack_array(&in, &leaf->n_kpis));
    lode_try(lode_take(arena, leaf->n_kpis, &leaf->kpi_names));
    for (uint32_t i = 0; i < leaf->n_kpis; i++) {
        const char *name = NULL;
        size_t size = 0;
        lode_try(lode_unpack_text(&in, &name, &size));
        lode_try(lode_arena_text(arena, name, size, &leaf->kpi_names[i]));
    }
    return lode_unpack_end(&in);
}

static lode_status make_counts(struct lode_arena *arena, struct survey *survey)
{
    size_t n_cells = 0;
    lode_try(lode_mul_size((uint64_t)survey->n_names, (size_t)survey->n_kpis, &n_cells));
    lode_try(lode_take_zero(arena, survey->n_names, &survey->events));
    lode_try(lode_take_zero(arena, n_cells, &survey->with));
    lode_try(lode_take_zero(arena, survey->n_kpis, &survey->all));
    survey->first_ms = INT64_MAX;
    survey->last_ms = INT64_MIN;
    return LODE_OK;
}

static void add_mark(struct survey_count *count, uint8_t mark)
{
    count->faulty += mark == 1;
    count->normal += mark == 0;
}

static void count_session(struct leaf *leaf, int64_t session, const uint32_t *names, int64_t n)
{
    struct survey *survey = &leaf->survey;
    for (uint32_t k = 0; k < leaf->n_kpis; k++) add_mark(&survey->all[k], leaf->marks[k][session]);
    for (int64_t i = 0; i < n; i++) {
        struct tally *tally = &leaf->tallies[names[i]];
        if (tally->last_session == session + 1) {
            survey->events[names[i]].repeated += !tally->is_repeated;
            tally->is_repeated = true;
            continue;
        }
        *tally = (struct tally){.last_session = session + 1};
        survey->events[names[i]].sessions++;
        for (uint32_t k = 0; k < leaf->n_kpis; k++)
            add_mark(&survey->with[names[i] * survey->n_kpis + k], leaf->marks[k][session]);
    }
}

static void note_start(struct survey *survey, int64_t start)
{
    if (start == INT64_MIN) return;
    if (start < survey->first_ms) survey->first_ms = start;
    if (start > survey->last_ms) survey->last_ms = start;
}

static lode_status count_part(struct leaf *leaf, struct lode_part *part)
{
    struct lode_arena *arena = leaf->task->arena;
    int64_t *users = NULL, *sessions = NULL, *starts = NULL;
    uint32_t *names = NULL;
    lode_try(lode_part_session_offsets(part, arena, &users));
    lode_try(lode_part_event_offsets(part, arena, &sessions));
    lode_try(lode_part_session_starts(part, arena, &starts));
    lode_try(lode_part_event_names(part, leaf->survey.n_names, arena, &names));
    lode_try(lode_take(arena, leaf->n_kpis, &leaf->marks));
    for (uint32_t k = 0; k < leaf->n_kpis; k++) {
        uint8_t *marks = NULL;
        lode_try(lode_part_kpi_binary(part, leaf->kpi_names[k], arena, &marks));
        leaf->marks[k] = marks;
    }
    for (int64_t user = 0; user < part->n_users; user++)
        leaf->survey.returning += users[user + 1] - users[user] > 1;
    leaf->survey.sessions = part->n_sessions;
    for (int64_t s = 0; s < part->n_sessions; s++) {
        note_start(&leaf->survey, starts[s]);
        count_session(leaf, s, names + sessions[s], sessions[s + 1] - sessions[s]);
        if (s % 65536 == 65535) lode_try(lode_task_advance(leaf->task, 65536));
    }
    return lode_task_advance(leaf->task, part->n_sessions % 65536);
}

static lode_status pack_counts(const struct survey_count *counts, int64_t n, struct lode_bytes *out)
{
    for (int64_t k = 0; k < n; k++) {
        lode_try(lode_pack_u64(out, (uint64_t)counts[k].faulty));
        lode_try(lode_pack_u64(out, (uint64_t)counts[k].normal));
    }
    return LODE_OK;
}

static lode_status pack_survey(const struct survey *survey, struct lode_bytes *out)
{
    uint64_t n_present = 0;
    for (int64_t i = 0; i < survey->n_names; i++) n_present += survey->events[i].sessions > 0;
    lode_try(lode_pack_u64(out, (uint64_t)survey->sessions));
    lode_try(lode_pack_u64(out, (uint64_t)survey->returning));
    lode_try(lode_pack_i64(out, survey->first_ms));
    lode_try(lode_pack_i64(out, survey->last_ms));
    lode_try(pack_counts(survey->all, survey->n_kpis, out));
    lode_try(lode_pack_u64(out, n_present));
    for (int64_t i = 0; i < survey->n_names; i++) {
        if (survey->events[i].sessions == 0) continue;
        lode_try(lode_pack_u64(out, (uint64_t)i));
        lode_try(lode_pack_u64(out, (uint64_t)survey->events[i].sessions));
        lode_try(lode_pack_u64(out, (uint64_t)survey->events[i].repeated));
        lode_try(pack_counts(&survey->with[i * survey->n_kpis], survey->n_kpis, out));
    }
    return LODE_OK;
}

lode_status survey_leaf(struct lode_task *task)
{
    lode_status status = LODE_OK;
    struct leaf leaf = {.task = task};
    struct lode_unpack in = lode_unpack_begin(task->params, task->params_size);
    struct lode_part part = {0};

    lode_try(lode_task_open_part(task, &in, task->index, &part));
    lode_try_done(unpack_params(&leaf, in));
    leaf.survey.n_kpis = leaf.n_kpis;
    lode_try_done(make_counts(task->arena, &leaf.survey));
    lode_try_done(lode_take_zero(task->arena, leaf.survey.n_names, &leaf.tallies));
    lode_try_done(count_part(&leaf, &part));
    lode_try_done(pack_survey(&leaf.survey, task->output));
done:
    lode_part_close(&part);
    return status;
}

/* --- on the coordinator --- */

struct merge {
    const struct lode_store *store;
    struct survey *survey;
};

static lode_status merge_counts(struct lode_unpack *in, uint64_t limit, int64_t n,
                                struct survey_count *counts)
{
    for (int64_t k = 0; k < n; k++) {
        int64_t faulty = 0, normal = 0;
        lode_try(lode_unpack_count(in, "faulty", limit, &faulty));
        lode_try(lode_unpack_count(in, "normal", limit - (uint64_t)faulty, &normal));
        counts[k].faulty += faulty;
        counts[k].normal += normal;
    }
    return LODE_OK;
}

static lode_status merge_event(struct lode_unpack *in, uint64_t limit, int64_t *previous,
                               struct survey *survey)
{
    int64_t name = 0, sessions = 0, repeated = 0;
    lode_try(lode_unpack_count(in, "name", (uint64_t)survey->n_names - 1, &name));
    if (name <= *previous)
        return lode_fail(LODE_E_MESSAGE, "name %lld comes after name %lld", (long long)name,
                         (long long)*previous);
    lode_try(lode_unpack_count(in, "sessions", limit, &sessions));
    lode_try(lode_unpack_count(in, "repeated", (uint64_t)sessions, &repeated));
    survey->events[name].sessions += sessions;
    survey->events[name].repeated += repeated;
    *previous = name;
    return merge_counts(in, (uint64_t)sessions, survey->n_kpis,
                        &survey->with[name * survey->n_kpis]);
}

static lode_status merge_task(void *context, int64_t task, const uint8_t *result, size_t size)
{
    const struct merge *merge = context;
    struct survey *survey = merge->survey;
    const struct lode_partition *partition = &merge->store->partitions[task];
    struct lode_unpack in = lode_unpack_begin(result, size);
    int64_t sessions = 0, returning = 0, first = 0, last = 0, n_present = 0, previous = -1;
    lode_try(lode_unpack_count(&in, "sessions", (uint64_t)partition->n_sessions, &sessions));
    lode_try(lode_unpack_count(&in, "returning", (uint64_t)partition->n_users, &returning));
    lode_try(lode_unpack_i64(&in, &first));
    lode_try(lode_unpack_i64(&in, &last));
    lode_try(merge_counts(&in, (uint64_t)sessions, survey->n_kpis, survey->all));
    lode_try(lode_unpack_count(&in, "events", (uint64_t)survey->n_names, &n_present));
    for (int64_t i = 0; i < n_present; i++)
        lode_try(merge_event(&in, (uint64_t)sessions, &previous, survey));
    survey->sessions += sessions;
    survey->returning += returning;
    if (first < survey->first_ms) survey->first_ms = first;
    if (last > survey->last_ms) survey->last_ms = last;
    return lode_unpack_end(&in);
}

static lode_status pack_params(const struct lode_store *store, const int64_t *kpis, int64_t n_kpis,
                               struct lode_bytes *out)
{
    lode_try(lode_store_refer(store, out));
    lode_try(lode_pack_u64(out, (uint64_t)store->event_names.count));
    lode_try(lode_pack_array(out, (uint32_t)n_kpis));
    for (int64_t i = 0; i < n_kpis; i++) {
        const char *name = store->kpis[kpis[i]].name;
        lode_try(lode_pack_text(out, name, strlen(name)));
    }
    return LODE_OK;
}

lode_status survey_take(struct lode_run *run, const int64_t *kpis, int64_t n_kpis,
                        struct survey *survey)
{
    const struct lode_store *store = run->store;
    struct survey made = {.n_names = store->event_names.count, .n_kpis = n_kpis};
    struct merge merge = {.store = store, .survey = &made};
    struct lode_stage stage;
    lode_try(make_counts(run->arena, &made));
    lode_try(
        stage_by_partition(store, "opportunities.survey", "surveying events", run->arena, &stage));
    lode_status status = pack_params(store, kpis, n_kpis, &stage.params);
    if (!status) status = lode_map(run, &stage, merge_task, &merge);
    lode_bytes_clear(&stage.params);
    if (!status) *survey = made;
    return status;
}
