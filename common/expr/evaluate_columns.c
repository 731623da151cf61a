/* Evaluate columns: flat loops, which compilers make vectors of. Missing is NaN, and arithmetic
 * keeps NaN; what decides has to ask for it. */
#include "common/expr/evaluate_columns.h"

#include <math.h>

#include "common/expr/calendar.h"
#include "common/expr/series.h"

#define MISSING ((double)NAN)

/* --- of the session --- */

static double span(int64_t earlier, int64_t later)
{
    return (double)(int64_t)((uint64_t)later - (uint64_t)earlier);
}

static void compute_source(const struct column_block *block, const struct expr_node *node,
                           double *out)
{
    const struct expr_columns *columns = block->columns;
    const int64_t first = block->first;
    switch (node->op) {
    case EXPR_CONSTANT:
        for (int64_t s = 0; s < block->n; s++) out[s] = node->number;
        break;
    case EXPR_ATTRIBUTE: {
        const uint32_t *codes = columns->attributes[node->index] + first;
        for (int64_t s = 0; s < block->n; s++)
            out[s] = codes[s] == LODE_NO_CODE ? MISSING : (double)codes[s];
        break;
    }
    case EXPR_KPI:
        for (int64_t s = 0; s < block->n; s++) out[s] = columns->kpis[node->index][first + s];
        break;
    case EXPR_START:
        for (int64_t s = 0; s < block->n; s++) {
            const int64_t start = columns->starts[first + s];
            out[s] = start == INT64_MIN ? MISSING : (double)start;
        }
        break;
    default: /* EXPR_EVENT_DURATION */
        for (int64_t s = 0; s < block->n; s++) {
            const int64_t *offsets = columns->event_offsets + first + s;
            out[s] = offsets[0] == offsets[1] ? MISSING
                                              : span(columns->event_times[offsets[0]],
                                                     columns->event_times[offsets[1] - 1]);
        }
        break;
    }
}

/* --- of one node --- */

static void compute_unary(const struct column_block *block, const struct expr_node *node,
                          const double *x, double *out)
{
    const int64_t n = block->n;
    switch (node->op) {
    case EXPR_WORD_TABLE:
        for (int64_t s = 0; s < n; s++) /* a code beyond: a word that came after the table */
            out[s] =
                x[s] >= 0.0 && x[s] < (double)node->n_table ? node->table[(int64_t)x[s]] : MISSING;
        break;
    case EXPR_NEGATE:
        for (int64_t s = 0; s < n; s++) out[s] = -x[s];
        break;
    case EXPR_ABS:
        for (int64_t s = 0; s < n; s++) out[s] = fabs(x[s]);
        break;
    case EXPR_NOT:
        for (int64_t s = 0; s < n; s++) out[s] = isnan(x[s]) ? MISSING : x[s] == 0.0;
        break;
    case EXPR_IS_MISSING:
        for (int64_t s = 0; s < n; s++) out[s] = isnan(x[s]);
        break;
    default: /* parts of a time */
        for (int64_t s = 0; s < n; s++) out[s] = expr_calendar(node->op, block->zone, x[s]);
        break;
    }
}

/* --- of two or three --- */

/* -1: missing */
static double truth(int value)
{
    return value < 0 ? MISSING : (double)value;
}

static void compute_logic(int64_t n, enum expr_op op, const double *x, const double *y, double *out)
{
    const double decides = op == EXPR_AND ? 0.0 : 1.0; /* whatever the other is */
    for (int64_t s = 0; s < n; s++) {
        const bool is_decided = x[s] == decides || y[s] == decides;
        const bool is_missing = isnan(x[s]) || isnan(y[s]);
        out[s] = is_decided ? decides : truth(is_missing ? -1 : op == EXPR_AND);
    }
}

static void compute_compare(int64_t n, enum expr_op op, const double *x, const double *y,
                            double *out)
{
    for (int64_t s = 0; s < n; s++) {
        bool holds;
        switch (op) {
        case EXPR_LESS:
            holds = x[s] < y[s];
            break;
        case EXPR_LESS_EQUAL:
            holds = x[s] <= y[s];
            break;
        case EXPR_EQUAL:
            holds = x[s] == y[s];
            break; /* codes, whole ms, equal constants */
        default:
            holds = x[s] != y[s];
            break;
        }
        out[s] = truth(isnan(x[s]) || isnan(y[s]) ? -1 : holds);
    }
}

static void compute_binary(int64_t n, enum expr_op op, const double *x, const double *y,
                           double *out)
{
    switch (op) {
    case EXPR_ADD:
        for (int64_t s = 0; s < n; s++) out[s] = x[s] + y[s];
        break;
    case EXPR_SUBTRACT:
        for (int64_t s = 0; s < n; s++) out[s] = x[s] - y[s];
        break;
    case EXPR_MULTIPLY:
        for (int64_t s = 0; s < n; s++) out[s] = x[s] * y[s];
        break;
    case EXPR_DIVIDE:
        for (int64_t s = 0; s < n; s++) out[s] = y[s] == 0.0 ? MISSING : x[s] / y[s];
        break;
    case EXPR_MIN:
        for (int64_t s = 0; s < n; s++)
            out[s] = isnan(x[s]) || isnan(y[s]) ? MISSING : x[s] < y[s] ? x[s] : y[s];
        break;
    case EXPR_MAX:
        for (int64_t s = 0; s < n; s++)
            out[s] = isnan(x[s]) || isnan(y[s]) ? MISSING : x[s] > y[s] ? x[s] : y[s];
        break;
    case EXPR_WHEN:
        for (int64_t s = 0; s < n; s++) out[s] = y[s] == 1.0 ? x[s] : MISSING;
        break;
    case EXPR_OR_ELSE:
        for (int64_t s = 0; s < n; s++) out[s] = isnan(x[s]) ? y[s] : x[s];
        break;
    case EXPR_AND:
    case EXPR_OR:
        compute_logic(n, op, x, y, out);
        break;
    default:
        compute_compare(n, op, x, y, out);
        break;
    }
}

static void compute_if(int64_t n, const double *const *args, double *out)
{
    for (int64_t s = 0; s < n; s++)
        out[s] = isnan(args[0][s]) ? MISSING : args[0][s] != 0.0 ? args[1][s] : args[2][s];
}

/* --- of the sessions of the user --- */

static double since_previous(const struct column_block *block, int64_t session, int64_t user)
{
    const int64_t *starts = block->columns->starts;
    if (session == block->columns->session_offsets[user]) return MISSING;
    if (starts[session] == INT64_MIN || starts[session - 1] == INT64_MIN) return MISSING;
    return span(starts[session - 1], starts[session]);
}

static double user_max_gap(const struct column_block *block, int64_t user)
{
    const int64_t *offsets = block->columns->session_offsets;
    double most = MISSING;
    for (int64_t s = offsets[user] + 1; s < offsets[user + 1]; s++) {
        const double gap = since_previous(block, s, user);
        if (!isnan(gap) && !(most >= gap)) most = gap;
    }
    return most;
}

static void compute_lifecycle(const struct column_block *block, const struct expr_node *node,
                              const double *x, double *carry, double *out)
{
    const int64_t *offsets = block->columns->session_offsets;
    for (int64_t s = 0; s < block->n; s++) {
        const int64_t user = block->users[s], session = block->first + s;
        const bool is_first = session == offsets[user];
        switch (node->op) {
        case EXPR_SESSION_INDEX:
            out[s] = (double)(session - offsets[user] + 1);
            break;
        case EXPR_USER_SESSIONS:
            out[s] = (double)(offsets[user + 1] - offsets[user]);
            break;
        case EXPR_SINCE_PREVIOUS:
            out[s] = since_previous(block, session, user);
            break;
        case EXPR_USER_MAX_GAP:
            if (is_first) *carry = user_max_gap(block, user);
            out[s] = *carry;
            break;
        default: /* EXPR_PREVIOUS */
            out[s] = is_first ? MISSING : *carry;
            *carry = x[s];
            break;
        }
    }
}

/* --- of the sessions shortly before --- */

/* From this session back, which is the order of the sum. */
static double span_of(const struct column_block *block, const struct expr_node *node,
                      int64_t session, int64_t first)
{
    const int64_t *starts = block->columns->starts;
    const double *values = block->columns->kpis[block->graph->nodes[node->args[0]].index];
    const double length_ms = block->graph->nodes[node->args[1]].number;
    double sum = 0.0, most = MISSING, least = MISSING;
    int64_t n = 0;
    if (starts[session] == INT64_MIN) return MISSING;
    for (int64_t s = session; s >= first; s--) {
        if (starts[s] == INT64_MIN) continue;
        if (!(span(starts[s], starts[session]) < length_ms)) break;
        if (isnan(values[s])) continue;
        sum += values[s];
        if (!(most >= values[s])) most = values[s];
        if (!(least <= values[s])) least = values[s];
        n++;
    }
    if (node->op == EXPR_SPAN_MOST) return most;
    if (node->op == EXPR_SPAN_LEAST) return least;
    if (n == 0) return MISSING;
    return node->op == EXPR_SPAN_MEAN ? sum / (double)n : sum;
}

static void compute_span(const struct column_block *block, const struct expr_node *node,
                         double *out)
{
    for (int64_t s = 0; s < block->n; s++)
        out[s] = span_of(block, node, block->first + s,
                         block->columns->session_offsets[block->users[s]]);
}

/* --- of other sources --- */

static const struct expr_samples *samples_of(const struct column_block *block, int64_t index,
                                             int64_t session)
{
    const struct expr_series *series = &block->graph->series[index];
    const struct expr_series_column *column = &block->columns->series[index];
    uint32_t component = 0;
    if (series->component < 0) component = block->columns->attributes[series->by][session];
    return component < column->n_components ? &column->components[component] : NULL;
}

/* The interval of the session; false: it has none. */
static bool interval_of(const struct column_block *block, int64_t session, int64_t *from,
                        int64_t *to)
{
    const struct expr_columns *columns = block->columns;
    const int64_t *offsets = columns->event_offsets + session;
    const bool has_events = offsets[0] < offsets[1];
    *from = columns->starts[session];
    if (*from == INT64_MIN && !has_events) return false;
    if (*from == INT64_MIN) *from = columns->event_times[offsets[0]];
    *to = has_events ? columns->event_times[offsets[1] - 1] : *from;
    if (*to < *from) *to = *from;
    return true;
}

static void compute_series(const struct column_block *block, const struct expr_node *node,
                           double *out)
{
    const int64_t max_age_ms = block->graph->series[node->index].max_age_ms;
    for (int64_t s = 0; s < block->n; s++) {
        const int64_t session = block->first + s;
        const struct expr_samples *samples = samples_of(block, node->index, session);
        int64_t from, to;
        out[s] = MISSING;
        if (!samples) continue;
        if (node->op == EXPR_SERIES_AT) {
            from = block->columns->starts[session];
            if (from != INT64_MIN) out[s] = expr_series_at(samples, from, max_age_ms);
        } else if (interval_of(block, session, &from, &to)) {
            out[s] = expr_series_over(samples, node->op, from, to);
        }
    }
}

void expr_column_compute(const struct column_block *block, const struct expr_node *node,
                         const double *const *args, double *carry, double *out)
{
    switch (node->op) {
    case EXPR_CONSTANT:
    case EXPR_ATTRIBUTE:
    case EXPR_KPI:
    case EXPR_START:
    case EXPR_EVENT_DURATION:
        compute_source(block, node, out);
        break;
    case EXPR_SESSION_INDEX:
    case EXPR_SINCE_PREVIOUS:
    case EXPR_USER_SESSIONS:
    case EXPR_USER_MAX_GAP:
    case EXPR_PREVIOUS:
        compute_lifecycle(block, node, args[0], carry, out);
        break;
    case EXPR_SERIES_AT:
    case EXPR_SERIES_MEAN:
    case EXPR_SERIES_MOST:
    case EXPR_SERIES_LEAST:
    case EXPR_SERIES_SUM:
        compute_series(block, node, out);
        break;
    case EXPR_SPAN_MEAN:
    case EXPR_SPAN_MOST:
    case EXPR_SPAN_LEAST:
    case EXPR_SPAN_SUM:
        compute_span(block, node, out);
        break;
    case EXPR_IF:
        compute_if(block->n, args, out);
        break;
    default:
        if (node->n_args == 1)
            compute_unary(block, node, args[0], out);
        else
            compute_binary(block->n, node->op, args[0], args[1], out);
        break;
    }
}
