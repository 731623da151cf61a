/* Previews: every table by its first rows; those are read alone, however many there are. */
#include "coordinator/page/cells.h"
#include "coordinator/page/data.h"

static lode_status append_preview(struct lode_bytes *out, const struct page_source *source,
                                  const char *name, int64_t most)
{
    const struct lode_arena_mark mark = lode_arena_mark(source->arena);
    struct lode_table table;
    int64_t n_rows = 0, list[PAGE_PREVIEW_ROWS];
    lode_try(lode_results_read_first(source->results, name, most, source->arena, &table, &n_rows));
    const struct page_rows rows = {table.n_rows, list};
    for (int64_t i = 0; i < rows.n; i++) list[i] = i;
    lode_try(lode_bytes_append(out, "{", 1));
    lode_try(page_field_append(out, true, "name", name));
    lode_try(page_field_append(out, false, "title", table.title));
    lode_try(lode_bytes_printf(out, ",\"rows\":%lld,\"shown\":%lld,\"n_columns\":%d,\"columns\":[",
                               (long long)n_rows, (long long)rows.n, table.n_columns));
    for (int c = 0; c < table.n_columns && c < PAGE_PREVIEW_COLUMNS; c++) {
        if (c > 0) lode_try(lode_bytes_append(out, ",", 1));
        lode_try(page_column_append(out, &table.columns[c], &rows, source->arena));
    }
    lode_arena_rewind(source->arena, mark);
    return lode_bytes_append(out, "]}", 2);
}

lode_status page_previews_append(struct lode_bytes *out, const struct page_source *source,
                                 char *const *tables, int64_t n_tables)
{
    lode_try(lode_bytes_printf(out, "\"n_tables\":%lld,\"tables\":[", (long long)n_tables));
    const size_t begin = out->size;
    for (int64_t i = 0; i < n_tables && i < PAGE_TABLES; i++) {
        const bool is_full = out->size - begin > PAGE_PREVIEW_BYTES;
        if (i > 0) lode_try(lode_bytes_append(out, ",\n", 2));
        lode_try(append_preview(out, source, tables[i], is_full ? 0 : PAGE_PREVIEW_ROWS));
    }
    return lode_bytes_append(out, "]", 1);
}
