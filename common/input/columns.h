/* Columns: the names of the columns of a file, each once, in order, found by their bytes. */
#ifndef LODE_COMMON_COLUMNS_H
#define LODE_COMMON_COLUMNS_H

#include "common/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lode_columns {
    char **names; /* [count], zero-terminated */
    size_t *sizes;
    int count;
    int capacity;
    int *slots; /* [n_slots] column or -1: open addressing, n_slots a power of two */
    size_t n_slots;
};

void lode_columns_init(struct lode_columns *columns);
void lode_columns_clear(struct lode_columns *columns);

/* Adds a name at the end unless it is there; *is_new says which. Fails with LODE_E_MEMORY. */
LODE_CHECKED lode_status lode_columns_add(struct lode_columns *columns, const char *name,
                                          size_t size, bool *is_new);

/* The column of that name, or -1. `guess` is tried first (any number will do): records mostly name
 * their columns in the same order. */
int lode_columns_find(const struct lode_columns *columns, const char *name, size_t size, int guess);

#endif
