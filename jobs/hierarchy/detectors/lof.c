/* LOF: has the shape of the newest slots a like among the window's earlier ones?
 *
 * A shapelet is s = r slots in a row, as a point of s dimensions. Its k-distance is that to the
 * k-th nearest of the H shapelets right before it that share no slot with it. The newest one is an
 * outlier if its k-distance is larger than those that its k nearest have themselves:
 *
 *     D = max(0, F - 1),  F = d(newest) / max(mean of d over its k nearest, mean of d over all H /
 * 10)
 *
 * with d the k-distance, H = floor((W + 2 - 3 s) / 2), so that all of it lies within W slots, and
 * k = H / 8, at least 3 and at most 20. F is at most 1000, also where the mean is 0 (a shape among
 * equal ones). It is the simplified local outlier factor, with each neighbour's k-distance taken
 * when it was the newest: so a slot costs one search, not one for each neighbour.
 *
 * Time of change: where the newest shapelet begins. Cost O(W r) a slot.
 * Sources: M. Breunig et al., LOF, SIGMOD 2000, 93-104; E. Schubert, A. Zimek, H.-P. Kriegel, Data
 * Mining and Knowledge Discovery 28, 190-237 (2014), section 4.1 (simplified LOF).
 */
#include <math.h>
#include <string.h>

#include "jobs/hierarchy/detectors/window.h"

enum { MOST_NEIGHBOURS = 20, LEAST_NEIGHBOURS = 3, LEAST_REFERENCES = 6 };
static const double most_factor = 1000.0, densest = 0.1;

/* What is the same for all slots, and scratch. */
struct lof {
    int64_t length, references, k; /* s, H, k */
    double *squared;               /* [references] distances to a shapelet */
    double *k_distance;            /* [n] of the shapelet that ends at a slot */
};

/* The nearest references of one shapelet, nearest first; of equals the newest first. */
struct nearest {
    int64_t count;
    double squared[MOST_NEIGHBOURS];
    int64_t at[MOST_NEIGHBOURS]; /* slots where they end */
};

static struct lof lof_of(const struct detector_settings *settings)
{
    const int64_t length = settings->edge, references = (settings->window + 2 - 3 * length) / 2;
    int64_t k = references / 8;
    if (k < LEAST_NEIGHBOURS) k = LEAST_NEIGHBOURS;
    if (k > MOST_NEIGHBOURS) k = MOST_NEIGHBOURS;
    return (struct lof){.length = length, .references = references, .k = k};
}

static void insert(struct nearest *nearest, int64_t k, double squared, int64_t at)
{
    int64_t place = nearest->count < k ? nearest->count++ : k - 1;
    for (; place > 0 && squared < nearest->squared[place - 1]; place--) {
        nearest->squared[place] = nearest->squared[place - 1];
        nearest->at[place] = nearest->at[place - 1];
    }
    nearest->squared[place] = squared;
    nearest->at[place] = at;
}

/* Neighbours of the shapelet that ends at slot `end`, and its k-distance. */
static void find_nearest(struct lof *lof, const double *values, int64_t end,
                         struct nearest *nearest)
{
    const int64_t first = end - lof->length - lof->references + 1; /* where the oldest one ends */
    double *restrict squared = lof->squared;
    memset(squared, 0, (size_t)lof->references * sizeof *squared);
    for (int64_t slot = 0; slot < lof->length; slot++) {
        const double *restrict x = values + first - slot;
        const double newest = values[end - slot];
        for (int64_t j = 0; j < lof->references; j++)
            squared[j] += (x[j] - newest) * (x[j] - newest);
    }
    nearest->count = 0;
    for (int64_t j = lof->references - 1; j >= 0; j--)
        if (nearest->count < lof->k || squared[j] < nearest->squared[lof->k - 1])
            insert(nearest, lof->k, squared[j], first + j);
    lof->k_distance[end] = sqrt(nearest->squared[lof->k - 1]);
}

static double distance_of(const struct lof *lof, int64_t end, const struct nearest *nearest)
{
    const double *references = lof->k_distance + end - lof->length - lof->references + 1;
    double local = 0.0, all = 0.0;
    if (!(lof->k_distance[end] > 0.0)) return 0.0;
    for (int64_t k = 0; k < nearest->count; k++) local += lof->k_distance[nearest->at[k]];
    for (int64_t j = 0; j < lof->references; j++) all += references[j];
    local /= (double)nearest->count;
    all *= densest / (double)lof->references;
    const double factor = lof->k_distance[end] / (local > all ? local : all);
    if (!(factor < most_factor)) return most_factor - 1.0; /* also where it is not a number */
    return factor > 1.0 ? factor - 1.0 : 0.0;
}

static lode_status scan(const struct detector_settings *settings, const double *values, int64_t n,
                        struct lode_arena *arena, double *distance, int32_t *since)
{
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    struct lof lof = lof_of(settings);
    struct nearest nearest = {0};
    if (lof.references < LEAST_REFERENCES)
        return lode_fail(LODE_E_USAGE,
                         "detector 'lof': a window of %lld slots is too short for shapes of %lld: "
                         "it takes %lld",
                         (long long)settings->window, (long long)lof.length,
                         3LL * lof.length + 2LL * LEAST_REFERENCES - 2);
    window_clear(n, distance, since);
    lode_try(lode_take(arena, lof.references, &lof.squared));
    lode_try(lode_take(arena, n, &lof.k_distance));
    for (int64_t i = 2 * lof.length + lof.references - 2; i < n; i++) {
        find_nearest(&lof, values, i, &nearest);
        if (i < settings->window - 1) continue;
        distance[i] = distance_of(&lof, i, &nearest);
        if (since && distance[i] > 0.0) since[i] = (int32_t)(settings->window - lof.length);
    }
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

const struct detector_kind lof_detector = {
    .name = "lof",
    .summary = "the shape of the newest slots is unlike any in the window (local outlier factor)",
    .reach = window_reach,
    .scan = scan,
};
