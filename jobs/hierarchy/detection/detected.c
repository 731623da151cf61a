/* Detected: reading the records of a result. */
#include "jobs/hierarchy/detection/detected.h"

static lode_status read_index(struct lode_unpack *in, const char *what, int64_t limit,
                              int64_t *value)
{
    lode_try(lode_unpack_i64(in, value));
    if (*value >= 0 && *value < limit) return LODE_OK;
    return lode_fail(LODE_E_MESSAGE, "%s %lld of %lld", what, (long long)*value, (long long)limit);
}

/* Bytes of exactly `count` items. */
static lode_status read_items(struct lode_unpack *in, const char *what, int64_t count, size_t size,
                              const uint8_t **data)
{
    size_t bytes = 0, wanted = 0;
    lode_try(lode_unpack_bin(in, data, &bytes));
    lode_try(lode_mul_size((uint64_t)count, size, &wanted));
    if (bytes == wanted) return LODE_OK;
    return lode_fail(LODE_E_MESSAGE, "%s of %zu bytes, not %zu", what, bytes, wanted);
}

static lode_status read_slots(struct lode_unpack *in, struct detected *record)
{
    lode_try(lode_unpack_i64(in, &record->first));
    lode_try(lode_unpack_i64(in, &record->n));
    if (record->first >= 0 && record->n >= 0 && record->first < INT64_MAX - record->n)
        return LODE_OK;
    return lode_fail(LODE_E_MESSAGE, "%lld slots from %lld", (long long)record->n,
                     (long long)record->first);
}

lode_status detected_contributor(struct lode_unpack *contributors, struct contributor *contributor)
{
    lode_try(lode_unpack_i64(contributors, &contributor->node));
    return lode_unpack_f64(contributors, &contributor->e);
}

static lode_status read_firing(struct lode_unpack *in, int64_t n_nodes, struct detected *record)
{
    struct firing *firing = &record->firing;
    lode_try(read_index(in, "node", n_nodes, &firing->node));
    lode_try(lode_unpack_i64(in, &firing->first));
    lode_try(lode_unpack_i64(in, &firing->end));
    lode_try(lode_unpack_i64(in, &firing->peak_slot));
    lode_try(lode_unpack_i64(in, &firing->change_slot));
    lode_try(lode_unpack_f64(in, &firing->peak));
    lode_try(read_index(in, "main contributors", n_nodes + 1, &firing->n_main));
    lode_try(read_index(in, "contributors", n_nodes + 1, &firing->n_top));
    if (firing->n_main > firing->n_top)
        return lode_fail(LODE_E_MESSAGE, "%lld main contributors of %lld",
                         (long long)firing->n_main, (long long)firing->n_top);
    record->contributors = *in;
    for (int64_t i = 0; i < firing->n_top; i++) {
        int64_t node = 0;
        double e = 0.0;
        lode_try(read_index(in, "node", n_nodes, &node));
        lode_try(lode_unpack_f64(in, &e));
    }
    return LODE_OK;
}

static lode_status read_waking(struct lode_unpack *in, struct waking *waking)
{
    waking->is_awake = true;
    lode_try(lode_unpack_i64(in, &waking->time_ms));
    lode_try(lode_unpack_f64(in, &waking->before));
    return lode_unpack_f64(in, &waking->after);
}

static lode_status read_tally(struct lode_unpack *in, const struct detected_limits *limits,
                              struct detected *record)
{
    lode_try(read_index(in, "level", limits->n_levels, &record->level));
    lode_try(
        read_items(in, "firings", limits->n_thresholds + 1, sizeof(int64_t), &record->firings));
    return read_items(in, "firings inside", limits->n_thresholds + 1, sizeof(int64_t),
                      &record->inside);
}

static lode_status read_found(struct lode_unpack *in, const struct detected_limits *limits,
                              struct detected *record)
{
    lode_try(read_index(in, "issue", limits->n_issues, &record->issue));
    lode_try(read_index(in, "level", limits->n_levels, &record->level));
    return read_items(in, "thresholds", limits->n_thresholds, 1, &record->is_found);
}

lode_status detected_next(struct lode_unpack *in, const struct detected_limits *limits,
                          struct detected *record)
{
    int64_t kind = 0;
    *record = (struct detected){0};
    lode_try(read_index(in, "record of kind", DETECTED_SILENT + 1, &kind));
    record->kind = (enum detected_kind)kind;
    switch (record->kind) {
    case DETECTED_SLOTS:
        lode_try(read_slots(in, record));
        return read_index(in, "is_cut", 2, &record->is_cut);
    case DETECTED_SERIES:
        lode_try(read_index(in, "node", limits->n_nodes, &record->node));
        lode_try(read_slots(in, record));
        return read_items(in, "series", record->n, sizeof(double), &record->numbers);
    case DETECTED_FIRING:
        return read_firing(in, limits->n_nodes, record);
    case DETECTED_WAKING:
        lode_try(read_index(in, "node", limits->n_nodes, &record->node));
        return read_waking(in, &record->waking);
    case DETECTED_COUNTER:
        return read_index(in, "counter", INT64_MAX, &record->counter);
    case DETECTED_MISSING:
        return read_index(in, "node", limits->n_nodes, &record->node);
    case DETECTED_TALLY:
        return read_tally(in, limits, record);
    case DETECTED_FOUND:
        return read_found(in, limits, record);
    case DETECTED_SILENT:
        lode_try(read_index(in, "node", limits->n_nodes, &record->node));
        return lode_unpack_i64(in, &record->since_ms);
    }
    return lode_fail(LODE_E_BUG, "record of kind %lld", (long long)kind);
}
