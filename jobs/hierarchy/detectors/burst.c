/* Burst: do high values come more often lately than before, and for how long?
 *
 * The older half of the window says what is high (above its 0.9 quantile q) and how often that is:
 * p = (b + 1/2) / (n + 1), b of its n slots. Among the newest L slots k are high. L is free, from r
 * to all of the newer half: the one that a second state of a higher rate k / L explains best.
 *
 *     D = 2 max over L with k / L > p of  k ln((k / L) / p) + (L - k) ln((1 - k / L) / (1 - p))
 *
 * D / 2 is the log of the likelihood ratio of both states: the weight of a burst with two states
 * whose rates are the two sides' own, and Chernoff's bound of the binomial tail.
 *
 * Time of change: where those L slots begin. Cost O(W) a slot.
 * Source: J. Kleinberg, Bursty and Hierarchical Structure in Streams, Data Mining and Knowledge
 * Discovery 7, 373-397 (2003), section 4 (batched arrivals).
 */
#include "jobs/hierarchy/detectors/natural_log.h"
#include "jobs/hierarchy/detectors/window.h"

/* What is the same for all slots. */
struct burst {
    int64_t older, newer, least; /* slots of both halves; least L */
    int64_t quantile;            /* index of q among the older ones, by size */
    double *log_weight;          /* [newer + 1] k ln k */
};

static lode_status burst_make(const struct detector_settings *settings, struct lode_arena *arena,
                              struct burst *burst)
{
    const int64_t newer = window_newer(settings), older = settings->window - newer;
    *burst = (struct burst){.older = older,
                            .newer = newer,
                            .least = settings->edge < newer ? settings->edge : newer,
                            .quantile = (9 * older + 9) / 10 - 1};
    lode_try(lode_take(arena, newer + 1, &burst->log_weight));
    burst->log_weight[0] = 0.0;
    for (int64_t k = 1; k <= newer; k++) burst->log_weight[k] = (double)k * natural_log((double)k);
    return LODE_OK;
}

/* D of the slot *newest; *length: L, 0 where D is 0. */
static double distance_of(const void *context, const struct sorted_window *older,
                          const double *newest, int64_t *length)
{
    const struct burst *burst = context;
    const double high = older->sorted[burst->quantile];
    const double count = (double)(burst->older - sorted_window_up_to(older, high)) + 0.5;
    const double p = count / ((double)burst->older + 1.0);
    const double log_p = natural_log(p), log_rest = natural_log(1.0 - p);
    double best = 0.0;
    int64_t k = 0;
    *length = 0;
    for (int64_t slots = 1; slots <= burst->newer; slots++) {
        k += newest[1 - slots] > high;
        if (slots < burst->least || !((double)k > p * (double)slots)) continue;
        const double ratio = burst->log_weight[k] + burst->log_weight[slots - k] -
                             burst->log_weight[slots] - (double)k * log_p -
                             (double)(slots - k) * log_rest;
        if (ratio <= best) continue;
        best = ratio;
        *length = slots;
    }
    return 2.0 * best;
}

static lode_status scan(const struct detector_settings *settings, const double *values, int64_t n,
                        struct lode_arena *arena, double *distance, int32_t *since)
{
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    struct burst burst;
    const struct window_halves halves = {settings, distance_of, &burst};
    lode_try(burst_make(settings, arena, &burst));
    lode_try(window_scan_halves(&halves, values, n, arena, distance, since));
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

const struct detector_kind burst_detector = {
    .name = "burst",
    .summary = "high values come more often, or for longer, than in the older half of the window",
    .reach = window_reach,
    .scan = scan,
};
