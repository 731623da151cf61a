/* Oracle: see the header. Slow on purpose. */
#include "tests/common/expr/oracle.h"

#include <math.h>
#include <time.h>

#define MISSING ((double)NAN)

struct view {
    const struct expr_graph *graph;
    const struct expr_columns *columns;
    int64_t session, from, end; /* events */
};

static bool selects(const struct view *v, int32_t selector, int64_t event);

static bool any_between(const struct view *v, int32_t selector, int64_t first, int64_t last)
{
    for (int64_t e = first; e <= last; e++)
        if (selects(v, selector, e)) return true;
    return false;
}

static bool in_window(const struct view *v, const struct expr_selector *s, int64_t event)
{
    switch (s->window) {
    case EXPR_BEFORE:
        return !any_between(v, s->from, v->from, event);
    case EXPR_AFTER:
        return any_between(v, s->from, v->from, event - 1);
    case EXPR_BETWEEN:
        for (int64_t f = v->from; f < event; f++)
            if (selects(v, s->from, f) && !any_between(v, s->until, f + 1, event)) return true;
        return false;
    default:
        return true;
    }
}

static bool selects(const struct view *v, int32_t selector, int64_t event)
{
    const struct expr_selector *s = &v->graph->selectors[selector];
    if (s->names && !s->names[v->columns->event_names[event]]) return false;
    for (int32_t c = 0; c < s->n_conditions; c++) {
        const struct expr_condition *condition = &s->conditions[c];
        const struct expr_event_column *column =
            &v->columns->event_attributes[condition->attribute];
        if (condition->words) {
            const uint32_t code = column->codes[event];
            if (!condition->words[code == LODE_NO_CODE ? condition->n_words : code]) return false;
        } else {
            const double x = column->numbers[event];
            if (isnan(x) || x < condition->low || x > condition->high) return false;
        }
    }
    return in_window(v, s, event);
}

/* --- patterns, over visible events --- */

enum { VISIBLE_MAX = 64 };

struct search {
    const struct view *view;
    const struct expr_pattern *pattern;
    int64_t events[VISIBLE_MAX];
    int n;
    int lowest, end; /* the occurrence lies in [lowest, end] and ends there */
};

/* Steps k.. can be found, if step k - 1 ended at place `before` and the first began at `start`. */
static bool occurs(const struct search *in, int k, int before, int start)
{
    const struct expr_step *step = &in->pattern->steps[k];
    const struct expr_columns *columns = in->view->columns;
    const int from = k == 0 ? in->lowest : before + 1;
    const int to = k > 0 && step->link == EXPR_NEXT ? before + 1 : in->end;
    for (int first = from; first <= to && first <= in->end; first++) {
        bool forbidden = false;
        for (int x = before + 1; k > 0 && step->without >= 0 && x < first; x++)
            forbidden = forbidden || selects(in->view, step->without, in->events[x]);
        if (forbidden) continue;
        for (int last = first; last <= (step->repeats ? in->end : first); last++) {
            if (!selects(in->view, step->selector, in->events[last])) break;
            const int began = k == 0 ? first : start;
            if (k + 1 < in->pattern->n_steps) {
                if (occurs(in, k + 1, last, began)) return true;
            } else if (last == in->end && (in->pattern->within_ms == INT64_MAX ||
                                           columns->event_times[in->events[last]] -
                                                   columns->event_times[in->events[began]] <=
                                               in->pattern->within_ms)) {
                return true;
            }
        }
    }
    return false;
}

static double count_matches(const struct view *v, int64_t pattern)
{
    struct search in = {.view = v, .pattern = &v->graph->patterns[pattern]};
    double count = 0.0;
    for (int64_t e = v->from; e < v->end; e++)
        if (!v->graph->ignored || !v->graph->ignored[v->columns->event_names[e]])
            in.events[in.n++] = e;
    for (in.end = 0; in.end < in.n; in.end++) {
        if (!occurs(&in, 0, -1, -1)) continue;
        count += 1.0;
        in.lowest = in.end + 1;
    }
    return count;
}

/* --- nodes of events --- */

static int64_t first_of(const struct view *v, int32_t selector, int64_t from)
{
    for (int64_t e = from; e < v->end; e++)
        if (selects(v, selector, e)) return e;
    return -1;
}

static double time_between(const struct view *v, int64_t a, int64_t b)
{
    if (a < 0 || b < 0) return MISSING;
    return (double)(v->columns->event_times[b] - v->columns->event_times[a]);
}

static double state_time(const struct view *v, const struct expr_node *node)
{
    double total = 0.0;
    for (int64_t e = v->from; e + 1 < v->end; e++) {
        bool open = false; /* after event e */
        for (int64_t f = v->from; f <= e; f++)
            open = open || (selects(v, node->selectors[0], f) &&
                            !any_between(v, node->selectors[1], f + 1, e));
        if (open) total += time_between(v, e, e + 1);
    }
    return total;
}

static double fold(const struct view *v, const struct expr_node *node)
{
    double sum = 0.0, n = 0.0, least = (double)INFINITY, most = -(double)INFINITY;
    for (int64_t e = v->from; e < v->end; e++) {
        if (!selects(v, node->selectors[0], e)) continue;
        if (node->op == EXPR_EVENT_COUNT) {
            n += 1.0;
            continue;
        }
        const double x = v->columns->event_attributes[node->index].numbers[e];
        if (isnan(x)) continue;
        sum += x;
        n += 1.0;
        least = x < least ? x : least;
        most = x > most ? x : most;
    }
    switch (node->op) {
    case EXPR_EVENT_COUNT:
        return n;
    case EXPR_EVENT_SUM:
        return sum;
    case EXPR_EVENT_MEAN:
        return n > 0.0 ? sum / n : MISSING;
    case EXPR_EVENT_LEAST:
        return n > 0.0 ? least : MISSING;
    default:
        return n > 0.0 ? most : MISSING;
    }
}

static double event_value(const struct view *v, const struct expr_node *node)
{
    const int64_t last = v->end - 1;
    int64_t e;
    switch (node->op) {
    case EXPR_EVENT_FIRST:
        return time_between(v, v->from, first_of(v, node->selectors[0], v->from));
    case EXPR_EVENT_LAST:
        for (e = last; e >= v->from; e--)
            if (selects(v, node->selectors[0], e)) return time_between(v, v->from, e);
        return MISSING;
    case EXPR_EVENT_GAP:
        e = first_of(v, node->selectors[0], v->from);
        return e < 0 ? MISSING : time_between(v, e, first_of(v, node->selectors[1], e + 1));
    case EXPR_EVENT_STATE_TIME:
        return state_time(v, node);
    case EXPR_EVENT_DURATION:
        return v->from < v->end ? time_between(v, v->from, last) : MISSING;
    case EXPR_EVENT_MATCH:
        return count_matches(v, node->index) > 0.0;
    case EXPR_EVENT_MATCH_COUNT:
        return count_matches(v, node->index);
    default:
        return fold(v, node);
    }
}

/* --- of user, clock and other sources --- */

static int64_t user_of(const struct expr_columns *columns, int64_t session)
{
    int64_t user = 0;
    while (!(columns->session_offsets[user] <= session &&
             session < columns->session_offsets[user + 1]))
        user++;
    return user;
}

static double gap_before(const struct expr_columns *columns, int64_t session)
{
    const int64_t *starts = columns->starts;
    if (session == columns->session_offsets[user_of(columns, session)]) return MISSING;
    if (starts[session] == INT64_MIN || starts[session - 1] == INT64_MIN) return MISSING;
    return (double)(starts[session] - starts[session - 1]);
}

static double user_value(const struct view *v, const struct expr_node *node)
{
    const int64_t *offsets = v->columns->session_offsets;
    const int64_t user = user_of(v->columns, v->session);
    double most = MISSING;
    switch (node->op) {
    case EXPR_SESSION_INDEX:
        return (double)(v->session - offsets[user] + 1);
    case EXPR_USER_SESSIONS:
        return (double)(offsets[user + 1] - offsets[user]);
    case EXPR_SINCE_PREVIOUS:
        return gap_before(v->columns, v->session);
    case EXPR_USER_MAX_GAP:
        for (int64_t s = offsets[user]; s < offsets[user + 1]; s++)
            most = fmax(most, gap_before(v->columns, s)); /* fmax passes over NaN */
        return most;
    default:
        if (v->session == offsets[user]) return MISSING;
        return oracle_value(v->graph, v->columns, node->args[0], v->session - 1);
    }
}

static double calendar(enum expr_op op, double ms)
{
    if (isnan(ms)) return MISSING;
    struct tm parts;
    const time_t seconds = (time_t)floor(ms / 1000.0);
    gmtime_r(&seconds, &parts);
    switch (op) {
    case EXPR_HOUR:
        return parts.tm_hour;
    case EXPR_MINUTE:
        return parts.tm_min;
    case EXPR_WEEKDAY:
        return parts.tm_wday == 0 ? 7 : parts.tm_wday;
    case EXPR_DAY:
        return parts.tm_mday;
    default:
        return parts.tm_mon + 1;
    }
}

static double series_value(const struct view *v, const struct expr_node *node)
{
    const struct expr_series *series = &v->graph->series[node->index];
    const struct expr_series_column *column = &v->columns->series[node->index];
    const int64_t start = v->columns->starts[v->session];
    const uint32_t component =
        series->component < 0 ? v->columns->attributes[series->by][v->session] : 0;
    double sum = 0.0, n = 0.0, least = (double)INFINITY, most = -(double)INFINITY, last = MISSING;
    if (component >= column->n_components) return MISSING;
    const struct expr_samples *samples = &column->components[component];
    int64_t from = start, to = start;
    if (start == INT64_MIN && v->from < v->end) from = v->columns->event_times[v->from];
    if (v->from < v->end) to = v->columns->event_times[v->end - 1];
    if (to < from) to = from;
    for (int64_t i = 0; i < samples->n; i++) {
        const double x = samples->values[i];
        const int64_t time = samples->times[i];
        if (isnan(x)) continue;
        if (start != INT64_MIN && time <= start && start - time <= series->max_age_ms) last = x;
        if (from == INT64_MIN || time < from || time > to) continue;
        sum += x;
        n += 1.0;
        least = x < least ? x : least;
        most = x > most ? x : most;
    }
    if (node->op == EXPR_SERIES_AT) return last;
    if (n == 0.0) return MISSING;
    switch (node->op) {
    case EXPR_SERIES_MEAN:
        return sum / n;
    case EXPR_SERIES_MOST:
        return most;
    case EXPR_SERIES_LEAST:
        return least;
    default:
        return sum;
    }
}

/* --- of other nodes --- */

static double logic_value(enum expr_op op, double x, double y)
{
    const bool both = op == EXPR_AND;
    if (both && (x == 0.0 || y == 0.0)) return 0.0;
    if (!both && (x == 1.0 || y == 1.0)) return 1.0;
    return isnan(x) || isnan(y) ? MISSING : both;
}

static double argument_value(const struct view *v, const struct expr_node *node)
{
    double x[3] = {0.0, 0.0, 0.0};
    bool missing = false;
    for (int32_t a = 0; a < node->n_args; a++) {
        x[a] = oracle_value(v->graph, v->columns, node->args[a], v->session);
        missing = missing || isnan(x[a]);
    }
    switch (node->op) { /* those that know missing arguments */
    case EXPR_AND:
    case EXPR_OR:
        return logic_value(node->op, x[0], x[1]);
    case EXPR_IF:
        return isnan(x[0]) ? MISSING : x[0] == 1.0 ? x[1] : x[2];
    case EXPR_WHEN:
        return x[1] == 1.0 ? x[0] : MISSING;
    case EXPR_IS_MISSING:
        return isnan(x[0]);
    case EXPR_OR_ELSE:
        return isnan(x[0]) ? x[1] : x[0];
    default:
        if (missing) return MISSING;
    }
    switch (node->op) {
    case EXPR_WORD_TABLE:
        return node->table[(int64_t)x[0]];
    case EXPR_ADD:
        return x[0] + x[1];
    case EXPR_SUBTRACT:
        return x[0] - x[1];
    case EXPR_MULTIPLY:
        return x[0] * x[1];
    case EXPR_DIVIDE:
        return x[1] == 0.0 ? MISSING : x[0] / x[1];
    case EXPR_NEGATE:
        return -x[0];
    case EXPR_ABS:
        return x[0] < 0.0 ? -x[0] : x[0];
    case EXPR_LESS:
        return x[0] < x[1];
    case EXPR_LESS_EQUAL:
        return x[0] <= x[1];
    case EXPR_EQUAL:
        return x[0] == x[1];
    case EXPR_NOT_EQUAL:
        return x[0] != x[1];
    case EXPR_NOT:
        return x[0] == 0.0;
    case EXPR_MIN:
        return fmin(x[0], x[1]);
    case EXPR_MAX:
        return fmax(x[0], x[1]);
    default:
        return calendar(node->op, x[0]);
    }
}

double oracle_value(const struct expr_graph *graph, const struct expr_columns *columns,
                    int32_t node_index, int64_t session)
{
    const struct expr_node *node = &graph->nodes[node_index];
    const struct view view = {.graph = graph,
                              .columns = columns,
                              .session = session,
                              .from = columns->event_offsets[session],
                              .end = columns->event_offsets[session + 1]};
    if (node->n_args > 0 && node->op != EXPR_PREVIOUS) return argument_value(&view, node);
    switch (node->op) {
    case EXPR_CONSTANT:
        return node->number;
    case EXPR_ATTRIBUTE: {
        const uint32_t code = columns->attributes[node->index][session];
        return code == LODE_NO_CODE ? MISSING : code;
    }
    case EXPR_KPI:
        return columns->kpis[node->index][session];
    case EXPR_START:
        return columns->starts[session] == INT64_MIN ? MISSING : (double)columns->starts[session];
    case EXPR_SESSION_INDEX:
    case EXPR_SINCE_PREVIOUS:
    case EXPR_USER_SESSIONS:
    case EXPR_USER_MAX_GAP:
    case EXPR_PREVIOUS:
        return user_value(&view, node);
    case EXPR_SERIES_AT:
    case EXPR_SERIES_MEAN:
    case EXPR_SERIES_MOST:
    case EXPR_SERIES_LEAST:
    case EXPR_SERIES_SUM:
        return series_value(&view, node);
    default:
        return event_value(&view, node);
    }
}
