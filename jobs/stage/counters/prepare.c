/* Prepare: what is staged from which column of which file, before anything is. */
#include "jobs/stage/counters/rates/prepare.h"
#include "common/file.h"
#include "common/input/query_range.h"
#include "common/input/rows.h"
#include "common/zone.h"
#include "jobs/stage/counters/counting.h"
#include "jobs/stage/counters/machine.h"
#include "jobs/stage/counters/mapping.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

/* Columns of a file of rows. */
static lode_status read_columns(struct counting *c, struct counters_file *file)
{
    struct lode_rows *rows = NULL;
    lode_status status = LODE_OK;
    char **columns = NULL;
    lode_try(lode_rows_open(file->path, &rows));
    const char *const *names = lode_rows_columns(rows, &file->n_columns);
    lode_try_done(lode_take(c->arena, file->n_columns, &columns));
    for (int i = 0; i < file->n_columns; i++)
        lode_try_done(lode_arena_text(c->arena, names[i], strlen(names[i]), &columns[i]));
    file->columns = (const char *const *)columns;
    file->is_packed = lode_rows_is_packed(rows);
done:
    lode_rows_close(rows);
    return status;
}

/* What the file is, and how it is to be recognised later on. */
static lode_status read_header(struct counting *c, const char *input, struct counters_file *file)
{
    struct stat info;
    char *path = NULL;
    lode_try(lode_path_absolute(input, c->arena, &path));
    if (stat(path, &info) != 0) return lode_fail(LODE_E_INPUT, "%s: %s", path, strerror(errno));
    file->path = path;
    file->size_bytes = (uint64_t)info.st_size;
    file->mtime_ns = stage_mtime_ns(&info);
    file->is_answer = lode_query_range_is(path, &file->is_packed);
    return file->is_answer ? LODE_OK : read_columns(c, file);
}

static int64_t count_partitions(const struct counting *c)
{
    const uint64_t bytes = c->options.partition_bytes > 0 ? c->options.partition_bytes : 1;
    uint64_t total = 0;
    for (int64_t f = 0; f < c->n_files; f++) total += counting_text_bytes(&c->files[f]);
    const uint64_t partitions = total / bytes + (total % bytes > 0);
    if (partitions > STAGE_PARTITIONS_LIMIT) return STAGE_PARTITIONS_LIMIT;
    return partitions < 1 ? 1 : (int64_t)partitions;
}

static lode_status read_zone(struct counting *c)
{
    struct stage_zone *zone = &c->plan.zone;
    struct lode_bytes rules = {0};
    uint8_t *copy = NULL;
    zone->name = c->options.timezone ? c->options.timezone : "UTC";
    lode_try(lode_zone_read(zone->name, &rules));
    const lode_status status = lode_take(c->arena, rules.size + 1, &copy);
    if (!status && rules.size > 0) memcpy(copy, rules.data, rules.size);
    zone->rules = copy;
    zone->rules_size = rules.size;
    lode_bytes_clear(&rules);
    return status;
}

/* Options that mean nothing without each other, or together. */
static lode_status check_options(const struct stage_counters_options *options)
{
    if (!options->aggregate) return LODE_OK;
    if (options->slot_ms == 0)
        return lode_fail(LODE_E_USAGE, "--aggregate adds up the samples of a slot: give --slot");
    if (options->component && strcmp(options->component, options->aggregate) == 0)
        return lode_fail(LODE_E_USAGE, "'%s' cannot be component and machine at once",
                         options->aggregate);
    return machine_check(options->aggregate);
}

static lode_status plan_files(struct counting *c)
{
    const struct counters_rates *rates = &c->options.rates;
    lode_try(check_options(&c->options));
    if (rates->n_generations == 0 && (rates->n > 0 || rates->component_name))
        return lode_fail(LODE_E_USAGE, "%s: is a file; rates are counted from a store of events",
                         c->options.inputs[0]);
    c->n_files = c->options.n_inputs;
    if (c->n_files > UINT32_MAX)
        return lode_fail(LODE_E_USAGE, "%" PRId64 " files; at most %u", c->n_files, UINT32_MAX);
    lode_try(lode_take_zero(c->arena, c->n_files, &c->files));
    for (int64_t f = 0; f < c->n_files; f++) {
        lode_try(read_header(c, c->options.inputs[f], &c->files[f]));
        lode_try(counters_map_file(&c->options, c->arena, &c->files[f]));
    }
    c->plan.n_partitions = c->before ? c->before->n_partitions : count_partitions(c);
    return LODE_OK;
}

lode_status counting_plan(struct counting *c)
{
    struct counters_plan *plan = &c->plan;
    bool has_store = false;
    if (c->options.tree && c->options.tree_file)
        return lode_fail(LODE_E_USAGE, "--tree and --tree-file both make a tree: one of them");
    for (int64_t i = 0; i < c->options.n_inputs; i++)
        has_store |= rates_is_store(c->options.inputs[i]);
    lode_try(has_store ? rates_prepare(c) : plan_files(c));
    if (c->options.tree_file)
        lode_try(family_read(c->options.tree_file, c->arena, &c->options.family));
    plan->generation = c->before ? c->before->n_generations + 1 : 1;
    plan->slot_ms = c->options.slot_ms;
    plan->time_unit = c->options.time_unit;
    plan->labels = c->options.component ? c->options.component : "";
    plan->machine = c->options.aggregate ? c->options.aggregate : "";
    plan->directory = c->before ? c->before->path : c->publish.directory;
    return read_zone(c);
}
