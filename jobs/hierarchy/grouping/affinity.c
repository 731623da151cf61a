/* Affinity propagation: checks what it was given, lets the messages (messages.h) run until the
 * exemplars stay, then assigns the items (assignment.h).
 */
#include "jobs/hierarchy/grouping/affinity.h"

#include "jobs/hierarchy/grouping/assignment.h"
#include "jobs/hierarchy/grouping/messages.h"

#include <math.h>

static lode_status check_options(const struct affinity_options *options, int64_t n,
                                 struct lode_arena *arena)
{
    uint8_t *is_given;
    if (n < 1 || n > INT32_MAX) return lode_fail(LODE_E_BUG, "%lld items", (long long)n);
    if (!isfinite(options->preference))
        return lode_fail(LODE_E_NUMERIC, "preference %g is not finite", options->preference);
    if (!(options->damping >= 0.5 && options->damping < 1.0))
        return lode_fail(LODE_E_BUG, "damping %g: must be at least 0.5 and below 1",
                         options->damping);
    if (options->max_iterations < 1 || options->stable < 1)
        return lode_fail(LODE_E_BUG, "at most %d iterations, %d stable: both must be at least 1",
                         options->max_iterations, options->stable);
    lode_try(lode_take_zero(arena, n, &is_given));
    for (int64_t g = 0; g < options->n_exemplars; g++) {
        const int32_t k = options->exemplars[g];
        if (k < 0 || k >= n || is_given[k]++)
            return lode_fail(LODE_E_BUG, "given exemplar %d of %lld items, or given twice", k,
                             (long long)n);
    }
    return LODE_OK;
}

static lode_status check_similarities(const struct affinity_graph *graph)
{
    if (graph->begin && graph->begin[0] != 0)
        return lode_fail(LODE_E_BUG, "edges begin at %lld", (long long)graph->begin[0]);
    for (int64_t i = 0; i < graph->n; i++) {
        const int64_t end = affinity_row(graph, i + 1);
        int64_t before = -1;
        for (int64_t e = affinity_row(graph, i); e < end; e++) {
            const int32_t k = affinity_column(graph, i, e);
            if (graph->begin && (k <= before || k >= graph->n || k == i))
                return lode_fail(LODE_E_BUG, "edge %lld goes from item %lld to %d", (long long)e,
                                 (long long)i, k);
            if (k != i && !isfinite(graph->similarity[e]))
                return lode_fail(LODE_E_NUMERIC, "similarity of items %lld and %d is %g",
                                 (long long)i, k, graph->similarity[e]);
            before = k;
        }
    }
    return LODE_OK;
}

/* As scikit-learn has it: not before iteration stable + 1, and then the last `stable` of them with
 * one set of exemplars that is not empty. */
static lode_status run_messages(struct messages *messages, const struct affinity_options *options,
                                struct affinity_result *result)
{
    int64_t same = 0; /* iterations with the exemplars of the last one */
    result->is_converged = false;
    for (int iteration = 1; iteration <= options->max_iterations && !result->is_converged;
         iteration++) {
        bool has_changed;
        lode_try(messages_step(messages, &has_changed));
        same = has_changed ? 1 : same + 1;
        result->n_iterations = iteration;
        result->is_converged = iteration > options->stable && same >= options->stable &&
                               messages_exemplar_count(messages) > 0;
    }
    return LODE_OK;
}

lode_status affinity_propagate(const struct affinity_graph *graph,
                               const struct affinity_options *options, struct lode_arena *arena,
                               struct affinity_result *result)
{
    struct affinity_result found = {0};
    struct messages *messages;
    lode_try(check_options(options, graph->n, arena));
    lode_try(check_similarities(graph));
    lode_try(lode_take(arena, graph->n, &found.exemplar));
    lode_try(messages_create(graph, options, arena, &messages));
    lode_try(run_messages(messages, options, &found));
    lode_try(assignment_find(graph, options, messages_exemplars(messages), arena, &found));
    *result = found;
    return LODE_OK;
}

lode_status affinity_propagate_dense(const double *similarity, int64_t n,
                                     const struct affinity_options *options,
                                     struct lode_arena *arena, struct affinity_result *result)
{
    const struct affinity_graph all_pairs = {.n = n, .similarity = similarity};
    return affinity_propagate(&all_pairs, options, arena, result);
}
