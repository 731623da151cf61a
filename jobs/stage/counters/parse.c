/* Parse: the leaf that reads one input file. Each row is checked and becomes a record in the bucket
 * of its component (records.h); rows with a fault become rejects. Files that are answers of
 * Prometheus' query_range are read by answer.c.
 */
#include "jobs/stage/counters/parse.h"

#include "common/wire/pack.h"
#include "common/zone.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char *read_component(const struct parser *p, struct records_series *series)
{
    const struct counters_file *file = &p->file;
    series->component = (struct lode_field){file->component_name, strlen(file->component_name)};
    if (file->component >= 0) series->component = p->fields[file->component];
    if (file->machine >= 0) series->machine = p->fields[file->machine];
    if (series->component.size == 0) return "empty component";
    if (series->component.size > COUNTERS_COMPONENT_LIMIT) return "component longer than 255 bytes";
    if (series->machine.size > COUNTERS_COMPONENT_LIMIT) return "machine longer than 255 bytes";
    parse_machine(p, &series->component, &series->machine);
    return NULL;
}

static const char *read_time(const struct parser *p, int64_t *time)
{
    const struct lode_field field = p->fields[p->file.time];
    if (field.size == 0) return "row without time";
    return moment_read(&p->moment, field.text, field.size, time);
}

static const char *read_values(const struct parser *p)
{
    const char *reject = NULL;
    double *value = p->values;
    for (int c = 0; c < p->file.n_columns && !reject; c++)
        if (counters_is_value(&p->file, c)) reject = parse_number(p, p->fields[c], value++);
    return reject;
}

static const char *read_long(const struct parser *p, struct records_series *series)
{
    series->counter = p->fields[p->file.counter];
    if (series->counter.size == 0) return "empty counter name";
    if (series->counter.size > STAGE_WORD_LIMIT) return "counter name longer than 1024 bytes";
    return parse_number(p, p->fields[p->file.value], p->values);
}

/* *reject says why not, else the row is on its way. */
static lode_status use_row(struct parser *p, const char **reject)
{
    struct records_series series = {0};
    int64_t time = 0;
    *reject = read_component(p, &series);
    if (!*reject) *reject = read_time(p, &time);
    if (!*reject) *reject = counters_is_long(&p->file) ? read_long(p, &series) : read_values(p);
    if (*reject) return LODE_OK;
    lode_try(records_find(p->records, &series));
    return records_put(p->records, &series, time, lode_rows_line(p->rows), p->values);
}

static lode_status parse_rows(struct parser *p)
{
    for (int64_t row = 1;; row++) {
        const char *reject = NULL;
        bool more = false;
        lode_try(lode_rows_next(p->rows, p->fields, &reject, &more));
        if (!more) break;
        if (!reject) lode_try(use_row(p, &reject));
        if (reject)
            lode_try(rejects_add(p->rejects, p->task->index, lode_rows_line(p->rows), reject));
        if (row % PARSE_PROGRESS_ROWS == 0)
            lode_try(lode_task_advance(p->task, PARSE_PROGRESS_ROWS));
    }
    p->n_rows = lode_rows_count(p->rows);
    return LODE_OK;
}

static lode_status check_unchanged(const struct parser *p)
{
    const struct counters_file *file = &p->file;
    struct stat status;
    int n_columns = 0;
    if (stat(file->path, &status) != 0)
        return lode_fail(LODE_E_INPUT, "%s: %s", file->path, strerror(errno));
    const char *const *columns = p->rows ? lode_rows_columns(p->rows, &n_columns) : NULL;
    bool same = (uint64_t)status.st_size == file->size_bytes &&
                stage_mtime_ns(&status) == file->mtime_ns && n_columns == file->n_columns;
    for (int c = 0; same && c < n_columns; c++) same = strcmp(columns[c], file->columns[c]) == 0;
    if (same) return LODE_OK;
    return lode_fail(LODE_E_INPUT,
                     "%s: changed while it was being staged; stage a copy of it, or when nothing "
                     "writes to it",
                     file->path);
}

static lode_status parse_file(struct parser *p)
{
    struct lode_task *task = p->task;
    char name[256];
    if (!p->file.is_answer) lode_try(lode_rows_open(p->file.path, &p->rows));
    lode_try(check_unchanged(p));
    snprintf(name, sizeof name, "parse-%05lld-%s.rejects", (long long)task->index, task->attempt);
    lode_try(rejects_create(task->work_directory, name, task->arena, &p->rejects));
    lode_try(p->file.is_answer ? parse_answer(p) : parse_rows(p));
    lode_try(records_finish(p->records));
    lode_try(check_unchanged(p));
    const struct records_counts counts = records_counts(p->records);
    lode_try(lode_pack_i64(task->output, p->n_rows));
    lode_try(lode_pack_i64(task->output, counts.n_used));
    lode_try(lode_pack_i64(task->output, counts.n_missing));
    lode_try(lode_pack_i64(task->output, counts.n_unordered));
    struct rejects *rejects = p->rejects;
    p->rejects = NULL;
    lode_try(rejects_commit(rejects, task->output));
    return shuffle_out_commit(&p->out);
}

static lode_status prepare(struct parser *p)
{
    struct lode_task *task = p->task;
    enum { MEMORY_MOST = 8 << 20 }; /* stays in the processor's cache while it is sorted */
    const size_t half = shuffle_memory(task->arena, 2);
    const struct shuffle_out_options options = {.memory_bytes =
                                                    half < MEMORY_MOST ? half : MEMORY_MOST};
    lode_try(shuffle_out_open(task, &options, &p->out));
    lode_try(counters_plan_unpack(p->out.params, p->out.params_size, task->arena, &p->plan));
    lode_try(counters_file_unpack(task->input, task->input_size, task->arena, &p->file));
    p->moment =
        (struct moment_rule){.unit = p->plan.time_unit, .in_seconds = p->file.time_in_seconds};
    lode_try(lode_zone_make(p->plan.zone.name, p->plan.zone.rules, p->plan.zone.rules_size,
                            task->arena, &p->moment.zone));
    lode_try(lode_take_zero(task->arena, p->file.n_columns, &p->fields));
    lode_try(lode_take(task->arena, counters_values(&p->file) + 1, &p->values));
    return records_create(task, &p->plan, &p->file, &p->out, &p->records);
}

lode_status counters_parse_leaf(struct lode_task *task)
{
    struct parser *p = NULL;
    lode_try(lode_take_zero(task->arena, 1, &p));
    p->task = task;
    lode_status status = prepare(p);
    if (!status) status = parse_file(p);
    shuffle_out_discard(&p->out);
    rejects_discard(p->rejects);
    lode_rows_close(p->rows);
    return status;
}
