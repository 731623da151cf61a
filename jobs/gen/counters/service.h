/* Service: names of components and counters, and which belong together. Pure. */
#ifndef LODE_JOBS_GEN_COUNTERS_SERVICE_H
#define LODE_JOBS_GEN_COUNTERS_SERVICE_H

#include <stdint.h>

enum {
    SERVICE_PARTS = 3,      /* sub-components of a component */
    SERVICE_COMPONENTS = 4, /* of a service */
    SERVICE_GROUP = 5,      /* counters that move together; the last group may have more */
    SERVICE_NAME_SIZE = 64
};

/* "shop.web.front" of sub-component [0, ...), into name [SERVICE_NAME_SIZE]. */
void service_component_name(int64_t component, char *name);
/* "requests_1" of a counter. */
void service_counter_name(int64_t counter, int64_t n_counters, char *name);

/* The component that a sub-component is a part of, and the service of that. */
static inline int64_t service_of_part(int64_t component)
{
    return component / SERVICE_PARTS;
}
static inline int64_t service_of(int64_t component)
{
    return service_of_part(component) / SERVICE_COMPONENTS;
}

static inline int64_t service_groups(int64_t n_counters)
{
    return n_counters < SERVICE_GROUP ? 1 : n_counters / SERVICE_GROUP;
}
static inline int64_t service_group(int64_t counter, int64_t n_counters)
{
    const int64_t group = counter / SERVICE_GROUP, last = service_groups(n_counters) - 1;
    return group < last ? group : last;
}

#endif
