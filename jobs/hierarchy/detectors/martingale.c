/* Martingale: how much has been won by betting that the newer slots are stranger than the older?
 *
 * The older half of the window, n slots, says what is usual. The strangeness of x is |x - m|, m its
 * median. Each slot of the newer half has a conformal p-value among the older ones,
 *
 *     p = (slots that are stranger + (slots that are as strange + 1) / 2) / (n + 1),
 *
 * the mean of what is drawn at random in the literature. A power martingale begins with a capital
 * of 1 and multiplies it by e p^(e - 1) at every slot: where nothing has changed it does not grow
 * in the long run. Where to begin is free (a martingale begins at every slot of the newer half),
 * and e is mixed:
 *
 *     D = 2 ln(mean over e of max over beginnings of the capital at the newest slot, at least 1)
 *
 * over e = 0.1, 0.3, 0.5, 0.7, 0.9. Nothing is drawn, nothing is kept from window to window.
 *
 * Time of change: the beginning that the e with the largest capital takes. Cost O(W log W) a slot.
 * Sources: V. Vovk, I. Nouretdinov, A. Gammerman, Testing Exchangeability On-Line, ICML 2003
 * (power and mixture martingales); D. Volkhonskiy et al., Inductive Conformal Martingales for
 * Change-Point Detection, COPA 2017, PMLR 60 (the training half, and beginning anew).
 */
#include "jobs/hierarchy/detectors/natural_exp.h"
#include "jobs/hierarchy/detectors/natural_log.h"
#include "jobs/hierarchy/detectors/window.h"

enum { BETS = 5 };
static const double bets[BETS] = {0.1, 0.3, 0.5, 0.7, 0.9};

/* What is the same for all slots. */
struct table {
    int64_t older, newer;
    double log_bets[BETS];
    double *log_p; /* [2 older + 2] -ln p of a p of index / 2 / (older + 1) */
};

static lode_status table_make(const struct detector_settings *settings, struct lode_arena *arena,
                              struct table *table)
{
    const int64_t newer = window_newer(settings), older = settings->window - newer;
    *table = (struct table){.older = older, .newer = newer};
    for (int e = 0; e < BETS; e++) table->log_bets[e] = natural_log(bets[e]);
    lode_try(lode_take(arena, 2 * older + 2, &table->log_p));
    table->log_p[0] = 0.0; /* p > 0 */
    for (int64_t k = 1; k < 2 * older + 2; k++)
        table->log_p[k] = -natural_log(0.5 * (double)k / (double)(older + 1));
    return LODE_OK;
}

/* Index of the p-value of x in log_p: twice the stranger ones, and the equally strange, and 1. */
static int64_t index_of(const struct sorted_window *older, double median, double x)
{
    const double mirrored = median + (median - x); /* as far away on the other side */
    const double low = x < mirrored ? x : mirrored, high = x < mirrored ? mirrored : x;
    const int64_t below = sorted_window_below(older, low), up_to = sorted_window_up_to(older, high);
    int64_t equal = 0; /* the ends of what is no stranger; most often there is no such value */
    if (below < older->n && older->sorted[below] <= low)
        equal = sorted_window_up_to(older, low) - below;
    if (low < high && up_to > 0 && older->sorted[up_to - 1] >= high)
        equal += up_to - sorted_window_below(older, high);
    const int64_t stranger = below + older->n - up_to;
    return 2 * stranger + equal + 1;
}

/* D of the slot *newest; *length: slots since the beginning, 0 where nothing is won. */
static double distance_of(const void *context, const struct sorted_window *older,
                          const double *newest, int64_t *length)
{
    const struct table *table = context;
    const double median = sorted_window_median(older);
    double won[BETS] = {0}, best[BETS] = {0}, largest = 0.0, sum = 0.0;
    int64_t begins[BETS] = {0};
    for (int64_t slots = 1; slots <= table->newer; slots++) {
        const double log_p = table->log_p[index_of(older, median, newest[1 - slots])];
        for (int e = 0; e < BETS; e++) {
            won[e] += table->log_bets[e] + (1.0 - bets[e]) * log_p;
            begins[e] = won[e] > best[e] ? slots : begins[e];
            best[e] = won[e] > best[e] ? won[e] : best[e];
        }
    }
    *length = 0;
    for (int e = 0; e < BETS; e++) {
        if (!(best[e] > largest)) continue;
        largest = best[e];
        *length = begins[e];
    }
    if (*length == 0) return 0.0;
    for (int e = 0; e < BETS; e++) sum += natural_exp(best[e] - largest);
    const double log_mean = largest + natural_log(sum / BETS);
    return log_mean > 0.0 ? 2.0 * log_mean : 0.0;
}

static lode_status scan(const struct detector_settings *settings, const double *values, int64_t n,
                        struct lode_arena *arena, double *distance, int32_t *since)
{
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    struct table table;
    const struct window_halves halves = {settings, distance_of, &table};
    lode_try(table_make(settings, arena, &table));
    lode_try(window_scan_halves(&halves, values, n, arena, distance, since));
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

const struct detector_kind martingale_detector = {
    .name = "martingale",
    .summary = "bets that the newer slots are stranger than the older ones win (conformal)",
    .reach = window_reach,
    .scan = scan,
};
