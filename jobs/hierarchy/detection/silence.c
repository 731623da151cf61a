/* Silence: see the header. */
#include "jobs/hierarchy/detection/silence.h"

/* So many times longer than it was usual, in samples. */
enum { LONGER = 2 };

lode_status silence_find(struct scoring *s, int64_t node, struct silence *silence)
{
    const struct plan_node *leaf = &s->plan->nodes[node];
    const int64_t newest = s->about->n_times - 1;
    const int64_t window_ms = leaf->settings.window * s->plan->step_ms;
    int64_t last = s->latest[node], before = -1;
    double value = 0.0;
    *silence = (struct silence){0};
    if (leaf->kind != PLAN_LEAF || !s->is_there[node]) return LODE_OK;
    if (last < s->fresh)
        lode_try(scoring_look_back(s, leaf->counter, s->about->n_times, &last, &value));
    if (last < 0) return LODE_OK; /* never had one */
    if (last >= s->fresh && s->times[newest] - s->times[last] <= window_ms) return LODE_OK;
    lode_try(scoring_look_back(s, leaf->counter, last, &before, &value));
    const int64_t usual = before >= 0 ? last - before : 1;
    silence->is_silent = newest - last > LONGER * usual;
    silence->since_ms = s->times[last];
    return LODE_OK;
}
