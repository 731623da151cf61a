/* Op: the table of operators, and the typing of one node from the types of its arguments.
 *
 * Units are of three kinds: none, duration and time. They follow the usual arithmetic of points and
 * distances: time - time is a duration, time + duration a time, duration / duration a number.
 */
#include "common/expr/op.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/expr/expr.h"

#define FUNCTION(text, takes, result)                                                              \
    {                                                                                              \
        .name = (text), .args = (takes), .gives = (result)                                         \
    }
#define OF_EVENTS(text, result, selectors)                                                         \
    {                                                                                              \
        .name = (text), .args = "", .gives = (result), .n_selectors = (selectors)                  \
    }
#define OF_ITEM(text, result, kind, selectors)                                                     \
    {                                                                                              \
        .name = (text), .args = "", .gives = (result), .n_selectors = (selectors), .index = (kind) \
    }
#define COMMUTES(text, takes, result)                                                              \
    {                                                                                              \
        .name = (text), .args = (takes), .gives = (result), .commutes = true                       \
    }

static const struct expr_op_about abouts[EXPR_OPS] = {
    [EXPR_CONSTANT] = FUNCTION("constant", "", '?'),
    [EXPR_ATTRIBUTE] = OF_ITEM("attribute", 's', EXPR_OF_ATTRIBUTE, 0),
    [EXPR_KPI] = OF_ITEM("kpi", '?', EXPR_OF_KPI, 0),
    [EXPR_START] = FUNCTION("time", "", 't'),
    [EXPR_WORD_TABLE] = FUNCTION("word table", "s", '?'),
    [EXPR_HOUR] = FUNCTION("hour", "t", 'n'),
    [EXPR_MINUTE] = FUNCTION("minute", "t", 'n'),
    [EXPR_WEEKDAY] = FUNCTION("weekday", "t", 'n'),
    [EXPR_DAY] = FUNCTION("day", "t", 'n'),
    [EXPR_MONTH] = FUNCTION("month", "t", 'n'),
    [EXPR_ADD] = COMMUTES("+", "yy", '+'),
    [EXPR_SUBTRACT] = FUNCTION("-", "yy", '-'),
    [EXPR_MULTIPLY] = COMMUTES("*", "yy", '*'),
    [EXPR_DIVIDE] = FUNCTION("/", "yy", '/'),
    [EXPR_NEGATE] = FUNCTION("-", "q", '='),
    [EXPR_ABS] = FUNCTION("abs", "q", '='),
    [EXPR_LESS] = FUNCTION("<", "ww", 'b'),
    [EXPR_LESS_EQUAL] = FUNCTION("<=", "ww", 'b'),
    [EXPR_EQUAL] = COMMUTES("=", "xx", 'b'),
    [EXPR_NOT_EQUAL] = COMMUTES("!=", "xx", 'b'),
    [EXPR_AND] = COMMUTES("and", "bb", 'b'),
    [EXPR_OR] = COMMUTES("or", "bb", 'b'),
    [EXPR_NOT] = FUNCTION("not", "b", 'b'),
    [EXPR_MIN] = COMMUTES("min", "ww", '='),
    [EXPR_MAX] = COMMUTES("max", "ww", '='),
    [EXPR_IF] = FUNCTION("if", "bxx", '='),
    [EXPR_WHEN] = FUNCTION("when", "xb", '='),
    [EXPR_IS_MISSING] = FUNCTION("is_missing", "x", 'b'),
    [EXPR_OR_ELSE] = FUNCTION("or_else", "xx", '='),
    [EXPR_SESSION_INDEX] = FUNCTION("session_index", "", 'n'),
    [EXPR_SINCE_PREVIOUS] = FUNCTION("since_previous", "", 'd'),
    [EXPR_USER_SESSIONS] = FUNCTION("user_sessions", "", 'n'),
    [EXPR_USER_MAX_GAP] = FUNCTION("user_max_gap", "", 'd'),
    [EXPR_PREVIOUS] = FUNCTION("previous", "x", '='),
    [EXPR_EVENT_COUNT] = OF_EVENTS("count", 'n', 1),
    [EXPR_EVENT_FIRST] = OF_EVENTS("first", 'd', 1),
    [EXPR_EVENT_LAST] = OF_EVENTS("last", 'd', 1),
    [EXPR_EVENT_GAP] = OF_EVENTS("gap", 'd', 2),
    [EXPR_EVENT_STATE_TIME] = OF_EVENTS("time_in", 'd', 2),
    [EXPR_EVENT_DURATION] = OF_EVENTS("duration", 'd', 0),
    [EXPR_EVENT_MATCH] = OF_ITEM("matches", 'b', EXPR_OF_PATTERN, 0),
    [EXPR_EVENT_MATCH_COUNT] = OF_ITEM("count_matches", 'n', EXPR_OF_PATTERN, 0),
    [EXPR_EVENT_SUM] = OF_ITEM("sum", 'n', EXPR_OF_EVENT_ATTRIBUTE, 1),
    [EXPR_EVENT_MEAN] = OF_ITEM("mean", 'n', EXPR_OF_EVENT_ATTRIBUTE, 1),
    [EXPR_EVENT_LEAST] = OF_ITEM("least", 'n', EXPR_OF_EVENT_ATTRIBUTE, 1),
    [EXPR_EVENT_MOST] = OF_ITEM("most", 'n', EXPR_OF_EVENT_ATTRIBUTE, 1),
    [EXPR_SERIES_AT] = OF_ITEM("at", 'n', EXPR_OF_SERIES, 0),
    [EXPR_SERIES_MEAN] = OF_ITEM("mean", 'n', EXPR_OF_SERIES, 0),
    [EXPR_SERIES_MOST] = OF_ITEM("most", 'n', EXPR_OF_SERIES, 0),
    [EXPR_SERIES_LEAST] = OF_ITEM("least", 'n', EXPR_OF_SERIES, 0),
    [EXPR_SERIES_SUM] = OF_ITEM("sum", 'n', EXPR_OF_SERIES, 0),
    [EXPR_SPAN_MEAN] = FUNCTION("mean", "qy", '='),
    [EXPR_SPAN_MOST] = FUNCTION("most", "qy", '='),
    [EXPR_SPAN_LEAST] = FUNCTION("least", "qy", '='),
    [EXPR_SPAN_SUM] = FUNCTION("sum", "qy", '='),
};

const struct expr_op_about *expr_op_about(enum expr_op op)
{
    const unsigned index = (unsigned)op;
    return index < EXPR_OPS && abouts[index].name ? &abouts[index] : NULL;
}

const char *expr_type_name(enum expr_type type, enum expr_unit unit)
{
    if (type == EXPR_BOOL) return "bool";
    if (type == EXPR_TEXT) return "text";
    return unit == EXPR_MS ? "duration" : unit == EXPR_TIME ? "time" : "number";
}

/* Type of an argument; texts of two attributes are of two types. */
struct kind {
    enum expr_type type;
    enum expr_unit unit;
    int64_t words;
};

static struct kind kind_of(const struct expr_node *node)
{
    return (struct kind){node->type, node->unit, node->type == EXPR_TEXT ? node->index : -1};
}

static const char *name_of(struct kind kind)
{
    return expr_type_name(kind.type, kind.unit);
}

static bool is_plain(struct kind kind) /* a number without a unit, or a bool, which counts as one */
{
    return kind.type != EXPR_TEXT && kind.unit == EXPR_NO_UNIT;
}

static bool fits(char letter, struct kind kind)
{
    switch (letter) {
    case 'b':
        return kind.type == EXPR_BOOL;
    case 'n':
        return is_plain(kind);
    case 't':
        return kind.unit == EXPR_TIME;
    case 's':
        return kind.type == EXPR_TEXT;
    case 'q':
        return kind.type != EXPR_TEXT && kind.unit != EXPR_TIME;
    case 'x':
        return true;
    default: /* w, y */
        return kind.type != EXPR_TEXT;
    }
}

static const char *asked_for(char letter)
{
    switch (letter) {
    case 'b':
        return "a bool";
    case 'n':
        return "a plain number";
    case 't':
        return "a time";
    case 's':
        return "a text";
    case 'q':
        return "a number or a duration";
    default:
        return "a number, a duration or a time";
    }
}

static bool unify(const char *name, struct kind *all, struct kind kind,
                  char reason[EXPR_REASON_BYTES])
{
    if (all->type == kind.type && all->unit == kind.unit && all->words == kind.words) return true;
    if (is_plain(*all) && is_plain(kind)) { /* a bool and a number */
        all->type = EXPR_NUMBER;
        return true;
    }
    if (all->type == EXPR_TEXT && kind.type == EXPR_TEXT)
        snprintf(reason, EXPR_REASON_BYTES, "'%s' takes texts of one attribute, not of two", name);
    else
        snprintf(reason, EXPR_REASON_BYTES, "'%s' takes two of a kind, not a %s and a %s%s", name,
                 name_of(*all), name_of(kind),
                 all->unit == EXPR_MS || kind.unit == EXPR_MS
                     ? ": a duration is written with its unit, such as 30s"
                     : "");
    return false;
}

/* + - * / of two units; false: they do not go together. */
static bool arithmetic(char sign, enum expr_unit a, enum expr_unit b, enum expr_unit *unit)
{
    if (sign == '+' || sign == '-') {
        const bool same = a == b && a != EXPR_TIME;
        if (same || (a == EXPR_TIME && b == EXPR_MS))
            *unit = a;
        else if (sign == '+' && a == EXPR_MS && b == EXPR_TIME)
            *unit = EXPR_TIME;
        else if (sign == '-' && a == EXPR_TIME && b == EXPR_TIME)
            *unit = EXPR_MS;
        else
            return false;
        return true;
    }
    if (a == EXPR_TIME || b == EXPR_TIME) return false;
    if (sign == '*') {
        *unit = a == EXPR_MS ? a : b;
        return a == EXPR_NO_UNIT || b == EXPR_NO_UNIT;
    }
    *unit = b == EXPR_MS ? EXPR_NO_UNIT : a;
    return b == EXPR_NO_UNIT || a == EXPR_MS;
}

/* Constants, KPIs and word tables bring their type along. */
static bool given_type(const struct expr_node *node, char reason[EXPR_REASON_BYTES])
{
    const bool is_constant = node->op == EXPR_CONSTANT;
    bool well = node->type == EXPR_BOOL || node->type == EXPR_NUMBER;
    if (node->unit != EXPR_NO_UNIT)
        well =
            well && node->type == EXPR_NUMBER &&
            (node->op == EXPR_KPI ? node->unit == EXPR_MS : is_constant && node->unit <= EXPR_TIME);
    if (is_constant) {
        well = well && isfinite(node->number);
        if (node->type == EXPR_BOOL) well = well && (node->number == 0.0 || node->number == 1.0);
    }
    for (int64_t i = 0; well && node->type == EXPR_BOOL && i < node->n_table; i++)
        well = node->table[i] == 0.0 || node->table[i] == 1.0 || isnan(node->table[i]);
    if (!well)
        snprintf(reason, EXPR_REASON_BYTES, "a %s of type %d, unit %d", abouts[node->op].name,
                 (int)node->type, (int)node->unit);
    return well;
}

static void set_kind(struct expr_node *node, enum expr_type type, enum expr_unit unit)
{
    node->type = type;
    node->unit = unit;
}

static bool set_result(const struct expr_node *nodes, struct expr_node *node, struct kind all,
                       char reason[EXPR_REASON_BYTES])
{
    const struct expr_op_about *about = &abouts[node->op];
    switch (about->gives) {
    case '?':
        return given_type(node, reason);
    case '=':
        if ((about->args[0] == 'q' || about->args[0] == 'w') && all.type == EXPR_BOOL)
            all.type = EXPR_NUMBER;
        set_kind(node, all.type, all.unit);
        if (all.type == EXPR_TEXT) node->index = all.words;
        return true;
    case 'b':
        set_kind(node, EXPR_BOOL, EXPR_NO_UNIT);
        return true;
    case 'n':
        set_kind(node, EXPR_NUMBER, EXPR_NO_UNIT);
        return true;
    case 'd':
        set_kind(node, EXPR_NUMBER, EXPR_MS);
        return true;
    case 't':
        set_kind(node, EXPR_NUMBER, EXPR_TIME);
        return true;
    case 's':
        set_kind(node, EXPR_TEXT, EXPR_NO_UNIT);
        return true;
    default:
        break;
    }
    const struct kind a = kind_of(&nodes[node->args[0]]), b = kind_of(&nodes[node->args[1]]);
    node->type = EXPR_NUMBER;
    if (arithmetic(about->gives, a.unit, b.unit, &node->unit)) return true;
    snprintf(reason, EXPR_REASON_BYTES, "'%s' cannot be of a %s and a %s", about->name, name_of(a),
             name_of(b));
    return false;
}

bool expr_type_node(const struct expr_node *nodes, struct expr_node *node,
                    char reason[EXPR_REASON_BYTES])
{
    const struct expr_op_about *about = &abouts[node->op];
    struct kind all = {.words = -1};
    bool has_all = false;
    node->n_args = (int32_t)strlen(about->args);
    for (int32_t i = 0; i < node->n_args; i++) {
        const char letter = about->args[i];
        const struct kind kind = kind_of(&nodes[node->args[i]]);
        if (!fits(letter, kind)) {
            snprintf(reason, EXPR_REASON_BYTES, "'%s' takes %s here, not a %s", about->name,
                     asked_for(letter), name_of(kind));
            return false;
        }
        if (letter != 'x' && letter != 'w' && letter != 'q') continue;
        if (has_all && !unify(about->name, &all, kind, reason)) return false;
        if (!has_all) all = kind;
        has_all = true;
    }
    if (about->index == EXPR_OF_NOTHING) node->index = -1;
    return set_result(nodes, node, all, reason);
}
