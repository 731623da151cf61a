/* Leaf "opportunities.pairs": one pass over the sessions of a partition for every KPI and unit: a
 * pair of attributes, or a cohort of the life cycle beside an attribute. (Cohorts of the life cycle
 * overlap, so each is a unit of its own.) A unit makes one column of codes, place of the first
 * value x places of the second attribute + place of the second, and is counted like an attribute.
 *
 * Parameters: store path, session columns (session_columns.h), sparse_after_ms (i64),
 * first_sessions (u64), sample (u64), array of KPIs (indices), for each attribute its number of
 * places and the places of its words as codes (all bits set: none), array of units (first
 * attribute, or -1 and a set of life cycle classes; second attribute). Result: for each unit in
 * turn, for each KPI, a list of tallies (cohort_tally.h).
 */
#include <string.h>

#include "jobs/opportunities/cohort_pairs.h"
#include "jobs/opportunities/cohort_tally.h"
#include "jobs/opportunities/derive/session_columns.h"
#include "jobs/opportunities/lifecycle.h"

struct attribute {
    int64_t n_places;
    const uint8_t *place_of; /* [words] u32, as they came: not aligned */
    uint32_t *places;        /* [n_sessions], LODE_NO_CODE: not combined; NULL: not read yet */
};

struct unit {
    int64_t first, classes, second; /* first -1: sessions of these classes */
};

struct leaf {
    struct lode_task *task;
    struct lode_part part;
    struct lifecycle_rule rule;
    struct sample sample;
    struct session_columns columns;
    uint32_t n_kpis, n_units;
    int64_t *kpi_indices;
    struct tally_kpi *kpis; /* [n_kpis] */
    struct tally_users users;
    struct attribute *attributes; /* [columns.n_attributes] */
    struct unit *units;
    const int64_t *offsets; /* [n_users + 1] into sessions */
    uint8_t *classes;       /* [n_sessions], lifecycle.h */
    uint32_t *codes;        /* [n_sessions] of the unit that is counted */
};

static lode_status unpack_places(struct lode_unpack *in, const struct lode_attribute *of,
                                 struct attribute *attribute)
{
    size_t size;
    lode_try(lode_unpack_count(in, "places", PAIR_MOST_CELLS, &attribute->n_places));
    lode_try(lode_unpack_bin(in, &attribute->place_of, &size));
    if (size == (size_t)of->dictionary.count * sizeof(uint32_t)) return LODE_OK;
    return lode_fail(LODE_E_MESSAGE, "%zu bytes of places for the %lld words of '%s'", size,
                     (long long)of->dictionary.count, of->name);
}

static lode_status unpack_unit(struct lode_unpack *in, const struct session_columns *columns,
                               struct unit *unit)
{
    lode_try(lode_unpack_i64(in, &unit->first));
    lode_try(lode_unpack_count(in, "classes", UINT16_MAX, &unit->classes));
    lode_try(session_columns_unpack_attribute(in, columns, &unit->second));
    if (unit->first >= -1 && unit->first < (int64_t)columns->n_attributes) return LODE_OK;
    return lode_fail(LODE_E_MESSAGE, "attribute %lld of %u", (long long)unit->first,
                     columns->n_attributes);
}

/* The rest of the parameters, after the store. */
static lode_status unpack_params(struct leaf *leaf, struct lode_unpack in)
{
    struct lode_arena *arena = leaf->task->arena;
    lode_try(session_columns_unpack(&in, leaf->task, &leaf->columns));
    lode_try(lode_unpack_i64(&in, &leaf->rule.sparse_after_ms));
    lode_try(lode_unpack_count(&in, "first_sessions", INT64_MAX, &leaf->rule.first_sessions));
    lode_try(lode_unpack_u64(&in, &leaf->sample.below));
    lode_try(lode_unpack_array(&in, &leaf->n_kpis));
    lode_try(lode_take_zero(arena, leaf->n_kpis, &leaf->kpi_indices));
    lode_try(lode_take_zero(arena, leaf->n_kpis, &leaf->kpis));
    for (uint32_t i = 0; i < leaf->n_kpis; i++)
        lode_try(session_columns_unpack_kpi(&in, &leaf->columns, &leaf->kpi_indices[i]));
    lode_try(lode_take_zero(arena, leaf->columns.n_attributes, &leaf->attributes));
    for (uint32_t i = 0; i < leaf->columns.n_attributes; i++)
        lode_try(unpack_places(&in, &leaf->columns.attributes[i], &leaf->attributes[i]));
    lode_try(lode_unpack_array(&in, &leaf->n_units));
    lode_try(lode_take_zero(arena, leaf->n_units, &leaf->units));
    for (uint32_t i = 0; i < leaf->n_units; i++)
        lode_try(unpack_unit(&in, &leaf->columns, &leaf->units[i]));
    return lode_unpack_end(&in);
}

/* Classes of the life cycle; the starts stay where expressions may need them. */
static lode_status classify(struct leaf *leaf)
{
    struct lode_arena *arena = leaf->task->arena;
    int64_t *starts;
    lode_try(lode_take(arena, leaf->part.n_sessions, &leaf->classes));
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    lode_try(lode_part_session_starts(&leaf->part, arena, &starts));
    lifecycle_classify(&leaf->rule, leaf->part.n_users, leaf->offsets, starts, leaf->classes);
    if (leaf->columns.graph)
        leaf->columns.part.starts = starts;
    else
        lode_arena_rewind(arena, mark);
    return LODE_OK;
}

static lode_status read_sessions(struct leaf *leaf)
{
    struct lode_arena *arena = leaf->task->arena;
    int64_t *offsets;
    bool *is_in;
    lode_try(lode_part_session_offsets(&leaf->part, arena, &offsets));
    leaf->offsets = offsets;
    leaf->columns.part.session_offsets = offsets;
    lode_try(tally_users_make(leaf->part.n_users, offsets, arena, &leaf->users));
    lode_try(classify(leaf));
    lode_try(session_columns_open(&leaf->columns, &leaf->part, leaf->task));
    lode_try(sample_read(leaf->sample, &leaf->part, arena, &is_in));
    lode_try(lode_take(arena, leaf->part.n_sessions, &leaf->codes));
    for (uint32_t i = 0; i < leaf->n_kpis; i++) {
        const int64_t kpi = leaf->kpi_indices[i];
        uint8_t *marks = NULL;
        double *values = NULL;
        lode_try(leaf->columns.kpis[kpi].is_binary
                     ? session_columns_marks(&leaf->columns, kpi, arena, &marks)
                     : session_columns_numbers(&leaf->columns, kpi, arena, &values));
        if (marks) sample_marks(is_in, leaf->part.n_sessions, marks);
        if (values) sample_numbers(is_in, leaf->part.n_sessions, values);
        leaf->kpis[i] = (struct tally_kpi){.marks = marks, .values = values};
        lode_try(tally_kpi_make(&leaf->users, leaf->kpis, i, arena, &leaf->kpis[i]));
    }
    return LODE_OK;
}

/* Codes of the store become places, in place. */
static lode_status read_places(struct leaf *leaf, int64_t index)
{
    struct attribute *attribute = &leaf->attributes[index];
    uint32_t *codes;
    if (attribute->places) return LODE_OK;
    lode_try(session_columns_codes(&leaf->columns, index, leaf->task->arena, &codes));
    for (int64_t s = 0; s < leaf->part.n_sessions; s++) {
        if (codes[s] == LODE_NO_CODE) continue;
        uint32_t place;
        memcpy(&place, attribute->place_of + (size_t)codes[s] * sizeof place, sizeof place);
        codes[s] = place < attribute->n_places ? place : LODE_NO_CODE;
    }
    attribute->places = codes;
    return LODE_OK;
}

/* The codes of a unit; *n_codes of them. */
static lode_status make_codes(struct leaf *leaf, const struct unit *unit, int64_t *n_codes)
{
    struct attribute *second = &leaf->attributes[unit->second];
    const uint32_t n_second = (uint32_t)second->n_places;
    lode_try(read_places(leaf, unit->second));
    if (unit->first < 0) {
        for (int64_t s = 0; s < leaf->part.n_sessions; s++) {
            const bool is_in = unit->classes >> leaf->classes[s] & 1;
            leaf->codes[s] = is_in ? second->places[s] : LODE_NO_CODE;
        }
        *n_codes = n_second;
        return LODE_OK;
    }
    struct attribute *first = &leaf->attributes[unit->first];
    lode_try(read_places(leaf, unit->first));
    for (int64_t s = 0; s < leaf->part.n_sessions; s++) {
        const uint32_t a = first->places[s], b = second->places[s];
        leaf->codes[s] =
            ((a == LODE_NO_CODE) | (b == LODE_NO_CODE)) ? LODE_NO_CODE : a * n_second + b;
    }
    *n_codes = first->n_places * n_second;
    if (*n_codes <= PAIR_MOST_CELLS) return LODE_OK;
    return lode_fail(LODE_E_MESSAGE, "%lld pairs of values", (long long)*n_codes);
}

static lode_status count_unit(struct leaf *leaf, const struct unit *unit)
{
    struct lode_arena *arena = leaf->task->arena;
    struct tally_cohorts cohorts;
    struct tally *tallies;
    int64_t n_codes;
    lode_try(make_codes(leaf, unit, &n_codes));
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    lode_try(tally_cohorts_of_codes(&leaf->users, leaf->codes, n_codes, arena, &cohorts));
    lode_try(lode_take(arena, n_codes + 1, &tallies));
    for (uint32_t i = 0; i < leaf->n_kpis; i++) {
        const struct tally_kpi *kpi = &leaf->kpis[i];
        tallies_count(&leaf->users, kpi, &cohorts, tallies);
        lode_try(lode_task_advance(leaf->task, leaf->part.n_sessions));
        lode_try(tallies_pack(tallies, n_codes, kpi->marks != NULL, leaf->task->output));
    }
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

lode_status cohort_pairs_leaf(struct lode_task *task)
{
    lode_status status = LODE_OK;
    struct leaf leaf = {.task = task};
    struct lode_unpack in = lode_unpack_begin(task->params, task->params_size);

    lode_try(lode_task_open_part(task, &in, task->index, &leaf.part));
    lode_try_done(unpack_params(&leaf, in));
    lode_try_done(read_sessions(&leaf));
    for (uint32_t i = 0; i < leaf.n_units; i++) lode_try_done(count_unit(&leaf, &leaf.units[i]));
done:
    lode_part_close(&leaf.part);
    return status;
}
