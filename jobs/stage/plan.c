/* Plan: one flat sequence of MessagePack values; the two halves below mirror each other line by
 * line. */
#include "jobs/stage/plan.h"

#include "common/wire/pack.h"

#include <string.h>

static lode_status put_text(struct lode_bytes *out, const char *text)
{
    return lode_pack_text(out, text ? text : "", text ? strlen(text) : 0);
}

static lode_status put_run(struct lode_bytes *out, const struct stage_run *run)
{
    lode_try(put_text(out, run->name));
    lode_try(lode_pack_u64(out, run->size_bytes));
    return lode_pack_i64(out, run->codes_of);
}

static lode_status put_columns(struct lode_bytes *out, const int *columns, int64_t count)
{
    for (int64_t i = 0; i < count; i++) lode_try(lode_pack_i64(out, columns[i]));
    return LODE_OK;
}

static lode_status put_file(struct lode_bytes *out, const struct stage_plan *plan,
                            const struct stage_file *file)
{
    const int roles[] = {file->session, file->user, file->event, file->time};
    lode_try(put_text(out, file->path));
    lode_try(put_text(out, file->name));
    lode_try(lode_pack_u64(out, file->size_bytes));
    lode_try(lode_pack_i64(out, file->mtime_ns));
    lode_try(lode_pack_u64(out, file->is_packed));
    lode_try(lode_pack_u64(out, file->is_json));
    lode_try(lode_pack_i64(out, file->n_columns));
    for (int c = 0; c < file->n_columns; c++) lode_try(put_text(out, file->columns[c]));
    lode_try(lode_pack_u64(out, (uint64_t)file->role));
    lode_try(lode_pack_u64(out, (uint64_t)file->time_unit));
    lode_try(lode_pack_i64(out, file->zone));
    lode_try(lode_pack_u64(out, file->time_in_seconds));
    lode_try(lode_pack_u64(out, file->needs_user));
    lode_try(put_columns(out, roles, 4));
    lode_try(put_columns(out, file->kpi_at, plan->n_kpis));
    return put_columns(out, file->attribute_at, plan->n_attributes);
}

static lode_status put_zones(struct lode_bytes *out, const struct stage_plan *plan)
{
    lode_try(lode_pack_i64(out, plan->n_zones));
    for (int64_t z = 0; z < plan->n_zones; z++) {
        lode_try(put_text(out, plan->zones[z].name));
        lode_try(lode_pack_bin(out, plan->zones[z].rules, plan->zones[z].rules_size));
    }
    return LODE_OK;
}

static lode_status put_lists(struct lode_bytes *out, const struct stage_plan *plan)
{
    for (int64_t k = 0; k < plan->n_kpis; k++) {
        lode_try(put_text(out, plan->kpis[k].name));
        lode_try(lode_pack_u64(out, plan->kpis[k].is_binary));
    }
    for (int64_t a = 0; a < plan->n_attributes; a++) {
        const struct stage_attribute *attribute = &plan->attributes[a];
        lode_try(put_text(out, attribute->name));
        lode_try(lode_pack_u64(out, attribute->of_user));
        lode_try(lode_pack_u64(out, attribute->named));
        lode_try(lode_pack_u64(out, attribute->dropped));
        lode_try(lode_pack_i64(out, attribute->n_words));
    }
    for (int64_t f = 0; f < plan->n_files; f++) lode_try(put_file(out, plan, &plan->files[f]));
    for (int64_t r = 0; r < plan->n_runs; r++) lode_try(put_run(out, &plan->runs[r]));
    return LODE_OK;
}

lode_status stage_plan_pack(const struct stage_plan *plan, struct lode_bytes *out)
{
    lode_try(lode_pack_i64(out, plan->n_partitions));
    lode_try(lode_pack_u64(out, plan->sessions_given));
    lode_try(lode_pack_u64(out, plan->join));
    lode_try(lode_pack_u64(out, plan->split));
    lode_try(lode_pack_i64(out, plan->gap_ms));
    lode_try(lode_pack_i64(out, plan->max_ms));
    lode_try(put_zones(out, plan));
    lode_try(lode_pack_i64(out, plan->n_event_names));
    lode_try(put_run(out, &plan->codes));
    lode_try(put_text(out, plan->directory));
    lode_try(lode_pack_i64(out, plan->generation));
    lode_try(lode_pack_u64(out, plan->in_order_only));
    lode_try(lode_pack_i64(out, plan->n_kpis));
    lode_try(lode_pack_i64(out, plan->n_attributes));
    lode_try(lode_pack_i64(out, plan->n_event_values));
    lode_try(lode_pack_i64(out, plan->n_event_attributes));
    lode_try(lode_pack_i64(out, plan->n_files));
    lode_try(lode_pack_i64(out, plan->n_ranges));
    lode_try(lode_pack_i64(out, plan->n_runs));
    return put_lists(out, plan);
}

static lode_status get_bool(struct lode_unpack *in, bool *value)
{
    int64_t number = 0;
    lode_try(lode_unpack_count(in, "a flag of the staging plan", 1, &number));
    *value = number != 0;
    return LODE_OK;
}

/* A number of items that follow, each of at least one byte. */
static lode_status get_count(struct lode_unpack *in, int64_t *count)
{
    return lode_unpack_count(in, "a count of the staging plan", (uint64_t)(in->end - in->at),
                             count);
}

static lode_status get_run(struct lode_unpack *in, struct lode_arena *arena, struct stage_run *run)
{
    lode_try(lode_unpack_copy(in, arena, &run->name));
    lode_try(lode_unpack_u64(in, &run->size_bytes));
    return lode_unpack_i64(in, &run->codes_of);
}

static lode_status get_columns(struct lode_unpack *in, int *columns, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        int64_t column = -1;
        lode_try(lode_unpack_i64(in, &column));
        if (column < -1 || column > INT32_MAX)
            return lode_fail(LODE_E_MESSAGE, "column %lld of the staging plan", (long long)column);
        columns[i] = (int)column;
    }
    return LODE_OK;
}

static lode_status get_names(struct lode_unpack *in, struct lode_arena *arena,
                             struct stage_file *file)
{
    const char **columns = NULL;
    int64_t count = 0;
    lode_try(get_count(in, &count));
    if (count > INT32_MAX)
        return lode_fail(LODE_E_MESSAGE, "%lld columns in the staging plan", (long long)count);
    lode_try(lode_take(arena, count, &columns));
    for (int64_t c = 0; c < count; c++) lode_try(lode_unpack_copy(in, arena, &columns[c]));
    file->n_columns = (int)count;
    file->columns = columns;
    return LODE_OK;
}

static lode_status get_file(struct lode_unpack *in, struct lode_arena *arena,
                            const struct stage_plan *plan, struct stage_file *file)
{
    int roles[4];
    int64_t role = 0;
    int64_t unit = 0;
    lode_try(lode_unpack_copy(in, arena, &file->path));
    lode_try(lode_unpack_copy(in, arena, &file->name));
    lode_try(lode_unpack_u64(in, &file->size_bytes));
    lode_try(lode_unpack_i64(in, &file->mtime_ns));
    lode_try(get_bool(in, &file->is_packed));
    lode_try(get_bool(in, &file->is_json));
    lode_try(get_names(in, arena, file));
    lode_try(lode_unpack_count(in, "role of a file", STAGE_SESSIONS, &role));
    lode_try(lode_unpack_count(in, "unit of time", STAGE_TIME_ISO, &unit));
    lode_try(
        lode_unpack_count(in, "time zone of a file", (uint64_t)plan->n_zones - 1, &file->zone));
    lode_try(get_bool(in, &file->time_in_seconds));
    lode_try(get_bool(in, &file->needs_user));
    lode_try(get_columns(in, roles, 4));
    file->role = (enum stage_role)role;
    file->time_unit = (enum stage_time_unit)unit;
    file->session = roles[0];
    file->user = roles[1];
    file->event = roles[2];
    file->time = roles[3];
    lode_try(lode_take(arena, plan->n_kpis, &file->kpi_at));
    lode_try(lode_take(arena, plan->n_attributes, &file->attribute_at));
    lode_try(get_columns(in, file->kpi_at, plan->n_kpis));
    return get_columns(in, file->attribute_at, plan->n_attributes);
}

/* Always one at least; the rules point into the parameters, which outlive the task. */
static lode_status get_zones(struct lode_unpack *in, struct lode_arena *arena,
                             struct stage_plan *plan)
{
    lode_try(get_count(in, &plan->n_zones));
    if (plan->n_zones < 1) return lode_fail(LODE_E_MESSAGE, "a staging plan without a time zone");
    lode_try(lode_take_zero(arena, plan->n_zones, &plan->zones));
    for (int64_t z = 0; z < plan->n_zones; z++) {
        lode_try(lode_unpack_copy(in, arena, &plan->zones[z].name));
        lode_try(lode_unpack_bin(in, &plan->zones[z].rules, &plan->zones[z].rules_size));
    }
    return LODE_OK;
}

static lode_status get_lists(struct lode_unpack *in, struct lode_arena *arena,
                             struct stage_plan *plan)
{
    lode_try(lode_take_zero(arena, plan->n_kpis, &plan->kpis));
    lode_try(lode_take_zero(arena, plan->n_attributes, &plan->attributes));
    lode_try(lode_take_zero(arena, plan->n_files, &plan->files));
    lode_try(lode_take_zero(arena, plan->n_runs, &plan->runs));
    for (int64_t k = 0; k < plan->n_kpis; k++) {
        lode_try(lode_unpack_copy(in, arena, &plan->kpis[k].name));
        lode_try(get_bool(in, &plan->kpis[k].is_binary));
    }
    for (int64_t a = 0; a < plan->n_attributes; a++) {
        struct stage_attribute *attribute = &plan->attributes[a];
        lode_try(lode_unpack_copy(in, arena, &attribute->name));
        lode_try(get_bool(in, &attribute->of_user));
        lode_try(get_bool(in, &attribute->named));
        lode_try(get_bool(in, &attribute->dropped));
        lode_try(lode_unpack_i64(in, &attribute->n_words));
    }
    for (int64_t f = 0; f < plan->n_files; f++)
        lode_try(get_file(in, arena, plan, &plan->files[f]));
    for (int64_t r = 0; r < plan->n_runs; r++) lode_try(get_run(in, arena, &plan->runs[r]));
    return lode_unpack_end(in);
}

lode_status stage_plan_unpack(const void *data, size_t size, struct lode_arena *arena,
                              struct stage_plan *plan)
{
    struct lode_unpack in = lode_unpack_begin(data, size);
    memset(plan, 0, sizeof *plan);
    lode_try(lode_unpack_count(&in, "partitions", STAGE_PARTITIONS_LIMIT, &plan->n_partitions));
    if (plan->n_partitions == 0) return lode_fail(LODE_E_MESSAGE, "a store without partitions");
    plan->inverse = UINT64_MAX / (uint64_t)plan->n_partitions;
    lode_try(get_bool(&in, &plan->sessions_given));
    lode_try(get_bool(&in, &plan->join));
    lode_try(get_bool(&in, &plan->split));
    lode_try(lode_unpack_i64(&in, &plan->gap_ms));
    lode_try(lode_unpack_i64(&in, &plan->max_ms));
    lode_try(get_zones(&in, arena, plan));
    lode_try(lode_unpack_i64(&in, &plan->n_event_names));
    lode_try(get_run(&in, arena, &plan->codes));
    lode_try(lode_unpack_copy(&in, arena, &plan->directory));
    lode_try(lode_unpack_count(&in, "generation", INT64_MAX, &plan->generation));
    lode_try(get_bool(&in, &plan->in_order_only));
    lode_try(get_count(&in, &plan->n_kpis));
    lode_try(get_count(&in, &plan->n_attributes));
    lode_try(
        lode_unpack_count(&in, "values of events", (uint64_t)plan->n_kpis, &plan->n_event_values));
    lode_try(lode_unpack_count(&in, "attributes of events", (uint64_t)plan->n_attributes,
                               &plan->n_event_attributes));
    lode_try(get_count(&in, &plan->n_files));
    lode_try(lode_unpack_count(&in, "ranges", INT32_MAX, &plan->n_ranges));
    lode_try(get_count(&in, &plan->n_runs));
    return get_lists(&in, arena, plan);
}
