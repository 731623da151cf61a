/* Answer: samples of Prometheus' query_range as rows. A series is looked up once; its times must
 * ascend, as Prometheus' do, and it must be there once: whatever else has been glued together.
 */
#include "common/input/query_range.h"
#include "jobs/stage/counters/machine.h"
#include "jobs/stage/counters/parse.h"
#include "jobs/stage/counters/series_labels.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* The series under way. */
struct answer {
    struct parser *parser;
    struct series_labels_rule rule;
    struct series_labels named;
    struct records_series series;
    int64_t number;
    bool has_time;
    int64_t last_time;
};

static struct lode_field field_of(const struct lode_bytes *text)
{
    return (struct lode_field){text->size > 0 ? (const char *)text->data : "", text->size};
}

static lode_status begin_series(void *context, const struct lode_query_series *series)
{
    struct answer *a = context;
    lode_try(series_labels_read(&a->rule, series, &a->named));
    a->series = (struct records_series){.component = field_of(&a->named.component),
                                        .machine = field_of(&a->named.machine),
                                        .counter = field_of(&a->named.counter)};
    parse_machine(a->parser, &a->series.component, &a->series.machine);
    lode_try(records_find(a->parser->records, &a->series));
    if (a->series.n_rows > 0)
        return lode_fail(
            LODE_E_INPUT, "series %" PRId64 " once more: counter '%.*s' of component '%.*s'",
            a->series.first_line, (int)a->named.counter.size, (const char *)a->named.counter.data,
            (int)a->series.component.size, a->series.component.text);
    a->number = series->number;
    a->has_time = false;
    return LODE_OK;
}

/* *time: strictly after the one before. */
static lode_status read_time(struct answer *a, const char *text, int64_t *time)
{
    const char *fault = moment_read(&a->parser->moment, text, strlen(text), time);
    if (fault) return lode_fail(LODE_E_INPUT, "time %s: %s", text, fault);
    if (a->has_time && *time <= a->last_time)
        return lode_fail(LODE_E_INPUT, "time %s is not after the one before: times must ascend",
                         text);
    a->has_time = true;
    a->last_time = *time;
    return LODE_OK;
}

static lode_status take_sample(void *context, const struct lode_query_sample *sample)
{
    struct answer *a = context;
    struct parser *p = a->parser;
    const struct lode_field text = {sample->value, strlen(sample->value)};
    double value = (double)NAN;
    int64_t time = 0;
    lode_try(read_time(a, sample->time, &time));
    const char *reject =
        sample->is_histogram ? "a native histogram" : parse_number(p, text, &value);
    if (++p->n_rows % PARSE_PROGRESS_ROWS == 0)
        lode_try(lode_task_advance(p->task, PARSE_PROGRESS_ROWS));
    if (reject) return rejects_add(p->rejects, p->task->index, a->number, reject);
    return records_put(p->records, &a->series, time, a->number, &value);
}

lode_status parse_answer(struct parser *p)
{
    const char *machine = p->plan.machine;
    struct answer answer = {
        .parser = p,
        .rule = {.component = p->plan.labels,
                 .machine = machine[0] && !machine_is_pattern(machine) ? machine : NULL,
                 .name = p->file.component_name}};
    const struct lode_query_taker taker = {begin_series, take_sample, &answer};
    p->moment.unit = STAGE_TIME_S; /* whatever the rows of other files mean */
    const lode_status status = lode_query_range_read(p->file.path, &taker);
    lode_bytes_clear(&answer.named.component);
    lode_bytes_clear(&answer.named.machine);
    lode_bytes_clear(&answer.named.counter);
    return status;
}
