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

struct row {
    /* candidates, in the order in which they became that: [capacity], n in use */
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
    double *quiet;    /* [n x n] similarities, ties broken; -infinity for candidates and the item
                         itself; NULL: of some pairs, all are candidates */
    struct row *rows; /* [n] */
    double *values;   /* scratch: a + s of a row's candidates */
    double *wanted;   /* [n] sum of positive responsibilities of column k, of this step */
    double *reach;    /* [n] */
    double *base;     /* [n] */
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

/* --- loops over a row; a maximum waits for the one before, hence eight side by side --- */

enum { LANES = 8 };

static double largest_of(const double *most)
{
    double largest = most[0];
    for (int lane = 1; lane < LANES; lane++) largest = larger(largest, most[lane]);
    return largest;
}

static double largest_value(const double *restrict x, int64_t n)
{
    double most[LANES];
    int64_t k = 0;
    for (int lane = 0; lane < LANES; lane++) most[lane] = -INFINITY;
    for (; k + LANES <= n; k += LANES)
        for (int lane = 0; lane < LANES; lane++) most[lane] = larger(most[lane], x[k + lane]);
    for (; k < n; k++) most[0] = larger(most[0], x[k]);
    return largest_of(most);
}

static double largest_sum(const double *restrict x, const double *restrict y, int64_t n)
{
    double most[LANES];
    int64_t k = 0;
    for (int lane = 0; lane < LANES; lane++) most[lane] = -INFINITY;
    for (; k + LANES <= n; k += LANES)
        for (int lane = 0; lane < LANES; lane++)
            most[lane] = larger(most[lane], x[k + lane] + y[k + lane]);
    for (; k < n; k++) most[0] = larger(most[0], x[k] + y[k]);
    return largest_of(most);
}

/* Availabilities from the reach of the step before; a + s into values. */
static void update_availabilities(const struct row *row, double damping,
                                  const double *restrict reach, double *restrict values)
{
    double *restrict availability = row->availability;
    const double *restrict responsibility = row->responsibility, *restrict s = row->similarity;
    const int32_t *restrict column = row->column;
    for (int32_t c = 0; c < row->n; c++) values[c] = reach[column[c]]; /* alone: no vectors */
    for (int32_t c = 0; c < row->n; c++) {
        const double rest = values[c] - larger(responsibility[c], 0.0);
        availability[c] = damped(damping, availability[c], rest < 0.0 ? rest : 0.0);
        values[c] = availability[c] + s[c];
    }
}

/* Responsibilities against `rival`, for all candidates but `best`, whose rival is `second`. */
static void update_responsibilities(const struct row *row, double damping, double rival,
                                    int32_t best, double second, double *restrict wanted)
{
    double *restrict responsibility = row->responsibility;
    const double *restrict s = row->similarity;
    const int32_t *restrict column = row->column;
    const double of_best =
        best >= 0 ? damped(damping, responsibility[best], s[best] - second) : 0.0;
    for (int32_t c = 0; c < row->n; c++)
        responsibility[c] = damped(damping, responsibility[c], s[c] - rival);
    if (best >= 0) responsibility[best] = of_best;
    /* adding 0 is cheaper than a branch that is guessed wrong */
    for (int32_t c = 0; c < row->n; c++) wanted[column[c]] += larger(responsibility[c], 0.0);
}

/* --- candidates among all pairs --- */

static lode_status grow(struct lode_arena *arena, struct row *row)
{
    struct row grown = *row;
    grown.capacity = row->capacity > 0 ? 2 * row->capacity : 8;
    lode_try(lode_take(arena, grown.capacity, &grown.similarity));
    lode_try(lode_take(arena, grown.capacity, &grown.availability));
    lode_try(lode_take(arena, grown.capacity, &grown.responsibility));
    lode_try(lode_take(arena, grown.capacity, &grown.column));
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
    double *quiet = &m->quiet[i * m->graph->n + k];
    if (row->n == row->capacity) lode_try(grow(m->arena, row));
    row->similarity[row->n] = *quiet;
    row->availability[row->n] = m->base[k];
    row->responsibility[row->n] = m->grown * *quiet - row->offset;
    row->column[row->n++] = (int32_t)k;
    *quiet = -INFINITY;
    return LODE_OK;
}

/* The quiet pair whose base + s is `best` becomes the last candidate of row i. */
static lode_status add_best(struct messages *m, int64_t i, double best)
{
    const double *quiet = m->quiet + i * m->graph->n;
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
    const double *quiet = m->quiet + i * m->graph->n;
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
    values[c] = -INFINITY;
    return (struct best){most, larger(own, largest_value(values, row->n)), c};
}

/* The quiet pairs of row i beside its best candidate. */
static lode_status see_quiet(struct messages *m, int64_t i, struct best *best)
{
    const double *quiet = m->quiet + i * m->graph->n;
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
    update_responsibilities(row, m->damping, best.first, best.candidate, best.second, m->wanted);
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
    lode_try(lode_take(m->arena, n * n, &m->quiet));
    lode_try(lode_take(m->arena, n, &m->values));
    for (int64_t i = 0; i < n; i++) {
        double *quiet = m->quiet + i * n;
        for (int64_t k = 0; k < n; k++)
            quiet[k] = m->graph->similarity[i * n + k] - affinity_tie(options, k);
        quiet[i] = -INFINITY;
        m->rows[i].most = largest_value(quiet, n);
    }
    return LODE_OK;
}

/* Of some pairs all are. */
static lode_status begin_candidates(struct messages *m, const struct affinity_options *options)
{
    const struct affinity_graph *graph = m->graph;
    const int64_t n_edges = graph->begin[graph->n];
    struct row all;
    int64_t most = 0;
    lode_try(lode_take(m->arena, n_edges, &all.similarity));
    lode_try(lode_take_zero(m->arena, n_edges, &all.availability));
    lode_try(lode_take_zero(m->arena, n_edges, &all.responsibility));
    lode_try(lode_take(m->arena, n_edges, &all.column));
    for (int64_t e = 0; e < n_edges; e++) {
        all.similarity[e] = graph->similarity[e] - affinity_tie(options, graph->to[e]);
        all.column[e] = graph->to[e];
    }
    for (int64_t i = 0; i < graph->n; i++) {
        const int64_t first = graph->begin[i], n = graph->begin[i + 1] - first;
        struct row *row = &m->rows[i];
        row->similarity = all.similarity + first;
        row->availability = all.availability + first;
        row->responsibility = all.responsibility + first;
        row->column = all.column + first;
        row->n = row->capacity = (int32_t)n;
        if (n > most) most = n;
    }
    return lode_take(m->arena, most, &m->values);
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
    lode_try(lode_take_zero(arena, n, &m->rows));
    lode_try(lode_take_zero(arena, n, &m->wanted));
    lode_try(lode_take_zero(arena, n, &m->reach));
    lode_try(lode_take_zero(arena, n, &m->base));
    lode_try(lode_take_zero(arena, n, &m->is_exemplar));
    lode_try(graph->begin ? begin_candidates(m, options) : begin_quiet(m, options));
    for (int64_t i = 0; i < n; i++)
        m->rows[i].preference = options->preference - affinity_tie(options, i);
    /* A given exemplar prefers itself to everything: infinite messages stay infinite, none is NaN.
     */
    for (int64_t g = 0; g < options->n_exemplars; g++)
        m->rows[options->exemplars[g]].preference = INFINITY;
    *messages = m;
    return LODE_OK;
}
