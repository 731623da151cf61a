/* Words: the dictionaries of the store from those of the ranges. Two passes over the lists of words
 * that the parse tasks left behind, one list in memory at a time: first all words, each once; then,
 * once they are sorted and have their codes, a map for each range.
 */
#include "jobs/shuffle/runs.h"
#include "jobs/stage/shuffle/dictionary.h"
#include "jobs/stage/shuffle/vocabulary.h"
#include "jobs/stage/staging.h"

enum { CODES_BYTES = 4 << 20 /* memory to write the maps of codes with */ };

struct merging {
    struct staging *staging;
    struct lode_arena *scratch;       /* what is of one range */
    int64_t n_columns;                /* event names, then attributes */
    struct vocabulary **vocabularies; /* [n_columns] */
    struct lode_dictionary *lists;    /* [n_columns] of the range at hand */
    uint32_t **maps;                  /* [n_columns] likewise */
};

static bool is_dropped(const struct merging *m, int64_t column)
{
    return column > 0 && m->staging->plan.attributes[column - 1].dropped;
}

/* The lists of one range. */
static lode_status read_lists(struct merging *m, const struct stage_run *run)
{
    const struct staging *s = m->staging;
    const int64_t bucket = stage_words_bucket(&s->plan);
    uint8_t *data = NULL;
    size_t size = 0;
    lode_arena_reset(m->scratch);
    const struct shuffle_site site = {.arena = m->scratch, .directory = s->run->work_directory};
    const struct run_file file = {run->name, run->size_bytes};
    lode_try(run_read_values(&site, &file, bucket + 1, bucket, &data, &size));
    return dictionary_get_words(data, size, m->n_columns, m->scratch, m->lists);
}

/* The plan has the attributes of the store, in its order. */
static lode_status keep_words(struct merging *m, const struct lode_store *before)
{
    lode_try(vocabulary_keep(m->vocabularies[0], &before->event_names));
    for (int64_t a = 0; a < before->n_attributes; a++)
        lode_try(vocabulary_keep(m->vocabularies[1 + a], &before->attributes[a].dictionary));
    for (int64_t a = 0; a < before->n_event_attributes; a++)
        lode_try(vocabulary_keep(m->vocabularies[1 + before->n_attributes + a],
                                 &before->event_attributes[a].dictionary));
    return LODE_OK;
}

static lode_status gather_words(struct merging *m)
{
    const struct stage_plan *plan = &m->staging->plan;
    for (int64_t r = 0; r < plan->n_runs; r++) {
        lode_try(read_lists(m, &plan->runs[r]));
        for (int64_t c = 0; c < m->n_columns; c++)
            if (!is_dropped(m, c)) lode_try(vocabulary_add(m->vocabularies[c], &m->lists[c]));
    }
    return LODE_OK;
}

/* An attribute with very many values is an id or a text, not something to compare sessions by. */
static lode_status settle_attribute(struct stage_attribute *attribute, int64_t n_words)
{
    attribute->n_words = n_words;
    if (n_words > STAGE_ATTRIBUTE_WORDS_LIMIT) attribute->dropped = true;
    if (!attribute->dropped) return LODE_OK;
    if (attribute->named)
        return lode_fail(LODE_E_INPUT,
                         "attribute '%s' has more than %d different values; leave it out",
                         attribute->name, STAGE_ATTRIBUTE_WORDS_LIMIT);
    return LODE_OK;
}

static lode_status sort_words(struct merging *m)
{
    struct staging *s = m->staging;
    struct stage_plan *plan = &s->plan;
    lode_try(lode_take_zero(s->arena, plan->n_attributes, &s->store.attributes));
    lode_try(lode_take_zero(s->arena, plan->n_event_attributes, &s->store.event_attributes));
    lode_try(vocabulary_sort(m->vocabularies[0], &s->store.event_names));
    plan->n_event_names = s->store.event_names.count;
    if (plan->n_event_names >= UINT32_MAX)
        return lode_fail(LODE_E_INPUT, "%lld different event names, more than a code can say",
                         (long long)plan->n_event_names);
    for (int64_t a = 0; a < plan->n_attributes; a++) {
        struct stage_attribute *attribute = &plan->attributes[a];
        struct lode_dictionary sorted = {0};
        lode_try(settle_attribute(attribute, vocabulary_count(m->vocabularies[1 + a])));
        if (attribute->dropped) continue;
        lode_try(vocabulary_sort(m->vocabularies[1 + a], &sorted));
        struct lode_attribute *staged =
            a < stage_session_attributes(plan)
                ? &s->store.attributes[s->store.n_attributes++]
                : &s->store.event_attributes[s->store.n_event_attributes++];
        *staged = (struct lode_attribute){attribute->name, attribute->of_user, sorted};
    }
    return LODE_OK;
}

static lode_status put_map(struct merging *m, struct run_writer *run, const struct stage_run *of)
{
    lode_try(read_lists(m, of));
    for (int64_t c = 0; c < m->n_columns; c++) {
        struct lode_dictionary *list = &m->lists[c];
        if (is_dropped(m, c)) list->count = 0; /* nobody asks for these */
        lode_try(lode_take(m->scratch, list->count, &m->maps[c]));
        lode_try(vocabulary_map(m->vocabularies[c], list, m->maps[c]));
    }
    return dictionary_put_maps(run, of->codes_of, m->n_columns, m->lists, m->maps);
}

/* The maps of all ranges, a bucket each, as the broadcast file `codes`. */
static lode_status write_maps(struct merging *m)
{
    struct staging *s = m->staging;
    struct stage_plan *plan = &s->plan;
    struct run_writer *run = NULL;
    lode_status status = LODE_OK;
    const struct shuffle_site site = {.arena = s->arena, .directory = s->run->work_directory};
    const struct run_options options = {.n_buckets = plan->n_ranges, .memory_bytes = CODES_BYTES};
    lode_try(run_writer_open(&site, "codes.run", &options, &run));
    for (int64_t r = 0; r < plan->n_runs && status == LODE_OK; r++)
        status = put_map(m, run, &plan->runs[r]);
    if (status != LODE_OK) {
        run_writer_discard(run);
        return status;
    }
    plan->codes.name = "codes.run";
    return run_writer_commit(run, &plan->codes.size_bytes);
}

static lode_status merge(struct merging *m)
{
    struct lode_arena *arena = m->staging->arena;
    lode_try(lode_take(arena, m->n_columns, &m->vocabularies));
    lode_try(lode_take(arena, m->n_columns, &m->lists));
    lode_try(lode_take(arena, m->n_columns, &m->maps));
    for (int64_t c = 0; c < m->n_columns; c++) {
        const int64_t limit = c == 0 ? UINT32_MAX : STAGE_ATTRIBUTE_WORDS_LIMIT;
        lode_try(vocabulary_create(arena, limit, &m->vocabularies[c]));
    }
    if (m->staging->before) lode_try(keep_words(m, m->staging->before));
    lode_try(gather_words(m));
    lode_try(sort_words(m));
    return write_maps(m);
}

lode_status staging_merge_words(struct staging *s)
{
    struct merging m = {.staging = s, .n_columns = 1 + s->plan.n_attributes};
    lode_try(lode_arena_create(0, &m.scratch));
    const lode_status status = merge(&m);
    lode_arena_destroy(m.scratch);
    return status;
}
