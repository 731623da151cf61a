/* Leaves "opportunities.patterns" and "opportunities.pattern_pieces": the gram lists of one
 * partition, for every plan and every k, as the result or in pieces to a shuffle.
 *
 * Parameters: store path, tokens, event names, map from event names to tokens (codes; empty: the
 * identity), session columns (session_columns.h), array of plans (first k, last k, array of KPI
 * indices, cohorts, attribute index or -1, and unless it is -1 the cohorts of its words as codes).
 * Codes are a binary value of little-endian u32; all bits set: none. Result: for each plan in turn,
 * for each of its k, a gram list (gram_list.h). Pieces: the same lists cut into a bucket each range
 * of keys; key u16 big-endian number of the list.
 */
#include <endian.h>
#include <string.h>

#include "common/wire/pack.h"
#include "jobs/opportunities/derive/session_columns.h"
#include "jobs/opportunities/grams/gram_ranges.h"
#include "jobs/opportunities/grams/grams.h"
#include "jobs/opportunities/patterns.h"
#include "jobs/shuffle/shuffle.h"

struct leaf {
    struct lode_task *task;
    struct lode_unpack in; /* of the parameters; after unpack_params at the first plan */
    struct lode_part part;
    int64_t n_tokens, n_names;
    uint32_t *token_of; /* [n_names]; NULL: identity */
    struct session_columns columns;
    uint8_t **marks;  /* [KPIs], each [sessions]; NULL: not read yet */
    uint32_t **codes; /* [attributes], each [sessions]; NULL: not read yet */
    uint32_t n_plans;
    int64_t *starts; /* [sessions + 1] into tokens */
    uint32_t *tokens;
    struct shuffle_out *out; /* where pieces go; NULL: lists go to the result */
    struct lode_bytes list;  /* on its way into pieces */
    int n_lists;             /* so far */
};

/* Codes below `limit`, or none; *codes is NULL when there are no bytes. */
static lode_status unpack_codes(struct lode_unpack *in, const char *what, int64_t n, int64_t limit,
                                struct lode_arena *arena, uint32_t **codes)
{
    const uint8_t *data;
    size_t size;
    lode_try(lode_unpack_bin(in, &data, &size));
    *codes = NULL;
    if (size == 0) return LODE_OK;
    if (size != (size_t)n * sizeof **codes)
        return lode_fail(LODE_E_MESSAGE, "%zu bytes of %s for %lld codes", size, what,
                         (long long)n);
    lode_try(lode_take(arena, n, codes));
    memcpy(*codes, data, size);
    for (int64_t i = 0; i < n; i++) {
        const uint32_t code = le32toh((*codes)[i]);
        if (code >= limit && code != LODE_NO_CODE)
            return lode_fail(LODE_E_MESSAGE, "%s: code %u, the limit is %lld", what, code,
                             (long long)limit);
        (*codes)[i] = code;
    }
    return LODE_OK;
}

/* After the store, up to the plans. */
static lode_status unpack_params(struct leaf *leaf)
{
    struct lode_arena *arena = leaf->task->arena;
    struct lode_unpack *in = &leaf->in;
    lode_try(lode_unpack_count(in, "tokens", UINT32_MAX - 1, &leaf->n_tokens));
    lode_try(lode_unpack_count(in, "event names", UINT32_MAX - 1, &leaf->n_names));
    lode_try(unpack_codes(in, "tokens of event names", leaf->n_names, leaf->n_tokens, arena,
                          &leaf->token_of));
    lode_try(session_columns_unpack(in, leaf->task, &leaf->columns));
    lode_try(lode_take_zero(arena, leaf->columns.n_kpis, &leaf->marks));
    lode_try(lode_take_zero(arena, leaf->columns.n_attributes, &leaf->codes));
    return lode_unpack_array(in, &leaf->n_plans);
}

/* Drops the events that are ignored and renames the others, in place. */
static void map_tokens(struct leaf *leaf)
{
    int64_t n = 0, from = 0;
    for (int64_t s = 0; s < leaf->part.n_sessions; s++) {
        const int64_t end = leaf->starts[s + 1];
        for (int64_t i = from; i < end; i++) {
            const uint32_t token = leaf->token_of[leaf->tokens[i]];
            leaf->tokens[n] = token;
            n += token != LODE_NO_CODE;
        }
        from = end;
        leaf->starts[s + 1] = n;
    }
}

static lode_status read_events(struct leaf *leaf)
{
    struct lode_arena *arena = leaf->task->arena;
    if (!leaf->token_of && leaf->n_tokens != leaf->n_names)
        return lode_fail(LODE_E_MESSAGE, "%lld event names are not %lld tokens",
                         (long long)leaf->n_names, (long long)leaf->n_tokens);
    lode_try(lode_part_event_offsets(&leaf->part, arena, &leaf->starts));
    lode_try(lode_part_event_names(&leaf->part, leaf->n_names, arena, &leaf->tokens));
    leaf->columns.part.event_offsets = leaf->starts;
    leaf->columns.part.event_names = leaf->tokens;
    lode_try(session_columns_open(&leaf->columns, &leaf->part, leaf->task));
    if (leaf->token_of) map_tokens(leaf);
    return LODE_OK;
}

/* One more KPI in the classes: `scale` classes so far. */
static lode_status add_outcomes(struct leaf *leaf, int64_t index, int scale, uint8_t *classes)
{
    uint8_t **marks = &leaf->marks[index];
    if (!*marks) lode_try(session_columns_marks(&leaf->columns, index, leaf->task->arena, marks));
    for (int64_t s = 0; s < leaf->part.n_sessions; s++)
        classes[s] = (uint8_t)(classes[s] + (*marks)[s] * scale);
    return LODE_OK;
}

static lode_status read_classes(struct leaf *leaf, int *n_classes, uint8_t **classes)
{
    uint32_t n_kpis;
    lode_try(lode_unpack_array(&leaf->in, &n_kpis));
    lode_try(lode_take_zero(leaf->task->arena, leaf->part.n_sessions, classes));
    *n_classes = 1;
    for (uint32_t i = 0; i < n_kpis; i++) {
        int64_t index;
        lode_try(session_columns_unpack_kpi(&leaf->in, &leaf->columns, &index));
        lode_try(add_outcomes(leaf, index, *n_classes, *classes));
        *n_classes *= leaf->columns.kpis[index].n_missing ? 3 : 2;
        if (*n_classes > PATTERN_MAX_CLASSES)
            return lode_fail(LODE_E_MESSAGE, "%d outcomes, %d is the most", *n_classes,
                             PATTERN_MAX_CLASSES);
    }
    return LODE_OK;
}

/* Cohorts of the sessions; *cohorts is NULL when all sessions are one. */
static lode_status read_cohorts(struct leaf *leaf, int64_t n_cohorts, uint32_t **cohorts)
{
    struct lode_arena *arena = leaf->task->arena;
    int64_t index;
    uint32_t *cohort_of;
    *cohorts = NULL;
    lode_try(lode_unpack_i64(&leaf->in, &index));
    if (index == -1) return LODE_OK;
    if (index < 0 || index >= (int64_t)leaf->columns.n_attributes)
        return lode_fail(LODE_E_MESSAGE, "attribute %lld of %u", (long long)index,
                         leaf->columns.n_attributes);
    const struct lode_attribute *attribute = &leaf->columns.attributes[index];
    uint32_t **codes = &leaf->codes[index];
    lode_try(unpack_codes(&leaf->in, "cohorts", attribute->dictionary.count, n_cohorts, arena,
                          &cohort_of));
    if (!cohort_of)
        return lode_fail(LODE_E_MESSAGE, "no cohorts of the words of '%s'", attribute->name);
    if (!*codes) lode_try(session_columns_codes(&leaf->columns, index, arena, codes));
    lode_try(lode_take(arena, leaf->part.n_sessions, cohorts));
    for (int64_t s = 0; s < leaf->part.n_sessions; s++) {
        const uint32_t code = (*codes)[s];
        (*cohorts)[s] = code == LODE_NO_CODE ? GRAM_NO_COHORT : cohort_of[code];
    }
    return LODE_OK;
}

static lode_status put_piece(void *context, int64_t range, const uint8_t *piece, size_t size)
{
    const struct leaf *leaf = context;
    const uint8_t key[] = {(uint8_t)(leaf->n_lists >> 8), (uint8_t)leaf->n_lists};
    const struct shuffle_record record = {
        .key = key, .key_size = sizeof key, .value = piece, .value_size = size};
    return shuffle_put(leaf->out, range, &record);
}

static lode_status count_space(struct leaf *leaf, const struct gram_sessions *sessions,
                               const struct gram_space *space)
{
    struct lode_arena *arena = leaf->task->arena;
    if (!leaf->out) return grams_count(sessions, space, GRAM_WAY_BEST, arena, leaf->task->output);
    leaf->list.size = 0;
    lode_try(grams_count(sessions, space, GRAM_WAY_BEST, arena, &leaf->list));
    lode_try(gram_list_cut(space, leaf->list.data, leaf->list.size, leaf->out->n_buckets, put_piece,
                           leaf));
    leaf->n_lists++;
    return LODE_OK;
}

static lode_status count_plan(struct leaf *leaf)
{
    int64_t first_k, last_k, n_cohorts;
    int n_classes;
    uint8_t *classes;
    uint32_t *cohorts;
    lode_try(lode_unpack_count(&leaf->in, "first k", PATTERN_MAX_K, &first_k));
    lode_try(lode_unpack_count(&leaf->in, "last k", PATTERN_MAX_K, &last_k));
    lode_try(read_classes(leaf, &n_classes, &classes));
    lode_try(lode_unpack_count(&leaf->in, "cohorts", UINT32_MAX - 1, &n_cohorts));
    lode_try(read_cohorts(leaf, n_cohorts, &cohorts));
    const struct gram_sessions sessions = {.n_sessions = leaf->part.n_sessions,
                                           .starts = leaf->starts,
                                           .tokens = leaf->tokens,
                                           .cohorts = cohorts,
                                           .classes = classes};
    for (int64_t k = first_k; k <= last_k; k++) {
        const struct gram_space space = {.n_cohorts = n_cohorts,
                                         .n_tokens = leaf->n_tokens,
                                         .k = (int)k,
                                         .n_classes = n_classes};
        lode_try(count_space(leaf, &sessions, &space));
        lode_try(lode_task_advance(leaf->task, leaf->part.n_events + 1));
    }
    return LODE_OK;
}

static lode_status count_partition(struct leaf *leaf)
{
    lode_status status = LODE_OK;
    lode_try(lode_task_open_part(leaf->task, &leaf->in, leaf->task->index, &leaf->part));
    lode_try_done(unpack_params(leaf));
    lode_try_done(read_events(leaf));
    for (uint32_t i = 0; i < leaf->n_plans; i++) lode_try_done(count_plan(leaf));
    status = lode_unpack_end(&leaf->in);
done:
    lode_part_close(&leaf->part);
    return status;
}

lode_status patterns_leaf(struct lode_task *task)
{
    struct leaf leaf = {.task = task, .in = lode_unpack_begin(task->params, task->params_size)};
    return count_partition(&leaf);
}

lode_status pattern_pieces_leaf(struct lode_task *task)
{
    struct shuffle_out out;
    struct leaf leaf = {.task = task, .out = &out};
    /* pieces are few and large: what a sort needs is little, counting needs the rest */
    const struct shuffle_out_options options = {.memory_bytes = shuffle_memory(task->arena, 4)};
    lode_try(shuffle_out_open(task, &options, &out));
    leaf.in = lode_unpack_begin(out.params, out.params_size);
    lode_status status = count_partition(&leaf);
    lode_bytes_clear(&leaf.list);
    if (!status) status = shuffle_out_commit(&out);
    shuffle_out_discard(&out);
    return status;
}
