/* Scan: see the header. */
#include "jobs/hierarchy/training/scan.h"

#include <string.h>

lode_status scan_pack_params(const struct lode_store *store, const struct lode_params *params,
                             const struct given *given, struct lode_bytes *out)
{
    const char *name = NULL, *value = NULL;
    uint32_t n = 0;
    lode_try(lode_store_refer(store, out));
    while (lode_params_at(params, (int)n, &name, &value)) n++;
    lode_try(lode_pack_array(out, n));
    for (uint32_t i = 0; lode_params_at(params, (int)i, &name, &value); i++) {
        lode_try(lode_pack_text(out, name, strlen(name)));
        lode_try(lode_pack_text(out, value, strlen(value)));
    }
    return given_pack(given, out);
}

lode_status scan_pack_component(int64_t component, const struct lode_component *about,
                                struct lode_bytes *out)
{
    lode_try(lode_pack_i64(out, component));
    lode_try(lode_pack_i64(out, about->first_ms));
    lode_try(lode_pack_i64(out, about->last_ms));
    return lode_pack_i64(out, about->step_ms);
}

/* One parameter, as "name=value". */
static lode_status unpack_param(struct lode_unpack *in, struct lode_params *params)
{
    const char *name = NULL, *value = NULL;
    size_t name_size = 0, value_size = 0;
    struct lode_bytes text = {0};
    lode_try(lode_unpack_text(in, &name, &name_size));
    lode_try(lode_unpack_text(in, &value, &value_size));
    lode_status status = lode_bytes_append(&text, name, name_size);
    if (!status) status = lode_bytes_append(&text, "=", 1);
    if (!status) status = lode_bytes_append(&text, value, value_size);
    if (!status) status = lode_bytes_append(&text, "", 1);
    if (!status) status = lode_params_set(params, (const char *)text.data);
    lode_bytes_clear(&text);
    return status;
}

static lode_status unpack_options(struct lode_unpack *in, struct lode_arena *arena,
                                  struct hierarchy_options *options)
{
    struct lode_params *params = NULL;
    uint32_t n = 0;
    lode_try(lode_params_create(hierarchy_params, &params));
    lode_status status = lode_unpack_array(in, &n);
    for (uint32_t i = 0; i < n && !status; i++) status = unpack_param(in, params);
    if (!status) status = hierarchy_options_read(params, arena, options);
    lode_params_destroy(params);
    return status;
}

lode_status scan_begin(struct lode_task *task, int64_t partition, struct scan *scan)
{
    struct lode_unpack in = lode_unpack_begin(task->params, task->params_size);
    *scan = (struct scan){.task = task};
    lode_status status = lode_task_open_counters(task, &in, partition, &scan->counters);
    if (!status) status = unpack_options(&in, task->arena, &scan->options);
    if (!status) status = given_unpack(&in, task->arena, &scan->given);
    if (!status) status = lode_unpack_end(&in);
    if (status) scan_end(scan);
    return status;
}

void scan_end(struct scan *scan)
{
    lode_counters_close(scan->counters);
    scan->counters = NULL;
}

lode_status scan_component(struct scan *scan, struct lode_unpack *in)
{
    int64_t first_ms = 0, last_ms = 0, step_ms = 0;
    lode_try(lode_unpack_i64(in, &scan->component));
    lode_try(lode_unpack_i64(in, &first_ms));
    lode_try(lode_unpack_i64(in, &last_ms));
    lode_try(lode_unpack_i64(in, &step_ms));
    scan->block = lode_counters_find(scan->counters, scan->component);
    if (scan->block < 0 || step_ms < 1 || last_ms < first_ms)
        return lode_fail(LODE_E_MESSAGE, "component %lld, %lld to %lld ms by %lld ms",
                         (long long)scan->component, (long long)first_ms, (long long)last_ms,
                         (long long)step_ms);
    scan->about = lode_counters_block(scan->counters, scan->block);
    lode_try(slots_make(first_ms, last_ms, step_ms, &scan->slots));
    const struct given_component of = {.name = scan->about->name,
                                       .step_ms = step_ms,
                                       .counters = scan->about->counters,
                                       .n_counters = scan->about->n_counters};
    lode_try(given_find(&scan->given, &of, scan->task->arena, &scan->own_given, &scan->n_given));
    scan->n_detectors = scan->about->n_counters * scan->options.n_kinds + scan->n_given;
    scan->reach = 0;
    for (int k = 0; k < scan->options.n_kinds; k++) {
        scan->settings[k] = hierarchy_settings(&scan->options, scan->options.kinds[k], step_ms);
        const int64_t reach = detector_kinds[scan->options.kinds[k]]->reach(&scan->settings[k]);
        if (reach > scan->reach) scan->reach = reach;
    }
    return lode_counters_times(scan->counters, scan->block, scan->task->arena, &scan->times);
}

bool scan_is_fit(const struct scan *scan)
{
    return scan->slots.n > scan->reach;
}

lode_status scan_note(const struct scan *scan, lode_status status)
{
    return lode_note(status, "component '%s', %lld counters of %lld slots%s", scan->about->name,
                     (long long)scan->about->n_counters, (long long)scan->slots.n,
                     status == LODE_E_MEMORY ? " (give tasks more: --memory, fewer workers)" : "");
}

bool scan_is_given(const struct scan *scan, int64_t detector)
{
    return detector >= scan->n_detectors - scan->n_given;
}

static lode_status scan_given(struct scan *scan, int64_t detector, double *distance)
{
    const int64_t given = scan->own_given[detector - (scan->n_detectors - scan->n_given)];
    const struct given_slots where = {.counters = scan->counters,
                                      .block = scan->block,
                                      .slots = scan->slots,
                                      .times = scan->times,
                                      .n = scan->about->n_times};
    lode_try(given_scan(&scan->given, given, &where, scan->task->arena, distance));
    return lode_task_advance(scan->task, scan->about->n_times);
}

lode_status scan_distance(struct scan *scan, int64_t detector, double *distance,
                          struct detector_settings *settings)
{
    struct lode_arena *arena = scan->task->arena;
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    *settings = (struct detector_settings){0};
    if (scan_is_given(scan, detector)) return scan_given(scan, detector, distance);
    const int64_t kind = detector % scan->options.n_kinds;
    const int64_t counter = scan->about->counters[detector / scan->options.n_kinds];
    double *values = NULL, *placed = NULL;
    *settings = scan->settings[kind];
    const struct detector_kind *of = detector_kinds[settings->kind];
    lode_try(lode_counters_values(scan->counters, scan->block, counter, arena, &values));
    lode_try(lode_take(arena, scan->slots.n, &placed));
    slots_place(&scan->slots, scan->times, values, scan->about->n_times, placed);
    detector_fill(placed, scan->slots.n);
    if (settings->family == DETECTOR_AUTO)
        settings->family = detector_choose_family(placed, scan->slots.n);
    if (of->fit) lode_try(of->fit(settings, placed, scan->slots.n, arena));
    lode_try(of->scan(settings, placed, scan->slots.n, arena, distance, NULL));
    lode_arena_rewind(arena, mark);
    return lode_task_advance(scan->task, scan->about->n_times);
}

lode_status scan_each(struct lode_task *task,
                      lode_status (*make)(struct scan *scan, struct lode_unpack *in,
                                          struct lode_bytes *out))
{
    struct scan scan;
    struct lode_unpack in = lode_unpack_begin(task->input, task->input_size);
    lode_status status = LODE_OK;
    int64_t partition = 0;
    uint32_t n = 0;
    lode_try(lode_unpack_i64(&in, &partition));
    lode_try(scan_begin(task, partition, &scan));
    lode_try_done(lode_unpack_array(&in, &n));
    for (uint32_t i = 0; i < n; i++) {
        const struct lode_arena_mark mark = lode_arena_mark(task->arena);
        lode_try_done(scan_component(&scan, &in));
        status = make(&scan, &in, task->output);
        if (status) status = scan_note(&scan, status);
        if (status) goto done;
        lode_arena_rewind(task->arena, mark);
    }
    lode_try_done(lode_unpack_end(&in));
done:
    scan_end(&scan);
    return status;
}
