/* Health: see the header. */
#include "jobs/hierarchy/alerts/health.h"

#include <math.h>

double health_after(const struct health_firing *firing)
{
    if (!(firing->peak > 0.0)) return 1.0; /* a threshold of 0 is reached by nothing at all */
    return pow(firing->threshold / (firing->threshold + firing->peak), firing->severity);
}

const char *health_colour(const struct health *health)
{
    if (isnan(health->value)) return "unknown";
    if (health->value >= 0.75) return health->n_unknown > 0 ? "unknown" : "green";
    if (health->value >= 0.5) return "yellow";
    return health->value >= 0.25 ? "orange" : "red";
}

void health_of_components(const int64_t *parents, const enum health_sight *sights,
                          int64_t n_components, const struct health_firing *firings, int64_t n,
                          struct health *health)
{
    for (int64_t c = 0; c < n_components; c++)
        health[c] = (struct health){.value = (double)NAN, .worst = -1};
    for (int64_t i = 0; i < n_components; i++)
        for (int64_t c = i; sights[i] != HEALTH_NO_SAMPLES && c >= 0; c = parents[c]) {
            if (sights[i] == HEALTH_WATCHED) health[c].value = 1.0;
            health[c].n_unknown += sights[i] == HEALTH_UNKNOWN;
        }
    for (int64_t i = 0; i < n; i++) {
        const double value = health_after(&firings[i]);
        for (int64_t c = firings[i].component; c >= 0; c = parents[c])
            if (!(value >= health[c].value)) {
                health[c].value = value;
                health[c].worst = i;
            }
    }
}
