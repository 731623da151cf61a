/* Job stage.events: read the files (read.c), merge their dictionaries (words.c), join where needed,
 * write the partitions, publish the store.
 */
#include "common/wire/pack.h"
#include "jobs/stage/append.h"
#include "jobs/stage/forecast.h"
#include "jobs/stage/ranges.h"
#include "jobs/stage/stage.h"
#include "jobs/stage/staging.h"

#include <stdio.h>
#include <string.h>

void stage_events_defaults(struct stage_events_options *options)
{
    memset(options, 0, sizeof *options);
    options->partition_bytes = UINT64_C(32) << 20;
    options->range_bytes = RANGE_BYTES;
    options->max_rejects = 0.01;
}

/* A task of every stage but stage.parse is a partition of the store to be. */
static void describe_partition(const void *context, int64_t task, char *text, size_t size)
{
    const struct staging *s = context;
    snprintf(text, size, "partition %lld of %lld", (long long)task,
             (long long)s->plan.n_partitions);
}

static lode_status merge_join(void *context, int64_t task, const uint8_t *result, size_t size)
{
    struct staging *s = context;
    struct lode_unpack in = lode_unpack_begin(result, size);
    (void)task;
    lode_try(staging_merge_run(s, &in, -1));
    lode_try(rejects_merge(&s->rejects, &in, s->arena));
    return lode_unpack_end(&in);
}

static lode_status merge_session_users(void *context, int64_t task, const uint8_t *result,
                                       size_t size)
{
    struct lode_unpack in = lode_unpack_begin(result, size);
    (void)task;
    lode_try(staging_merge_run(context, &in, -1));
    return lode_unpack_end(&in);
}

static lode_status put_part(struct staging *s, int64_t task, const struct growth_file *file)
{
    struct lode_store *store = &s->store;
    char name[32];
    char *copy = NULL;
    lode_store_part_name(task, name);
    lode_try(lode_arena_text(s->arena, name, strlen(name), &copy));
    store->partitions[task] = (struct lode_partition){.file = copy,
                                                      .n_users = file->rows.n_users,
                                                      .n_sessions = file->rows.n_sessions,
                                                      .n_events = file->rows.n_events,
                                                      .size_bytes = file->size_bytes,
                                                      .checksum = file->checksum};
    store->n_users += file->rows.n_users;
    store->n_sessions += file->rows.n_sessions;
    store->n_events += file->rows.n_events;
    return LODE_OK;
}

static lode_status get_rows(struct lode_unpack *in, struct lode_row_counts *rows)
{
    lode_try(lode_unpack_count(in, "users", INT64_MAX, &rows->n_users));
    lode_try(lode_unpack_count(in, "sessions", INT64_MAX, &rows->n_sessions));
    return lode_unpack_count(in, "events", INT64_MAX, &rows->n_events);
}

static lode_status merge_write(void *context, int64_t task, const uint8_t *result, size_t size)
{
    struct staging *s = context;
    struct lode_store *store = &s->store;
    struct lode_unpack in = lode_unpack_begin(result, size);
    struct growth_file file;
    lode_try(get_rows(&in, &file.rows));
    lode_try(lode_unpack_count(&in, "bytes of a part", INT64_MAX, &file.size_bytes));
    lode_try(lode_unpack_u64(&in, &file.checksum));
    lode_try(get_rows(&in, &file.replaced));
    if (s->before)
        lode_try(append_put_file(s, task, &file));
    else
        lode_try(put_part(s, task, &file));
    for (int64_t k = 0; k < store->n_kpis; k++) {
        int64_t missing = 0;
        lode_try(lode_unpack_i64(&in, &missing)); /* of what is replaced: less */
        store->kpis[k].n_missing += missing;
    }
    lode_try(rejects_merge(&s->rejects, &in, s->arena));
    return lode_unpack_end(&in);
}

static lode_status write_parts(struct staging *s)
{
    struct stage_plan *plan = &s->plan;
    struct lode_store *store = &s->store;
    store->n_partitions = plan->n_partitions;
    store->n_kpis = stage_session_kpis(plan);
    store->n_event_values = plan->n_event_values;
    lode_try(lode_take_zero(s->arena, plan->n_partitions, &store->partitions));
    lode_try(lode_take_zero(s->arena, store->n_kpis, &store->kpis));
    lode_try(lode_take_zero(s->arena, store->n_event_values, &store->event_values));
    for (int64_t v = 0; v < store->n_event_values; v++)
        store->event_values[v] = plan->kpis[store->n_kpis + v].name;
    for (int64_t k = 0; k < store->n_kpis; k++)
        store->kpis[k] =
            (struct lode_kpi){.name = plan->kpis[k].name,
                              .is_binary = plan->kpis[k].is_binary,
                              .n_missing = s->before ? s->before->kpis[k].n_missing : 0};
    if (s->before) lode_try(append_begin_parts(s));
    struct lode_stage stage = {.leaf = "stage.write",
                               .title = "writing partitions",
                               .n_tasks = plan->n_partitions,
                               .describe = describe_partition};
    return staging_map(s, &stage, merge_write);
}

/* No row is lost: what was read is a session, an event or a reject. */
static lode_status check_balance(struct staging *s)
{
    const struct lode_store *store = &s->store;
    const int64_t n_events = store->n_events - (s->before ? s->before->n_events : 0);
    const int64_t n_sessions = store->n_sessions - (s->before ? s->before->n_sessions : 0);
    const int64_t used = n_events + (s->plan.sessions_given ? n_sessions : 0);
    if (used + s->rejects.n == s->n_rows_read) return LODE_OK;
    return lode_fail(LODE_E_BUG, "%lld rows read, but %lld used and %lld rejected",
                     (long long)s->n_rows_read, (long long)used, (long long)s->rejects.n);
}

static lode_status list_sources(struct staging *s)
{
    struct lode_bytes text = {0};
    lode_status status = LODE_OK;
    char *copy = NULL;
    for (int64_t f = 0; f < s->plan.n_files; f++)
        lode_try_done(lode_bytes_printf(&text, "%s%s", f > 0 ? ", " : "", s->plan.files[f].name));
    lode_try_done(lode_arena_text(s->arena, (const char *)text.data, text.size, &copy));
    s->store.source = copy;
done:
    lode_bytes_clear(&text);
    return status;
}

static lode_status publish_store(struct staging *s)
{
    lode_try(check_balance(s));
    lode_try(staging_check_rejects(s));
    if (s->store.n_sessions == 0)
        return lode_fail(LODE_E_INPUT, "no session in %lld rows of %lld files",
                         (long long)s->n_rows_read, (long long)s->plan.n_files);
    lode_try(list_sources(s));
    s->store.kind = "events";
    s->store.history = s->options->history ? s->options->history : "";
    s->store.n_rows_read = s->n_rows_read;
    s->store.n_rows_rejected = s->rejects.n;
    if (s->before) return append_commit(s);
    lode_try(rules_make(s->options, &s->plan, s->arena, &s->store.rules));
    return publish_commit(&s->publish, &s->store, &s->rejects, s->run->work_directory, s->arena);
}

/* Columns that no part of the store holds: those never mapped, and attributes left out since. */
static lode_status list_unstaged(struct staging *s, struct stage_events_summary *summary)
{
    const struct stage_plan *plan = &s->plan;
    lode_try(lode_take(s->arena, plan->n_unstaged + plan->n_attributes, &summary->unstaged));
    for (int64_t i = 0; i < plan->n_unstaged; i++)
        summary->unstaged[summary->n_unstaged++] = plan->unstaged[i];
    for (int64_t a = 0; a < plan->n_attributes; a++) {
        const char *name = plan->attributes[a].name;
        char *text = NULL;
        if (!plan->attributes[a].dropped) continue;
        const size_t room = strlen(name) + 64;
        lode_try(lode_take(s->arena, room, &text));
        snprintf(text, room, "%s (more than %d values)", name, STAGE_ATTRIBUTE_WORDS_LIMIT);
        summary->unstaged[summary->n_unstaged++] = text;
    }
    return LODE_OK;
}

static lode_status summarise(struct staging *s, struct stage_events_summary *out)
{
    struct stage_events_summary summary = {0};
    rejects_sort(&s->rejects);
    lode_try(lode_take(s->arena, s->rejects.n_reasons, &summary.reasons));
    memcpy(summary.reasons, s->rejects.reasons,
           (size_t)s->rejects.n_reasons * sizeof *summary.reasons);
    summary.n_reasons = s->rejects.n_reasons;
    summary.n_rows_read = s->n_rows_read;
    summary.n_rows_rejected = s->rejects.n;
    summary.n_rows_used = s->n_rows_read - s->rejects.n;
    summary.n_users = s->store.n_users;
    summary.n_sessions = s->store.n_sessions;
    summary.n_events = s->store.n_events;
    summary.n_partitions = s->store.n_partitions;
    summary.n_generations = s->plan.generation;
    summary.n_event_names = s->store.event_names.count;
    lode_try(list_unstaged(s, &summary));
    *out = summary;
    return LODE_OK;
}

/* Users of sessions that the store has: in front of all other runs, as what came first. */
static lode_status find_session_users(struct staging *s)
{
    struct stage_plan *plan = &s->plan;
    const int64_t n_before = plan->n_runs;
    struct stage_run *runs = NULL;
    struct lode_stage stage = {.leaf = "stage.session_users",
                               .title = "reading users of the store",
                               .n_tasks = plan->n_partitions,
                               .describe = describe_partition};
    lode_try(staging_map(s, &stage, merge_session_users));
    const int64_t n_new = plan->n_runs - n_before;
    lode_try(lode_take(s->arena, plan->n_runs, &runs));
    memcpy(runs, plan->runs, (size_t)plan->n_runs * sizeof *runs);
    memcpy(plan->runs, runs + n_before, (size_t)n_new * sizeof *runs);
    memcpy(plan->runs + n_new, runs, (size_t)n_before * sizeof *runs);
    return LODE_OK;
}

static lode_status build_store(void *context)
{
    struct staging *s = context;
    struct stage_events_summary summary;
    lode_try(staging_plan(s));
    lode_try(staging_read(s));
    lode_try(staging_merge_words(s));
    struct lode_stage join = {.leaf = "stage.join",
                              .title = "finding users",
                              .n_tasks = s->plan.n_partitions,
                              .describe = describe_partition};
    if (s->plan.join && s->before) lode_try(find_session_users(s));
    if (s->plan.join) lode_try(staging_map(s, &join, merge_join));
    lode_try(write_parts(s));
    lode_try(summarise(s, &summary));
    lode_try(publish_store(s));
    if (s->options->summary) *s->options->summary = summary;
    return LODE_OK;
}

static lode_status run_stage_events(struct lode_run *run)
{
    struct staging *s = NULL;
    lode_try(lode_take_zero(run->arena, 1, &s));
    s->run = run;
    s->options = run->options;
    s->arena = run->arena;
    if (s->options->append) {
        lode_status status = append_begin(s);
        if (status == LODE_OK) status = build_store(s);
        append_end(s);
        return status;
    }
    return publish_build(s->options->output, s->arena, &s->publish, build_store, s);
}

static lode_status forecast_stage_events(const struct lode_run *run, struct lode_forecast *forecast)
{
    struct staging s = {.options = run->options, .arena = run->arena};
    lode_status status = s.options->append ? append_read(&s) : LODE_OK;
    if (status == LODE_OK) status = staging_plan(&s);
    if (status == LODE_OK) stage_forecast(&s.plan, forecast);
    append_end(&s);
    return status;
}

static const struct lode_leaf leaves[] = {
    {"stage.parse", stage_parse_leaf},
    {"stage.session_users", stage_session_users_leaf},
    {"stage.join", stage_join_leaf},
    {"stage.write", stage_write_leaf},
    {NULL, NULL},
};

static const struct lode_param params[] = {{0}};

const struct lode_job stage_events_job = {
    .name = "stage.events",
    .store_kind = NULL,
    .summary = "sessions and events from CSV or JSON Lines files into a store",
    .leaves = leaves,
    .params = params,
    .run = run_stage_events,
    .forecast = forecast_stage_events,
};
