/* Findings: rows of the job's table of findings, and of each its line of findings.jsonl, parsed and
 * printed anew, so that what is in the page is JSON whatever the file holds.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/text.h"
#include "coordinator/page/cells.h"
#include "coordinator/page/data.h"

/* Names as they are in the job. */
static lode_status append_names(struct lode_bytes *out, const char *key, const char *const *names)
{
    lode_try(lode_bytes_printf(out, ",\"%s\":[", key));
    for (int i = 0; names && names[i]; i++) {
        if (i > 0) lode_try(lode_bytes_append(out, ",", 1));
        lode_try(page_text_append(out, names[i]));
    }
    return lode_bytes_append(out, "]", 1);
}

/* What people said of each: "muted" has reasons (null: not muted), "feedback" words. */
static lode_status append_remarks(struct lode_bytes *out, const struct page_source *source,
                                  int64_t n)
{
    const struct run_findings *findings = source->findings;
    lode_try(lode_bytes_printf(out, ",\"muted\":["));
    for (int64_t row = 0; row < n; row++) {
        const struct mute *mute =
            mutes_find(source->mutes, findings->job->name, findings->keys[row]);
        if (row > 0) lode_try(lode_bytes_append(out, ",", 1));
        lode_try(mute ? page_text_append(out, mute->reason) : lode_bytes_append(out, "null", 4));
    }
    lode_try(lode_bytes_printf(out, "],\"feedback\":["));
    for (int64_t row = 0; row < n; row++) {
        const struct mute *said =
            mutes_find(source->feedback, findings->job->name, findings->keys[row]);
        if (row > 0) lode_try(lode_bytes_append(out, ",", 1));
        lode_try(page_text_append(out, said ? said->verdict : ""));
    }
    return lode_bytes_append(out, "]", 1);
}

static lode_status append_line(struct lode_bytes *out, const char *line, size_t size,
                               int64_t number)
{
    cJSON *object = lode_text_is_utf8(line, size) ? cJSON_ParseWithLength(line, size) : NULL;
    char *text = cJSON_IsObject(object) ? cJSON_PrintUnformatted(object) : NULL;
    const lode_status status =
        text ? lode_bytes_append(out, text, strlen(text))
             : lode_fail(LODE_E_INPUT, "line %lld is no JSON object", (long long)number);
    free(text);
    cJSON_Delete(object);
    return status;
}

/* The first lines, at most n, as long as they fit. */
static lode_status append_lines(struct lode_bytes *out, const struct lode_bytes *text, int64_t n)
{
    const char *at = (const char *)text->data, *end = at + text->size;
    const size_t begin = out->size;
    for (int64_t row = 0; row < n && at < end; row++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const size_t size = newline ? (size_t)(newline - at) : (size_t)(end - at);
        if (out->size - begin + size > PAGE_DETAIL_BYTES) break;
        if (row > 0) lode_try(lode_bytes_append(out, ",\n", 2));
        lode_try(append_line(out, at, size, row + 1));
        at += size + (newline != NULL);
    }
    return LODE_OK;
}

static lode_status append_details(struct lode_bytes *out, const struct page_source *source,
                                  int64_t n)
{
    char path[PATH_MAX];
    struct lode_bytes text = {0};
    snprintf(path, sizeof path, "%s/findings.jsonl", source->findings->path);
    lode_try(lode_bytes_printf(out, ",\"details\":["));
    lode_status status = lode_file_read(path, (size_t)1 << 31, &text);
    if (!status) {
        status = append_lines(out, &text, n);
        if (status) status = lode_note(status, "%s", path);
    }
    lode_bytes_clear(&text);
    return status ? status : lode_bytes_append(out, "]", 1);
}

static lode_status append_columns(struct lode_bytes *out, const struct page_source *source,
                                  int64_t n)
{
    const struct lode_table *table = &source->findings->table;
    int64_t *list;
    lode_try(lode_take(source->arena, n, &list));
    for (int64_t i = 0; i < n; i++) list[i] = i;
    const struct page_rows rows = {n, list};
    lode_try(lode_bytes_printf(out, ",\"columns\":["));
    for (int c = 0; c < table->n_columns && c < PAGE_PREVIEW_COLUMNS; c++) {
        if (c > 0) lode_try(lode_bytes_append(out, ",", 1));
        lode_try(page_column_append(out, &table->columns[c], &rows, source->arena));
    }
    return lode_bytes_append(out, "]", 1);
}

lode_status page_findings_append(struct lode_bytes *out, const struct page_source *source)
{
    const struct lode_table *table = &source->findings->table;
    const int64_t n = table->n_rows < PAGE_FINDINGS ? table->n_rows : PAGE_FINDINGS;
    if (!source->findings->job->findings_table) return lode_bytes_printf(out, "\"findings\":null");
    lode_try(lode_bytes_printf(out, "\"findings\":{\"rows\":%lld,\"shown\":%lld",
                               (long long)table->n_rows, (long long)n));
    lode_try(page_field_append(out, false, "table", table->name));
    lode_try(page_field_append(out, false, "title", table->title));
    lode_try(append_names(out, "show", source->findings->job->show_columns));
    lode_try(append_names(out, "identity", source->findings->job->identity_columns));
    lode_try(append_columns(out, source, n));
    lode_try(append_remarks(out, source, n));
    lode_try(append_details(out, source, n));
    return lode_bytes_append(out, "}", 1);
}
