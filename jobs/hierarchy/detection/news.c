/* News: see the header. */
#include "jobs/hierarchy/detection/news.h"

#include <math.h>
#include <stdlib.h>

static const double main_share = 0.9;

/* A counter, and when it woke up or was heard last. */
struct item {
    int64_t time_ms;
    const char *counter;
};

static int compare_items(const void *left, const void *right)
{
    const struct item *a = left, *b = right;
    return (a->time_ms > b->time_ms) - (a->time_ms < b->time_ms);
}

/* What happened to one component. */
struct news {
    const char *level, *component;
    int64_t home; /* index in the model */
    int64_t n;
    struct item *items; /* [n] */
    bool is_component;  /* all of it: one item, without a counter */
};

static lode_status fire(struct outcome *o, struct news *news)
{
    const int level = levels_find(o->planning->levels, news->level);
    const double threshold = o->planning->levels->alerts[level];
    const double e = news->is_component ? fmax(threshold, 1.0) : (double)news->n;
    const int64_t place = o->planned->place[news->home];
    struct fired *fired;
    if (news->n == 0 || isinf(threshold) || e < threshold) return LODE_OK;
    if (news->n > 1) qsort(news->items, (size_t)news->n, sizeof *news->items, compare_items);
    const int64_t enough = news->is_component || threshold < 1.0 ? 1 : (int64_t)ceil(threshold);
    lode_try(outcome_fire(o, &fired));
    fired->level = level;
    fired->component = news->component;
    fired->detector = news->level;
    fired->start_ms = fired->change_ms = news->items[enough - 1].time_ms;
    fired->peak_ms = news->items[news->n - 1].time_ms;
    fired->end_ms = INT64_MIN;
    fired->peak = e;
    fired->n_leaves = news->n;
    fired->is_cut = place >= 0 && o->planned->list[place].is_cut;
    if (news->is_component) return LODE_OK;
    lode_try(lode_take(o->arena, news->n, &fired->top));
    while (fired->n_top < news->n) {
        fired->top[fired->n_top] =
            (struct fired_contributor){news->component, news->items[fired->n_top].counter, 1.0};
        fired->n_top++;
    }
    fired->n_main = (int64_t)ceil(main_share * (double)news->n);
    return LODE_OK;
}

static lode_status fire_woken(struct outcome *o, struct item *items)
{
    for (int64_t i = 0; i < o->n_woken;) {
        struct news news = {LEVEL_WOKE, o->woken[i].component, o->woken[i].home, 0, items, false};
        for (; i < o->n_woken && o->woken[i].component == news.component; i++)
            items[news.n++] = (struct item){o->woken[i].waking.time_ms, o->woken[i].counter};
        lode_try(fire(o, &news));
    }
    return LODE_OK;
}

static bool is_silent(const struct outcome *o, int64_t home)
{
    const int64_t place = o->planned->place[home];
    return place >= 0 && o->planned->list[place].is_silent;
}

/* Counters of components that are heard, and components that are not. */
static lode_status fire_silent(struct outcome *o, struct item *items)
{
    for (int64_t i = 0; i < o->n_unscored;) {
        const struct unscored *of = &o->unscored[i];
        struct news news = {LEVEL_SILENT, of->component, of->home, 0, items, false};
        for (; i < o->n_unscored && o->unscored[i].component == news.component; i++)
            if (o->unscored[i].is_news && !is_silent(o, news.home))
                items[news.n++] = (struct item){o->unscored[i].since_ms, o->unscored[i].counter};
        lode_try(fire(o, &news));
    }
    for (int64_t i = 0; i < o->planned->n_unscored; i++) {
        const struct unscored *of = &o->planned->unscored[i];
        struct item since = {of->since_ms, ""};
        struct news news = {LEVEL_SILENT, of->component, of->home, 1, &since, true};
        if (of->is_news) lode_try(fire(o, &news));
    }
    return LODE_OK;
}

lode_status news_fire(struct outcome *outcome)
{
    struct item *items;
    const int64_t most =
        outcome->n_woken > outcome->n_unscored ? outcome->n_woken : outcome->n_unscored;
    lode_try(lode_take(outcome->arena, most, &items));
    lode_try(fire_woken(outcome, items));
    return fire_silent(outcome, items);
}
