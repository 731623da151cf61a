/* Memory: deciding; memory_file.c reads and prints. */
#include "jobs/hierarchy/alerts/desk/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "jobs/hierarchy/alerts/desk/memory_order.h"

/* An incident and what comes of it. */
struct incident {
    int64_t n, n_told, suppressed;
    const struct alert_firing **firings; /* [n] in order of start */
    int64_t end_ms;
};

struct deciding {
    struct lode_arena *arena;
    const struct alert_firing *firings;
    int64_t n;
    int64_t *order;                   /* [n] by start */
    struct memory_detector **records; /* [n] of each firing's detector */
    int64_t n_incidents;
    struct incident *incidents; /* [n_incidents] */
    struct alerts alerts;
};

int memory_compare(const struct memory_detector *a, const struct memory_detector *b)
{
    int order = strcmp(a->level, b->level);
    if (order == 0) order = strcmp(a->component, b->component);
    return order != 0 ? order : strcmp(a->detector, b->detector);
}

static int compare_keys(const void *left, const void *right)
{
    return memory_compare(left, right);
}

/* What is known of a detector before what is not: the first of equal keys is kept. */
static int compare_records(const void *left, const void *right)
{
    const struct memory_detector *a = left, *b = right;
    const int order = memory_compare(a, b);
    return order != 0 ? order : (a->last_ms < b->last_ms) - (a->last_ms > b->last_ms);
}

/* The detectors of before and those of the firings, each once, in order. */
static lode_status unite(const struct memory *before, const struct alert_firing *firings, int64_t n,
                         struct lode_arena *arena, struct memory *after)
{
    struct memory_detector *list;
    int64_t count = 0;
    lode_try(lode_take(arena, before->n + n, &list));
    if (before->n > 0) memcpy(list, before->list, (size_t)before->n * sizeof *list);
    for (int64_t i = 0; i < n; i++)
        list[before->n + i] = (struct memory_detector){.level = firings[i].level,
                                                       .component = firings[i].component,
                                                       .detector = firings[i].detector,
                                                       .last_ms = INT64_MIN,
                                                       .told_ms = INT64_MIN,
                                                       .open_ms = INT64_MIN};
    if (before->n + n > 1) qsort(list, (size_t)(before->n + n), sizeof *list, compare_records);
    for (int64_t i = 0; i < before->n + n; i++)
        if (count == 0 || memory_compare(&list[count - 1], &list[i]) != 0) list[count++] = list[i];
    *after = (struct memory){before->next, count, list};
    return LODE_OK;
}

struct item {
    int64_t start_ms, firing;
};

static int compare_items(const void *left, const void *right)
{
    const struct item *a = left, *b = right;
    if (a->start_ms != b->start_ms) return a->start_ms < b->start_ms ? -1 : 1;
    return (a->firing > b->firing) - (a->firing < b->firing);
}

static lode_status put_in_order(struct deciding *d)
{
    struct item *items;
    lode_try(lode_take(d->arena, d->n, &items));
    lode_try(lode_take(d->arena, d->n, &d->order));
    for (int64_t i = 0; i < d->n; i++) items[i] = (struct item){d->firings[i].start_ms, i};
    if (d->n > 1) qsort(items, (size_t)d->n, sizeof *items, compare_items);
    for (int64_t i = 0; i < d->n; i++) d->order[i] = items[i].firing;
    return LODE_OK;
}

static lode_status gather_incidents(struct deciding *d)
{
    for (int64_t i = 0; i < d->n; i++)
        if (d->firings[i].incident > d->n_incidents) d->n_incidents = d->firings[i].incident;
    lode_try(lode_take_zero(d->arena, d->n_incidents, &d->incidents));
    for (int64_t i = 0; i < d->n; i++) d->incidents[d->firings[i].incident - 1].n++;
    for (int64_t i = 0; i < d->n_incidents; i++) {
        struct incident *of = &d->incidents[i];
        lode_try(lode_take(d->arena, of->n, &of->firings));
        of->n = 0;
    }
    for (int64_t k = 0; k < d->n; k++) {
        const struct alert_firing *firing = &d->firings[d->order[k]];
        struct incident *of = &d->incidents[firing->incident - 1];
        const bool lasts = firing->end_ms == INT64_MIN || (of->n > 0 && of->end_ms == INT64_MIN);
        if (lasts)
            of->end_ms = INT64_MIN;
        else if (of->n == 0 || firing->end_ms > of->end_ms)
            of->end_ms = firing->end_ms;
        of->firings[of->n++] = firing;
    }
    return LODE_OK;
}

/* A firing's verdict, from what was known of its detector; in order of start. */
static void judge(struct deciding *d, int64_t i, int64_t cooldown_ms)
{
    const int64_t start_ms = d->firings[i].start_ms;
    struct memory_detector *record = d->records[i];
    struct incident *of = &d->incidents[d->firings[i].incident - 1];
    if (start_ms <= record->last_ms) {
        d->alerts.verdicts[i] = ALERT_KNOWN;
        return;
    }
    record->last_ms = start_ms;
    if (record->told_ms != INT64_MIN && start_ms - record->told_ms < cooldown_ms) {
        d->alerts.verdicts[i] = ALERT_SUPPRESSED;
        d->alerts.n_suppressed++;
        record->suppressed++;
        return;
    }
    d->alerts.verdicts[i] = ALERT_TOLD;
    record->told_ms = start_ms;
    of->suppressed += record->suppressed;
    of->n_told++;
    record->suppressed = 0;
}

static double strength(const struct alert_firing *firing)
{
    return firing->peak > 0.0 ? firing->peak / firing->threshold : 1.0;
}

static uint64_t fingerprint_of(const struct alert_firing *firing)
{
    const uint64_t parts[] = {lode_hash(firing->level, strlen(firing->level)),
                              lode_hash(firing->component, strlen(firing->component)),
                              lode_hash(firing->detector, strlen(firing->detector)),
                              (uint64_t)firing->start_ms};
    return lode_hash(parts, sizeof parts);
}

static struct memory_detector *record_of(const struct deciding *d,
                                         const struct alert_firing *firing)
{
    return d->records[firing - d->firings];
}

static void describe(const struct deciding *d, const struct incident *of,
                     const struct alert_firing *first, int64_t n_told, struct alert *alert)
{
    *alert =
        (struct alert){.first = first,
                       .strongest = of->firings[0],
                       .fingerprint = fingerprint_of(first),
                       .start_ms = first->start_ms,
                       .end_ms = of->end_ms,
                       .n_told = n_told,
                       .suppressed = n_told > 0 ? of->suppressed : record_of(d, first)->suppressed,
                       .n = of->n,
                       .firings = of->firings};
    for (int64_t i = 0; i < of->n; i++) {
        alert->severity = fmax(alert->severity, of->firings[i]->severity);
        if (strength(of->firings[i]) > strength(alert->strongest))
            alert->strongest = of->firings[i];
    }
}

static void tell(struct deciding *d, const struct incident *of, const struct alert_firing *first,
                 int64_t n_told)
{
    describe(d, of, first, n_told, &d->alerts.list[d->alerts.n++]);
}

/* What is told of an incident: firings that are to be, and the end of what was told as lasting, or
 * that it still lasts. */
static void tell_incident(struct deciding *d, const struct incident *of)
{
    const bool lasts = of->end_ms == INT64_MIN;
    if (of->n == 0) return;
    if (of->n_told > 0) {
        struct memory_detector *record = record_of(d, of->firings[0]);
        tell(d, of, of->firings[0], of->n_told);
        if (lasts)
            record->open_ms = of->firings[0]->start_ms;
        else if (record->open_ms == of->firings[0]->start_ms)
            record->open_ms = INT64_MIN; /* this alert says that it has ended */
    }
    for (int64_t i = lasts && of->n_told > 0; i < of->n; i++) { /* but for what was just told */
        struct memory_detector *record = record_of(d, of->firings[i]);
        if (record->open_ms != of->firings[i]->start_ms) continue;
        if (lasts) {
            describe(d, of, of->firings[i], 0, &d->alerts.lasting[d->alerts.n_lasting++]);
            continue;
        }
        tell(d, of, of->firings[i], 0);
        record->open_ms = INT64_MIN;
    }
}

lode_status memory_decide(const struct memory *before, const struct alert_firing *firings,
                          int64_t n, int64_t cooldown_ms, struct lode_arena *arena,
                          struct memory *after, struct alerts *alerts)
{
    struct deciding d = {.arena = arena, .firings = firings, .n = n};
    struct memory made;
    lode_try(unite(before, firings, n, arena, &made));
    lode_try(put_in_order(&d));
    lode_try(gather_incidents(&d));
    lode_try(lode_take(arena, n, &d.records));
    lode_try(lode_take(arena, n, &d.alerts.verdicts));
    lode_try(lode_take(arena, d.n_incidents + n, &d.alerts.list));
    lode_try(lode_take(arena, n, &d.alerts.lasting));
    for (int64_t i = 0; i < n; i++) {
        const struct memory_detector key = {.level = firings[i].level,
                                            .component = firings[i].component,
                                            .detector = firings[i].detector};
        d.records[i] = bsearch(&key, made.list, (size_t)made.n, sizeof key, compare_keys);
    }
    for (int64_t k = 0; k < n; k++) judge(&d, d.order[k], cooldown_ms);
    for (int64_t i = 0; i < d.n_incidents; i++) tell_incident(&d, &d.incidents[i]);
    *after = made;
    *alerts = d.alerts;
    return LODE_OK;
}
