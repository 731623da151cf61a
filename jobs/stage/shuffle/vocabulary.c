/* Vocabulary: words are numbered as they come; sorting makes a table from numbers to codes. */
#include "jobs/stage/shuffle/vocabulary.h"

#include "common/store/table.h"

#include <stdlib.h>
#include <string.h>

struct vocabulary {
    struct lode_arena *arena;
    int64_t limit;
    struct lode_words *words;
    uint32_t *codes; /* [n_sorted] of the word of each number */
    int64_t n_kept;  /* whose codes are their numbers */
    int64_t n_sorted;
};

struct numbered {
    char *word;
    uint32_t number;
};

lode_status vocabulary_create(struct lode_arena *arena, int64_t limit,
                              struct vocabulary **vocabulary)
{
    struct vocabulary *v = NULL;
    lode_try(lode_take_zero(arena, 1, &v));
    v->arena = arena;
    v->limit = limit;
    lode_try(lode_words_create(arena, &v->words));
    *vocabulary = v;
    return LODE_OK;
}

int64_t vocabulary_count(const struct vocabulary *vocabulary)
{
    int64_t count = 0;
    (void)lode_words_list(vocabulary->words, &count);
    return count;
}

lode_status vocabulary_add(struct vocabulary *vocabulary, const struct lode_dictionary *list)
{
    for (int64_t i = 0; i < list->count; i++) {
        const char *word = list->words[i];
        uint32_t number = 0;
        if (vocabulary_count(vocabulary) > vocabulary->limit) return LODE_OK;
        lode_try(lode_words_add(vocabulary->words, word, strlen(word), &number));
    }
    return LODE_OK;
}

lode_status vocabulary_keep(struct vocabulary *vocabulary, const struct lode_dictionary *list)
{
    for (int64_t i = 0; i < list->count; i++) {
        uint32_t number = 0;
        lode_try(
            lode_words_add(vocabulary->words, list->words[i], strlen(list->words[i]), &number));
        if (number != i)
            return lode_fail(LODE_E_INPUT, "the store's dictionary has '%s' twice", list->words[i]);
    }
    vocabulary->n_kept = list->count;
    return LODE_OK;
}

/* As bytes; no two are equal. */
static int compare_words(const void *left, const void *right)
{
    return strcmp(((const struct numbered *)left)->word, ((const struct numbered *)right)->word);
}

lode_status vocabulary_sort(struct vocabulary *vocabulary, struct lode_dictionary *sorted)
{
    int64_t count = 0;
    char *const *words = lode_words_list(vocabulary->words, &count);
    struct numbered *order = NULL;
    struct lode_dictionary result = {.count = count};
    lode_try(lode_take(vocabulary->arena, count, &result.words));
    lode_try(lode_take(vocabulary->arena, count, &vocabulary->codes));
    lode_try(lode_take(vocabulary->arena, count, &order));
    for (int64_t i = 0; i < count; i++) order[i] = (struct numbered){words[i], (uint32_t)i};
    qsort(order + vocabulary->n_kept, (size_t)(count - vocabulary->n_kept), sizeof *order,
          compare_words);
    for (int64_t i = 0; i < count; i++) {
        result.words[i] = order[i].word;
        vocabulary->codes[order[i].number] = (uint32_t)i;
    }
    vocabulary->n_sorted = count;
    *sorted = result;
    return LODE_OK;
}

lode_status vocabulary_map(struct vocabulary *vocabulary, const struct lode_dictionary *list,
                           uint32_t *codes)
{
    for (int64_t i = 0; i < list->count; i++) {
        const char *word = list->words[i];
        uint32_t number = 0;
        lode_try(lode_words_add(vocabulary->words, word, strlen(word), &number));
        if (number >= vocabulary->n_sorted)
            return lode_fail(LODE_E_BUG, "word '%s' is in no dictionary", word);
        codes[i] = vocabulary->codes[number];
    }
    return LODE_OK;
}
