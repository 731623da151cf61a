/* Prepare: see the header. */
#include "jobs/stage/counters/rates/prepare.h"

#include "common/file.h"
#include "common/hash.h"
#include "jobs/stage/counters/rates/naming.h"
#include "jobs/stage/counters/rates/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The first `n_generations` of a store as one number: the checksums of their files, in order. */
static lode_status digest(const struct lode_store *store, int64_t n_generations,
                          struct lode_arena *arena, uint64_t *out)
{
    uint64_t *sums = NULL;
    int64_t n = 0;
    lode_try(lode_take(arena, store->n_partitions + store->n_later + 1, &sums));
    sums[n++] = (uint64_t)store->n_partitions;
    for (int64_t i = 0; i < store->n_partitions; i++) sums[n++] = store->partitions[i].checksum;
    for (int64_t i = 0; i < store->n_later; i++)
        if (store->later[i].generation <= n_generations) sums[n++] = store->later[i].checksum;
    *out = lode_hash(sums, (size_t)n * sizeof *sums);
    return LODE_OK;
}

static lode_status open_events(struct counting *c)
{
    const char *input = c->options.inputs[0];
    char *path = NULL;
    if (c->options.n_inputs != 1)
        return lode_fail(LODE_E_USAGE, "rates are counted from one store, without files beside it; "
                                       "--append adds those");
    lode_try(lode_path_absolute(input, c->arena, &path));
    lode_try(lode_store_open(path, &c->events));
    if (strcmp(c->events->kind, LODE_STORE_EVENTS) == 0) return LODE_OK;
    return lode_fail(LODE_E_INPUT, "%s: a store of kind %s; rates are counted from one of events",
                     input, c->events->kind);
}

/* Options that say what rows of files mean. */
static lode_status check_options(const struct counting *c)
{
    const struct stage_counters_options *o = &c->options;
    const char *name = o->time        ? "--time"
                       : o->counter   ? "--counter"
                       : o->value     ? "--value"
                       : o->timezone  ? "--timezone"
                       : o->time_unit ? "--time-unit"
                       : o->aggregate ? "--aggregate"
                                      : NULL;
    if (name)
        return lode_fail(LODE_E_USAGE, "%s is about rows of files; rates are counted from a store",
                         name);
    return LODE_OK;
}

/* "{region}" of attribute region, a name that is given, or the store's: "web" of web.lode. */
static lode_status name_component(struct counting *c)
{
    struct counters_rates *rates = &c->options.rates;
    const char *attribute = c->asked_component;
    const char *path = c->events->path;
    const char *last = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    const size_t size = strlen(last), end = strlen(".lode");
    const bool has_end = size > end && strcmp(last + size - end, ".lode") == 0;
    char *name = NULL;
    if (!c->before) c->options.component = NULL; /* not a column of files that may be appended */
    if (attribute && rates->component_name)
        return lode_fail(LODE_E_USAGE, "--component and --component-name both say whose the rates "
                                       "are: one of them");
    if (rates->component_name) return LODE_OK;
    if (!attribute) {
        lode_try(lode_arena_text(c->arena, last, has_end ? size - end : size, &name));
    } else {
        const size_t room = strlen(attribute) + sizeof "{}";
        lode_try(lode_take(c->arena, room, &name));
        snprintf(name, room, "{%s}", attribute);
    }
    rates->component_name = name;
    return LODE_OK;
}

/* Rates that a store gets for the first time. */
static lode_status check_new(const struct counting *c)
{
    const struct counters_rates *rates = &c->options.rates;
    if (rates->n == 0)
        return lode_fail(LODE_E_USAGE,
                         "%s: what of its events is to be counted? --rates FILE.yaml or --rate "
                         "\"NAME: EXPRESSION\" says it",
                         c->options.inputs[0]);
    for (int64_t i = 0; i < rates->n && c->before; i++)
        if (lode_store_find_counter(c->before, rates->list[i].name) >= 0)
            return lode_fail(LODE_E_USAGE,
                             "%s:%lld:%lld: rate '%s': the store has a counter of that name; "
                             "choose another",
                             rates->list[i].file, (long long)rates->list[i].line,
                             (long long)rates->list[i].column, rates->list[i].name);
    return LODE_OK;
}

/* The store of events must be the one that was counted before, grown. */
static lode_status check_grown(const struct counting *c, const struct lode_store *before)
{
    const struct counters_rates *rates = &c->options.rates;
    uint64_t was = 0;
    if (c->asked_component)
        return lode_fail(LODE_E_USAGE, "--component: %s knows whose its rates are; leave it out",
                         before->path);
    lode_try(digest(c->events, rates->n_generations, c->arena, &was));
    if (c->events->n_generations < rates->n_generations || was != rates->events_digest)
        return lode_fail(LODE_E_INPUT,
                         "%s: not the store of events from which the rates of %s were counted, or "
                         "staged anew since: then stage the rates anew, too",
                         c->options.inputs[0], before->path);
    if (c->events->n_generations > rates->n_generations) return LODE_OK;
    return lode_fail(LODE_E_INPUT, "%s: has not grown since its rates were counted: nothing new",
                     c->options.inputs[0]);
}

static lode_status check_slot(const struct counting *c)
{
    if (c->options.slot_ms == 0 && c->before)
        return lode_fail(LODE_E_USAGE,
                         "%s: has samples as they were; rates are counts of slots: they need a "
                         "store that was staged with --slot",
                         c->before->path);
    if (c->options.slot_ms == 0)
        return lode_fail(LODE_E_USAGE, "rates are counts of slots: give --slot, such as 1m");
    if (c->options.slot_ms <= RATES_SLOT_MOST_MS) return LODE_OK;
    return lode_fail(LODE_E_USAGE, "--slot: %" PRId64 " ms are too long", c->options.slot_ms);
}

/* About 32 MiB of the store of events to a partition of counters, as of files. */
static int64_t count_partitions(const struct counting *c)
{
    const uint64_t bytes = c->options.partition_bytes > 0 ? c->options.partition_bytes : 1;
    uint64_t total = 0;
    for (int64_t i = 0; i < c->events->n_partitions; i++)
        total += (uint64_t)lode_store_partition_bytes(&c->events->partitions[i]);
    const uint64_t n = total / bytes + (total % bytes > 0);
    if (n > STAGE_PARTITIONS_LIMIT) return STAGE_PARTITIONS_LIMIT;
    return n < 1 ? 1 : (int64_t)n;
}

static lode_status list_names(struct counting *c)
{
    const char **names = NULL;
    lode_try(lode_take(c->arena, c->options.rates.n, &names));
    for (int64_t i = 0; i < c->options.rates.n; i++) names[i] = c->options.rates.list[i].name;
    c->plan.n_rates = (int32_t)c->options.rates.n;
    c->plan.rates = names;
    return LODE_OK;
}

lode_status rates_prepare(struct counting *c)
{
    struct counters_rates *rates = &c->options.rates;
    const struct lode_store *before = c->before;
    struct naming naming;
    lode_try(open_events(c));
    lode_try(check_slot(c));
    if (!before) lode_try(check_options(c));
    if (before && rates->n_generations > 0) {
        lode_try(check_grown(c, before));
    } else {
        lode_try(check_new(c));
        lode_try(name_component(c));
    }
    lode_try(naming_make(rates->component_name, c->events, c->arena, &naming));
    lode_try(rates_compile(rates, c->events, c->arena, &c->rates));
    c->rates.events = c->events->path;
    c->rates.n_parts = c->events->n_partitions;
    c->rates.n_generations = c->events->n_generations;
    c->rates.n_counted = rates->n_generations;
    c->rates.component_name = rates->component_name;
    c->rates.slot_ms = c->options.slot_ms;
    rates->n_generations = c->rates.n_generations;
    lode_try(digest(c->events, rates->n_generations, c->arena, &rates->events_digest));
    c->plan.n_partitions = before ? before->n_partitions : count_partitions(c);
    return list_names(c);
}
