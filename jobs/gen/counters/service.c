/* Service: see the header. */
#include "jobs/gen/counters/service.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const services[] = {"shop", "search", "pay",  "mail",
                                       "maps", "video",  "chat", "ads"};
static const char *const components[SERVICE_COMPONENTS] = {"web", "api", "database", "queue"};
static const char *const parts[SERVICE_PARTS] = {"front", "worker", "store"};
static const char *const groups[] = {"requests", "latency", "cpu",    "memory",
                                     "disk",     "network", "errors", "connections"};
enum { SERVICES = sizeof services / sizeof *services, GROUPS = sizeof groups / sizeof *groups };

/* "shop", "shop2" for the second round of the words. */
static void put_word(const char *const *words, int64_t n_words, int64_t index, char *text)
{
    const char *word = words[index % n_words];
    if (index < n_words)
        snprintf(text, SERVICE_NAME_SIZE / 2, "%s", word);
    else
        snprintf(text, SERVICE_NAME_SIZE / 2, "%s%" PRId64, word, index / n_words + 1);
}

void service_component_name(int64_t component, char *name)
{
    char service[SERVICE_NAME_SIZE / 2];
    put_word(services, SERVICES, service_of(component), service);
    snprintf(name, SERVICE_NAME_SIZE, "%s.%s.%s", service,
             components[service_of_part(component) % SERVICE_COMPONENTS],
             parts[component % SERVICE_PARTS]);
}

void service_counter_name(int64_t counter, int64_t n_counters, char *name)
{
    char group[SERVICE_NAME_SIZE / 2];
    const int64_t index = service_group(counter, n_counters);
    put_word(groups, GROUPS, index, group);
    snprintf(name, SERVICE_NAME_SIZE, "%s_%" PRId64, group, counter - index * SERVICE_GROUP + 1);
}
