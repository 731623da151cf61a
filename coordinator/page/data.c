/* Data: the object that the parts make together. */
#include "coordinator/page/data.h"

lode_status page_data_append(struct lode_bytes *out, const struct page_source *source)
{
    char **tables;
    int64_t n_tables;
    lode_try(lode_results_list(source->results, source->arena, &tables, &n_tables));
    lode_try(lode_bytes_append(out, "{", 1));
    lode_try(page_about_append(out, source));
    lode_try(lode_bytes_append(out, ",\n", 2));
    lode_try(page_findings_append(out, source));
    lode_try(lode_bytes_append(out, ",\n", 2));
    lode_try(page_views_append(out, source, tables, n_tables));
    lode_try(lode_bytes_append(out, ",\n", 2));
    lode_try(page_previews_append(out, source, tables, n_tables));
    return lode_bytes_append(out, "}\n", 2);
}
