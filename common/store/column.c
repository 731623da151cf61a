/* Columns: plain ones in one line each. */
#include "common/store/table.h"

struct lode_column lode_column_numbers(const char *name, enum lode_column_type type,
                                       const void *data, const char *units, const char *title)
{
    return (struct lode_column){
        .name = name, .type = type, .data = data, .units = units, .title = title};
}

struct lode_column lode_column_words(const char *name, const uint32_t *data, char *const *words,
                                     int64_t n_words, const char *title)
{
    return (struct lode_column){.name = name,
                                .type = LODE_COLUMN_WORD,
                                .data = data,
                                .words = words,
                                .n_words = n_words,
                                .title = title};
}
