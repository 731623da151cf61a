/* Columns: names in order, and beside them a hash table of their numbers, at most half full. A wide
 * file has thousands of columns, so neither the test for doubles nor the lookup may be a loop over
 * all of them.
 */
#include "common/input/columns.h"

#include "common/hash.h"
#include "common/memory.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 16, SLOTS_PER_COLUMN = 2 };

void lode_columns_init(struct lode_columns *columns)
{
    *columns = (struct lode_columns){0};
}

void lode_columns_clear(struct lode_columns *columns)
{
    for (int i = 0; i < columns->count; i++) free(columns->names[i]);
    free(columns->names);
    free(columns->sizes);
    free(columns->slots);
    lode_columns_init(columns);
}

static bool is_column(const struct lode_columns *columns, int column, const char *name, size_t size)
{
    return columns->sizes[column] == size && memcmp(columns->names[column], name, size) == 0;
}

/* The slot in which the name is, or the free one in which it belongs. */
static size_t slot_of(const struct lode_columns *columns, const char *name, size_t size)
{
    size_t slot = (size_t)lode_hash(name, size) & (columns->n_slots - 1);
    while (columns->slots[slot] >= 0 && !is_column(columns, columns->slots[slot], name, size))
        slot = (slot + 1) & (columns->n_slots - 1);
    return slot;
}

int lode_columns_find(const struct lode_columns *columns, const char *name, size_t size, int guess)
{
    if (guess >= 0 && guess < columns->count && is_column(columns, guess, name, size)) return guess;
    if (columns->count == 0) return -1;
    return columns->slots[slot_of(columns, name, size)];
}

static lode_status grow(struct lode_columns *columns)
{
    if (columns->capacity > INT_MAX / (2 * SLOTS_PER_COLUMN))
        return lode_fail(LODE_E_INPUT, "more than %d columns", columns->capacity);
    const int capacity = columns->capacity > 0 ? columns->capacity * 2 : FIRST_CAPACITY;
    const size_t n_slots = (size_t)capacity * SLOTS_PER_COLUMN;
    char **names = realloc(columns->names, (size_t)capacity * sizeof *names);
    if (names != NULL) columns->names = names;
    size_t *sizes = realloc(columns->sizes, (size_t)capacity * sizeof *sizes);
    if (sizes != NULL) columns->sizes = sizes;
    int *slots = malloc(n_slots * sizeof *slots);
    if (names == NULL || sizes == NULL || slots == NULL) {
        free(slots);
        return lode_fail(LODE_E_MEMORY, "no memory for the names of %d columns", capacity);
    }
    free(columns->slots);
    columns->slots = slots;
    columns->n_slots = n_slots;
    columns->capacity = capacity;
    memset(slots, 0xff, n_slots * sizeof *slots); /* all -1 */
    for (int i = 0; i < columns->count; i++) slots[slot_of(columns, names[i], sizes[i])] = i;
    return LODE_OK;
}

lode_status lode_columns_add(struct lode_columns *columns, const char *name, size_t size,
                             bool *is_new)
{
    if (columns->count == columns->capacity) lode_try(grow(columns));
    const size_t slot = slot_of(columns, name, size);
    *is_new = columns->slots[slot] < 0;
    if (!*is_new) return LODE_OK;
    char *copy = malloc(size + 1);
    if (copy == NULL) return lode_fail(LODE_E_MEMORY, "no memory for a name of %zu bytes", size);
    memcpy(copy, name, size);
    copy[size] = '\0';
    columns->names[columns->count] = copy;
    columns->sizes[columns->count] = size;
    columns->slots[slot] = columns->count++;
    return LODE_OK;
}
