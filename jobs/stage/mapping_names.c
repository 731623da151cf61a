/* Mapping, names: finding a column by its name, and the error for one that is nowhere. */
#include "jobs/stage/mapping_private.h"

#include "common/text.h"

#include <stdio.h>
#include <string.h>

int mapping_find_column(const struct stage_header *header, const char *name)
{
    for (int c = 0; c < header->n_columns; c++)
        if (strcmp(header->columns[c], name) == 0) return c;
    return -1;
}

struct name *mapping_find_name(struct mapping *m, const char *text)
{
    for (int64_t i = 0; i < m->n_names; i++)
        if (strcmp(m->names[i].text, text) == 0) return &m->names[i];
    return NULL;
}

/* "a, b, c" of names that end with NULL. */
static lode_status join_names(const char *const *names, struct lode_arena *arena,
                              const char **joined)
{
    size_t size = 1;
    for (const char *const *name = names; *name; name++) size += strlen(*name) + 2;
    char *text = NULL;
    lode_try(lode_take_zero(arena, size, &text));
    size_t used = 0;
    for (const char *const *name = names; *name; name++) {
        const size_t length = strlen(*name);
        snprintf(text + used, size - used, used > 0 ? ", %s" : "%s", *name);
        used += length + (used > 0 ? 2 : 0);
    }
    *joined = text;
    return LODE_OK;
}

/* The error for a column that is not among `there` (ends with NULL). */
lode_status mapping_fail_missing(struct mapping *m, const char *path, const char *what,
                                 const char *const *wanted, const char *const *there,
                                 const char *remark)
{
    const char *nearest = NULL;
    const char *wanted_text = NULL;
    const char *there_text = NULL;
    for (const char *const *name = wanted; *name && !nearest; name++)
        nearest = lode_text_nearest(*name, there);
    lode_try(join_names(wanted, m->arena, &wanted_text));
    lode_try(join_names(there, m->arena, &there_text));
    return lode_fail(LODE_E_INPUT, "%s: no column for the %s (wanted: %s; there: %s)%s%s%s%s", path,
                     what, wanted_text, there_text, nearest ? "; did you mean '" : "",
                     nearest ? nearest : "", nearest ? "'?" : "", remark);
}

/* The error for a name that no file has. */
lode_status mapping_fail_missing_anywhere(struct mapping *m, const char *what,
                                          const char *const *wanted)
{
    const char **there = NULL;
    lode_try(lode_take_zero(m->arena, m->n_names + 1, &there));
    for (int64_t i = 0; i < m->n_names; i++) there[i] = m->names[i].text;
    return mapping_fail_missing(m, m->n == 1 ? m->headers[0].path : "the input files", what, wanted,
                                there, "");
}
