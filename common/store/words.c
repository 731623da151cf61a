/* Words: texts to codes, in order of first use. An open-addressing table of codes beside the list
 * of words; both double in the arena when full, so what they leave behind is less than they hold.
 * In front of it the short words that came last: most columns have few words, and two numbers are
 * compared sooner than a text is hashed.
 */
#include "common/store/table.h"

#include <string.h>

#include "common/hash.h"
#include "common/short_text.h"

enum { FIRST_SLOTS = 64, RECENT_BITS = 12 };

/* A short word and its code; size 0: none. */
struct short_word {
    struct lode_short_text text;
    uint32_t size, code;
};

struct lode_words {
    struct short_word
        recent[1 << RECENT_BITS]; /* two slots beside each other, the newer in front */
    struct lode_arena *arena;
    char **list; /* [n_slots / 2] */
    uint64_t *hashes;
    int64_t count;
    uint32_t *slots; /* [n_slots] code, or UINT32_MAX: free */
    size_t n_slots;  /* a power of 2, at least twice the count */
};

static void insert(uint32_t *slots, size_t n_slots, uint64_t hash, uint32_t code)
{
    size_t at = hash & (n_slots - 1);
    while (slots[at] != UINT32_MAX) at = (at + 1) & (n_slots - 1);
    slots[at] = code;
}

static lode_status resize(struct lode_words *words, size_t n_slots)
{
    uint32_t *slots;
    uint64_t *hashes;
    char **list;

    lode_try(lode_take(words->arena, n_slots, &slots));
    lode_try(lode_take(words->arena, n_slots / 2, &hashes));
    lode_try(lode_take(words->arena, n_slots / 2, &list));
    memset(slots, 0xff, n_slots * sizeof *slots);
    for (int64_t i = 0; i < words->count; i++) {
        hashes[i] = words->hashes[i];
        list[i] = words->list[i];
        insert(slots, n_slots, hashes[i], (uint32_t)i);
    }
    words->slots = slots;
    words->hashes = hashes;
    words->list = list;
    words->n_slots = n_slots;
    return LODE_OK;
}

lode_status lode_words_create(struct lode_arena *arena, struct lode_words **words)
{
    struct lode_words *made;

    lode_try(lode_take_zero(arena, 1, &made));
    made->arena = arena;
    lode_try(resize(made, FIRST_SLOTS));
    *words = made;
    return LODE_OK;
}

/* Its code, or UINT32_MAX. */
static uint32_t find(const struct lode_words *words, uint64_t hash, const char *text, size_t size)
{
    const size_t mask = words->n_slots - 1;

    for (size_t at = hash & mask; words->slots[at] != UINT32_MAX; at = (at + 1) & mask) {
        const uint32_t code = words->slots[at];
        const char *word = words->list[code];
        if (words->hashes[code] == hash && strncmp(word, text, size) == 0 && word[size] == '\0') {
            return code;
        }
    }
    return UINT32_MAX;
}

static lode_status add(struct lode_words *words, const char *text, size_t size, uint32_t *code)
{
    if (size == 0) text = ""; /* NULL is a fine empty text to callers, not to strncmp */
    if (memchr(text, '\0', size) != NULL) {
        return lode_fail(LODE_E_INPUT, "a word with a NUL byte");
    }
    const uint64_t hash = lode_hash(text, size);
    const uint32_t found = find(words, hash, text, size);
    if (found != UINT32_MAX) {
        *code = found;
        return LODE_OK;
    }
    if (words->count == UINT32_MAX) return lode_fail(LODE_E_MEMORY, "more than 2^32 - 1 words");
    if ((size_t)words->count == words->n_slots / 2) lode_try(resize(words, 2 * words->n_slots));
    lode_try(lode_arena_text(words->arena, text, size, &words->list[words->count]));
    words->hashes[words->count] = hash;
    insert(words->slots, words->n_slots, hash, (uint32_t)words->count);
    *code = (uint32_t)words->count++;
    return LODE_OK;
}

static inline bool is_same(const struct short_word *word, struct lode_short_text text, size_t size)
{
    return word->text.front == text.front && word->text.back == text.back && word->size == size;
}

/* Apart, so that finding a recent word saves no registers. */
__attribute__((noinline)) static lode_status add_recent(struct lode_words *words, const char *text,
                                                        size_t size, struct short_word *recent,
                                                        uint32_t *code)
{
    lode_try(add(words, text, size, code));
    recent[1] = recent[0];
    recent[0] = (struct short_word){lode_short_text(text, size), (uint32_t)size, *code};
    return LODE_OK;
}

lode_status lode_words_add(struct lode_words *words, const char *text, size_t size, uint32_t *code)
{
    if (size == 0 || size > LODE_SHORT_TEXT_BYTES) return add(words, text, size, code);
    const struct lode_short_text word = lode_short_text(text, size);
    struct short_word *recent =
        &words->recent[lode_short_text_mix(word, size) >> (64 - RECENT_BITS) & ~UINT64_C(1)];
    for (int i = 0; i < 2; i++)
        if (is_same(&recent[i], word, size)) {
            *code = recent[i].code;
            return LODE_OK;
        }
    return add_recent(words, text, size, recent, code);
}

char *const *lode_words_list(const struct lode_words *words, int64_t *count)
{
    *count = words->count;
    return words->list;
}
