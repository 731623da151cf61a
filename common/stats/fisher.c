/* Fisher's exact test: p = sum of the hypergeometric probabilities that are no likelier than the
 * one seen.
 *
 * With the totals fixed, all tables of one margin m = a + b share one distribution over a. For
 * small m the whole answer, p of every a, is computed once by term ratios outward from the mode
 * and kept. For larger m the two tails are walked outward from their boundaries, always away from
 * the mode, so terms only fall and the walk may stop when they no longer matter.
 *
 * A probability far from the mode is computed by Loader's saddle point form ("Fast and Accurate
 * Computation of Binomial Probabilities", 2000), written for the four cells of the table at once:
 *
 *     log pmf = L(F) + L(N) + L(m) + L(T-m) - L(T) - sum over cells of [ L(x) + D(x, E) ]
 *
 * where E is what the margins expect in the cell, D(x, E) = x log(x/E) + E - x, and L(n) =
 * log n! - (n log n - n). All four x - E are one whole number over T, up to their sign, so nothing
 * cancels: the relative error of a probability is that of its logarithm times 2^-53.
 */
#include "common/stats/stats.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum {
    KEEP_BELOW = 4096,    /* margins with all answers kept: at most 8 * 4096 * 4097 / 2 bytes */
    RECENT_BITS = 13,     /* answers remembered for larger margins: 2^13, the last of each slot */
    ANCHOR_EVERY = 1024,  /* steps by ratio before a term is computed anew: bounds rounding */
    EXACT_LOG_BELOW = 16, /* L(n) by table; above it five terms of Stirling's series give 1e-16 */
};
/* Tables whose probabilities differ by rounding only count as equally likely. */
static const double slack = 1e-7;
/* A term this much smaller than its tail ends the walk: what is left of a tail is at most a few
 * thousand times its last term. */
static const double negligible = 1e-20;

struct recent {
    int64_t a, b;
    double p;
};

struct lode_fisher {
    int64_t faulty_total, normal_total;
    double *kept[KEEP_BELOW];   /* [m]: p of a = lowest, lowest + 1, ...; NULL: not asked for yet */
    double weights[KEEP_BELOW]; /* scratch: pmf over that of the mode */
    struct recent recent[1 << RECENT_BITS];
};

/* One margin of the table; a ranges over lowest..highest. */
struct margin {
    int64_t faulty, normal, with; /* totals of the rows, total of the first column */
    int64_t lowest, highest, mode;
    double constant; /* the part of log pmf that does not depend on a */
};

static int64_t smaller(int64_t x, int64_t y)
{
    return x < y ? x : y;
}

/* log n! - (n log n - n); 0 for n = 0, as 0 log 0 = 0. */
static double stirling_rest(int64_t n)
{
    static const double exact[EXACT_LOG_BELOW] = {
        0.0,
        1.0,
        1.30685281944005469,
        1.49592260322372593,
        1.63287638586838314,
        1.74030218061154412,
        1.82869439664177099,
        1.90379031767822116,
        1.9690705693065628,
        2.02680628405549517,
        2.07856164313505846,
        2.12545984509180985,
        2.16833469820588243,
        2.20782220612344532,
        2.2444185681250609,
        2.27851836730774058,
    };
    if (n < EXACT_LOG_BELOW) return exact[n];
    const double x = (double)n;
    const double y = 1.0 / (x * x);
    const double series =
        (1.0 / 12 - y * (1.0 / 360 - y * (1.0 / 1260 - y * (1.0 / 1680 - y / 1188)))) / x;
    return 0.5 * log(2.0 * M_PI * x) + series;
}

/* D(x, E) = x log(x / E) + E - x with E > 0 and delta = x - E: Loader's bd0. */
static double deviance(double x, double expected, double delta)
{
    if (x == 0.0) return expected; /* exact: a count */
    const double v = delta / (x + expected);
    if (fabs(v) > 0.3) return x * log(x / expected) - delta;
    /* x log(x / E) = 2 x atanh(v); its first term and -delta make delta v. */
    const double v2 = v * v;
    double power = 2.0 * x * v * v2;
    double sum = delta * v;
    for (int odd = 3;; odd += 2) {
        const double next = sum + power / odd;
        if (next == sum) return sum; /* exact: the series has converged */
        sum = next;
        power *= v2;
    }
}

static double log_pmf(const struct margin *g, int64_t a)
{
    const int64_t total = g->faulty + g->normal;
    const __int128 excess = (__int128)a * total - (__int128)g->faulty * g->with;
    const double delta = (double)excess / (double)total;
    const int64_t rows[2] = {g->faulty, g->normal};
    const int64_t with[2] = {a, g->with - a};
    double sum = 0.0;
    for (int row = 0; row < 2; row++) {
        const int64_t without = rows[row] - with[row];
        const double share = (double)rows[row] / (double)total;
        const double away = row == 0 ? delta : -delta;
        sum += stirling_rest(with[row]) + stirling_rest(without);
        sum += deviance((double)with[row], share * (double)g->with, away);
        sum += deviance((double)without, share * (double)(total - g->with), -away);
    }
    return g->constant - sum;
}

static struct margin margin_of(int64_t faulty, int64_t normal, int64_t with)
{
    const int64_t total = faulty + normal;
    struct margin g = {.faulty = faulty, .normal = normal, .with = with};
    g.lowest = with > normal ? with - normal : 0;
    g.highest = smaller(with, faulty);
    const __int128 mode = ((__int128)with + 1) * (faulty + 1) / (total + 2);
    g.mode = smaller((int64_t)mode, g.highest);
    if (g.mode < g.lowest) g.mode = g.lowest;
    g.constant = stirling_rest(faulty) + stirling_rest(normal) + stirling_rest(with) +
                 stirling_rest(total - with) - stirling_rest(total);
    return g;
}

/* The same tables with the rows exchanged: a becomes b, so up becomes down. */
static struct margin exchanged(const struct margin *g)
{
    struct margin other = *g;
    other.faulty = g->normal;
    other.normal = g->faulty;
    other.lowest = g->with - g->highest;
    other.highest = g->with - g->lowest;
    other.mode = g->with - g->mode;
    return other;
}

/* pmf(a + 1) / pmf(a) */
static double ratio_up(const struct margin *g, int64_t a)
{
    return (double)(g->faulty - a) * (double)(g->with - a) /
           ((double)(a + 1) * (double)(g->normal - g->with + a + 1));
}

/* Sum of pmf over first..highest, where first lies above the mode. */
static double tail_up(const struct margin *g, int64_t first)
{
    double sum = 0.0;
    for (int64_t a = first; a <= g->highest;) {
        const int64_t end = smaller(a + ANCHOR_EVERY, g->highest + 1);
        double term = exp(log_pmf(g, a)), block = 0.0;
        for (; a < end; a++) {
            block += term;
            term *= ratio_up(g, a);
            if (term <= negligible * (sum + block)) return sum + block;
        }
        sum += block;
    }
    return sum;
}

/* The first a in (mode, highest + 1] from which on log pmf <= bar; pmf falls above the mode. */
static int64_t boundary_up(const struct margin *g, double bar)
{
    int64_t above = g->mode, below = g->highest + 1;
    while (below - above > 1) {
        const int64_t middle = above + (below - above) / 2;
        if (log_pmf(g, middle) <= bar)
            below = middle;
        else
            above = middle;
    }
    return below;
}

static double p_by_tails(const struct margin *g, int64_t a)
{
    const double bar = log_pmf(g, a) + log1p(slack);
    if (log_pmf(g, g->mode) <= bar) return 1.0;
    const struct margin down = exchanged(g);
    const double p = tail_up(g, boundary_up(g, bar)) + tail_up(&down, boundary_up(&down, bar));
    return fmin(p, 1.0);
}

/* p of the near side's tables: near[0 * step] is the outermost, n_near of them up to and with the
 * mode; n - n_near follow beyond it. Both tails grow monotonely as the bar rises, smallest first.
 */
static void fill_side(const double *near, int64_t step, int64_t n_near, int64_t n, double total,
                      double *p)
{
    double near_sum = 0.0, far_sum = 0.0;
    int64_t left = 0, right = n;
    for (int64_t i = 0; i < n_near; i++) {
        const double bar = near[i * step] * (1.0 + slack);
        while (left < n_near && near[left * step] <= bar) near_sum += near[left++ * step];
        while (right > n_near && near[(right - 1) * step] <= bar) far_sum += near[--right * step];
        p[i * step] = left == n_near ? 1.0 : fmin((near_sum + far_sum) / total, 1.0);
    }
}

static lode_status keep_margin(struct lode_fisher *fisher, const struct margin *g)
{
    const int64_t n = g->highest - g->lowest + 1, mode = g->mode - g->lowest;
    double *w = fisher->weights;
    double *p = malloc((size_t)n * sizeof *p);
    if (!p)
        return lode_fail(LODE_E_MEMORY, "no memory for the %lld answers of a margin", (long long)n);
    w[mode] = 1.0;
    for (int64_t i = mode; i + 1 < n; i++) w[i + 1] = w[i] * ratio_up(g, g->lowest + i);
    for (int64_t i = mode; i > 0; i--) w[i - 1] = w[i] / ratio_up(g, g->lowest + i - 1);
    double below = 0.0, above = 0.0;
    for (int64_t i = 0; i <= mode; i++) below += w[i];
    for (int64_t i = n - 1; i > mode; i--) above += w[i];
    fill_side(w + n - 1, -1, n - mode, n, below + above, p + n - 1);
    fill_side(w, 1, mode + 1, n, below + above, p);
    fisher->kept[g->with] = p;
    return LODE_OK;
}

lode_status lode_fisher_create(int64_t faulty_total, int64_t normal_total,
                               struct lode_fisher **fisher)
{
    assert(faulty_total >= 0 && normal_total >= 0);
    struct lode_fisher *made = calloc(1, sizeof *made);
    if (!made) return lode_fail(LODE_E_MEMORY, "no memory for %zu bytes of answers", sizeof *made);
    made->faulty_total = faulty_total;
    made->normal_total = normal_total;
    *fisher = made;
    return LODE_OK;
}

void lode_fisher_destroy(struct lode_fisher *fisher)
{
    if (!fisher) return;
    for (int m = 0; m < KEEP_BELOW; m++) free(fisher->kept[m]);
    free(fisher);
}

lode_status lode_fisher_p(struct lode_fisher *fisher, int64_t a, int64_t b, double *p)
{
    const int64_t faulty = fisher->faulty_total, normal = fisher->normal_total, with = a + b;
    assert(a >= 0 && a <= faulty && b >= 0 && b <= normal);
    if (with < KEEP_BELOW) {
        if (!fisher->kept[with]) {
            const struct margin g = margin_of(faulty, normal, with);
            lode_try(keep_margin(fisher, &g));
        }
        *p = fisher->kept[with][a - (with > normal ? with - normal : 0)];
        return LODE_OK;
    }
    const uint64_t key = (uint64_t)a * 0x9e3779b97f4a7c15u + (uint64_t)b * 0xc2b2ae3d27d4eb4fu;
    struct recent *slot = &fisher->recent[key >> (64 - RECENT_BITS)];
    if (slot->a != a || slot->b != b) { /* all zero when new: no table of this size */
        const struct margin g = margin_of(faulty, normal, with);
        *slot = (struct recent){.a = a, .b = b, .p = p_by_tails(&g, a)};
    }
    *p = slot->p;
    return LODE_OK;
}
