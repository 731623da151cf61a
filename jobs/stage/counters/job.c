/* Job stage.counters: plan the files, shuffle their rows (or the rates of a store of events) to the
 * partitions, make the schema,
 * publish the store or its next generation.
 */
#include "common/file.h"
#include "common/text.h"
#include "common/wire/pack.h"
#include "jobs/shuffle/shuffle.h"
#include "jobs/stage/counters/counting.h"
#include "jobs/stage/counters/rates/stage.h"
#include "jobs/stage/counters/rules.h"
#include "jobs/stage/growth.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void stage_counters_defaults(struct stage_counters_options *options)
{
    memset(options, 0, sizeof *options);
    options->partition_bytes = UINT64_C(32) << 20;
    options->max_rejects = 0.01;
}

/* --- the shuffle --- */

static void describe_file(const void *context, int64_t task, char *text, size_t size)
{
    const struct counting *c = context;
    snprintf(text, size, "%s", c->files[task].name);
}

static void describe_partition(const void *context, int64_t task, char *text, size_t size)
{
    const struct counting *c = context;
    snprintf(text, size, "partition %" PRId64 " of %" PRId64, task, c->plan.n_partitions);
}

static lode_status merge_parse(void *context, int64_t task, const uint8_t *result, size_t size)
{
    struct counting *c = context;
    struct lode_unpack in = lode_unpack_begin(result, size);
    int64_t read = 0, put = 0, missing = 0, unordered = 0;
    (void)task;
    lode_try(lode_unpack_count(&in, "rows of a file", INT64_MAX, &read));
    lode_try(lode_unpack_count(&in, "rows used of a file", INT64_MAX, &put));
    lode_try(lode_unpack_count(&in, "samples missing of a file", INT64_MAX, &missing));
    lode_try(lode_unpack_count(&in, "rows out of order of a file", INT64_MAX, &unordered));
    c->n_missing += missing;
    c->n_unordered += unordered;
    c->n_rows_read += read;
    c->n_rows_put += put;
    lode_try(rejects_merge(&c->rejects, &in, c->arena));
    return lode_unpack_end(&in);
}

static lode_status check_rejects(struct counting *c)
{
    char *text = NULL;
    char number[32];
    if ((double)c->rejects.n <= c->options.max_rejects * (double)c->n_rows_read) return LODE_OK;
    rejects_sort(&c->rejects);
    lode_try(rejects_text(&c->rejects, c->arena, &text));
    return lode_fail(LODE_E_INPUT, "%" PRId64 " of %s rows rejected, more than a share of %g: %s",
                     c->rejects.n, lode_text_grouped(c->n_rows_read, number),
                     c->options.max_rejects, text);
}

/* Too many already: spare the rest of the work. No row is lost: each is on its way or a reject. */
static lode_status check_parsed(void *context, struct lode_stage *reduce)
{
    struct counting *c = context;
    (void)reduce;
    if (c->events) return LODE_OK; /* events are no rows: what is sent is occurrences */
    if (c->n_rows_put + c->rejects.n != c->n_rows_read)
        return lode_fail(LODE_E_BUG,
                         "%" PRId64 " rows read, but %" PRId64 " used and %" PRId64 " rejected",
                         c->n_rows_read, c->n_rows_put, c->rejects.n);
    return check_rejects(c);
}

/* The components of a written partition: into the schema; counts what the partition had. */
static lode_status merge_components(struct counting *c, struct lode_unpack *in, int64_t partition,
                                    struct growth_file *file)
{
    int64_t n_times = 0;
    for (int64_t i = 0; i < file->rows.n_users; i++) {
        struct lode_component about = {.partition = partition};
        const char *name = NULL;
        size_t size = 0;
        bool is_known = false;
        lode_try(lode_unpack_text(in, &name, &size));
        lode_try(lode_unpack_count(in, "times of a component", INT64_MAX, &about.n_times));
        lode_try(lode_unpack_i64(in, &about.first_ms));
        lode_try(lode_unpack_i64(in, &about.last_ms));
        lode_try(lode_unpack_count(in, "step of a component", INT64_MAX, &about.step_ms));
        lode_try(schema_add_component(c->schema, name, size, &about, &is_known));
        file->replaced.n_users += is_known;
        n_times += about.n_times;
    }
    file->replaced.n_sessions = file->rows.n_sessions - n_times;
    return LODE_OK;
}

/* Names of counters of a written partition. Those of files are none of the store's rates, so that a
 * component's counters say which of both it is. */
static lode_status merge_counters(struct counting *c, struct lode_unpack *in)
{
    int64_t n = 0;
    lode_try(lode_unpack_count(in, "counters", (uint64_t)(in->end - in->at), &n));
    for (int64_t i = 0; i < n; i++) {
        const char *text = NULL;
        char *name = NULL;
        size_t size = 0;
        lode_try(lode_unpack_text(in, &text, &size));
        lode_try(lode_arena_text(c->arena, text, size, &name));
        if (!c->events && rates_have(&c->options.rates, name))
            return lode_fail(LODE_E_INPUT,
                             "counter '%s' is a rate of the store, counted from events: files "
                             "cannot have one of that name",
                             name);
        lode_try(schema_add_counter(c->schema, name, size));
    }
    return LODE_OK;
}

static lode_status put_part(struct counting *c, int64_t partition, const struct growth_file *file)
{
    struct lode_store *store = &c->store;
    char name[32];
    char *copy = NULL;
    if (c->before) return growth_put_file(store, c->plan.generation, partition, file, c->arena);
    lode_store_part_name(partition, name);
    lode_try(lode_arena_text(c->arena, name, strlen(name), &copy));
    store->partitions[partition] = (struct lode_partition){.file = copy,
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

static lode_status merge_write(void *context, int64_t task, const uint8_t *result, size_t size)
{
    struct counting *c = context;
    struct lode_unpack in = lode_unpack_begin(result, size);
    struct growth_file file = {0};
    int64_t n_seen = 0, n_used = 0, n_late = 0;
    lode_try(lode_unpack_i64(&in, &n_seen));
    lode_try(lode_unpack_count(&in, "occurrences used", INT64_MAX, &n_used));
    lode_try(lode_unpack_count(&in, "occurrences that are late", INT64_MAX, &n_late));
    lode_try(lode_unpack_count(&in, "bytes of a part", INT64_MAX, &file.size_bytes));
    lode_try(lode_unpack_u64(&in, &file.checksum));
    lode_try(lode_unpack_count(&in, "components", INT64_MAX, &file.rows.n_users));
    lode_try(lode_unpack_count(&in, "times", INT64_MAX, &file.rows.n_sessions));
    lode_try(lode_unpack_count(&in, "values", INT64_MAX, &file.rows.n_events));
    lode_try(merge_components(c, &in, task, &file));
    lode_try(merge_counters(c, &in));
    c->n_rows_seen += n_seen;
    c->n_occurrences += n_used;
    c->n_late += n_late;
    lode_try(put_part(c, task, &file));
    lode_try(rejects_merge(&c->rejects, &in, c->arena));
    return lode_unpack_end(&in);
}

/* What each file is for its parse task, and where its rejects come from. */
static lode_status pack_files(struct counting *c, int64_t *costs)
{
    struct rejects_origin *origins = NULL;
    lode_try(lode_take_zero(c->arena, c->n_files, &origins));
    for (int64_t f = 0; f < c->n_files; f++) {
        lode_try(counters_file_pack(&c->files[f], &c->inputs[f]));
        costs[f] = (int64_t)counting_text_bytes(&c->files[f]);
        origins[f].file = c->files[f].name;
    }
    c->rejects.n_ranges = c->n_files;
    c->rejects.origins = origins;
    return LODE_OK;
}

/* The stage that fills the buckets, and what it must know. */
static lode_status make_map(struct counting *c, struct lode_stage *map)
{
    int64_t *costs = NULL;
    if (c->events) {
        lode_try(lode_take(c->arena, rates_tasks(c), &costs));
        *map = rates_stage(c, costs);
        return rates_plan_pack(&c->rates, &map->params);
    }
    lode_try(lode_take(c->arena, c->n_files, &costs));
    lode_try(pack_files(c, costs));
    *map = (struct lode_stage){.leaf = "stage.counters_parse",
                               .title = "reading files",
                               .n_tasks = c->n_files,
                               .inputs = c->inputs,
                               .costs = costs,
                               .cost_units = "bytes",
                               .describe = describe_file,
                               .describe_context = c};
    return counters_plan_pack(&c->plan, &map->params);
}

static lode_status shuffle(struct counting *c)
{
    struct lode_shuffle shuffle = {.reduce = {.leaf = "stage.counters_write",
                                              .title = "writing partitions",
                                              .n_tasks = c->plan.n_partitions,
                                              .describe = describe_partition,
                                              .describe_context = c},
                                   .merge_map = c->events ? rates_merge : merge_parse,
                                   .prepare = check_parsed,
                                   .merge_reduce = merge_write,
                                   .context = c};
    lode_status status = make_map(c, &shuffle.map);
    if (!status) status = counters_plan_pack(&c->plan, &shuffle.reduce.params);
    if (!status) status = lode_shuffle(c->run, &shuffle);
    lode_bytes_clear(&shuffle.map.params);
    lode_bytes_clear(&shuffle.reduce.params);
    return status;
}

static lode_status move_rows(struct counting *c)
{
    c->store.kind = LODE_STORE_COUNTERS;
    c->store.n_partitions = c->plan.n_partitions;
    lode_try(lode_take_zero(c->arena, c->plan.n_partitions, &c->store.partitions));
    if (c->before) lode_try(growth_begin(c->before, &c->store, c->arena));
    lode_try(schema_create(c->before ? &c->before->counters : NULL, c->arena, &c->schema));
    lode_try(lode_take_zero(c->arena, c->n_files, &c->inputs));
    const lode_status status = shuffle(c);
    for (int64_t f = 0; f < c->n_files; f++) lode_bytes_clear(&c->inputs[f]);
    return status;
}

/* --- the store --- */

static lode_status list_sources(struct counting *c)
{
    struct lode_bytes text = {0};
    lode_status status = LODE_OK;
    char *copy = NULL;
    if (c->events) {
        c->store.source = strrchr(c->events->path, '/') + 1; /* it is absolute */
        return LODE_OK;
    }
    for (int64_t f = 0; f < c->n_files; f++)
        lode_try_done(lode_bytes_printf(&text, "%s%s", f > 0 ? ", " : "", c->files[f].name));
    lode_try_done(lode_arena_text(c->arena, (const char *)text.data, text.size, &copy));
    c->store.source = copy;
done:
    lode_bytes_clear(&text);
    return status;
}

/* Rejects, then the index: by rename the last of all. */
static lode_status commit_growth(struct counting *c)
{
    const size_t room = strlen(c->before->path) + 64;
    char *path = NULL;
    lode_try(growth_list(c->before, &c->store, c->arena));
    lode_try(lode_take(c->arena, room, &path));
    snprintf(path, room, "%s/rejects.g%" PRId64 ".jsonl", c->before->path, c->plan.generation);
    if (c->rejects.n > 0) lode_try(rejects_collect(&c->rejects, c->run->work_directory, path));
    lode_try(lode_directory_sync(c->before->path));
    return lode_store_write_index(&c->store, c->before->path);
}

/* As of rejects: few late occurrences are told, many mean that the rates are wrong. */
static lode_status check_late(const struct counting *c)
{
    const int64_t n = c->n_occurrences + c->n_late;
    if ((double)c->n_late <= c->options.max_rejects * (double)n) return LODE_OK;
    return lode_fail(LODE_E_INPUT,
                     "%" PRId64 " of %" PRId64 " new occurrences are in slots before the last one "
                     "that is staged, more than a share of %g: stage the rates anew, or leave them "
                     "out by --max-rejects",
                     c->n_late, n, c->options.max_rejects);
}

static lode_status publish_store(struct counting *c)
{
    if (c->n_rows_seen != c->n_rows_put)
        return lode_fail(LODE_E_BUG, "%" PRId64 " %s were sent, %" PRId64 " arrived", c->n_rows_put,
                         c->events ? "occurrences" : "rows", c->n_rows_seen);
    lode_try(check_rejects(c));
    lode_try(check_late(c));
    if (c->store.n_sessions == 0 && c->events)
        return lode_fail(LODE_E_INPUT, "%s: has no events", c->events->path);
    if (c->store.n_sessions == 0)
        return lode_fail(LODE_E_INPUT, "no sample in %" PRId64 " rows of %" PRId64 " files",
                         c->n_rows_read, c->n_files);
    lode_try(list_sources(c));
    lode_try(schema_finish(c->schema, &c->options, &c->store.counters));
    lode_try(counting_find(c));
    c->store.history = c->options.history ? c->options.history : "";
    c->store.n_rows_read = c->n_rows_read;
    c->store.n_rows_rejected = c->rejects.n;
    if (c->events || !c->before)
        lode_try(counters_rules_make(&c->options, c->arena, &c->store.rules));
    if (c->before) return commit_growth(c);
    return publish_commit(&c->publish, &c->store, &c->rejects, c->run->work_directory, c->arena);
}

static lode_status build_store(void *context)
{
    struct counting *c = context;
    struct stage_counters_summary summary;
    lode_try(counting_plan(c));
    lode_try(move_rows(c));
    lode_try(publish_store(c));
    lode_try(counting_summarise(c, &summary));
    if (c->options.summary) *c->options.summary = summary;
    return LODE_OK;
}

/* The store that is appended to, and the options that it decides. */
static lode_status open_before(struct counting *c)
{
    lode_try(lode_store_open(c->options.append, &c->before));
    if (strcmp(c->before->kind, LODE_STORE_COUNTERS) != 0)
        return lode_fail(LODE_E_INPUT, "%s: a store of kind %s, not of counters", c->before->path,
                         c->before->kind);
    const lode_status status = counters_rules_read(c->before, c->arena, &c->options);
    return status ? lode_note(status, "appending to %s", c->before->path) : LODE_OK;
}

static lode_status run_append(struct counting *c)
{
    lode_status status = open_before(c);
    if (!status) {
        growth_remove_leavings(c->before->path, c->before->n_generations);
        status = build_store(c);
        growth_end(c->before->path);
    }
    lode_store_close(c->before);
    return status;
}

static lode_status run_stage_counters(struct lode_run *run)
{
    struct counting *c = NULL;
    lode_try(lode_take_zero(run->arena, 1, &c));
    c->run = run;
    c->arena = run->arena;
    c->options = *(const struct stage_counters_options *)run->options;
    c->asked_component = c->options.component;
    const lode_status status =
        c->options.append ? run_append(c)
                          : publish_build(c->options.output, c->arena, &c->publish, build_store, c);
    lode_store_close(c->events);
    return status;
}

/* Rules of thumb: a number of text takes about 8 bytes, as it does in the store. */
static lode_status forecast_stage_counters(const struct lode_run *run,
                                           struct lode_forecast *forecast)
{
    enum { TASK_BYTES = 26 << 20 }; /* of the least worker: it is enough for any input */
    struct counting c = {.arena = run->arena,
                         .options = *(const struct stage_counters_options *)run->options};
    uint64_t bytes = 0, task_bytes = 0;
    c.asked_component = c.options.component;
    lode_status status = c.options.append ? open_before(&c) : LODE_OK;
    if (!status) status = counting_plan(&c);
    for (int64_t f = 0; f < c.n_files && !status; f++) bytes += counting_text_bytes(&c.files[f]);
    if (!status && c.events) status = rates_forecast(&c, &bytes, &task_bytes);
    if (!status)
        *forecast = (struct lode_forecast){
            .n_stages = 2,
            .stages = {{c.events ? "counting events" : "reading files",
                        c.events ? rates_tasks(&c) : c.n_files, bytes, TASK_BYTES + task_bytes},
                       {"writing partitions", c.plan.n_partitions, bytes, TASK_BYTES}},
            .work_bytes = 2 * bytes, /* run files, then blocks */
            .output_bytes = bytes};
    lode_store_close(c.before);
    lode_store_close(c.events);
    return status;
}

static const struct lode_leaf leaves[] = {
    {"stage.counters_parse", counters_parse_leaf},
    {"stage.counters_rates", rates_count_leaf},
    {"stage.counters_write", counters_write_leaf},
    {NULL, NULL},
};

static const struct lode_param params[] = {{0}};

const struct lode_job stage_counters_job = {
    .name = "stage.counters",
    .store_kind = NULL,
    .summary =
        "series of components from CSV, JSON Lines or query_range files, or rates of events, into "
        "a store",
    .leaves = leaves,
    .params = params,
    .run = run_stage_counters,
    .forecast = forecast_stage_counters,
};
