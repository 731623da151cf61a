/* Hints: see the header. */
#include "jobs/hierarchy/training/hints.h"

#include <string.h>

#include "common/text.h"

/* Does the pattern, which is changed, fit the leaf? */
static bool fits(char *pattern, const char *component, const char *leaf)
{
    char *at = strrchr(pattern, '@');
    if (!at) return lode_text_glob(pattern, leaf);
    *at = '\0';
    const bool is_fit = lode_text_glob(at + 1, component) && lode_text_glob(pattern, leaf);
    *at = '@';
    return is_fit;
}

lode_status hints_next(const char **list, struct lode_arena *arena, char **pattern)
{
    const char *at = *list + strspn(*list, ", \t");
    size_t size = strcspn(at, ",");
    *list = at + size;
    *pattern = NULL;
    while (size > 0 && (at[size - 1] == ' ' || at[size - 1] == '\t')) size--;
    return size > 0 ? lode_arena_text(arena, at, size, pattern) : LODE_OK;
}

/* Does one of the patterns of a list fit? */
static lode_status fits_any(const char *list, const char *component, const char *leaf,
                            struct lode_arena *arena, bool *is_fit)
{
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    char *pattern;
    *is_fit = false;
    do {
        lode_try(hints_next(&list, arena, &pattern));
        *is_fit = pattern && fits(pattern, component, leaf);
    } while (pattern && !*is_fit);
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

/* The first group that wants a leaf; -1: none. */
static lode_status find_group(const struct hierarchy_options *options, const char *component,
                              const char *leaf, struct lode_arena *arena, int64_t *group)
{
    for (*group = 0; *group < options->n_groups; (*group)++) {
        bool is_fit = false;
        lode_try(fits_any(options->groups[*group].text, component, leaf, arena, &is_fit));
        if (is_fit) return LODE_OK;
    }
    *group = -1;
    return LODE_OK;
}

lode_status hints_find(const struct hierarchy_options *options, const char *component,
                       const char *const *leaves, int64_t n, struct lode_arena *arena,
                       struct hints *hints)
{
    struct hints made = {0};
    int32_t *numbers, n_numbers = 0; /* of groups that have a leaf here */
    lode_try(lode_take(arena, n, &made.given));
    lode_try(lode_take(arena, n, &made.exemplars));
    lode_try(lode_take(arena, n, &made.names));
    lode_try(lode_take(arena, options->n_groups, &numbers));
    for (int64_t g = 0; g < options->n_groups; g++) numbers[g] = -1;
    for (int64_t i = 0; i < n; i++) {
        int64_t group = -1;
        bool begins = false;
        lode_try(find_group(options, component, leaves[i], arena, &group));
        if (group >= 0 && numbers[group] < 0) {
            made.names[n_numbers] = options->groups[group].name;
            numbers[group] = n_numbers++;
        }
        made.given[i] = group >= 0 ? numbers[group] : -1;
        lode_try(fits_any(options->exemplars, component, leaves[i], arena, &begins));
        if (begins) made.exemplars[made.n_exemplars++] = (int32_t)i;
    }
    *hints = made;
    return LODE_OK;
}
