/* Leaf "hierarchy.learn" (learn.h has the layout of its result).
 *
 * A component's series are held together where they fit; else blocks of them are scored again for
 * every pair of blocks, so memory is bounded by two blocks and the covariances.
 */
#include <math.h>
#include <string.h>

#include "jobs/hierarchy/grouping/gram.h"
#include "jobs/hierarchy/training/learn.h"
#include "jobs/hierarchy/training/scan.h"
#include "jobs/hierarchy/training/scope.h"

static const double saturated = 0.99; /* a score */
/* what a detector at work takes, with what goes in and out; what is given besides */
enum { SCRATCH_SERIES = 16, GIVEN_BYTES = 2 << 20 };

struct component {
    struct scan *scan;
    int64_t n_full; /* slots with a full window */
    double *sigma, *saturation, *usual_variance, *largest_value;
    int64_t *families;
    double **held;  /* [n_detectors] scores of the slots with a full window; NULL: not held */
    int64_t *alive; /* [n_alive] */
    int64_t n_alive;
    double *gram;
    double *shares; /* [n_shares] of bootstraps that have each edge */
    int64_t n_shares;
};

static lode_status refuse(int64_t n_series)
{
    return lode_fail(LODE_E_MEMORY, "%lld series of scores do not fit: stage longer slots",
                     (long long)n_series);
}

/* Scores of one detector over the slots with a full window. */
static lode_status score(const struct component *component, int64_t detector, double *scores)
{
    struct lode_arena *arena = component->scan->task->arena;
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    struct detector_settings settings;
    double *distance = NULL;
    lode_try(lode_take(arena, component->scan->slots.n, &distance));
    lode_try(scan_distance(component->scan, detector, distance, &settings));
    for (int64_t i = 0; i < component->n_full; i++)
        scores[i] = detector_score(
            detector_e(component->sigma[detector], distance[component->scan->reach + i]));
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

/* Sigma and saturation of one detector; its scores too where they are held. */
static lode_status calibrate(const struct component *component, int64_t detector)
{
    struct lode_arena *arena = component->scan->task->arena;
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    const int64_t n = component->n_full;
    struct detector_settings settings;
    double *distance = NULL, *sorted = NULL;
    int64_t above = 0;
    lode_try(lode_take(arena, component->scan->slots.n, &distance));
    lode_try(lode_take(arena, component->scan->slots.n, &sorted));
    lode_try(scan_distance(component->scan, detector, distance, &settings));
    distance += component->scan->reach;
    memcpy(sorted, distance, (size_t)n * sizeof *sorted);
    const bool is_given = scan_is_given(component->scan, detector);
    const double sigma =
        is_given ? GIVEN_SIGMA : detector_sigma(sorted, n, component->scan->options.saturation);
    for (int64_t i = 0; i < n; i++) {
        const double one = detector_score(detector_e(sigma, distance[i]));
        above += is_given ? distance[i] >= 1 : one > saturated;
        if (component->held) component->held[detector][i] = one;
    }
    component->families[detector] = settings.family;
    component->usual_variance[detector] = settings.usual_variance;
    component->largest_value[detector] = settings.largest_value;
    component->sigma[detector] = sigma;
    component->saturation[detector] = (double)above / (double)n;
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

/* How many series of scores there is room for, beside scratch and the covariances of n. */
static int64_t room_for_series(const struct component *component, int64_t n)
{
    const double one = (double)component->n_full * sizeof(double);
    const double left = (double)lode_arena_left(component->scan->task->arena);
    const double scratch = SCRATCH_SERIES * sizeof(double) * (double)component->scan->slots.n +
                           (component->scan->n_given > 0 ? GIVEN_BYTES : 0);
    const double room = (left - scratch - 2.0 * sizeof(double) * (double)n * (double)n) / one;
    return room < 0 ? 0 : room > 1e9 ? 1000000000 : (int64_t)room;
}

static lode_status hold(const struct component *component, int64_t n, double ***series)
{
    struct lode_arena *arena = component->scan->task->arena;
    lode_try(lode_take(arena, n, series));
    for (int64_t i = 0; i < n; i++) lode_try(lode_take(arena, component->n_full, &(*series)[i]));
    return LODE_OK;
}

/* Covariances of alive [first, end) with [other, other_end), from their series one after the other.
 */
struct tile {
    int64_t first, end, other, other_end;
};

static lode_status add_tile(const struct component *component, const struct tile *tile,
                            double *const *series)
{
    struct lode_arena *arena = component->scan->task->arena;
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    const bool is_square = tile->first == tile->other;
    const int64_t rows = tile->end - tile->first;
    const int64_t n = rows + (is_square ? 0 : tile->other_end - tile->other);
    double *means = NULL, *gram = NULL;
    lode_try(lode_take(arena, n, &means));
    lode_try(lode_take(arena, n * n, &gram));
    lode_try(gram_of_series((const double *const *)series, n, component->n_full,
                            component->scan->task, arena, means, gram));
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) {
            const int64_t a = i < rows ? tile->first + i : tile->other + i - rows;
            const int64_t b = j < rows ? tile->first + j : tile->other + j - rows;
            component->gram[a * component->n_alive + b] = gram[i * n + j];
        }
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

static lode_status score_range(const struct component *component, int64_t first, int64_t end,
                               double *const *series)
{
    for (int64_t i = first; i < end; i++)
        lode_try(score(component, component->alive[i], series[i - first]));
    return LODE_OK;
}

/* All pairs of blocks of as many series as fit twice. */
static lode_status gram_in_blocks(const struct component *component)
{
    const int64_t n = component->n_alive;
    int64_t block = room_for_series(component, n) / 2;
    double **series = NULL;
    if (block > n) block = n;
    if (block < 1) return refuse(2);
    lode_try(hold(component, 2 * block, &series));
    for (int64_t first = 0; first < n; first += block) {
        const int64_t end = first + block < n ? first + block : n;
        lode_try(score_range(component, first, end, series));
        lode_try(add_tile(component, &(struct tile){first, end, first, end}, series));
        for (int64_t other = end; other < n; other += block) {
            const int64_t other_end = other + block < n ? other + block : n;
            lode_try(score_range(component, other, other_end, series + (end - first)));
            lode_try(add_tile(component, &(struct tile){first, end, other, other_end}, series));
        }
    }
    return LODE_OK;
}

static lode_status gram_of_held(const struct component *component)
{
    double **series = NULL;
    lode_try(lode_take(component->scan->task->arena, component->n_alive, &series));
    for (int64_t i = 0; i < component->n_alive; i++)
        series[i] = component->held[component->alive[i]];
    const struct tile all = {0, component->n_alive, 0, component->n_alive};
    return add_tile(component, &all, series);
}

/* The graph is that of the coordinator: same covariances, same bits. */
static lode_status find_shares(struct component *component)
{
    struct scan *scan = component->scan;
    struct lode_arena *arena = scan->task->arena;
    struct scope_edges edges = {.task = scan->task};
    double **series = NULL;
    if (scan->options.replicates == 0 || component->n_alive == 0) return LODE_OK;
    if (!component->held) return refuse(scan->n_detectors);
    lode_try(lode_take(arena, component->n_alive, &series));
    for (int64_t i = 0; i < component->n_alive; i++)
        series[i] = component->held[component->alive[i]];
    lode_try(scope_join(component->gram, component->n_alive, &scan->options, NULL, arena, &edges));
    component->n_shares = edges.graph.begin[component->n_alive];
    return scope_stability(&edges, (const double *const *)series, component->n_full,
                           scan->slots.step_ms, &scan->options, arena, &component->shares);
}

static lode_status measure(struct component *component)
{
    struct lode_arena *arena = component->scan->task->arena;
    const int64_t n = component->scan->n_detectors;
    lode_try(lode_take_zero(arena, n, &component->sigma));
    lode_try(lode_take_zero(arena, n, &component->saturation));
    lode_try(lode_take_zero(arena, n, &component->usual_variance));
    lode_try(lode_take_zero(arena, n, &component->largest_value));
    lode_try(lode_take_zero(arena, n, &component->families));
    lode_try(lode_take(arena, n, &component->alive));
    if (!scan_is_fit(component->scan)) return LODE_OK;
    component->n_full = component->scan->slots.n - component->scan->reach;
    if (room_for_series(component, n) >= n) lode_try(hold(component, n, &component->held));
    for (int64_t d = 0; d < n; d++) {
        lode_try(calibrate(component, d));
        if (learned_varies(scan_is_given(component->scan, d), component->sigma[d],
                           component->saturation[d]))
            component->alive[component->n_alive++] = d;
    }
    size_t bytes = 0;
    const uint64_t alive = (uint64_t)component->n_alive;
    if (lode_mul_size(alive * alive, sizeof(double), &bytes) || bytes > lode_arena_left(arena))
        return lode_fail(LODE_E_MEMORY,
                         "the covariances of %lld detectors take %zu bytes, however few the slots: "
                         "stage its counters as several components",
                         (long long)component->n_alive, bytes);
    lode_try(lode_take_zero(arena, component->n_alive * component->n_alive, &component->gram));
    if (component->n_alive == 0) return LODE_OK;
    lode_try(component->held ? gram_of_held(component) : gram_in_blocks(component));
    return find_shares(component);
}

static lode_status pack(const struct component *component, struct lode_bytes *out)
{
    const struct lode_counters_block *about = component->scan->about;
    const size_t size = (size_t)component->scan->n_detectors * sizeof(double);
    struct lode_bytes triangle = {0};
    lode_try(lode_pack_i64(out, component->scan->component));
    lode_try(lode_pack_u64(out, scan_is_fit(component->scan)));
    lode_try(lode_pack_i64(out, component->scan->slots.n));
    lode_try(lode_pack_array(out, (uint32_t)about->n_counters));
    for (int64_t i = 0; i < about->n_counters; i++)
        lode_try(lode_pack_i64(out, about->counters[i]));
    lode_try(lode_pack_bin(out, component->sigma, size));
    lode_try(lode_pack_bin(out, component->saturation, size));
    lode_try(lode_pack_bin(out, component->usual_variance, size));
    lode_try(lode_pack_bin(out, component->largest_value, size));
    for (int64_t i = 0; i < component->scan->n_detectors; i++)
        lode_try(lode_pack_i64(out, component->families[i]));
    lode_status status = LODE_OK;
    for (int64_t i = 0; i < component->n_alive && !status; i++)
        status = lode_bytes_append(&triangle, &component->gram[i * component->n_alive + i],
                                   (size_t)(component->n_alive - i) * sizeof(double));
    if (!status) status = lode_pack_bin(out, triangle.data, triangle.size);
    if (!status)
        status = lode_pack_bin(out, component->shares,
                               (size_t)component->n_shares * sizeof *component->shares);
    lode_bytes_clear(&triangle);
    return status;
}

lode_status hierarchy_learn_leaf(struct lode_task *task)
{
    struct scan scan;
    struct lode_unpack in = lode_unpack_begin(task->input, task->input_size);
    lode_status status = LODE_OK;
    uint32_t n = 0;
    lode_try(scan_begin(task, task->index, &scan));
    lode_try_done(lode_unpack_array(&in, &n));
    lode_try_done(lode_pack_array(task->output, n));
    for (uint32_t i = 0; i < n; i++) {
        const struct lode_arena_mark mark = lode_arena_mark(task->arena);
        struct component component = {.scan = &scan};
        lode_try_done(scan_component(&scan, &in));
        status = measure(&component);
        if (status) status = scan_note(&scan, status);
        if (status) goto done;
        lode_try_done(pack(&component, task->output));
        lode_arena_rewind(task->arena, mark);
    }
    lode_try_done(lode_unpack_end(&in));
done:
    scan_end(&scan);
    return status;
}
