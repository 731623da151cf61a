/* Leaf "opportunities.adjust": sessions of a partition by covariates, fold and whether they have
 * what a finding is about.
 *
 * A session's combination of covariates and its fold are one number, its cell, the same for all
 * findings; what a finding adds is which sessions count and which of the two places of a cell.
 *
 * Parameters: member columns (members.h), folds (u64), array of covariates: index of the attribute
 * (the number of attributes: first or later session), other 0/1, none 0/1, array of codes; array of
 * findings: KPI (index), scope (rule), members (rule). Result: for each finding the number of
 * places that have sessions, then for each of them its index, sessions (u64) and faulty (u64,
 * binary KPI) or exact sums of values and squares (each f64 sum, f64 rest).
 */
#include <math.h>
#include <string.h>

#include "common/hash.h"
#include "common/wire/pack.h"
#include "jobs/opportunities/exact_sum.h"
#include "jobs/opportunities/experts/adjust.h"
#include "jobs/opportunities/members.h"

enum { ID_ROWS = 1 << 16, MOST_FINDINGS = 1000 };

struct level_map {
    int64_t attribute;
    bool is_lifecycle, has_other, has_none;
    uint32_t n_codes;
    uint32_t *codes;
    int64_t levels;
};

struct target {
    int64_t kpi;
    struct member_rule scope, members;
};

/* Of a place; small, since there are many and they are met in no order. */
struct tally {
    uint32_t sessions, faulty;
};
struct sums { /* of a numeric KPI */
    struct exact_sum sum, squares;
};

struct leaf {
    struct lode_task *task;
    struct member_columns members;
    int64_t folds, n_places; /* combinations x folds x 2 */
    uint32_t n_maps, n_targets;
    struct level_map *maps;
    struct target *targets;
    struct lode_part part;
    uint32_t *cells; /* [sessions] the place without treatment */
};

static lode_status unpack_flag(struct lode_unpack *in, const char *what, bool *flag)
{
    int64_t value;
    lode_try(lode_unpack_count(in, what, 1, &value));
    *flag = value == 1;
    return LODE_OK;
}

static lode_status unpack_map(struct leaf *leaf, struct lode_unpack *in, struct level_map *map)
{
    const struct session_columns *columns = &leaf->members.columns;
    lode_try(lode_unpack_count(in, "covariate", columns->n_attributes, &map->attribute));
    map->is_lifecycle = map->attribute == columns->n_attributes;
    lode_try(unpack_flag(in, "other", &map->has_other));
    lode_try(unpack_flag(in, "none", &map->has_none));
    lode_try(lode_unpack_array(in, &map->n_codes));
    if (map->n_codes > ADJUST_MOST_LEVELS)
        return lode_fail(LODE_E_MESSAGE, "%u levels of a covariate", map->n_codes);
    lode_try(lode_take(leaf->task->arena, map->n_codes, &map->codes));
    for (uint32_t i = 0; i < map->n_codes; i++) {
        int64_t code;
        lode_try(lode_unpack_count(in, "code", UINT32_MAX - 1, &code));
        map->codes[i] = (uint32_t)code;
    }
    map->levels = map->is_lifecycle ? 2 : (int64_t)map->n_codes + map->has_other + map->has_none;
    if (map->levels < 1) return lode_fail(LODE_E_MESSAGE, "a covariate without levels");
    leaf->n_places *= map->levels;
    if (leaf->n_places > ADJUST_MOST_COMBINATIONS)
        return lode_fail(LODE_E_MESSAGE, "more than %d combinations", ADJUST_MOST_COMBINATIONS);
    return LODE_OK;
}

static lode_status unpack_params(struct leaf *leaf, struct lode_unpack in)
{
    struct lode_arena *arena = leaf->task->arena;
    lode_try(member_columns_unpack(&in, leaf->task, &leaf->members));
    lode_try(lode_unpack_count(&in, "folds", LODE_CAUSAL_MOST_FOLDS, &leaf->folds));
    if (leaf->folds < 1) return lode_fail(LODE_E_MESSAGE, "no folds");
    lode_try(lode_unpack_array(&in, &leaf->n_maps));
    lode_try(lode_take_zero(arena, leaf->n_maps, &leaf->maps));
    leaf->n_places = 1;
    for (uint32_t i = 0; i < leaf->n_maps; i++) lode_try(unpack_map(leaf, &in, &leaf->maps[i]));
    leaf->n_places *= 2 * leaf->folds;
    lode_try(lode_unpack_array(&in, &leaf->n_targets));
    if (leaf->n_targets > MOST_FINDINGS)
        return lode_fail(LODE_E_MESSAGE, "%u findings to adjust", leaf->n_targets);
    lode_try(lode_take_zero(arena, leaf->n_targets, &leaf->targets));
    for (uint32_t i = 0; i < leaf->n_targets; i++) {
        struct target *target = &leaf->targets[i];
        lode_try(session_columns_unpack_kpi(&in, &leaf->members.columns, &target->kpi));
        lode_try(member_rule_unpack(&in, &leaf->members, &target->scope));
        lode_try(member_rule_unpack(&in, &leaf->members, &target->members));
    }
    return lode_unpack_end(&in);
}

/* Level of every code of an attribute; sessions without a value and values without a level of their
 * own have one each where there are such sessions, else they cannot be. */
static lode_status add_attribute(struct leaf *leaf, const struct level_map *map)
{
    struct lode_arena *arena = leaf->task->arena;
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    const int64_t n_words = leaf->members.columns.attributes[map->attribute].dictionary.count;
    const uint32_t last = (uint32_t)map->levels - 1;
    const uint32_t other = map->has_other ? map->n_codes : last;
    uint32_t *codes, *level_of;
    lode_try(session_columns_codes(&leaf->members.columns, map->attribute, arena, &codes));
    lode_try(lode_take(arena, n_words, &level_of));
    for (int64_t w = 0; w < n_words; w++) level_of[w] = other;
    for (uint32_t i = 0; i < map->n_codes; i++)
        if (map->codes[i] < n_words) level_of[map->codes[i]] = i;
    for (int64_t s = 0; s < leaf->part.n_sessions; s++)
        leaf->cells[s] = leaf->cells[s] * (uint32_t)map->levels +
                         (codes[s] < n_words ? level_of[codes[s]] : last);
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

/* A user's fold comes from the id of the first session: neither the partition nor the place in it
 * may decide, which another way of staging the same data changes. */
static lode_status add_folds(struct leaf *leaf)
{
    struct lode_arena *arena = leaf->task->arena;
    const int64_t *offsets = leaf->members.user_offsets;
    int64_t user = 0;
    for (int64_t first = 0; first < leaf->part.n_sessions; first += ID_ROWS) {
        const struct lode_arena_mark mark = lode_arena_mark(arena);
        const int64_t left = leaf->part.n_sessions - first;
        const int64_t end = first + (left < ID_ROWS ? left : ID_ROWS);
        char *ids;
        int64_t width;
        lode_try(lode_part_session_ids(&leaf->part, first, end - first, arena, &ids, &width));
        for (; user < leaf->part.n_users && offsets[user] < end; user++) {
            if (offsets[user] == offsets[user + 1]) continue;
            const char *id = ids + (offsets[user] - first) * width;
            const uint64_t hash = lode_hash(id, strnlen(id, (size_t)width));
            const uint32_t fold = (uint32_t)(hash % (uint64_t)leaf->folds);
            for (int64_t s = offsets[user]; s < offsets[user + 1]; s++)
                leaf->cells[s] = 2 * (leaf->cells[s] * (uint32_t)leaf->folds + fold);
        }
        lode_arena_rewind(arena, mark);
        lode_try(lode_task_advance(leaf->task, end - first));
    }
    return LODE_OK;
}

static lode_status read_sessions(struct leaf *leaf)
{
    struct lode_arena *arena = leaf->task->arena;
    bool with_events = false;
    for (uint32_t i = 0; i < leaf->n_targets; i++)
        with_events = with_events || leaf->targets[i].members.k > 0;
    lode_try(member_columns_read(&leaf->members, &leaf->part, with_events, leaf->task));
    lode_try(lode_take_zero(arena, leaf->part.n_sessions, &leaf->cells));
    for (uint32_t i = 0; i < leaf->n_maps; i++) {
        const struct level_map *map = &leaf->maps[i];
        if (!map->is_lifecycle) {
            lode_try(add_attribute(leaf, map));
            continue;
        }
        for (int64_t s = 0; s < leaf->part.n_sessions; s++)
            leaf->cells[s] =
                2 * leaf->cells[s] + ((leaf->members.classes[s] >> LIFECYCLE_INDEX_SHIFT & 3) > 0);
    }
    return add_folds(leaf);
}

static lode_status pack_sum(const struct exact_sum *sum, struct lode_bytes *out)
{
    lode_try(lode_pack_f64(out, sum->sum));
    return lode_pack_f64(out, sum->rest);
}

/* sums: NULL for a 0/1 KPI */
static lode_status pack_tallies(const struct tally *tallies, const struct sums *sums, int64_t n,
                                struct lode_bytes *out)
{
    uint64_t present = 0;
    for (int64_t i = 0; i < n; i++) present += tallies[i].sessions > 0;
    lode_try(lode_pack_u64(out, present));
    for (int64_t i = 0; i < n; i++) {
        if (tallies[i].sessions == 0) continue;
        lode_try(lode_pack_u64(out, (uint64_t)i));
        lode_try(lode_pack_u64(out, tallies[i].sessions));
        if (!sums) {
            lode_try(lode_pack_u64(out, tallies[i].faulty));
        } else {
            lode_try(pack_sum(&sums[i].sum, out));
            lode_try(pack_sum(&sums[i].squares, out));
        }
    }
    return LODE_OK;
}

static lode_status target_pass(struct leaf *leaf, const struct target *target)
{
    struct lode_arena *arena = leaf->task->arena;
    struct member_columns *members = &leaf->members;
    const bool is_binary = members->columns.kpis[target->kpi].is_binary;
    uint8_t *marks = NULL;
    double *numbers = NULL;
    struct tally *tallies;
    struct sums *sums = NULL;
    lode_try(member_columns_read_rule(members, &target->scope, arena));
    lode_try(member_columns_read_rule(members, &target->members, arena));
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    lode_try(is_binary ? session_columns_marks(&members->columns, target->kpi, arena, &marks)
                       : session_columns_numbers(&members->columns, target->kpi, arena, &numbers));
    lode_try(lode_take_zero(arena, leaf->n_places, &tallies));
    if (!is_binary) lode_try(lode_take_zero(arena, leaf->n_places, &sums));
    for (int64_t s = 0; s < leaf->part.n_sessions; s++) {
        if (is_binary ? marks[s] == LODE_KPI_NO_VALUE : isnan(numbers[s])) continue;
        if (!members_is_in(members, &target->scope, s)) continue;
        const uint32_t place = leaf->cells[s] + members_has(members, &target->members, s);
        tallies[place].sessions++;
        if (is_binary) {
            tallies[place].faulty += marks[s];
        } else {
            exact_sum_add(&sums[place].sum, numbers[s]);
            exact_sum_add(&sums[place].squares, numbers[s] * numbers[s]);
        }
    }
    lode_try(pack_tallies(tallies, sums, leaf->n_places, leaf->task->output));
    lode_arena_rewind(arena, mark);
    return lode_task_advance(leaf->task, leaf->part.n_sessions);
}

lode_status adjust_leaf(struct lode_task *task)
{
    lode_status status = LODE_OK;
    struct leaf leaf = {.task = task};
    struct lode_unpack in = lode_unpack_begin(task->params, task->params_size);
    lode_try(lode_task_open_part(task, &in, task->index, &leaf.part));
    lode_try_done(unpack_params(&leaf, in));
    lode_try_done(read_sessions(&leaf));
    for (uint32_t i = 0; i < leaf.n_targets; i++)
        lode_try_done(target_pass(&leaf, &leaf.targets[i]));
done:
    lode_part_close(&leaf.part);
    return status;
}
