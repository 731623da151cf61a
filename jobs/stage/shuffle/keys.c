/* Keys: open addressing with linear probing, at most half full; hashes are kept, so that most
 * comparisons of bytes are with the right key and widening reads no key. */
#include "jobs/stage/shuffle/keys.h"

#include "common/hash.h"

#include <string.h>

enum { KEYS_ROOM = 4096 };

struct key {
    const uint8_t *bytes;
    uint64_t hash;
    size_t size;
};

struct keys {
    struct lode_arena *arena;
    struct key *list;
    int64_t count, room;
    uint32_t *slots; /* number + 1, or 0 */
    uint64_t mask;
};

lode_status keys_create(struct lode_arena *arena, struct keys **keys)
{
    struct keys *k = NULL;
    lode_try(lode_take_zero(arena, 1, &k));
    k->arena = arena;
    k->room = KEYS_ROOM;
    k->mask = 2 * KEYS_ROOM - 1;
    lode_try(lode_take(arena, KEYS_ROOM, &k->list));
    lode_try(lode_take_zero(arena, 2 * KEYS_ROOM, &k->slots));
    *keys = k;
    return LODE_OK;
}

/* The slot of a key, or the free one where it belongs. */
static uint64_t find_slot(const struct keys *keys, const uint8_t *bytes, size_t size, uint64_t hash)
{
    uint64_t at = hash & keys->mask;
    for (; keys->slots[at] != 0; at = (at + 1) & keys->mask) {
        const struct key *key = &keys->list[keys->slots[at] - 1];
        if (key->hash == hash && key->size == size && memcmp(key->bytes, bytes, size) == 0) break;
    }
    return at;
}

/* Twice the room; the old arrays stay in the arena, as much again at most. */
static lode_status widen(struct keys *keys)
{
    struct key *list = NULL;
    uint32_t *slots = NULL;
    const uint64_t mask = 2 * keys->mask + 1;
    lode_try(lode_take(keys->arena, 2 * keys->room, &list));
    lode_try(lode_take_zero(keys->arena, mask + 1, &slots));
    memcpy(list, keys->list, (size_t)keys->count * sizeof *list);
    for (int64_t k = 0; k < keys->count; k++) {
        uint64_t at = list[k].hash & mask;
        while (slots[at] != 0) at = (at + 1) & mask;
        slots[at] = (uint32_t)(k + 1);
    }
    keys->list = list;
    keys->room *= 2;
    keys->slots = slots;
    keys->mask = mask;
    return LODE_OK;
}

lode_status keys_add(struct keys *keys, const uint8_t *bytes, size_t size, uint32_t *number)
{
    const uint64_t hash = lode_hash(bytes, size);
    uint64_t at = find_slot(keys, bytes, size, hash);
    if (keys->slots[at] != 0) {
        *number = keys->slots[at] - 1;
        return LODE_OK;
    }
    if (keys->count >= INT32_MAX)
        return lode_fail(LODE_E_MEMORY, "more than %d keys in a partition: stage with smaller ones",
                         INT32_MAX);
    if (keys->count == keys->room) {
        lode_try(widen(keys));
        at = find_slot(keys, bytes, size, hash);
    }
    *number = (uint32_t)keys->count;
    keys->list[keys->count++] = (struct key){bytes, hash, size};
    keys->slots[at] = (uint32_t)keys->count;
    return LODE_OK;
}

int64_t keys_find(const struct keys *keys, const uint8_t *bytes, size_t size)
{
    return (int64_t)keys->slots[find_slot(keys, bytes, size, lode_hash(bytes, size))] - 1;
}

int64_t keys_count(const struct keys *keys)
{
    return keys->count;
}

const uint8_t *keys_bytes(const struct keys *keys, uint32_t number)
{
    return keys->list[number].bytes;
}
