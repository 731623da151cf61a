/* Shift: how far is the mean of the newest slots from that of the hour before, in units of the
 * noise that the counter shows now plus the noise that it usually shows?
 *
 *     D = (a - b)^2 / (v + g)
 *
 * a is the mean of the newest r slots, b that of the slots before them in the window, v the
 * variance of the slots before them in the noise window (population variance about their own mean),
 * g the mean of v over the training slots. This is eight times the Bhattacharyya distance of two
 * normal distributions with variance v + g. v makes a counter that is in a wild phase, or shortly
 * after an event, move further before it counts; g keeps one that has been calm by chance from
 * counting every tremor.
 *
 * Rounding is no change: of constant stretches differences of means are some 1e-16 of the values,
 * and the calibration, which knows nothing of units, would make scores of them. So a - b below
 * 1.4e-14 of the largest |value| and v below the square of that count as 0: what rounds is sums in
 * trees (FAMILY_ROUNDING), and variances are joined without cancellation. More would make the noise
 * of a large level nothing, as that of free bytes is. A counter with g = 0 has D = 0.
 *
 * Three sums a slot, each over a range whose bits depend on the range alone (range_sums.h): cost
 * O(log window), no sum runs on from slot to slot, so nothing drifts, and the newest slots alone
 * give the D that the whole series gave. Time of change: of the newest 1, 2, .. r slots those with
 * the largest k (mean - b)^2, the likeliest beginning in equal normal noise; the longest of equals.
 */
#include <math.h>

#include "jobs/hierarchy/detectors/families.h"
#include "jobs/hierarchy/detectors/range_sums.h"
#include "jobs/hierarchy/detectors/window.h"

enum { CHUNK = 2048 };

static const double most = 1e100; /* a D: sigma D stays finite, as do sums of E */

/* Windows that end in the slots of a chunk, one after the other. */
struct windows {
    const struct detector_settings *settings;
    int64_t length;                 /* of the longer window */
    double *x, *scratch;            /* values of the chunk, and of those before; 4 such arrays */
    double *newest, *before;        /* sums: the edge, the rest of the window */
    double *noise_sums, *deviation; /* the rest of the noise window: also squared deviations */
};

static int64_t longer_window(const struct detector_settings *settings)
{
    return settings->window > settings->noise ? settings->window : settings->noise;
}

static int64_t reach(const struct detector_settings *settings)
{
    return longer_window(settings) - 1;
}

static double prepared(double value)
{
    return fmin(fmax(value, -FAMILY_LARGEST), FAMILY_LARGEST);
}

static int64_t chunk_of(int64_t length)
{
    return length > CHUNK ? length : CHUNK;
}

static lode_status make_windows(const struct detector_settings *settings, int64_t n,
                                struct lode_arena *arena, struct windows *w)
{
    *w = (struct windows){.settings = settings, .length = longer_window(settings)};
    const int64_t chunk = chunk_of(w->length) + w->length - 1, room = n < chunk ? n : chunk;
    lode_try(lode_take(arena, room, &w->x));
    lode_try(lode_take(arena, 4 * room, &w->scratch));
    lode_try(lode_take(arena, room, &w->newest));
    lode_try(lode_take(arena, room, &w->before));
    lode_try(lode_take(arena, room, &w->noise_sums));
    return lode_take(arena, room, &w->deviation);
}

/* Sums of `count` windows, the first of which begins with values[0]. */
static void measure(struct windows *w, const double *values, int64_t count)
{
    const struct detector_settings *s = w->settings;
    const int64_t n = count + w->length - 1;
    const int64_t newest = w->length - s->edge, window = w->length - s->window,
                  noise = w->length - s->noise; /* where each begins in the longer one */
    for (int64_t i = 0; i < n; i++) w->x[i] = prepared(values[i]);
    range_sums(w->x + newest, n - newest, s->edge, w->scratch, w->newest);
    range_sums(w->x + window, n - window, s->window - s->edge, w->scratch, w->before);
    range_moments(w->x + noise, n - noise, s->noise - s->edge, w->scratch, w->noise_sums,
                  w->deviation);
}

/* What rounding can make of values up to the largest of training, or the mean of now: squared. */
static double rounding(const struct windows *w, double mean)
{
    const double largest = fmax(w->settings->largest_value, fabs(mean));
    return FAMILY_ROUNDING * (largest * largest);
}

/* v of a window; 0: no more than rounding. */
static double variance_of(const struct windows *w, int64_t i, double mean)
{
    const double variance = w->deviation[i] / (double)(w->settings->noise - w->settings->edge);
    return variance <= rounding(w, mean) ? 0.0 : variance;
}

static double distance_of(const struct windows *w, int64_t i)
{
    const struct detector_settings *s = w->settings;
    const double a = w->newest[i] / (double)s->edge;
    const double b = w->before[i] / (double)(s->window - s->edge);
    const double gap = a - b;
    if (gap * gap <= rounding(w, b)) return 0.0;
    return fmin(most, gap * gap / (variance_of(w, i, b) + s->usual_variance));
}

/* How many of the newest slots have changed: 1 .. edge. */
static int64_t changed_of(const struct windows *w, int64_t i)
{
    const struct detector_settings *s = w->settings;
    const double b = w->before[i] / (double)(s->window - s->edge);
    const double *newest = w->x + i + w->length - 1;
    double sum = 0.0, largest = 0.0;
    int64_t changed = 1;
    for (int64_t k = 1; k <= s->edge; k++) {
        sum += newest[1 - k] - b;
        const double gain = sum * sum / (double)k; /* k (mean - b)^2 */
        if (gain >= largest) {
            largest = gain;
            changed = k;
        }
    }
    return changed;
}

static lode_status check(const struct detector_settings *s)
{
    if (s->edge >= 1 && s->edge < s->window && s->window <= DETECTOR_LONGEST_WINDOW &&
        s->edge < s->noise && s->noise <= DETECTOR_LONGEST_WINDOW)
        return LODE_OK;
    return lode_fail(LODE_E_BUG, "shift: window %lld, edge %lld, noise %lld", (long long)s->window,
                     (long long)s->edge, (long long)s->noise);
}

static lode_status scan(const struct detector_settings *settings, const double *values, int64_t n,
                        struct lode_arena *arena, double *distance, int32_t *since)
{
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    struct windows w;
    lode_try(check(settings));
    window_clear(n, distance, since);
    const int64_t first = reach(settings);
    if (n <= first || !(settings->usual_variance > 0.0)) return LODE_OK;
    lode_try(make_windows(settings, n, arena, &w));
    const int64_t chunk = chunk_of(w.length);
    for (int64_t from = 0; from < n - first; from += chunk) {
        const int64_t count = n - first - from < chunk ? n - first - from : chunk;
        measure(&w, values + from, count);
        for (int64_t i = 0; i < count; i++) {
            const int64_t slot = first + from + i;
            distance[slot] = distance_of(&w, i);
            if (since && distance[slot] > 0.0)
                since[slot] = (int32_t)(w.length - changed_of(&w, i));
        }
    }
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

static lode_status fit(struct detector_settings *settings, const double *values, int64_t n,
                       struct lode_arena *arena)
{
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    const int64_t first = reach(settings);
    struct windows w;
    double sum = 0.0;
    lode_try(check(settings));
    settings->usual_variance = settings->largest_value = 0.0;
    for (int64_t i = 0; i < n; i++)
        settings->largest_value = fmax(settings->largest_value, fabs(prepared(values[i])));
    if (n <= first) return LODE_OK;
    lode_try(make_windows(settings, n, arena, &w));
    const int64_t chunk = chunk_of(w.length);
    for (int64_t from = 0; from < n - first; from += chunk) {
        const int64_t count = n - first - from < chunk ? n - first - from : chunk;
        measure(&w, values + from, count);
        for (int64_t i = 0; i < count; i++) sum += variance_of(&w, i, 0.0);
    }
    settings->usual_variance = sum / (double)(n - first);
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

const struct detector_kind shift_detector = {
    .name = "shift",
    .summary = "the mean has moved, in units of the noise of now and of training",
    .reach = reach,
    .fit = fit,
    .scan = scan,
};
