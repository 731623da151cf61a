/* Memory: deciding; memory_file.c reads and prints, memory_heads.c knows what was told as lasting.
 */
#include "jobs/hierarchy/alerts/desk/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "jobs/hierarchy/alerts/desk/memory_heads.h"
#include "jobs/hierarchy/alerts/desk/memory_order.h"

/* An incident and what comes of it. */
struct incident {
    int64_t n, n_told, suppressed;
    const struct alert_firing **firings; /* [n] in order of start */
    int64_t end_ms;
};

struct deciding {
    struct lode_arena *arena;
    const struct alert_run *run;
    struct memory before, after;
    int64_t known_until_ms; /* what ended by then is known; INT64_MIN: nothing for that reason */
    const struct alert_firing *firings; /* of the run, those that were cut with their start */
    int64_t n;
    struct memory_heads scratch;      /* room for all heads there can be */
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

struct memory_detector *memory_find(const struct memory *memory, const char *level,
                                    const char *component, const char *detector)
{
    const struct memory_detector key = {
        .level = level, .component = component, .detector = detector};
    if (memory->n == 0) return NULL;
    return bsearch(&key, memory->list, (size_t)memory->n, sizeof key, compare_keys);
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
                                                       .told_ms = INT64_MIN};
    if (before->n + n > 1) qsort(list, (size_t)(before->n + n), sizeof *list, compare_records);
    for (int64_t i = 0; i < before->n + n; i++)
        if (count == 0 || memory_compare(&list[count - 1], &list[i]) != 0) list[count++] = list[i];
    *after = (struct memory){.next = before->next, .n = count, .list = list};
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
    const struct alert_firing *firing = &d->firings[i];
    const int64_t start_ms = firing->start_ms;
    struct memory_detector *record = d->records[i];
    struct incident *of = &d->incidents[firing->incident - 1];
    d->alerts.verdicts[i] = ALERT_KNOWN;
    if (start_ms == record->last_ms) record->until_ms = firing->end_ms;
    if (start_ms <= record->last_ms) return;
    record->last_ms = start_ms;
    record->until_ms = firing->end_ms;
    record->head = (struct memory_head){0};
    record->is_open = false;
    if (firing->end_ms != INT64_MIN && firing->end_ms <= d->known_until_ms) return;
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

static uint64_t fingerprint_of(const struct memory_head *head)
{
    const uint64_t parts[] = {lode_hash(head->level, strlen(head->level)),
                              lode_hash(head->component, strlen(head->component)),
                              lode_hash(head->detector, strlen(head->detector)),
                              (uint64_t)head->start_ms};
    return lode_hash(parts, sizeof parts);
}

static struct memory_head head_of(const struct alert_firing *firing)
{
    return (struct memory_head){firing->level, firing->component, firing->detector,
                                firing->start_ms};
}

/* The head as a firing: the one that it is, or, where that is no longer scored, its name and start
 * with what the incident's first firing has else. */
static lode_status find_first(const struct deciding *d, const struct incident *of,
                              const struct memory_head *head, const struct alert_firing **first)
{
    struct alert_firing *made;
    for (int64_t i = 0; i < of->n; i++) {
        const struct memory_head one = head_of(of->firings[i]);
        *first = of->firings[i];
        if (memory_heads_equal(&one, head)) return LODE_OK;
    }
    lode_try(lode_take(d->arena, 1, &made));
    *made = *of->firings[0];
    made->level = head->level;
    made->component = head->component;
    made->detector = head->detector;
    made->start_ms = head->start_ms;
    *first = made;
    return LODE_OK;
}

static lode_status describe(const struct deciding *d, const struct incident *of,
                            const struct memory_head *head, int64_t n_told, struct alert *alert)
{
    const struct memory_detector *record =
        memory_find(&d->after, head->level, head->component, head->detector);
    *alert = (struct alert){.strongest = of->firings[0],
                            .fingerprint = fingerprint_of(head),
                            .start_ms = head->start_ms,
                            .end_ms = of->end_ms,
                            .n_told = n_told,
                            .suppressed = n_told > 0 ? of->suppressed
                                          : record   ? record->suppressed
                                                     : 0,
                            .n = of->n,
                            .firings = of->firings};
    for (int64_t i = 0; i < of->n; i++) {
        alert->severity = fmax(alert->severity, of->firings[i]->severity);
        if (strength(of->firings[i]) > strength(alert->strongest))
            alert->strongest = of->firings[i];
    }
    return find_first(d, of, head, &alert->first);
}

/* What was known of the detector, if this is the firing that it saw last; else NULL. */
static const struct memory_detector *known_of(const struct deciding *d,
                                              const struct alert_firing *firing)
{
    const struct memory_detector *known =
        memory_find(&d->before, firing->level, firing->component, firing->detector);
    return known && known->last_ms == firing->start_ms ? known : NULL;
}

/* What detectors keep of the incident that their last firing is of. */
static void keep_head(struct deciding *d, const struct incident *of,
                      const struct memory_head *first, bool is_open)
{
    for (int64_t i = 0; i < of->n; i++) {
        struct memory_detector *record = d->records[of->firings[i] - d->firings];
        const struct memory_detector *known = known_of(d, of->firings[i]);
        if (record->last_ms != of->firings[i]->start_ms) continue;
        if (!known || !known->is_open) record->head = *first;
        record->is_open = is_open;
    }
}

/* The end of an incident was told: no detector waits for it, also where it is not scored now. */
static void close_head(struct deciding *d, const struct memory_head *head)
{
    for (int64_t i = 0; i < d->after.n; i++) {
        struct memory_detector *record = &d->after.list[i];
        if (record->is_open && memory_heads_equal(&record->head, head)) record->is_open = false;
    }
}

/* What is told of an incident: firings that are to be, and the end of what was told as lasting, or
 * that it still lasts. */
static lode_status tell_incident(struct deciding *d, const struct incident *of)
{
    const bool lasts = of->end_ms == INT64_MIN;
    struct memory_heads open = {0, d->scratch.list};
    struct memory_head first;
    if (of->n == 0) return LODE_OK;
    first = head_of(of->firings[0]);
    for (int64_t i = 0; i < of->n; i++) {
        const struct memory_detector *known = known_of(d, of->firings[i]);
        if (!known || !known->head.level) continue;
        if (known->head.start_ms < first.start_ms) first = known->head;
        if (known->is_open) memory_heads_add(&open, &known->head);
    }
    if (of->n_told > 0)
        lode_try(describe(d, of, &first, of->n_told, &d->alerts.list[d->alerts.n++]));
    for (int64_t i = 0; i < open.n; i++) {
        if (!lasts) close_head(d, &open.list[i]);
        if (of->n_told > 0 && memory_heads_equal(&open.list[i], &first)) continue;
        lode_try(describe(d, of, &open.list[i], 0,
                          lasts ? &d->alerts.lasting[d->alerts.n_lasting++]
                                : &d->alerts.list[d->alerts.n++]));
    }
    keep_head(d, of, &first, lasts && (of->n_told > 0 || open.n > 0));
    return LODE_OK;
}

/* --- what was told and is not found --- */

static lode_status tell_head(struct deciding *d, const struct memory_head *head, int64_t end_ms,
                             const char *why)
{
    struct alert *alert = end_ms == INT64_MIN ? &d->alerts.lasting[d->alerts.n_lasting++]
                                              : &d->alerts.list[d->alerts.n++];
    *alert = (struct alert){.fingerprint = fingerprint_of(head)};
    return memory_heads_alert(head, end_ms, why, d->arena, alert);
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static lode_status tell_lost(struct deciding *d)
{
    struct memory_heads found = {0, d->scratch.list}, vanished, unseen;
    for (int64_t i = 0; i < d->n; i++) {
        const struct memory_detector *known = known_of(d, &d->firings[i]);
        if (known && known->is_open) memory_heads_add(&found, &known->head);
    }
    lode_try(memory_heads_lost(&d->before, d->run, &found, d->arena, &vanished, &unseen));
    for (int64_t i = 0; i < vanished.n; i++) {
        const struct memory_head *head = &vanished.list[i];
        const struct alert_scored *scored = memory_heads_scored(d->run, head->component);
        lode_try(tell_head(d, head,
                           scored ? later(head->start_ms, scored->from_ms) : head->start_ms,
                           "fires no longer"));
        close_head(d, head);
    }
    for (int64_t i = 0; i < unseen.n; i++)
        lode_try(tell_head(d, &unseen.list[i], INT64_MIN, "lasted when it was scored last"));
    return LODE_OK;
}

/* The memory of another model: what it told as lasting has an end, nothing else counts. */
static lode_status forget(struct deciding *d)
{
    struct memory_heads open = {0, d->scratch.list};
    for (int64_t i = 0; i < d->before.n; i++)
        if (d->before.list[i].is_open) memory_heads_add(&open, &d->before.list[i].head);
    for (int64_t i = 0; i < open.n; i++)
        lode_try(tell_head(d, &open.list[i], later(open.list[i].start_ms, d->before.until_ms),
                           "is not watched any more: the model was learned anew"));
    d->known_until_ms = d->before.until_ms;
    d->before.n = 0;
    return LODE_OK;
}

/* --- all of it --- */

/* A firing that is cut goes on from one that was seen, if that lasted: it has its start. */
static lode_status mend_cuts(struct deciding *d)
{
    struct alert_firing *mended;
    lode_try(lode_take(d->arena, d->n, &mended));
    for (int64_t i = 0; i < d->n; i++) {
        const struct memory_detector *known = memory_find(
            &d->before, d->firings[i].level, d->firings[i].component, d->firings[i].detector);
        mended[i] = d->firings[i];
        if (!mended[i].is_cut || !known || known->last_ms >= mended[i].start_ms) continue;
        if (known->until_ms == INT64_MIN || known->until_ms > mended[i].start_ms)
            mended[i].start_ms = known->last_ms;
    }
    d->firings = mended;
    return LODE_OK;
}

static lode_status take_room(struct deciding *d)
{
    const int64_t n = d->n, n_before = d->before.n;
    lode_try(lode_take(d->arena, n, &d->records));
    lode_try(lode_take(d->arena, n, &d->alerts.verdicts));
    lode_try(lode_take(d->arena, 2 * n + n_before, &d->alerts.list));
    lode_try(lode_take(d->arena, n + n_before, &d->alerts.lasting));
    return lode_take(d->arena, n + n_before, &d->scratch.list);
}

lode_status memory_decide(const struct memory *before, const struct alert_run *run,
                          int64_t cooldown_ms, struct lode_arena *arena, struct memory *after,
                          struct alerts *alerts)
{
    struct deciding d = {.arena = arena,
                         .run = run,
                         .before = *before,
                         .firings = run->firings,
                         .n = run->n,
                         .known_until_ms = INT64_MIN};
    lode_try(take_room(&d));
    if (before->model && strcmp(before->model, run->model) != 0) lode_try(forget(&d));
    lode_try(mend_cuts(&d));
    lode_try(unite(&d.before, d.firings, d.n, arena, &d.after));
    /* what does not last where it was scored has ended; judge() says so of what is found again */
    for (int64_t i = 0; i < d.after.n; i++)
        if (d.after.list[i].until_ms == INT64_MIN &&
            memory_heads_scored(run, d.after.list[i].component))
            d.after.list[i].until_ms = d.after.list[i].last_ms;
    lode_try(put_in_order(&d));
    lode_try(gather_incidents(&d));
    for (int64_t i = 0; i < d.n; i++)
        d.records[i] = memory_find(&d.after, d.firings[i].level, d.firings[i].component,
                                   d.firings[i].detector);
    for (int64_t k = 0; k < d.n; k++) judge(&d, d.order[k], cooldown_ms);
    lode_try(tell_lost(&d));
    for (int64_t i = 0; i < d.n_incidents; i++) lode_try(tell_incident(&d, &d.incidents[i]));
    d.after.model = run->model;
    d.after.until_ms = before->until_ms;
    for (int64_t i = 0; i < run->n_scored; i++)
        d.after.until_ms = later(d.after.until_ms, run->scored[i].until_ms);
    *after = d.after;
    *alerts = d.alerts;
    return LODE_OK;
}
