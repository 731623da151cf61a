/* Words: texts to codes, in order of first use. An open-addressing table of codes beside the list
 * of words; both double in the arena when full, so what they leave behind is less than they hold.
 * In front of it the short words that came last: most columns have few words, and two numbers are
 * compared sooner than a text is hashed.
 */
#include "common/store/table.h"

#include <string.h>

#include "common/hash.h"

enum { FIRST_SLOTS = 64, RECENT_BITS = 12, SHORT_BYTES = 16 };

/* A word of at most SHORT_BYTES as two numbers, and its code; size 0: none. */
struct short_word {
    uint64_t front, back;
    uint32_t size, code;
};

struct lode_words {
    struct short_word recent[1 << RECENT_BITS];
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

/* All bytes of the text: equal numbers and sizes are of equal texts. 1 <= size <= SHORT_BYTES. */
static struct short_word make_short(const char *text, size_t size)
{
    struct short_word word = {.size = (uint32_t)size};
    if (size >= 8) {
        memcpy(&word.front, text, 8);
        memcpy(&word.back, text + size - 8, 8);
    } else if (size >= 4) {
        memcpy(&word.front, text, 4);
        memcpy(&word.back, text + size - 4, 4);
    } else { /* first, middle and last: of up to three bytes each is one of them */
        word.front = (uint8_t)text[0] | (uint64_t)(uint8_t)text[size / 2] << 8;
        word.back = (uint8_t)text[size - 1];
    }
    return word;
}

static struct short_word *recent_of(struct lode_words *words, const struct short_word *word)
{
    const uint64_t mixed =
        (word->front ^ word->back << 7 ^ word->size) * UINT64_C(0x9e3779b97f4a7c15);
    return &words->recent[mixed >> (64 - RECENT_BITS)];
}

lode_status lode_words_add(struct lode_words *words, const char *text, size_t size, uint32_t *code)
{
    if (size == 0 || size > SHORT_BYTES) return add(words, text, size, code);
    struct short_word word = make_short(text, size);
    struct short_word *recent = recent_of(words, &word);
    if (recent->front == word.front && recent->back == word.back && recent->size == word.size) {
        *code = recent->code;
        return LODE_OK;
    }
    lode_try(add(words, text, size, code));
    word.code = *code;
    *recent = word;
    return LODE_OK;
}

char *const *lode_words_list(const struct lode_words *words, int64_t *count)
{
    *count = words->count;
    return words->list;
}
