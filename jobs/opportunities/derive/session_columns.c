/* Session columns: the schema as parameters, and columns by index.
 *
 * Parameters: array of KPIs (name, binary 0/1, missing 0/1), array of attributes (name, of_user
 * 0/1, number of words).
 */
#include "jobs/opportunities/derive/session_columns.h"

#include <string.h>

#include "common/wire/pack.h"

static lode_status pack_name(struct lode_bytes *out, const char *name)
{
    return lode_pack_text(out, name, strlen(name));
}

lode_status session_columns_pack(const struct lode_store *store, struct lode_bytes *out)
{
    lode_try(lode_pack_array(out, (uint32_t)store->n_kpis));
    for (int64_t i = 0; i < store->n_kpis; i++) {
        lode_try(pack_name(out, store->kpis[i].name));
        lode_try(lode_pack_u64(out, store->kpis[i].is_binary));
        lode_try(lode_pack_u64(out, store->kpis[i].n_missing > 0));
    }
    lode_try(lode_pack_array(out, (uint32_t)store->n_attributes));
    for (int64_t i = 0; i < store->n_attributes; i++) {
        lode_try(pack_name(out, store->attributes[i].name));
        lode_try(lode_pack_u64(out, store->attributes[i].of_user));
        lode_try(lode_pack_u64(out, (uint64_t)store->attributes[i].dictionary.count));
    }
    return LODE_OK;
}

static lode_status unpack_name(struct lode_unpack *in, struct lode_arena *arena, char **name)
{
    const char *text;
    size_t size;
    lode_try(lode_unpack_text(in, &text, &size));
    return lode_arena_text(arena, text, size, name);
}

static lode_status unpack_flag(struct lode_unpack *in, const char *what, bool *flag)
{
    int64_t value;
    lode_try(lode_unpack_count(in, what, 1, &value));
    *flag = value == 1;
    return LODE_OK;
}

lode_status session_columns_unpack(struct lode_unpack *in, struct lode_task *task,
                                   struct session_columns *columns)
{
    struct lode_arena *arena = task->arena;
    lode_try(lode_unpack_array(in, &columns->n_kpis));
    lode_try(lode_take_zero(arena, columns->n_kpis, &columns->kpis));
    for (uint32_t i = 0; i < columns->n_kpis; i++) {
        lode_try(unpack_name(in, arena, &columns->kpis[i].name));
        lode_try(unpack_flag(in, "binary", &columns->kpis[i].is_binary));
        lode_try(unpack_flag(in, "missing", &columns->kpis[i].has_missing));
    }
    lode_try(lode_unpack_array(in, &columns->n_attributes));
    lode_try(lode_take_zero(arena, columns->n_attributes, &columns->attributes));
    for (uint32_t i = 0; i < columns->n_attributes; i++) {
        struct session_attribute *attribute = &columns->attributes[i];
        lode_try(unpack_name(in, arena, &attribute->name));
        lode_try(unpack_flag(in, "of_user", &attribute->of_user));
        lode_try(lode_unpack_count(in, "words", UINT32_MAX - 1, &attribute->n_words));
    }
    return LODE_OK;
}

static lode_status unpack_index(struct lode_unpack *in, const char *what, uint32_t n,
                                int64_t *index)
{
    if (n == 0) return lode_fail(LODE_E_MESSAGE, "a %s where there is none", what);
    return lode_unpack_count(in, what, n - 1, index);
}

lode_status session_columns_unpack_kpi(struct lode_unpack *in,
                                       const struct session_columns *columns, int64_t *kpi)
{
    return unpack_index(in, "KPI", columns->n_kpis, kpi);
}

lode_status session_columns_unpack_attribute(struct lode_unpack *in,
                                             const struct session_columns *columns,
                                             int64_t *attribute)
{
    return unpack_index(in, "attribute", columns->n_attributes, attribute);
}

lode_status session_columns_open(struct session_columns *columns, struct lode_part *part,
                                 struct lode_task *task)
{
    columns->part = part;
    columns->partition = task->index;
    return LODE_OK;
}

static lode_status find_kpi(const struct session_columns *columns, int64_t kpi, bool is_binary,
                            const struct session_kpi **found)
{
    *found = &columns->kpis[kpi];
    if ((*found)->is_binary == is_binary) return LODE_OK;
    return lode_fail(LODE_E_MESSAGE, "KPI '%s' is %s", (*found)->name,
                     is_binary ? "numeric" : "binary");
}

lode_status session_columns_marks(struct session_columns *columns, int64_t kpi,
                                  struct lode_arena *arena, uint8_t **marks)
{
    const struct session_kpi *of;
    uint8_t *read, most = 0;
    lode_try(find_kpi(columns, kpi, true, &of));
    lode_try(lode_part_kpi_binary(columns->part, of->name, arena, &read));
    for (int64_t s = 0; s < columns->part->n_sessions; s++) most = read[s] > most ? read[s] : most;
    if (most == LODE_KPI_NO_VALUE && !of->has_missing)
        return lode_fail(LODE_E_INPUT,
                         "partition %lld has sessions without a value of '%s', the index knows of "
                         "none",
                         (long long)columns->partition, of->name);
    *marks = read;
    return LODE_OK;
}

lode_status session_columns_numbers(struct session_columns *columns, int64_t kpi,
                                    struct lode_arena *arena, double **numbers)
{
    const struct session_kpi *of;
    lode_try(find_kpi(columns, kpi, false, &of));
    return lode_part_kpi(columns->part, of->name, false, arena, numbers);
}

lode_status session_columns_codes(struct session_columns *columns, int64_t attribute,
                                  struct lode_arena *arena, uint32_t **codes)
{
    const struct session_attribute *of = &columns->attributes[attribute];
    return lode_part_attribute(columns->part, of->name, of->of_user, of->n_words, arena, codes);
}
