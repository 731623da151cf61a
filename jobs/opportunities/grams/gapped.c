/* Gapped grams: every session puts each of its grams once, as key and class in one word; words are
 * sorted and counted chunk by chunk, and the lists of the chunks summed. */
#include "jobs/opportunities/grams/gapped.h"

#include "jobs/opportunities/grams/gram_merge.h"
#include "jobs/opportunities/grams/gram_sort.h"

enum { CLASS_BITS = 3, CHUNK = 1 << 20 }; /* of a word below the key: GRAM_KEY_BITS leave them */

/* The distinct tokens of one session, numbered as they come; events of the others are left out. */
struct session {
    int64_t n_events;
    uint32_t *events; /* [n_events] numbers */
    int64_t n;
    uint32_t *tokens;      /* [n] */
    int64_t *first, *last; /* [n] places among the events */
    int64_t *next;         /* [n x n], k = 3: first place of b after first[a]; n_events: none */
    int64_t *upcoming;     /* [n] scratch of next */
    uint64_t base;         /* first key of the cohort */
    int class_index;
    bool is_cut;
};

struct counting {
    const struct gram_sessions *sessions;
    const struct gram_space *space;
    int64_t most_distinct, chunk;
    struct lode_task *task;
    struct lode_arena *arena;
    struct gram_merge merge;
    struct lode_bytes list;
    struct session session;
    struct numbering {
        uint32_t stamp, number; /* session + 1 */
    } * numbers;                /* [n_tokens] */
    uint64_t *words, *spare;    /* [chunk] */
    int64_t n;
    uint64_t cut[GRAM_MAX_CLASSES];
};

static void read_session(struct counting *counting, int64_t index, uint64_t keys_per_cohort)
{
    const struct gram_sessions *in = counting->sessions;
    struct session *s = &counting->session;
    const uint32_t cohort = in->cohorts ? in->cohorts[index] : 0, stamp = (uint32_t)index + 1;
    s->n = s->n_events = 0;
    s->is_cut = false;
    if (cohort == GRAM_NO_COHORT) return;
    s->base = cohort * keys_per_cohort;
    s->class_index = in->classes[index];
    for (int64_t e = in->starts[index]; e < in->starts[index + 1]; e++) {
        const uint32_t token = in->tokens[e];
        struct numbering *number = &counting->numbers[token];
        if (number->stamp != stamp) {
            if (s->n == counting->most_distinct) {
                s->is_cut = true;
                continue;
            }
            *number = (struct numbering){stamp, (uint32_t)s->n};
            s->tokens[s->n] = token;
            s->first[s->n++] = s->n_events;
        }
        s->last[number->number] = s->n_events;
        s->events[s->n_events++] = number->number;
    }
}

/* For every first place, where each token comes next after it: one walk from the end. */
static void find_next(struct session *s)
{
    for (int64_t b = 0; b < s->n; b++) s->upcoming[b] = s->n_events;
    for (int64_t e = s->n_events - 1; e >= 0; e--) {
        const uint32_t a = s->events[e];
        if (s->first[a] == e)
            for (int64_t b = 0; b < s->n; b++) s->next[a * s->n + b] = s->upcoming[b];
        s->upcoming[a] = e;
    }
}

/* The words of the chunk as a list. */
static lode_status encode(struct counting *counting, struct lode_bytes *out)
{
    struct gram_writer writer;
    const uint64_t *sorted =
        gram_sort_words(counting->words, counting->spare, counting->n, CLASS_BITS);
    lode_try(gram_writer_begin(&writer, counting->space, out));
    for (int64_t i = 0, entries = 0; i < counting->n; entries++) {
        const uint64_t key = sorted[i] >> CLASS_BITS;
        uint32_t counts[GRAM_MAX_CLASSES] = {0};
        for (; i < counting->n && sorted[i] >> CLASS_BITS == key; i++)
            counts[sorted[i] & ((1 << CLASS_BITS) - 1)]++;
        if (entries % GRAM_BLOCK == 0) lode_try(gram_writer_room(&writer, GRAM_BLOCK));
        gram_writer_put(&writer, key, counts, counting->space->n_classes);
    }
    return gram_writer_end(&writer, counting->cut);
}

static lode_status flush(struct counting *counting)
{
    size_t used;
    counting->list.size = 0;
    if (counting->task) lode_try(lode_task_advance(counting->task, counting->n));
    lode_try(encode(counting, &counting->list));
    counting->n = 0;
    for (int c = 0; c < GRAM_MAX_CLASSES; c++) counting->cut[c] = 0; /* this list has them */
    return gram_merge_add(&counting->merge, counting->list.data, counting->list.size, &used);
}

static lode_status put(struct counting *counting, uint64_t gram)
{
    const struct session *s = &counting->session;
    if (counting->n == counting->chunk) lode_try(flush(counting));
    counting->words[counting->n++] =
        (s->base + gram) << CLASS_BITS | (uint64_t)(unsigned)s->class_index;
    return LODE_OK;
}

static lode_status put_pairs(struct counting *counting)
{
    const struct session *s = &counting->session;
    const uint64_t n_tokens = (uint64_t)counting->space->n_tokens;
    for (int64_t a = 0; a < s->n; a++)
        for (int64_t b = 0; b < s->n; b++)
            if (s->last[b] > s->first[a])
                lode_try(put(counting, s->tokens[a] * n_tokens + s->tokens[b]));
    return LODE_OK;
}

static lode_status put_triples(struct counting *counting)
{
    struct session *s = &counting->session;
    const uint64_t n_tokens = (uint64_t)counting->space->n_tokens;
    find_next(s);
    for (int64_t ab = 0; ab < s->n * s->n; ab++) {
        const uint64_t pair = s->tokens[ab / s->n] * n_tokens + s->tokens[ab % s->n];
        for (int64_t c = 0; s->next[ab] < s->n_events && c < s->n; c++)
            if (s->last[c] > s->next[ab]) lode_try(put(counting, pair * n_tokens + s->tokens[c]));
    }
    return LODE_OK;
}

static lode_status take_scratch(struct counting *counting)
{
    struct lode_arena *arena = counting->arena;
    struct session *s = &counting->session;
    const struct gram_sessions *in = counting->sessions;
    const int64_t most = counting->most_distinct;
    int64_t longest = 0;
    for (int64_t i = 0; i < in->n_sessions; i++) {
        const int64_t n = in->starts[i + 1] - in->starts[i];
        if (n > longest) longest = n;
    }
    lode_try(lode_take_zero(arena, counting->space->n_tokens, &counting->numbers));
    lode_try(lode_take(arena, counting->chunk, &counting->words));
    lode_try(lode_take(arena, counting->chunk, &counting->spare));
    lode_try(lode_take(arena, longest, &s->events));
    lode_try(lode_take(arena, most, &s->tokens));
    lode_try(lode_take(arena, most, &s->first));
    lode_try(lode_take(arena, most, &s->last));
    lode_try(lode_take(arena, most, &s->upcoming));
    return lode_take(arena, most * most, &s->next);
}

static lode_status count_sessions(struct counting *counting, uint64_t keys_per_cohort)
{
    lode_try(take_scratch(counting));
    for (int64_t i = 0; i < counting->sessions->n_sessions; i++) {
        read_session(counting, i, keys_per_cohort);
        counting->cut[counting->session.class_index] += counting->session.is_cut;
        lode_try(counting->space->k == 2 ? put_pairs(counting) : put_triples(counting));
    }
    return LODE_OK;
}

/* The sum of the lists of all chunks. */
static lode_status put_sum(struct counting *counting, struct lode_bytes *out)
{
    const int n_classes = counting->space->n_classes;
    struct pattern_counts sum;
    struct gram_writer writer;
    uint64_t cut[GRAM_MAX_CLASSES] = {0};
    lode_try(flush(counting));
    lode_try(gram_merge_finish(&counting->merge, counting->arena, &sum));
    for (int c = 0; c < n_classes; c++) cut[c] = (uint64_t)sum.occurrences[c];
    lode_try(gram_writer_begin(&writer, counting->space, out));
    for (int64_t i = 0; i < sum.n_patterns; i++) {
        if (i % GRAM_BLOCK == 0) lode_try(gram_writer_room(&writer, GRAM_BLOCK));
        gram_writer_put(&writer, sum.keys[i], sum.counts + i * n_classes, n_classes);
    }
    return gram_writer_end(&writer, cut);
}

lode_status gapped_count(const struct gram_sessions *sessions, const struct gram_space *space,
                         const struct gapped_options *options, struct lode_arena *arena,
                         struct lode_bytes *out)
{
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    const size_t out_size = out->size;
    struct counting counting = {.sessions = sessions,
                                .space = space,
                                .most_distinct = options->most_distinct,
                                .task = options->task,
                                .chunk = options->chunk ? options->chunk : CHUNK,
                                .arena = arena,
                                .merge = {.space = *space, .arena = arena}};
    lode_status status = LODE_OK;
    uint64_t n_keys;

    lode_try(gram_space_keys(space, &n_keys));
    if (space->k < 2 || space->k > GAPPED_MAX_K || sessions->n_sessions >= UINT32_MAX)
        return lode_fail(LODE_E_USAGE, "gapped patterns of k=%d in %lld sessions of a partition",
                         space->k, (long long)sessions->n_sessions);
    counting.merge.most_held = lode_arena_left(arena) / 8 + 1;
    lode_try_done(count_sessions(&counting, n_keys / (uint64_t)space->n_cohorts));
    lode_try_done(counting.merge.n_lists > 0 ? put_sum(&counting, out) : encode(&counting, out));
done:
    gram_merge_clear(&counting.merge);
    lode_bytes_clear(&counting.list);
    lode_arena_rewind(arena, mark);
    if (status) out->size = out_size;
    return status;
}

bool gapped_match(const uint32_t *tokens, int64_t n, const uint32_t *pattern, int k,
                  int64_t *places)
{
    int found = 0;
    int64_t at = 0;
    for (; at < n && found < k; at++) found += tokens[at] == pattern[found];
    if (found < k) return false;
    for (at--; found > 0; at--)
        if (tokens[at] == pattern[found - 1]) places[--found] = at;
    return true;
}
