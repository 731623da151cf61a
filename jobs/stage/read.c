/* Read: the coordinator's part of reading the files: headers, ranges, and rounds of stage.parse
 * until all ranges fit together (ranges.h). Only then are results merged, in the order of ranges.
 */
#include "common/file.h"
#include "common/input/rows.h"
#include "common/text.h"
#include "common/wire/pack.h"
#include "common/zone.h"
#include "jobs/stage/mapping.h"
#include "jobs/stage/stage.h"
#include "jobs/stage/staging.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Columns of a file, and how it is to be recognised later on. */
static lode_status read_header(struct staging *s, const char *input, struct stage_header *header,
                               struct stage_file *file)
{
    struct lode_rows *rows = NULL;
    struct stat info;
    lode_status status = LODE_OK;
    char *path = NULL;
    char **columns = NULL;
    lode_try(lode_path_absolute(input, s->arena, &path));
    if (stat(path, &info) != 0) return lode_fail(LODE_E_INPUT, "%s: %s", path, strerror(errno));
    lode_try_done(lode_rows_open(path, &rows));
    const char *const *names = lode_rows_columns(rows, &header->n_columns);
    lode_try_done(lode_take(s->arena, header->n_columns, &columns));
    for (int c = 0; c < header->n_columns; c++)
        lode_try_done(lode_arena_text(s->arena, names[c], strlen(names[c]), &columns[c]));
    header->path = path;
    header->columns = (const char *const *)columns;
    file->size_bytes = (uint64_t)info.st_size;
    file->mtime_ns = stage_mtime_ns(&info);
    file->is_packed = lode_rows_is_packed(rows);
    file->is_json = lode_rows_is_json(rows);
done:
    lode_rows_close(rows);
    return status;
}

static void set_file(struct stage_file *file, const struct stage_header *header,
                     const struct stage_file *found)
{
    file->size_bytes = found->size_bytes;
    file->mtime_ns = found->mtime_ns;
    file->is_packed = found->is_packed;
    file->is_json = found->is_json;
    file->n_columns = header->n_columns;
    file->columns = header->columns;
}

static void set_partitions(struct staging *s)
{
    struct stage_plan *plan = &s->plan;
    uint64_t total = 0;
    for (int64_t f = 0; f < plan->n_files; f++) total += stage_text_bytes(&plan->files[f]);
    const uint64_t bytes = s->options->partition_bytes > 0 ? s->options->partition_bytes : 1;
    const uint64_t partitions = total / bytes + (total % bytes > 0);
    plan->n_partitions = partitions < 1 ? 1 : (int64_t)partitions;
    if (partitions > STAGE_PARTITIONS_LIMIT) plan->n_partitions = STAGE_PARTITIONS_LIMIT;
}

/* The rules of the zones that the mapping named. */
static lode_status read_zones(struct staging *s)
{
    struct lode_bytes rules = {0};
    lode_status status = LODE_OK;
    for (int64_t z = 0; z < s->plan.n_zones; z++) {
        struct stage_zone *zone = &s->plan.zones[z];
        const struct lode_zone *made = NULL;
        uint8_t *copy = NULL;
        lode_try_done(lode_zone_read(zone->name, &rules));
        lode_try_done(lode_zone_make(zone->name, rules.data, rules.size, s->arena, &made));
        lode_try_done(lode_take(s->arena, rules.size, &copy));
        if (rules.size > 0) memcpy(copy, rules.data, rules.size);
        zone->rules = copy;
        zone->rules_size = rules.size;
    }
done:
    lode_bytes_clear(&rules);
    return status;
}

lode_status staging_plan(struct staging *s)
{
    const int64_t n = s->options->n_inputs;
    const uint64_t range_bytes = s->options->range_bytes > 0 ? s->options->range_bytes : 1;
    struct stage_plan *plan = &s->plan;
    struct stage_header *headers = NULL;
    struct stage_file *found = NULL;
    lode_try(lode_take_zero(s->arena, n, &headers));
    lode_try(lode_take_zero(s->arena, n, &found));
    for (int64_t f = 0; f < n; f++)
        lode_try(read_header(s, s->options->inputs[f], &headers[f], &found[f]));
    lode_try(mapping_plan(s->options, s->before ? &s->known : NULL, headers, n, s->arena, plan));
    lode_try(read_zones(s));
    for (int64_t f = 0; f < n; f++) set_file(&plan->files[f], &headers[f], &found[f]);
    if (s->before)
        plan->n_partitions = s->before->n_partitions;
    else
        set_partitions(s);
    plan->generation = s->before ? s->before->n_generations + 1 : 1;
    lode_try(ranges_cut(plan, range_bytes, s->arena, &s->ranges, &plan->n_ranges));
    plan->codes = (struct stage_run){.name = "", .codes_of = -1};
    plan->directory = s->publish.directory;
    return LODE_OK;
}

lode_status staging_map(struct staging *s, struct lode_stage *stage, lode_merge_fn merge)
{
    stage->describe_context = s;
    lode_status status = stage_plan_pack(&s->plan, &stage->params);
    if (status == LODE_OK) status = lode_map(s->run, stage, merge, s);
    lode_bytes_clear(&stage->params);
    return status;
}

lode_status staging_merge_run(struct staging *s, struct lode_unpack *in, int64_t codes_of)
{
    struct stage_run *run = &s->plan.runs[s->plan.n_runs];
    lode_try(lode_unpack_copy(in, s->arena, &run->name));
    lode_try(lode_unpack_u64(in, &run->size_bytes));
    run->codes_of = codes_of;
    s->plan.n_runs++;
    return LODE_OK;
}

lode_status staging_check_rejects(struct staging *s)
{
    char *text = NULL;
    char number[32];
    if ((double)s->rejects.n <= s->options->max_rejects * (double)s->n_rows_read) return LODE_OK;
    rejects_sort(&s->rejects);
    lode_try(rejects_text(&s->rejects, s->arena, &text));
    return lode_fail(LODE_E_INPUT, "%lld of %s rows rejected, more than a share of %g: %s",
                     (long long)s->rejects.n, lode_text_grouped(s->n_rows_read, number),
                     s->options->max_rejects, text);
}

static void describe_range(const void *context, int64_t task, char *text, size_t size)
{
    const struct staging *s = context;
    const struct stage_range *range = &s->ranges[s->tasks[task]];
    const struct stage_file *file = &s->plan.files[range->file];
    if (range->begin == 0 && range->end >= file->size_bytes)
        snprintf(text, size, "%s", file->name);
    else
        snprintf(text, size, "%s, bytes %" PRIu64 " to %" PRIu64, file->name, range->start,
                 range->end);
}

/* Keeps what a task says; its run and rejects count only once all ranges fit. */
static lode_status keep_reading(void *context, int64_t task, const uint8_t *result, size_t size)
{
    struct staging *s = context;
    const int64_t number = s->tasks[task];
    struct stage_range *range = &s->ranges[number];
    struct lode_unpack in = lode_unpack_begin(result, size);
    lode_try(range_unpack_reading(&in, s->arena, range));
    range->n_readings++;
    s->n_kept++;
    s->readings[number].size = 0;
    return lode_bytes_append(&s->readings[number], in.at, (size_t)(in.end - in.at));
}

static lode_status read_round(struct staging *s, int64_t n_tasks, const char *title)
{
    struct lode_bytes *inputs = NULL;
    int64_t *costs = NULL;
    lode_status status = LODE_OK;
    lode_try(lode_take(s->arena, n_tasks, &costs));
    lode_try(lode_take_zero(s->arena, n_tasks, &inputs));
    for (int64_t t = 0; t < n_tasks; t++) {
        const struct stage_range *range = &s->ranges[s->tasks[t]];
        const struct stage_file *file = &s->plan.files[range->file];
        const uint64_t end = range->end < file->size_bytes ? range->end : file->size_bytes;
        costs[t] = (int64_t)((end - range->start) * (file->is_packed ? STAGE_PACKED_FACTOR : 1));
        lode_try_done(range_pack(range, s->tasks[t], &inputs[t]));
    }
    struct lode_stage stage = {.leaf = "stage.parse",
                               .title = title,
                               .n_tasks = n_tasks,
                               .inputs = inputs,
                               .costs = costs,
                               .cost_units = "bytes",
                               .describe = describe_range};
    s->n_kept = 0;
    lode_try_done(staging_map(s, &stage, keep_reading));
    if (s->n_kept != n_tasks)
        status = lode_fail(LODE_E_BUG, "%" PRId64 " of %" PRId64 " ranges were read", s->n_kept,
                           n_tasks);
done:
    for (int64_t t = 0; t < n_tasks; t++) lode_bytes_clear(&inputs[t]);
    return status;
}

static lode_status read_rounds(struct staging *s)
{
    const struct stage_range *fault = NULL;
    int64_t n_tasks = s->plan.n_ranges;
    for (int64_t r = 0; r < n_tasks; r++) s->tasks[r] = r;
    lode_try(read_round(s, n_tasks, "reading files"));
    for (;;) {
        ranges_settle(s->ranges, s->plan.n_ranges, s->tasks, &n_tasks, &fault);
        if (fault != NULL)
            return lode_fail(LODE_E_INPUT, "%s: line %" PRId64 ": %s",
                             s->plan.files[fault->file].path,
                             fault->lines_before + fault->fault_line, fault->fault);
        if (n_tasks == 0) return LODE_OK;
        lode_try(read_round(s, n_tasks, "reading on from quoted line ends"));
    }
}

/* What a parse task says after its reading. */
static lode_status merge_range(struct staging *s, int64_t number)
{
    struct stage_plan *plan = &s->plan;
    const struct lode_bytes *reading = &s->readings[number];
    struct lode_unpack in = lode_unpack_begin(reading->data, reading->size);
    int64_t rows = 0;
    int64_t flag = 0;
    lode_try(lode_unpack_count(&in, "rows of a range", INT64_MAX, &rows));
    s->n_rows_read += rows;
    lode_try(staging_merge_run(s, &in, number));
    for (int64_t k = 0; k < plan->n_kpis; k++) {
        lode_try(lode_unpack_count(&in, "a flag of a KPI", 1, &flag));
        plan->kpis[k].is_binary = plan->kpis[k].is_binary && flag;
    }
    for (int64_t a = 0; a < plan->n_attributes; a++) {
        lode_try(lode_unpack_count(&in, "a flag of an attribute", 1, &flag));
        plan->attributes[a].dropped = plan->attributes[a].dropped || flag;
    }
    lode_try(rejects_merge(&s->rejects, &in, s->arena));
    return lode_unpack_end(&in);
}

static lode_status merge_ranges(struct staging *s)
{
    struct stage_plan *plan = &s->plan;
    struct rejects_origin *origins = NULL;
    lode_try(lode_take(s->arena, plan->n_ranges, &origins));
    for (int64_t r = 0; r < plan->n_ranges; r++)
        origins[r] = (struct rejects_origin){.file = plan->files[s->ranges[r].file].name,
                                             .lines_before = s->ranges[r].lines_before};
    s->rejects.n_ranges = plan->n_ranges;
    s->rejects.origins = origins;
    for (int64_t k = 0; k < plan->n_kpis; k++)
        plan->kpis[k].is_binary = !s->before || s->known.kpis[k].is_binary;
    for (int64_t r = 0; r < plan->n_ranges; r++)
        if (!s->ranges[r].is_empty) lode_try(merge_range(s, r));
    return LODE_OK;
}

lode_status staging_read(struct staging *s)
{
    struct stage_plan *plan = &s->plan;
    const int64_t most_runs = plan->n_ranges + (plan->join ? 2 * plan->n_partitions : 0);
    lode_try(lode_take_zero(s->arena, most_runs, &plan->runs));
    lode_try(lode_take(s->arena, plan->n_ranges, &s->tasks));
    lode_try(lode_take_zero(s->arena, plan->n_ranges, &s->readings));
    lode_status status = read_rounds(s);
    if (status == LODE_OK) status = merge_ranges(s);
    for (int64_t r = 0; r < plan->n_ranges; r++) lode_bytes_clear(&s->readings[r]);
    lode_try(status);
    return staging_check_rejects(s); /* too many already: spare the rest of the work */
}
