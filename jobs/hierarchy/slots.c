/* Slots: see the header. */
#include "jobs/hierarchy/slots.h"

#include <math.h>

static const int64_t most_slots = INT64_C(1) << 40;

bool slots_are_hollow(const struct lode_component *component)
{
    enum { FEW = 10000000, A_SAMPLE = 10 };
    int64_t length = 0;
    if (component->step_ms < 1) return false;
    if (__builtin_sub_overflow(component->last_ms, component->first_ms, &length)) return true;
    const int64_t n = length / component->step_ms;
    return n > FEW && n / A_SAMPLE > component->n_times;
}

lode_status slots_make(int64_t first_ms, int64_t last_ms, int64_t step_ms, struct slots *slots)
{
    int64_t length = 0;
    if (step_ms < 1 || last_ms < first_ms)
        return lode_fail(LODE_E_BUG, "slots of %lld ms from %lld to %lld", (long long)step_ms,
                         (long long)first_ms, (long long)last_ms);
    if (__builtin_sub_overflow(last_ms, first_ms, &length) || length / step_ms >= most_slots - 1)
        return lode_fail(LODE_E_INPUT, "samples from %lld to %lld ms are too many slots of %lld ms",
                         (long long)first_ms, (long long)last_ms, (long long)step_ms);
    *slots = (struct slots){.first_ms = first_ms, .step_ms = step_ms};
    slots->n = slots_of(slots, last_ms) + 1;
    return LODE_OK;
}

int64_t slots_of(const struct slots *slots, int64_t time_ms)
{
    int64_t since = 0;
    if (__builtin_sub_overflow(time_ms, slots->first_ms, &since))
        return time_ms < slots->first_ms ? -1 : INT64_MAX;
    int64_t slot = since / slots->step_ms, rest = since % slots->step_ms;
    if (rest < 0) {
        rest += slots->step_ms;
        slot--;
    }
    return rest >= slots->step_ms - rest ? slot + 1 : slot;
}

void slots_place(const struct slots *slots, const int64_t *times, const double *values, int64_t n,
                 double *placed)
{
    for (int64_t i = 0; i < slots->n; i++) placed[i] = (double)NAN;
    for (int64_t i = 0; i < n; i++) {
        const int64_t slot = slots_of(slots, times[i]);
        if (slot < 0 || slot >= slots->n || isnan(values[i])) continue;
        placed[slot] = values[i];
    }
}
