/* Session columns: the schema as parameters, columns by index, and derived ones kept small.
 *
 * Derived columns are computed together and wait for their turn, so they are kept as bits
 * where they are true or false, as bytes where they have few words: a thousand of them must fit
 * beside the events of a partition.
 *
 * Parameters: array of KPIs (name, binary 0/1, missing 0/1, source), array of attributes (name,
 * of_user 0/1, number of words, source), then, where one has a node, the graph (evaluation.h). The
 * source is an i64: the node of the expression, -1 for a column of the store, -2 for what is
 * derived but not wanted. After the source of a derived attribute with a node: its type, and of a
 * number its cuts (are values 0/1, array of f64).
 */
#include "jobs/opportunities/derive/session_columns.h"

#include <math.h>
#include <string.h>

#include "common/wire/pack.h"

enum { STORED = -1, NOT_WANTED = -2 };
enum { MOST_SMALL_WORDS = UINT8_MAX, NO_SMALL_WORD = UINT8_MAX };

/* How the values of a node become a column, and the column. */
struct session_values {
    int64_t source; /* node, STORED or NOT_WANTED */
    enum expr_type type;
    struct cuts cuts;
    uint64_t *is_true, *has_value; /* sets of sessions: an attribute that is true or false */
    uint8_t *small;                /* [sessions] marks; words of an attribute that has few */
    uint32_t *codes;               /* [sessions] words of one that has many */
    double *numbers;               /* [sessions] numeric KPI */
};

/* --- packing --- */

static lode_status pack_name(struct lode_bytes *out, const char *name)
{
    return lode_pack_text(out, name, strlen(name));
}

static lode_status pack_attribute(const struct lode_store *store,
                                  const struct derivation *derivation,
                                  const struct session_wanted *wanted, int64_t index,
                                  struct lode_bytes *out)
{
    const struct lode_attribute *attribute = &store->attributes[index];
    lode_try(pack_name(out, attribute->name));
    lode_try(lode_pack_u64(out, attribute->of_user));
    lode_try(lode_pack_u64(out, (uint64_t)attribute->dictionary.count));
    if (!derivation || index < derivation->n_stored_attributes) return lode_pack_i64(out, STORED);
    if (wanted && wanted->attributes && !wanted->attributes[index])
        return lode_pack_i64(out, NOT_WANTED);
    const struct derived_attribute *derived =
        &derivation->attributes[index - derivation->n_stored_attributes];
    lode_try(lode_pack_i64(out, derived->node));
    lode_try(lode_pack_u64(out, derived->type));
    if (derived->type != EXPR_NUMBER) return LODE_OK;
    lode_try(lode_pack_u64(out, derived->cuts.are_values));
    lode_try(lode_pack_array(out, (uint32_t)derived->cuts.n));
    for (int64_t i = 0; i < derived->cuts.n; i++) lode_try(lode_pack_f64(out, derived->cuts.at[i]));
    return LODE_OK;
}

static lode_status pack_kpi(const struct lode_store *store, const struct derivation *derivation,
                            const struct session_wanted *wanted, int64_t index,
                            struct lode_bytes *out)
{
    const struct lode_kpi *kpi = &store->kpis[index];
    lode_try(pack_name(out, kpi->name));
    lode_try(lode_pack_u64(out, kpi->is_binary));
    lode_try(lode_pack_u64(out, kpi->n_missing > 0));
    if (!derivation || index < derivation->n_stored_kpis) return lode_pack_i64(out, STORED);
    if (wanted && wanted->kpis && !wanted->kpis[index]) return lode_pack_i64(out, NOT_WANTED);
    return lode_pack_i64(out, derivation->kpi_nodes[index - derivation->n_stored_kpis]);
}

lode_status session_columns_pack(const struct lode_store *store,
                                 const struct derivation *derivation,
                                 const struct session_wanted *wanted, struct lode_bytes *out)
{
    if (derivation && !derivation->graph) derivation = NULL;
    lode_try(lode_pack_array(out, (uint32_t)store->n_kpis));
    for (int64_t i = 0; i < store->n_kpis; i++)
        lode_try(pack_kpi(store, derivation, wanted, i, out));
    lode_try(lode_pack_array(out, (uint32_t)store->n_attributes));
    for (int64_t i = 0; i < store->n_attributes; i++)
        lode_try(pack_attribute(store, derivation, wanted, i, out));
    lode_try(lode_pack_u64(out, derivation != NULL));
    if (!derivation) return LODE_OK;
    return evaluation_pack(derivation->graph, &derivation->schema, &derivation->zone_rules,
                           &derivation->samples, out);
}

/* --- unpacking --- */

static lode_status unpack_flag(struct lode_unpack *in, const char *what, bool *flag)
{
    int64_t value;
    lode_try(lode_unpack_count(in, what, 1, &value));
    *flag = value == 1;
    return LODE_OK;
}

static lode_status unpack_kpi(struct lode_unpack *in, struct lode_arena *arena,
                              struct lode_kpi *kpi, struct session_values *values)
{
    lode_try(lode_unpack_copy(in, arena, &kpi->name));
    lode_try(unpack_flag(in, "binary", &kpi->is_binary));
    lode_try(lode_unpack_count(in, "missing", 1, &kpi->n_missing));
    values->type = kpi->is_binary ? EXPR_BOOL : EXPR_NUMBER;
    return lode_unpack_i64(in, &values->source);
}

static lode_status unpack_cuts(struct lode_unpack *in, struct lode_arena *arena, struct cuts *cuts)
{
    uint32_t n;
    lode_try(unpack_flag(in, "values", &cuts->are_values));
    lode_try(lode_unpack_array(in, &n));
    lode_try(lode_take(arena, n, &cuts->at));
    cuts->n = n;
    for (uint32_t i = 0; i < n; i++) lode_try(lode_unpack_f64(in, &cuts->at[i]));
    return LODE_OK;
}

static lode_status unpack_attribute(struct lode_unpack *in, struct lode_arena *arena,
                                    struct lode_attribute *attribute, struct session_values *values)
{
    int64_t type;
    lode_try(lode_unpack_copy(in, arena, &attribute->name));
    lode_try(unpack_flag(in, "of_user", &attribute->of_user));
    lode_try(lode_unpack_count(in, "words", UINT32_MAX - 1, &attribute->dictionary.count));
    lode_try(lode_unpack_i64(in, &values->source));
    if (values->source < 0) return LODE_OK;
    lode_try(lode_unpack_count(in, "type", EXPR_TEXT, &type));
    values->type = (enum expr_type)type;
    if (values->type == EXPR_NUMBER) lode_try(unpack_cuts(in, arena, &values->cuts));
    const int64_t words = values->type == EXPR_BOOL     ? 2
                          : values->type == EXPR_NUMBER ? values->cuts.n + 1
                                                        : attribute->dictionary.count;
    if (words == attribute->dictionary.count) return LODE_OK;
    return lode_fail(LODE_E_MESSAGE, "attribute '%s' has %lld words, not %lld", attribute->name,
                     (long long)words, (long long)attribute->dictionary.count);
}

/* Does the source name a node of the column's type? */
static lode_status check_source(const struct session_columns *columns, const char *name,
                                const struct session_values *values)
{
    const struct expr_graph *graph = columns->graph;
    if (values->source == STORED || (graph && values->source == NOT_WANTED)) return LODE_OK;
    if (!graph || values->source < 0 || values->source >= graph->n_nodes)
        return lode_fail(LODE_E_MESSAGE, "'%s' is node %lld of %d", name, (long long)values->source,
                         graph ? graph->n_nodes : 0);
    if (graph->nodes[values->source].type == values->type) return LODE_OK;
    return lode_fail(LODE_E_MESSAGE, "'%s' has the type of another node", name);
}

/* A text's codes are those of the words of a stored attribute. */
static lode_status check_words(const struct session_columns *columns, uint32_t index)
{
    const struct session_values *values = &columns->of_attributes[index];
    if (!columns->graph || values->source < 0 || values->type != EXPR_TEXT) return LODE_OK;
    const int64_t of = columns->graph->nodes[values->source].index;
    if (of >= 0 && of < columns->part.n_attributes &&
        columns->attributes[of].dictionary.count == columns->attributes[index].dictionary.count)
        return LODE_OK;
    return lode_fail(LODE_E_MESSAGE, "'%s' has the words of another attribute",
                     columns->attributes[index].name);
}

/* Stored ones stand first, and the graph knows those alone. */
static lode_status check_graph(const struct session_columns *columns)
{
    const struct evaluation_part *part = &columns->part;
    const struct expr_graph *graph = columns->graph;
    if (graph && (graph->n_kpis != part->n_kpis || graph->n_attributes != part->n_attributes))
        return lode_fail(LODE_E_MESSAGE, "expressions of another store");
    for (uint32_t i = 0; i < columns->n_kpis; i++)
        lode_try(check_source(columns, columns->kpis[i].name, &columns->of_kpis[i]));
    for (uint32_t i = 0; i < columns->n_attributes; i++) {
        lode_try(check_source(columns, columns->attributes[i].name, &columns->of_attributes[i]));
        lode_try(check_words(columns, i));
    }
    return LODE_OK;
}

static int64_t count_stored(const struct session_values *values, uint32_t n)
{
    int64_t stored = 0;
    while (stored < n && values[stored].source == STORED) stored++;
    return stored;
}

lode_status session_columns_unpack(struct lode_unpack *in, struct lode_task *task,
                                   struct session_columns *columns)
{
    struct lode_arena *arena = task->arena;
    bool has_graph;
    lode_try(lode_unpack_array(in, &columns->n_kpis));
    lode_try(lode_take_zero(arena, columns->n_kpis, &columns->kpis));
    lode_try(lode_take_zero(arena, columns->n_kpis, &columns->of_kpis));
    for (uint32_t i = 0; i < columns->n_kpis; i++)
        lode_try(unpack_kpi(in, arena, &columns->kpis[i], &columns->of_kpis[i]));
    lode_try(lode_unpack_array(in, &columns->n_attributes));
    lode_try(lode_take_zero(arena, columns->n_attributes, &columns->attributes));
    lode_try(lode_take_zero(arena, columns->n_attributes, &columns->of_attributes));
    for (uint32_t i = 0; i < columns->n_attributes; i++)
        lode_try(unpack_attribute(in, arena, &columns->attributes[i], &columns->of_attributes[i]));
    columns->part = (struct evaluation_part){
        .n_kpis = count_stored(columns->of_kpis, columns->n_kpis),
        .n_attributes = count_stored(columns->of_attributes, columns->n_attributes),
        .kpis = columns->kpis,
        .attributes = columns->attributes};
    lode_try(unpack_flag(in, "graph", &has_graph));
    if (has_graph)
        lode_try(evaluation_unpack(in, arena, &columns->graph, &columns->zone, &columns->part));
    return check_graph(columns);
}

static lode_status unpack_index(struct lode_unpack *in, const char *what, uint32_t n,
                                int64_t *index)
{
    if (n == 0) return lode_fail(LODE_E_MESSAGE, "a %s where there is none", what);
    return lode_unpack_count(in, what, n - 1, index);
}

lode_status session_columns_unpack_kpi(struct lode_unpack *in,
                                       const struct session_columns *columns, int64_t *kpi)
{
    return unpack_index(in, "KPI", columns->n_kpis, kpi);
}

lode_status session_columns_unpack_attribute(struct lode_unpack *in,
                                             const struct session_columns *columns,
                                             int64_t *attribute)
{
    return unpack_index(in, "attribute", columns->n_attributes, attribute);
}

/* --- evaluating --- */

/* The derived columns that are wanted, each with its root. */
struct filling {
    int32_t n;
    int32_t *roots;
    struct session_values **columns;
};

/* LODE_NO_CODE where there is no value. */
static uint32_t word_of(const struct session_values *column, double value)
{
    if (isnan(value)) return LODE_NO_CODE;
    if (column->type == EXPR_NUMBER) return (uint32_t)cuts_cohort(&column->cuts, value);
    return column->type == EXPR_BOOL ? (uint32_t)(value > 0) : (uint32_t)value;
}

/* Adds a block to the two sets. */
static void put_bits(const double *values, int64_t first, int64_t n, struct session_values *column)
{
    for (int64_t at = 0, count; at < n; at += count) {
        const int64_t shift = (first + at) % 64, word = (first + at) / 64;
        uint64_t is_true = 0, has_value = 0;
        count = n - at < 64 - shift ? n - at : 64 - shift;
        for (int64_t i = at + count - 1; i >= at; i--) { /* sum and double: one step each */
            is_true = 2 * is_true + (uint64_t)(values[i] > 0);
            has_value = 2 * has_value + (uint64_t)!isnan(values[i]);
        }
        column->is_true[word] |= is_true << shift;
        column->has_value[word] |= has_value << shift;
    }
}

static lode_status take_block(void *context, int64_t first, int64_t n, double *const *values)
{
    const struct filling *filling = context;
    for (int32_t r = 0; r < filling->n; r++) {
        struct session_values *column = filling->columns[r];
        if (column->numbers)
            memcpy(column->numbers + first, values[r], (size_t)n * sizeof **values);
        else if (column->is_true)
            put_bits(values[r], first, n, column);
        else if (column->codes)
            for (int64_t s = 0; s < n; s++)
                column->codes[first + s] = word_of(column, values[r][s]);
        else
            for (int64_t s = 0; s < n; s++)
                column->small[first + s] = (uint8_t)word_of(column, values[r][s]); /* none: 255 */
    }
    return LODE_OK;
}

/* Room for the values of a column, in the form that its kind has. */
static lode_status add_column(struct filling *filling, struct session_values *column, bool is_kpi,
                              int64_t n_words, int64_t n_sessions, struct lode_arena *arena)
{
    filling->columns[filling->n] = column;
    filling->roots[filling->n++] = (int32_t)column->source;
    if (is_kpi && column->type == EXPR_NUMBER)
        return lode_take(arena, n_sessions, &column->numbers);
    if (!is_kpi && column->type == EXPR_BOOL) {
        const int64_t n_set_words = (n_sessions + 63) / 64;
        lode_try(lode_take_zero(arena, n_set_words, &column->is_true));
        return lode_take_zero(arena, n_set_words, &column->has_value);
    }
    if (!is_kpi && n_words > MOST_SMALL_WORDS) return lode_take(arena, n_sessions, &column->codes);
    return lode_take(arena, n_sessions, &column->small);
}

lode_status session_columns_open(struct session_columns *columns, struct lode_part *part,
                                 struct lode_task *task)
{
    struct lode_arena *arena = task->arena;
    const int64_t most = (int64_t)columns->n_kpis + columns->n_attributes;
    struct filling filling = {0};
    columns->part.part = part;
    columns->partition = task->index;
    if (!columns->graph) return LODE_OK;
    lode_try(lode_take_zero(arena, columns->part.n_kpis, &columns->part.kpi_numbers));
    lode_try(lode_take_zero(arena, columns->part.n_attributes, &columns->part.attribute_codes));
    lode_try(lode_take(arena, most, &filling.roots));
    lode_try(lode_take(arena, most, &filling.columns));
    for (uint32_t i = 0; i < columns->n_kpis; i++)
        if (columns->of_kpis[i].source >= 0)
            lode_try(add_column(&filling, &columns->of_kpis[i], true, 2, part->n_sessions, arena));
    for (uint32_t i = 0; i < columns->n_attributes; i++)
        if (columns->of_attributes[i].source >= 0)
            lode_try(add_column(&filling, &columns->of_attributes[i], false,
                                columns->attributes[i].dictionary.count, part->n_sessions, arena));
    if (filling.n == 0) return LODE_OK;
    const struct evaluation evaluation = {.graph = columns->graph,
                                          .zone = columns->zone,
                                          .roots = filling.roots,
                                          .n_roots = filling.n,
                                          .step = 1,
                                          .take = take_block,
                                          .context = &filling};
    return evaluation_run(&evaluation, &columns->part, task);
}

/* --- columns --- */

/* A stored column that was read to evaluate expressions; NULL: it was not. */
static double *numbers_read(const struct session_columns *columns, int64_t kpi)
{
    return columns->part.kpi_numbers && kpi < columns->part.n_kpis ? columns->part.kpi_numbers[kpi]
                                                                   : NULL;
}

static uint32_t *codes_read(const struct session_columns *columns, int64_t attribute)
{
    return columns->part.attribute_codes && attribute < columns->part.n_attributes
               ? columns->part.attribute_codes[attribute]
               : NULL;
}

static lode_status check_kind(const struct lode_kpi *kpi, bool is_binary)
{
    if (kpi->is_binary == is_binary) return LODE_OK;
    return lode_fail(LODE_E_MESSAGE, "KPI '%s' is %s", kpi->name, is_binary ? "numeric" : "binary");
}

static lode_status marks_of_numbers(const double *numbers, int64_t n, struct lode_arena *arena,
                                    uint8_t **marks)
{
    lode_try(lode_take(arena, n, marks));
    for (int64_t s = 0; s < n; s++)
        (*marks)[s] = isnan(numbers[s]) ? LODE_KPI_NO_VALUE : (uint8_t)(numbers[s] > 0);
    return LODE_OK;
}

/* Marks of a KPI by expression; its own words for "no value" are 255. */
static lode_status derived_marks(const struct session_values *values, int64_t n,
                                 struct lode_arena *arena, uint8_t **marks)
{
    lode_try(lode_take(arena, n, marks));
    for (int64_t s = 0; s < n; s++)
        (*marks)[s] = values->small && values->small[s] != NO_SMALL_WORD ? values->small[s]
                                                                         : LODE_KPI_NO_VALUE;
    return LODE_OK;
}

lode_status session_columns_marks(struct session_columns *columns, int64_t kpi,
                                  struct lode_arena *arena, uint8_t **marks)
{
    const struct lode_kpi *of = &columns->kpis[kpi];
    const int64_t n = columns->part.part->n_sessions;
    uint8_t *read, most = 0;
    lode_try(check_kind(of, true));
    if (numbers_read(columns, kpi))
        lode_try(marks_of_numbers(numbers_read(columns, kpi), n, arena, &read));
    else if (columns->of_kpis[kpi].source == STORED)
        lode_try(lode_part_kpi_binary(columns->part.part, of->name, arena, &read));
    else
        lode_try(derived_marks(&columns->of_kpis[kpi], n, arena, &read));
    for (int64_t s = 0; s < n; s++) most = read[s] > most ? read[s] : most;
    if (most == LODE_KPI_NO_VALUE && of->n_missing == 0)
        return lode_fail(LODE_E_INPUT,
                         "partition %lld has sessions without a value of '%s', the index knows of "
                         "none",
                         (long long)columns->partition, of->name);
    *marks = read;
    return LODE_OK;
}

lode_status session_columns_numbers(struct session_columns *columns, int64_t kpi,
                                    struct lode_arena *arena, double **numbers)
{
    const struct lode_kpi *of = &columns->kpis[kpi];
    const struct session_values *values = &columns->of_kpis[kpi];
    const int64_t n = columns->part.part->n_sessions;
    lode_try(check_kind(of, false));
    *numbers = numbers_read(columns, kpi);
    if (*numbers) return LODE_OK;
    if (values->source == STORED)
        return lode_part_kpi(columns->part.part, of->name, false, arena, numbers);
    lode_try(lode_take(arena, n, numbers));
    for (int64_t s = 0; s < n; s++)
        (*numbers)[s] = values->numbers ? values->numbers[s] : (double)NAN;
    return LODE_OK;
}

static uint32_t derived_code(const struct session_values *values, int64_t session)
{
    if (values->codes) return values->codes[session];
    if (values->is_true) {
        const uint64_t bit = UINT64_C(1) << session % 64;
        if (!(values->has_value[session / 64] & bit)) return LODE_NO_CODE;
        return (values->is_true[session / 64] & bit) != 0;
    }
    if (!values->small || values->small[session] == NO_SMALL_WORD) return LODE_NO_CODE;
    return values->small[session];
}

lode_status session_columns_codes(struct session_columns *columns, int64_t attribute,
                                  struct lode_arena *arena, uint32_t **codes)
{
    const struct lode_attribute *of = &columns->attributes[attribute];
    const struct session_values *values = &columns->of_attributes[attribute];
    *codes = codes_read(columns, attribute);
    if (*codes) return LODE_OK;
    if (values->source == STORED)
        return lode_part_attribute(columns->part.part, of->name, of->of_user, of->dictionary.count,
                                   arena, codes);
    const int64_t n = columns->part.part->n_sessions;
    lode_try(lode_take(arena, n, codes));
    for (int64_t s = 0; s < n; s++) (*codes)[s] = derived_code(values, s);
    return LODE_OK;
}

void session_columns_sets(const struct session_columns *columns, int64_t attribute,
                          const uint64_t **is_true, const uint64_t **has_value)
{
    *is_true = columns->of_attributes[attribute].is_true;
    *has_value = columns->of_attributes[attribute].has_value;
}
