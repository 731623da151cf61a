/* Issue: each draw has its own stream, so that what is planted of one kind does not depend on
 * whether another is. */
#include "jobs/gen/counters/issue.h"

#include "common/hash.h"
#include "common/stats/random.h"
#include "common/text.h"
#include "jobs/gen/counters/service.h"

#include <stdio.h>
#include <string.h>

enum { SHORTEST = 5, LONGEST = 30, NOISE_SHORTEST = 3, NOISE_LONGEST = 15, NOISE_ROOM = 30 };
static const double ACROSS_SHARE = 0.15, ISSUE_SHARE = 0.5, NOISE_SHARE = 0.5;

static const char *const kind_names[ISSUE_KINDS + 1] = {"spike", "spike_and_drop", "across",
                                                        "noise", NULL};

const char *issue_kind_name(enum issue_kind kind)
{
    return kind_names[kind];
}

static lode_status add_kind(const char *name, size_t size, uint32_t *planted)
{
    char given[64];
    for (int i = 0; i < ISSUE_KINDS; i++) {
        if (strlen(kind_names[i]) != size || memcmp(kind_names[i], name, size) != 0) continue;
        *planted |= UINT32_C(1) << i;
        return LODE_OK;
    }
    snprintf(given, sizeof given, "%.*s", (int)size, name);
    const char *near = lode_text_nearest(given, kind_names);
    return lode_fail(LODE_E_USAGE,
                     "'%s' cannot be planted%s%s%s; there are all, none, spike, spike_and_drop, "
                     "across, noise",
                     given, near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

lode_status issue_read_kinds(const char *list, uint32_t *planted)
{
    uint32_t read = 0;
    const bool is_all = strcmp(list, "all") == 0;
    for (const char *at = list; !is_all && strcmp(list, "none") != 0;) {
        const size_t size = strcspn(at, ",");
        lode_try(add_kind(at, size, &read));
        at += size;
        if (*at++ == '\0') break;
    }
    *planted = is_all ? ISSUE_ALL : read;
    return LODE_OK;
}

/* The stream of one thing. */
static struct lode_random draw(const struct gen_counters_options *options, enum issue_kind kind,
                               int64_t component, int64_t counter, int64_t period)
{
    const int64_t item[] = {kind, component, counter, period};
    return lode_random_begin(options->seed, lode_hash(item, sizeof item));
}

static double between(struct lode_random *random, double least, double most)
{
    return least + (most - least) * lode_random_uniform(random);
}

int64_t issue_period(const struct gen_counters_options *options)
{
    return options->slots < ISSUE_PERIOD ? options->slots : ISSUE_PERIOD;
}

/* When: anywhere inside of the period. */
static void place(struct lode_random *random, int64_t first_slot, int64_t period, int64_t shortest,
                  int64_t longest, struct issue *issue)
{
    const int64_t spread = (longest < period / 2 ? longest : period / 2) - shortest + 1;
    const int64_t length = shortest + (int64_t)lode_random_below(random, (uint64_t)spread);
    const int64_t room = period - length + 1;
    issue->first = first_slot + (int64_t)lode_random_below(random, (uint64_t)room);
    issue->end = issue->first + length;
}

struct issue issue_of_period(const struct gen_counters_options *options, int64_t component,
                             int64_t period)
{
    const int64_t length = issue_period(options);
    const int64_t first = options->slots + period * length;
    const int64_t groups = service_groups(options->counters);
    struct issue issue = {.falling = -1};
    if (first + length > 2 * options->slots) return issue; /* the rest, shorter than a period */
    struct lode_random random = draw(options, ISSUE_ACROSS, service_of_part(component), 0, period);
    issue.exists = lode_random_chance(&random, ACROSS_SHARE);
    issue.kind = ISSUE_ACROSS;
    if (!issue.exists) {
        random = draw(options, ISSUE_SPIKE, component, 0, period);
        issue.exists = lode_random_chance(&random, ISSUE_SHARE);
        issue.kind = lode_random_chance(&random, 0.5) ? ISSUE_SPIKE : ISSUE_SPIKE_AND_DROP;
    }
    place(&random, first, length, SHORTEST, LONGEST, &issue);
    issue.rising = (int64_t)lode_random_below(&random, (uint64_t)groups);
    issue.rises = between(&random, 0.8, 1.5);
    issue.falls = between(&random, 0.6, 0.85);
    if (issue.kind == ISSUE_SPIKE_AND_DROP && groups > 1) {
        const int64_t other = (int64_t)lode_random_below(&random, (uint64_t)groups - 1);
        issue.falling = other + (other >= issue.rising);
    }
    issue.exists &= options->planted >> issue.kind & 1;
    issue.exists &= issue.kind != ISSUE_SPIKE_AND_DROP || groups > 1;
    return issue;
}

struct issue issue_noise(const struct gen_counters_options *options, int64_t component,
                         int64_t counter, int64_t period)
{
    const int64_t first = period * ISSUE_NOISE_PERIOD, end = 2 * options->slots;
    const int64_t length = end - first < ISSUE_NOISE_PERIOD ? end - first : ISSUE_NOISE_PERIOD;
    struct issue issue = {.kind = ISSUE_NOISE, .rising = counter, .falling = -1};
    if (length < NOISE_ROOM || !(options->planted >> ISSUE_NOISE & 1)) return issue;
    struct lode_random random = draw(options, ISSUE_NOISE, component, counter, period);
    issue.exists = lode_random_chance(&random, NOISE_SHARE);
    place(&random, first, length, NOISE_SHORTEST, NOISE_LONGEST, &issue);
    issue.rises = between(&random, 0.8, 1.5);
    return issue;
}

double issue_factor(const struct gen_counters_options *options, const struct issue *issue,
                    int64_t counter)
{
    const int64_t group = service_group(counter, options->counters);
    if (!issue->exists) return 1.0;
    if ((issue->kind == ISSUE_NOISE ? counter : group) == issue->rising) return 1.0 + issue->rises;
    return group == issue->falling ? 1.0 - issue->falls : 1.0;
}
