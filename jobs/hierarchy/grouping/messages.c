/* Messages of affinity propagation: see messages.h for which of them are kept.
 *
 * Order of a step: for each row i the candidates' availabilities (of the step before, whose reach
 * is known only when all rows are done), the row's best and second best a + s, new candidates, the
 * responsibilities; then for each column reach, base and the item's own availability. So a row's
 * messages are read and written once a step while they are in the nearest cache, and nothing is
 * transposed. Sums of a column are added in the order of rows: bits depend on nothing else.
 */
#include "jobs/hierarchy/grouping/messages.h"

#include <math.h>

#include "jobs/hierarchy/grouping/lanes.h"

struct row {
    /* candidates, in the order in which they became that: [capacity] of whole lanes, n in use. What
     * is behind them has similarity -infinity and column 0, so that loops may go over it */
    double *similarity, *availability, *responsibility;
    int32_t *column;
    int32_t n, capacity;
    double preference;
    double own_responsibility, own_availability; /* of the item for itself */
    double offset;                               /* all pairs only, as the next */
    double most;                                 /* largest similarity of a quiet pair */
};

struct messages {
    const struct affinity_graph *graph;
    struct lode_arena *arena;
    double damping;
    double grown;     /* 1 - d^t */
    double *quiet;    /* [n x stride] similarities, ties broken; -infinity for candidates, the item
                         itself and behind n; NULL: of some pairs, all are candidates */
    int64_t stride;   /* n in whole lanes */
    struct row *rows; /* [n] */
    double *values;   /* scratch: a number of each of a row's candidates */
    double *wanted;   /* [n] sum of positive responsibilities of column k, of this step */
    double *reach;    /* [n] */
    double *base;     /* [stride] */
    uint8_t *is_exemplar;
    int64_t n_exemplars;
};

static double larger(double a, double b)
{
    return a > b ? a : b;
}

static double damped(double damping, double old, double new)
{
    return damping * old + (1.0 - damping) * new;
}

/* --- loops over a row, which has no place without a lane --- */

static double largest_lane(const lanes *most)
{
    double largest = (*most)[0];
    for (int lane = 1; lane < LANES; lane++) largest = larger(largest, (*most)[lane]);
    return largest;
}

/* The larger of each lane: the compiler makes one maximum of it where there is one. */
#define take_larger(most, x)                                                                       \
    do {                                                                                           \
        const lanes_bits is_larger_ = (x) > (most);                                                \
        (most) = (lanes)((is_larger_ & (lanes_bits)(x)) | (~is_larger_ & (lanes_bits)(most)));     \
    } while (0)

LANES_CLONES static void largest_values(const lanes *restrict x, int64_t n, lanes *restrict largest)
{
    lanes most = x[0];
    for (int64_t v = 1; v < n; v++) take_larger(most, x[v]);
    *largest = most;
}

LANES_CLONES static void largest_sums(const lanes *restrict x, const lanes *restrict y, int64_t n,
                                      lanes *restrict largest)
{
    lanes most = x[0] + y[0];
    for (int64_t v = 1; v < n; v++) {
        const lanes sum = x[v] + y[v];
        take_larger(most, sum);
    }
    *largest = most;
}

static int64_t n_vectors(int64_t n)
{
    return lanes_padded(n) / LANES;
}

static double largest_value(const double *x, int64_t n)
{
    lanes largest;
    if (n == 0) return -HUGE_VAL;
    largest_values((const lanes *)x, n_vectors(n), &largest);
    return largest_lane(&largest);
}

static double largest_sum(const double *x, const double *y, int64_t n)
{
    lanes largest;
    largest_sums((const lanes *)x, (const lanes *)y, n_vectors(n), &largest);
    return largest_lane(&largest);
}

/* Availabilities from the reach of the step before; a + s into values. */
LANES_CLONES static void update_availabilities(const struct row *row, double damping,
                                               const double *restrict reach,
                                               double *restrict values)
{
    const double rest = 1.0 - damping;
    lanes *restrict availability = (lanes *)row->availability, *restrict value = (lanes *)values;
    const lanes *restrict r = (const lanes *)row->responsibility, *restrict s = (const lanes *)
                                                                                    row->similarity;
    const int64_t n = n_vectors(row->n);
    for (int64_t c = 0; c < n * LANES; c++) values[c] = reach[row->column[c]];
    for (int64_t v = 0; v < n; v++) {
        const lanes positive = (lanes)((lanes_bits)r[v] & (r[v] > 0.0));
        const lanes left = value[v] - positive;
        const lanes negative = (lanes)((lanes_bits)left & (left < 0.0));
        availability[v] = damping * availability[v] + rest * negative;
        value[v] = availability[v] + s[v];
    }
}

/* Responsibilities against `rival`; those that are positive, else 0, into values. */
LANES_CLONES static void update_responsibilities(const struct row *row, double damping,
                                                 double rival, double *restrict values)
{
    const double rest = 1.0 - damping;
    lanes *restrict r = (lanes *)row->responsibility, *restrict value = (lanes *)values;
    const lanes *restrict s = (const lanes *)row->similarity;
    for (int64_t v = 0; v < n_vectors(row->n); v++) {
        r[v] = damping * r[v] + rest * (s[v] - rival);
        value[v] = (lanes)((lanes_bits)r[v] & (r[v] > 0.0));
    }
}

/* --- candidates among all pairs --- */

static lode_status take_places(struct lode_arena *arena, int64_t n, struct row *places)
{
    lode_try(lode_take(arena, n, &places->similarity));
    lode_try(lode_take_zero(arena, n, &places->availability));
    lode_try(lode_take_zero(arena, n, &places->responsibility));
    lode_try(lode_take_zero(arena, n, &places->column));
    for (int64_t c = 0; c < n; c++) places->similarity[c] = -HUGE_VAL;
    return LODE_OK;
}

static lode_status grow(struct lode_arena *arena, struct row *row)
{
    struct row grown = *row;
    grown.capacity = row->capacity > 0 ? 2 * row->capacity : LANES;
    lode_try(take_places(arena, grown.capacity, &grown));
    for (int32_t c = 0; c < row->n; c++) {
        grown.similarity[c] = row->similarity[c];
        grown.availability[c] = row->availability[c];
        grown.responsibility[c] = row->responsibility[c];
        grown.column[c] = row->column[c];
    }
    *row = grown;
    return LODE_OK;
}

/* The pair (i, k) is quiet no longer. */
static lode_status add_candidate(struct messages *m, int64_t i, int64_t k)
{
    struct row *row = &m->rows[i];
    double *quiet = &m->quiet[i * m->stride + k];
    if (row->n == row->capacity) lode_try(grow(m->arena, row));
    row->similarity[row->n] = *quiet;
    row->availability[row->n] = m->base[k];
    row->responsibility[row->n] = m->grown * *quiet - row->offset;
    row->column[row->n++] = (int32_t)k;
    *quiet = -HUGE_VAL;
    return LODE_OK;
}

/* The quiet pair whose base + s is `best` becomes the last candidate of row i. */
static lode_status add_best(struct messages *m, int64_t i, double best)
{
    const double *quiet = m->quiet + i * m->stride;
    int64_t k = 0;
    while (quiet[k] + m->base[k] < best) k++;
    const double similarity = quiet[k];
    lode_try(add_candidate(m, i, k));
    if (similarity >= m->rows[i].most) m->rows[i].most = largest_value(quiet, m->graph->n);
    return LODE_OK;
}

/* All quiet pairs of row i more similar than `limit` become candidates. */
static lode_status add_above(struct messages *m, int64_t i, double limit)
{
    const double *quiet = m->quiet + i * m->stride;
    for (int64_t k = 0; k < m->graph->n; k++)
        if (quiet[k] > limit) lode_try(add_candidate(m, i, k));
    m->rows[i].most = largest_value(quiet, m->graph->n);
    return LODE_OK;
}

/* --- a step --- */

/* The largest two of a + s in a row, and which candidate has the largest; -1: the item itself. */
struct best {
    double first, second;
    int32_t candidate;
};

static struct best best_candidate(const struct row *row, double *values)
{
    const double own = row->own_availability + row->preference;
    const double most = largest_value(values, row->n);
    int32_t c = 0;
    if (!(most > own)) return (struct best){own, most, -1};
    while (values[c] < most) c++;
    values[c] = -HUGE_VAL;
    return (struct best){most, larger(own, largest_value(values, row->n)), c};
}

/* The quiet pairs of row i beside its best candidate. */
static lode_status see_quiet(struct messages *m, int64_t i, struct best *best)
{
    const double *quiet = m->quiet + i * m->stride;
    const double most = largest_sum(quiet, m->base, m->graph->n);
    if (most > best->first) {
        lode_try(add_best(m, i, most));
        const double next = largest_sum(quiet, m->base, m->graph->n);
        *best = (struct best){most, larger(best->first, next), m->rows[i].n - 1};
    } else {
        best->second = larger(best->second, most);
    }
    return LODE_OK;
}

static lode_status step_row(struct messages *m, int64_t i, double grown)
{
    struct row *row = &m->rows[i];
    update_availabilities(row, m->damping, m->reach, m->values);
    struct best best = best_candidate(row, m->values);
    if (m->quiet) {
        lode_try(see_quiet(m, i, &best));
        const double offset = damped(m->damping, row->offset, best.first);
        if (grown * row->most > offset) lode_try(add_above(m, i, offset / grown));
        row->offset = offset;
    }
    update_responsibilities(row, m->damping, best.first, m->values);
    if (best.candidate >= 0) { /* its rival is the second: what it lost is given back */
        double *of_best = &row->responsibility[best.candidate];
        *of_best += (1.0 - m->damping) * (best.first - best.second);
        m->values[best.candidate] = larger(*of_best, 0.0);
    }
    for (int32_t c = 0; c < row->n; c++) m->wanted[row->column[c]] += m->values[c];
    const double rival = best.candidate < 0 ? best.second : best.first;
    row->own_responsibility = damped(m->damping, row->own_responsibility, row->preference - rival);
    return LODE_OK;
}

/* Reach, base and own availability of column k; true: it is an exemplar now and was none, or the
 * other way round. */
static bool step_column(struct messages *m, int64_t k)
{
    struct row *row = &m->rows[k];
    const double reach = row->own_responsibility + m->wanted[k];
    m->reach[k] = reach;
    m->base[k] = damped(m->damping, m->base[k], reach < 0.0 ? reach : 0.0);
    row->own_availability = damped(m->damping, row->own_availability, m->wanted[k]);
    m->wanted[k] = 0.0;
    const uint8_t was = m->is_exemplar[k];
    m->is_exemplar[k] = row->own_availability + row->own_responsibility > 0.0;
    m->n_exemplars += m->is_exemplar[k] - was;
    return m->is_exemplar[k] != was;
}

lode_status messages_step(struct messages *messages, bool *has_changed)
{
    const double grown = damped(messages->damping, messages->grown, 1.0);
    for (int64_t i = 0; i < messages->graph->n; i++) lode_try(step_row(messages, i, grown));
    messages->grown = grown;
    *has_changed = false;
    for (int64_t k = 0; k < messages->graph->n; k++)
        if (step_column(messages, k)) *has_changed = true;
    return LODE_OK;
}

const uint8_t *messages_exemplars(const struct messages *messages)
{
    return messages->is_exemplar;
}

int64_t messages_exemplar_count(const struct messages *messages)
{
    return messages->n_exemplars;
}

/* Of all pairs none is a candidate at first. */
static lode_status begin_quiet(struct messages *m, const struct affinity_options *options)
{
    const int64_t n = m->graph->n;
    lode_try(lode_take(m->arena, n * m->stride, &m->quiet));
    lode_try(lode_take(m->arena, m->stride, &m->values));
    for (int64_t i = 0; i < n; i++) {
        double *quiet = m->quiet + i * m->stride;
        for (int64_t k = 0; k < n; k++)
            quiet[k] = m->graph->similarity[i * n + k] - affinity_tie(options, k);
        for (int64_t k = n; k < m->stride; k++) quiet[k] = -HUGE_VAL;
        quiet[i] = -HUGE_VAL;
        m->rows[i].most = largest_value(quiet, n);
    }
    return LODE_OK;
}

/* Of some pairs all are. */
static lode_status begin_candidates(struct messages *m, const struct affinity_options *options)
{
    const struct affinity_graph *graph = m->graph;
    struct row all;
    int64_t places = 0, most = 0, first = 0;
    for (int64_t i = 0; i < graph->n; i++) {
        const int64_t capacity = lanes_padded(graph->begin[i + 1] - graph->begin[i]);
        places += capacity;
        if (capacity > most) most = capacity;
    }
    lode_try(lode_take(m->arena, most, &m->values));
    lode_try(take_places(m->arena, places, &all));
    for (int64_t i = 0; i < graph->n; i++) {
        const int64_t begin = graph->begin[i];
        struct row *row = &m->rows[i];
        row->n = (int32_t)(graph->begin[i + 1] - begin);
        row->capacity = (int32_t)lanes_padded(row->n);
        row->similarity = all.similarity + first;
        row->availability = all.availability + first;
        row->responsibility = all.responsibility + first;
        row->column = all.column + first;
        for (int32_t c = 0; c < row->n; c++) {
            row->column[c] = graph->to[begin + c];
            row->similarity[c] =
                graph->similarity[begin + c] - affinity_tie(options, row->column[c]);
        }
        first += row->capacity;
    }
    return LODE_OK;
}

lode_status messages_create(const struct affinity_graph *graph,
                            const struct affinity_options *options, struct lode_arena *arena,
                            struct messages **messages)
{
    const int64_t n = graph->n;
    struct messages *m;
    lode_try(lode_take_zero(arena, 1, &m));
    m->graph = graph;
    m->arena = arena;
    m->damping = options->damping;
    m->stride = lanes_padded(n);
    lode_try(lode_take_zero(arena, n, &m->rows));
    lode_try(lode_take_zero(arena, n, &m->wanted));
    lode_try(lode_take_zero(arena, n, &m->reach));
    lode_try(lode_take_zero(arena, m->stride, &m->base));
    lode_try(lode_take_zero(arena, n, &m->is_exemplar));
    lode_try(graph->begin ? begin_candidates(m, options) : begin_quiet(m, options));
    for (int64_t i = 0; i < n; i++)
        m->rows[i].preference = options->preference - affinity_tie(options, i);
    /* A given exemplar prefers itself to everything: infinite messages stay infinite, none is NaN.
     */
    for (int64_t g = 0; g < options->n_exemplars; g++)
        m->rows[options->exemplars[g]].preference = HUGE_VAL;
    *messages = m;
    return LODE_OK;
}
