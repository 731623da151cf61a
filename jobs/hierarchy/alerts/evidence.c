/* Evidence: which series are asked for, the stage, and where the answers go. */
#include "jobs/hierarchy/alerts/evidence.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/text.h"
#include "jobs/hierarchy/model/rows.h"

enum { MOST_FINDINGS = 200, LINES_LIMIT = 1 << 30 };

/* One series of one finding. */
struct ask {
    int64_t planned; /* index into planned->list */
    int64_t finding, place;
    const struct fired_contributor *counter;
    int64_t index; /* of the counter in the store */
    int64_t from_ms, change_ms, until_ms;
    double share, before, after;
    int64_t n_values;
    int64_t *times; /* [n_values] ms, around the change */
    double *values; /* [n_values] NaN: a gap */
};

struct evidence {
    struct lode_run *run;
    const struct outcome *outcome;
    int64_t n;
    struct ask *list;    /* [n] by planned component, counter, finding */
    struct ask **ranked; /* [n] by finding and place */
    int64_t n_tasks;
    int64_t *first; /* [n_tasks + 1] into list */
    int64_t *partitions;
};

static int compare_asks(const void *left, const void *right)
{
    const struct ask *a = left, *b = right;
    if (a->planned != b->planned) return a->planned < b->planned ? -1 : 1;
    if (a->index != b->index) return a->index < b->index ? -1 : 1;
    if (a->finding != b->finding) return a->finding < b->finding ? -1 : 1;
    return (a->place > b->place) - (a->place < b->place);
}

static int compare_ranks(const void *left, const void *right)
{
    const struct ask *a = *(struct ask *const *)left, *b = *(struct ask *const *)right;
    if (a->finding != b->finding) return a->finding < b->finding ? -1 : 1;
    return (a->place > b->place) - (a->place < b->place);
}

/* The planned component of a firing; its contributors' names are those of its nodes. */
static int64_t find_planned(const struct outcome *outcome, const struct fired *fired)
{
    const struct planned *planned = outcome->planned;
    for (int64_t i = 0; i < planned->n; i++)
        if (strcmp(outcome->planning->model->components[planned->list[i].component].name,
                   fired->component) == 0)
            return i;
    return -1;
}

static void ask_for(struct evidence *e, int64_t finding, const struct fired *fired, int place,
                    int64_t planned)
{
    const struct planned_component *of = &e->outcome->planned->list[planned];
    for (int64_t k = 0; k < of->plan.n_nodes; k++) {
        const struct plan_node *node = &of->plan.nodes[k];
        if (node->kind != PLAN_LEAF || node->counter < 0 || of->names[k] != fired->top[place].name)
            continue;
        const int64_t length_ms = node->settings.window * of->plan.step_ms;
        const int64_t most_ms = fired->change_ms + length_ms;
        const int64_t end_ms = fired->end_ms == INT64_MIN ? most_ms : fired->end_ms;
        e->list[e->n++] =
            (struct ask){.planned = planned,
                         .finding = finding,
                         .place = place,
                         .counter = &fired->top[place],
                         .index = node->counter,
                         .from_ms = fired->change_ms - length_ms,
                         .change_ms = fired->change_ms,
                         .until_ms = end_ms < most_ms ? end_ms : most_ms,
                         .share = fired->peak > 0.0 ? fired->top[place].e / fired->peak : 0.0};
        return;
    }
}

static lode_status gather(struct evidence *e, const struct detection_findings *findings)
{
    struct lode_arena *arena = e->run->arena;
    const int64_t most = findings->n < MOST_FINDINGS ? findings->n : MOST_FINDINGS;
    lode_try(lode_take(arena, most * FIRING_TOP, &e->list));
    for (int64_t i = 0; i < most; i++) {
        if (findings->list[i].fired < 0) continue;
        const struct fired *fired = &e->outcome->fired[findings->list[i].fired];
        const int64_t planned = fired->is_crossing ? -1 : find_planned(e->outcome, fired);
        for (int k = 0; planned >= 0 && k < fired->n_main && k < FIRING_TOP; k++)
            ask_for(e, i, fired, k, planned);
    }
    lode_try(lode_take(arena, e->n, &e->ranked));
    if (e->n > 1) qsort(e->list, (size_t)e->n, sizeof *e->list, compare_asks);
    for (int64_t i = 0; i < e->n; i++) e->ranked[i] = &e->list[i];
    if (e->n > 1) qsort(e->ranked, (size_t)e->n, sizeof(struct ask *), compare_ranks);
    return LODE_OK;
}

/* --- the stage --- */

static lode_status cut_tasks(struct evidence *e)
{
    const struct planned *planned = e->outcome->planned;
    lode_try(lode_take(e->run->arena, e->n + 1, &e->first));
    lode_try(lode_take(e->run->arena, e->n, &e->partitions));
    for (int64_t i = 0; i < e->n; i++) {
        const int64_t partition = planned->list[e->list[i].planned].partition;
        if (e->n_tasks > 0 && e->partitions[e->n_tasks - 1] == partition) continue;
        e->first[e->n_tasks] = i;
        e->partitions[e->n_tasks++] = partition;
    }
    e->first[e->n_tasks] = e->n;
    return LODE_OK;
}

static lode_status pack_task(const struct evidence *e, int64_t task, struct lode_bytes *out)
{
    lode_try(lode_pack_i64(out, e->partitions[task]));
    lode_try(lode_pack_u64(out, (uint64_t)(e->first[task + 1] - e->first[task])));
    for (int64_t i = e->first[task]; i < e->first[task + 1]; i++) {
        const struct ask *ask = &e->list[i];
        lode_try(lode_pack_i64(out, e->outcome->planned->list[ask->planned].plan.component));
        lode_try(lode_pack_i64(out, ask->index));
        lode_try(lode_pack_i64(out, ask->from_ms));
        lode_try(lode_pack_i64(out, ask->change_ms));
        lode_try(lode_pack_i64(out, ask->until_ms));
    }
    return LODE_OK;
}

static lode_status unpack_values(struct lode_unpack *in, struct lode_arena *arena, struct ask *ask)
{
    lode_try(lode_unpack_f64(in, &ask->before));
    lode_try(lode_unpack_f64(in, &ask->after));
    lode_try(lode_unpack_count(in, "values", (uint64_t)EVIDENCE_VALUES * 2, &ask->n_values));
    lode_try(lode_take(arena, ask->n_values, &ask->times));
    lode_try(lode_take(arena, ask->n_values, &ask->values));
    for (int64_t i = 0; i < ask->n_values; i++) {
        lode_try(lode_unpack_i64(in, &ask->times[i]));
        lode_try(lode_unpack_f64(in, &ask->values[i]));
    }
    return LODE_OK;
}

static lode_status merge(void *context, int64_t task, const uint8_t *result, size_t size)
{
    const struct evidence *e = context;
    struct lode_unpack in = lode_unpack_begin(result, size);
    for (int64_t i = e->first[task]; i < e->first[task + 1]; i++)
        lode_try(unpack_values(&in, e->run->arena, &e->list[i]));
    return lode_unpack_end(&in);
}

static lode_status measure(struct evidence *e)
{
    struct lode_stage stage = {.leaf = EVIDENCE_LEAF,
                               .title = "values around changes",
                               .n_tasks = e->n_tasks,
                               .keys = e->partitions};
    struct lode_bytes *inputs;
    lode_status status = LODE_OK;
    if (e->n_tasks == 0) return LODE_OK;
    lode_try(lode_take_zero(e->run->arena, e->n_tasks, &inputs));
    stage.inputs = inputs;
    lode_try_done(lode_store_refer(e->run->store, &stage.params));
    for (int64_t t = 0; t < e->n_tasks; t++) lode_try_done(pack_task(e, t, &inputs[t]));
    lode_try_done(lode_map(e->run, &stage, merge, e));
done:
    lode_bytes_clear(&stage.params);
    for (int64_t t = 0; t < e->n_tasks; t++) lode_bytes_clear(&inputs[t]);
    return status;
}

/* --- the answers --- */

static lode_status put_table(const struct evidence *e)
{
    struct rows rows;
    int64_t *finding;
    uint32_t *component, *counter;
    double *share, *before, *after;
    lode_try(rows_begin(&rows, "evidence", "counters of the first findings around their change",
                        e->n, e->run->arena));
    lode_try(rows_i64(&rows, "finding", NULL, "rank, as in table findings", &finding));
    lode_try(rows_text(&rows, "component", "of the counter", &component));
    lode_try(rows_text(&rows, "counter", "leaf detector of it", &counter));
    lode_try(rows_f64(&rows, "share", NULL, "of E at the peak", &share));
    lode_try(rows_f64(&rows, "before", NULL, "mean over a window before the change", &before));
    lode_try(rows_f64(&rows, "after", NULL, "mean from the change on", &after));
    for (int64_t i = 0; i < e->n; i++) {
        const struct ask *ask = e->ranked[i];
        finding[i] = ask->finding + 1;
        share[i] = ask->share;
        before[i] = ask->before;
        after[i] = ask->after;
        lode_try(rows_code(&rows, ask->counter->component, &component[i]));
        lode_try(rows_code(&rows, ask->counter->name, &counter[i]));
    }
    return lode_results_put(e->run->results, rows_end(&rows));
}

static lode_status put_values(const struct evidence *e)
{
    struct rows rows;
    int64_t *finding, *time, n = 0, row = 0;
    uint32_t *component, *counter, codes[2];
    double *value;
    for (int64_t i = 0; i < e->n; i++) n += e->ranked[i]->n_values;
    lode_try(rows_begin(&rows, "evidence_values", "samples around the change of a counter", n,
                        e->run->arena));
    lode_try(rows_i64(&rows, "finding", NULL, "rank, as in table findings", &finding));
    lode_try(rows_text(&rows, "component", "of the counter", &component));
    lode_try(rows_text(&rows, "counter", "leaf detector of it", &counter));
    lode_try(rows_i64(&rows, "time", "ms since 1970-01-01T00:00:00Z", "of the sample", &time));
    lode_try(rows_f64(&rows, "value", NULL, "as it is in the store; empty: a gap", &value));
    for (int64_t i = 0; i < e->n; i++) {
        const struct ask *ask = e->ranked[i];
        lode_try(rows_code(&rows, ask->counter->component, &codes[0]));
        lode_try(rows_code(&rows, ask->counter->name, &codes[1]));
        for (int64_t k = 0; k < ask->n_values; k++, row++) {
            finding[row] = ask->finding + 1;
            component[row] = codes[0];
            counter[row] = codes[1];
            time[row] = ask->times[k];
            value[row] = ask->values[k];
        }
    }
    return lode_results_put(e->run->results, rows_end(&rows));
}

static lode_status append_number(struct lode_bytes *out, const char *name, double number)
{
    lode_try(lode_bytes_printf(out, ",\"%s\":", name));
    if (number != number) return lode_bytes_printf(out, "null"); /* NaN: there is none */
    return lode_text_append_f64(out, number);
}

static lode_status append_ask(struct lode_bytes *out, const struct ask *ask, bool is_first)
{
    const char *name = ask->counter->name;
    lode_try(lode_bytes_printf(out, is_first ? "{\"counter\":" : ",{\"counter\":"));
    lode_try(lode_text_append_json(out, name, strlen(name)));
    lode_try(append_number(out, "share", ask->share));
    lode_try(append_number(out, "before", ask->before));
    lode_try(append_number(out, "after", ask->after));
    return lode_bytes_append(out, "}", 1);
}

/* Every line is an object: its evidence goes before the last brace. */
static lode_status extend_lines(const struct evidence *e, const struct lode_bytes *lines,
                                struct lode_bytes *out)
{
    int64_t finding = 0, at = 0;
    for (size_t i = 0; i < lines->size; finding++) {
        const uint8_t *end = memchr(lines->data + i, '\n', lines->size - i);
        if (!end || end == lines->data + i)
            return lode_fail(LODE_E_BUG, "findings.jsonl: line %lld", (long long)finding + 1);
        const size_t length = (size_t)(end - lines->data) - i;
        lode_try(lode_bytes_append(out, lines->data + i, length - 1));
        lode_try(lode_bytes_printf(out, ",\"evidence\":["));
        for (bool is_first = true; at < e->n && e->ranked[at]->finding == finding; at++) {
            lode_try(append_ask(out, e->ranked[at], is_first));
            is_first = false;
        }
        lode_try(lode_bytes_printf(out, "]}\n"));
        i += length + 1;
    }
    return LODE_OK;
}

static lode_status put_lines(const struct evidence *e)
{
    char path[PATH_MAX];
    struct lode_bytes lines = {0}, out = {0};
    if (snprintf(path, sizeof path, "%s/findings.jsonl", e->run->directory) >= PATH_MAX)
        return lode_fail(LODE_E_USAGE, "path too long: %.64s...", e->run->directory);
    lode_status status = lode_file_read(path, LINES_LIMIT, &lines);
    if (!status) status = extend_lines(e, &lines, &out);
    if (!status && out.size > 0) status = lode_file_write(path, out.data, out.size, true);
    lode_bytes_clear(&lines);
    lode_bytes_clear(&out);
    return status;
}

lode_status evidence_put(struct lode_run *run, const struct outcome *outcome,
                         const struct detection_findings *findings)
{
    struct evidence *e;
    lode_try(lode_take_zero(run->arena, 1, &e));
    e->run = run;
    e->outcome = outcome;
    lode_try(gather(e, findings));
    lode_try(cut_tasks(e));
    lode_try(measure(e));
    lode_try(put_table(e));
    lode_try(put_values(e));
    return put_lines(e);
}
