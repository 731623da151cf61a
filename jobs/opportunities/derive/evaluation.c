/* Evaluation: columns that are needed, then block after block of users. */
#include "jobs/opportunities/derive/evaluation.h"

#include <string.h>

#include "common/wire/pack.h"

/* Sessions of a block, about: enough to hide what a block costs; of many roots fewer, so that their
 * values stay in the cache until they are taken. One user is never cut. */
enum { MOST_BLOCK_SESSIONS = 2048, LEAST_BLOCK_SESSIONS = 128, BLOCK_VALUES = 1 << 18 };

lode_status evaluation_pack(const struct expr_graph *graph, const struct expr_schema *schema,
                            const struct lode_bytes *zone_rules, const struct lode_bytes *samples,
                            struct lode_bytes *out)
{
    lode_try(expr_graph_pack(graph, out));
    lode_try(lode_pack_bin(out, zone_rules->data, zone_rules->size));
    lode_try(lode_pack_array(out, (uint32_t)schema->n_event_attributes));
    for (int64_t i = 0; i < schema->n_event_attributes; i++) {
        const struct expr_event_attribute *attribute = &schema->event_attributes[i];
        lode_try(lode_pack_text(out, attribute->name, strlen(attribute->name)));
        lode_try(lode_pack_u64(out, attribute->is_number));
        lode_try(lode_pack_u64(out, (uint64_t)attribute->words.count));
    }
    if (graph->n_series == 0) return LODE_OK;
    if (samples->size == 0) return lode_fail(LODE_E_BUG, "series that were not prepared");
    return lode_bytes_append(out, samples->data, samples->size);
}

static lode_status unpack_event_attribute(struct lode_unpack *in, struct lode_arena *arena,
                                          struct expr_event_attribute *attribute)
{
    int64_t is_number;
    lode_try(lode_unpack_copy(in, arena, &attribute->name));
    lode_try(lode_unpack_count(in, "is a number", 1, &is_number));
    lode_try(lode_unpack_count(in, "words", UINT32_MAX - 1, &attribute->words.count));
    attribute->is_number = is_number == 1;
    return LODE_OK;
}

static lode_status unpack_event_attributes(struct lode_unpack *in, struct lode_arena *arena,
                                           const struct expr_graph *graph,
                                           struct evaluation_part *part)
{
    struct expr_event_attribute *attributes = NULL;
    uint32_t n;
    lode_try(lode_unpack_array(in, &n));
    if (n != graph->n_event_attributes)
        return lode_fail(LODE_E_MESSAGE, "expressions about %lld event attributes, not %u",
                         (long long)graph->n_event_attributes, n);
    lode_try(lode_take_zero(arena, n, &attributes));
    for (uint32_t i = 0; i < n; i++) lode_try(unpack_event_attribute(in, arena, &attributes[i]));
    part->n_event_attributes = n;
    part->event_attributes = attributes;
    return LODE_OK;
}

lode_status evaluation_unpack(struct lode_unpack *in, struct lode_arena *arena,
                              struct expr_graph **graph, const struct lode_zone **zone,
                              struct evaluation_part *part)
{
    const uint8_t *rules;
    size_t size;
    lode_try(expr_graph_unpack(in, arena, graph));
    lode_try(lode_unpack_bin(in, &rules, &size));
    lode_try(lode_zone_make((*graph)->zone, rules, size, arena, zone));
    lode_try(unpack_event_attributes(in, arena, *graph, part));
    if ((*graph)->n_series == 0) return LODE_OK;
    return samples_unpack(in, *graph, part->attributes, part->n_attributes, arena, &part->samples);
}

static lode_status read_attributes(const struct expr_needs *needs, const struct evaluation_part *of,
                                   struct lode_arena *arena, struct expr_columns *columns)
{
    const uint32_t **attributes = NULL;
    lode_try(lode_take_zero(arena, of->n_attributes, &attributes));
    for (int64_t i = 0; i < of->n_attributes; i++) {
        const struct lode_attribute *attribute = &of->attributes[i];
        uint32_t *codes = NULL;
        if (!needs->attributes[i]) continue;
        lode_try(lode_part_attribute(of->part, attribute->name, attribute->of_user,
                                     attribute->dictionary.count, arena, &codes));
        attributes[i] = codes;
        if (of->attribute_codes) of->attribute_codes[i] = codes;
    }
    columns->attributes = attributes;
    return LODE_OK;
}

static lode_status read_kpis(const struct expr_needs *needs, const struct evaluation_part *of,
                             struct lode_arena *arena, struct expr_columns *columns)
{
    const double **kpis = NULL;
    lode_try(lode_take_zero(arena, of->n_kpis, &kpis));
    for (int64_t i = 0; i < of->n_kpis; i++) {
        double *values = NULL;
        if (!needs->kpis[i]) continue;
        lode_try(lode_part_kpi(of->part, of->kpis[i].name, of->kpis[i].is_binary, arena, &values));
        kpis[i] = values;
        if (of->kpi_numbers) of->kpi_numbers[i] = values;
    }
    columns->kpis = kpis;
    return LODE_OK;
}

static lode_status read_event_attributes(const struct expr_needs *needs,
                                         const struct evaluation_part *of, struct lode_arena *arena,
                                         struct expr_columns *columns)
{
    struct expr_event_column *made = NULL;
    lode_try(lode_take_zero(arena, of->n_event_attributes, &made));
    for (int64_t i = 0; i < of->n_event_attributes; i++) {
        const struct expr_event_attribute *attribute = &of->event_attributes[i];
        uint32_t *codes = NULL;
        double *numbers = NULL;
        if (!needs->event_attributes[i]) continue;
        if (attribute->is_number)
            lode_try(lode_part_event_value(of->part, attribute->name, arena, &numbers));
        else
            lode_try(lode_part_event_attribute(of->part, attribute->name, attribute->words.count,
                                               arena, &codes));
        made[i] = (struct expr_event_column){.codes = codes, .numbers = numbers};
    }
    columns->event_attributes = made;
    return LODE_OK;
}

static lode_status read_events(const struct expr_needs *needs, const struct evaluation_part *of,
                               int64_t n_names, struct lode_arena *arena,
                               struct expr_columns *columns)
{
    int64_t *offsets = NULL, *times = NULL;
    uint32_t *names = NULL;
    columns->event_offsets = of->event_offsets;
    columns->event_names = of->event_names;
    if (needs->event_offsets && !of->event_offsets) {
        lode_try(lode_part_event_offsets(of->part, arena, &offsets));
        columns->event_offsets = offsets;
    }
    if (needs->event_names && !of->event_names) {
        lode_try(lode_part_event_names(of->part, n_names, arena, &names));
        columns->event_names = names;
    }
    if (needs->event_times) {
        lode_try(lode_part_event_times(of->part, 0, of->part->n_events, arena, &times));
        columns->event_times = times;
    }
    return read_event_attributes(needs, of, arena, columns);
}

/* All but KPIs and attributes. */
static lode_status read_others(const struct expr_needs *needs, const struct evaluation_part *of,
                               int64_t n_names, struct lode_arena *arena,
                               struct expr_columns *columns)
{
    int64_t *offsets = NULL, *starts = NULL;
    columns->session_offsets = of->session_offsets;
    columns->starts = of->starts;
    if (!of->session_offsets) {
        lode_try(lode_part_session_offsets(of->part, arena, &offsets));
        columns->session_offsets = offsets;
    }
    if (needs->starts && !of->starts) {
        lode_try(lode_part_session_starts(of->part, arena, &starts));
        columns->starts = starts;
    }
    if (of->samples.n_series > 0)
        lode_try(samples_columns(&of->samples, needs->series, arena, &columns->series));
    return read_events(needs, of, n_names, arena, columns);
}

static lode_status read_of_sessions(const struct expr_needs *needs,
                                    const struct evaluation_part *of, struct lode_arena *arena,
                                    struct expr_columns *columns)
{
    *columns = (struct expr_columns){.n_users = of->part->n_users,
                                     .n_sessions = of->part->n_sessions,
                                     .n_events = of->part->n_events};
    lode_try(read_attributes(needs, of, arena, columns));
    return read_kpis(needs, of, arena, columns);
}

lode_status evaluation_read_columns(const struct expr_needs *needs,
                                    const struct evaluation_part *of,
                                    const struct expr_graph *graph, struct lode_task *task,
                                    struct expr_columns *columns)
{
    lode_try(read_of_sessions(needs, of, task->arena, columns));
    return read_others(needs, of, graph->n_names, task->arena, columns);
}

/* What evaluation_run works with. */
struct work {
    const struct evaluation *evaluation;
    struct lode_task *task;
    struct expr_columns columns;
    int64_t block_sessions;
};

/* A sample must not depend on how many are sampled together. */
static int64_t sessions_of_block(const struct evaluation *evaluation)
{
    const int64_t n = BLOCK_VALUES / (evaluation->n_roots > 0 ? evaluation->n_roots : 1);
    if (n > MOST_BLOCK_SESSIONS || evaluation->step > 1) return MOST_BLOCK_SESSIONS;
    return n < LEAST_BLOCK_SESSIONS ? LEAST_BLOCK_SESSIONS : n;
}

/* End of the block that begins at a user: one more would be too many sessions. */
static int64_t end_of_block(const struct work *work, int64_t user)
{
    const struct expr_columns *columns = &work->columns;
    const int64_t *offsets = columns->session_offsets;
    int64_t end = user + 1;
    while (end < columns->n_users && offsets[end + 1] - offsets[user] <= work->block_sessions)
        end++;
    return end;
}

/* Room for the values of the largest block. */
static lode_status take_values(const struct work *work, double ***values)
{
    const struct expr_columns *columns = &work->columns;
    const int32_t n_roots = work->evaluation->n_roots;
    int64_t most = 0;
    for (int64_t user = 0, end = 0; user < columns->n_users; user = end) {
        end = end_of_block(work, user);
        const int64_t n = columns->session_offsets[end] - columns->session_offsets[user];
        most = n > most ? n : most;
    }
    lode_try(lode_take(work->task->arena, n_roots, values));
    for (int32_t r = 0; r < n_roots; r++)
        lode_try(lode_take(work->task->arena, most, &(*values)[r]));
    return LODE_OK;
}

static lode_status run_blocks(const struct work *work, const struct expr_program *program)
{
    const struct evaluation *evaluation = work->evaluation;
    const struct expr_columns *columns = &work->columns;
    double **values = NULL;
    lode_try(take_values(work, &values));
    int64_t block = 0;
    for (int64_t user = 0, end = 0; user < columns->n_users; user = end, block++) {
        end = end_of_block(work, user);
        if (block % evaluation->step != 0) continue;
        const int64_t first = columns->session_offsets[user];
        const int64_t n_sessions = columns->session_offsets[end] - first;
        lode_try(expr_program_run(program, columns, user, end - user, work->task->arena, values));
        lode_try(evaluation->take(evaluation->context, first, n_sessions, values));
        lode_try(lode_task_advance(work->task, n_sessions));
    }
    return LODE_OK;
}

lode_status evaluation_run(const struct evaluation *evaluation, const struct evaluation_part *part,
                           struct lode_task *task)
{
    const struct expr_graph *graph = evaluation->graph;
    struct work work = {
        .evaluation = evaluation, .task = task, .block_sessions = sessions_of_block(evaluation)};
    struct expr_needs needs;
    const struct expr_schema_counts counts = {.n_attributes = part->n_attributes,
                                              .n_kpis = part->n_kpis,
                                              .n_event_attributes = part->n_event_attributes};
    struct expr_program *program = NULL;
    lode_try(expr_needs_find(graph, evaluation->roots, evaluation->n_roots, &counts, task->arena,
                             &needs));
    lode_try(read_of_sessions(&needs, part, task->arena, &work.columns));
    const struct lode_arena_mark mark = lode_arena_mark(task->arena);
    lode_try(read_others(&needs, part, graph->n_names, task->arena, &work.columns));
    lode_try(expr_program_make(graph, evaluation->roots, evaluation->n_roots, evaluation->zone,
                               task->arena, &program));
    lode_try(run_blocks(&work, program));
    lode_arena_rewind(task->arena, mark);
    return LODE_OK;
}
