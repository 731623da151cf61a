/* Plan: its form on the wire, both ways. */
#include "jobs/stage/counters/plan.h"

#include "common/wire/pack.h"

#include <string.h>

static lode_status put_text(struct lode_bytes *out, const char *text)
{
    return lode_pack_text(out, text, strlen(text));
}

static lode_status get_bool(struct lode_unpack *in, bool *value)
{
    int64_t number = 0;
    lode_try(lode_unpack_count(in, "a flag of the staging plan", 1, &number));
    *value = number != 0;
    return LODE_OK;
}

lode_status counters_plan_pack(const struct counters_plan *plan, struct lode_bytes *out)
{
    lode_try(lode_pack_i64(out, plan->n_partitions));
    lode_try(lode_pack_i64(out, plan->slot_ms));
    lode_try(lode_pack_i64(out, plan->time_unit));
    lode_try(put_text(out, plan->zone.name));
    lode_try(lode_pack_bin(out, plan->zone.rules, plan->zone.rules_size));
    lode_try(put_text(out, plan->labels));
    lode_try(put_text(out, plan->machine));
    lode_try(lode_pack_i64(out, plan->n_rates));
    for (int32_t i = 0; i < plan->n_rates; i++) lode_try(put_text(out, plan->rates[i]));
    lode_try(put_text(out, plan->directory));
    return lode_pack_i64(out, plan->generation);
}

static lode_status get_rates(struct lode_unpack *in, struct lode_arena *arena,
                             struct counters_plan *plan)
{
    const char **rates = NULL;
    int64_t n = 0;
    lode_try(lode_unpack_count(in, "rates", RATES_MOST, &n));
    lode_try(lode_take(arena, n, &rates));
    for (int64_t i = 0; i < n; i++) lode_try(lode_unpack_copy(in, arena, &rates[i]));
    plan->n_rates = (int32_t)n;
    plan->rates = rates;
    return LODE_OK;
}

lode_status counters_plan_unpack(const void *data, size_t size, struct lode_arena *arena,
                                 struct counters_plan *plan)
{
    struct lode_unpack in = lode_unpack_begin(data, size);
    int64_t unit = 0;
    *plan = (struct counters_plan){0};
    lode_try(lode_unpack_count(&in, "partitions", STAGE_PARTITIONS_LIMIT, &plan->n_partitions));
    lode_try(lode_unpack_count(&in, "ms of a slot", INT64_MAX, &plan->slot_ms));
    lode_try(lode_unpack_count(&in, "unit of time", STAGE_TIME_ISO, &unit));
    plan->time_unit = (enum stage_time_unit)unit;
    lode_try(lode_unpack_copy(&in, arena, &plan->zone.name));
    lode_try(lode_unpack_bin(&in, &plan->zone.rules, &plan->zone.rules_size));
    lode_try(lode_unpack_copy(&in, arena, &plan->labels));
    lode_try(lode_unpack_copy(&in, arena, &plan->machine));
    lode_try(get_rates(&in, arena, plan));
    lode_try(lode_unpack_copy(&in, arena, &plan->directory));
    lode_try(lode_unpack_count(&in, "generation", INT64_MAX, &plan->generation));
    if (plan->n_partitions == 0) return lode_fail(LODE_E_MESSAGE, "a store without partitions");
    return lode_unpack_end(&in);
}

enum { ROLES = 5 };

lode_status counters_file_pack(const struct counters_file *file, struct lode_bytes *out)
{
    const int roles[ROLES] = {file->time, file->component, file->counter, file->value,
                              file->machine};
    lode_try(put_text(out, file->path));
    lode_try(put_text(out, file->name));
    lode_try(lode_pack_u64(out, file->size_bytes));
    lode_try(lode_pack_i64(out, file->mtime_ns));
    lode_try(lode_pack_u64(out, file->is_packed));
    lode_try(lode_pack_u64(out, file->is_answer));
    lode_try(put_text(out, file->component_name));
    lode_try(lode_pack_u64(out, file->time_in_seconds));
    for (int i = 0; i < ROLES; i++) lode_try(lode_pack_i64(out, roles[i]));
    lode_try(lode_pack_i64(out, file->n_columns));
    for (int c = 0; c < file->n_columns; c++) lode_try(put_text(out, file->columns[c]));
    return LODE_OK;
}

lode_status counters_file_unpack(const void *data, size_t size, struct lode_arena *arena,
                                 struct counters_file *file)
{
    struct lode_unpack in = lode_unpack_begin(data, size);
    int64_t roles[ROLES];
    int64_t n_columns = 0;
    const char **columns = NULL;
    *file = (struct counters_file){0};
    lode_try(lode_unpack_copy(&in, arena, &file->path));
    lode_try(lode_unpack_copy(&in, arena, &file->name));
    lode_try(lode_unpack_u64(&in, &file->size_bytes));
    lode_try(lode_unpack_i64(&in, &file->mtime_ns));
    lode_try(get_bool(&in, &file->is_packed));
    lode_try(get_bool(&in, &file->is_answer));
    lode_try(lode_unpack_copy(&in, arena, &file->component_name));
    lode_try(get_bool(&in, &file->time_in_seconds));
    for (int i = 0; i < ROLES; i++) lode_try(lode_unpack_i64(&in, &roles[i]));
    lode_try(lode_unpack_count(&in, "columns", (uint64_t)(in.end - in.at), &n_columns));
    for (int i = 0; i < ROLES; i++)
        if (roles[i] < (i == 0 && !file->is_answer ? 0 : -1) || roles[i] >= n_columns ||
            n_columns > INT32_MAX)
            return lode_fail(LODE_E_MESSAGE, "column %lld of %lld in the staging plan",
                             (long long)roles[i], (long long)n_columns);
    lode_try(lode_take(arena, n_columns, &columns));
    for (int64_t c = 0; c < n_columns; c++) lode_try(lode_unpack_copy(&in, arena, &columns[c]));
    file->n_columns = (int)n_columns;
    file->columns = columns;
    file->time = (int)roles[0];
    file->component = (int)roles[1];
    file->counter = (int)roles[2];
    file->value = (int)roles[3];
    file->machine = (int)roles[4];
    return lode_unpack_end(&in);
}
