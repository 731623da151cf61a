/* Windows: see the header. */
#include "jobs/stage/window.h"

#include <inttypes.h>
#include <string.h>

enum { LEAST_ROWS = 64 };

lode_status window_open(struct lode_hdf *file, const char *name, int64_t code_limit, size_t bytes,
                        struct window *window)
{
    struct lode_hdf_column about;
    char *copy = NULL;
    *window = (struct window){.file = file, .limit = code_limit};
    lode_try(lode_arena_create(0, &window->arena));
    lode_try(lode_hdf_describe(file, name, window->arena, &about));
    if (about.columns != 1) return lode_fail(LODE_E_INPUT, "'%s' is no single column", name);
    window->type = code_limit >= 0 ? LODE_HDF_U32 : about.type;
    window->rows = about.rows;
    about.type = window->type;
    window->item_bytes = lode_hdf_item_size(&about);
    const size_t fitting = bytes / window->item_bytes;
    window->most = fitting > LEAST_ROWS ? (int64_t)fitting : LEAST_ROWS;
    lode_try(lode_arena_text(window->arena, name, strlen(name), &copy));
    window->name = copy;
    window->behind_name = lode_arena_mark(window->arena);
    return LODE_OK;
}

static lode_status fill(struct window *window, int64_t row)
{
    const int64_t left = window->rows - row;
    void *items = NULL;
    struct lode_arena *arena = window->arena;
    window->n = 0;
    lode_arena_rewind(arena, window->behind_name);
    const int64_t n = left < window->most ? left : window->most;
    if (window->limit >= 0)
        lode_try(lode_hdf_get_optional_codes(window->file, window->name, row, n, window->limit,
                                             arena, (uint32_t **)&items));
    else
        lode_try(lode_hdf_get(window->file, window->name, window->type, row, n, arena, &items));
    window->first = row;
    window->n = n;
    window->items = items;
    return LODE_OK;
}

lode_status window_at(struct window *window, int64_t row, const void **item)
{
    if (row < 0 || row >= window->rows)
        return lode_fail(LODE_E_INPUT, "row %" PRId64 " of '%s', which has %" PRId64, row,
                         window->name, window->rows);
    if (row < window->first || row >= window->first + window->n) lode_try(fill(window, row));
    *item = window->items + (size_t)(row - window->first) * window->item_bytes;
    return LODE_OK;
}

void window_close(struct window *window)
{
    lode_arena_destroy(window->arena);
    window->arena = NULL;
}
