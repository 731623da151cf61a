/* Rows: puts the parts together. `input` gives bytes, `window` holds them, `csv` or `json_rows`
 * splits one record; here is what they share: which form it is, where a record ends that is cut by
 * the window, lines and limits, and the test of the bytes (NUL, UTF-8), which for plain text has
 * been made once for a whole piece of the window.
 */
#include "common/input/rows.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/input/columns.h"
#include "common/input/csv.h"
#include "common/input/csv_index.h"
#include "common/input/input.h"
#include "common/input/json_rows.h"
#include "common/input/window.h"
#include "common/text.h"

enum {
    JSON_SAMPLE = 1 << 20,             /* bytes of text whose keys become columns */
    WINDOW_LIMIT = LODE_ROW_LIMIT + 1, /* one more, to see that a record is too long */
    COLUMNS_MAX = 1 << 16
};

struct lode_rows {
    struct lode_input *input;
    struct lode_window window;
    struct lode_columns columns;
    struct lode_json_rows *json; /* NULL: the text is CSV */
    struct lode_csv_index index;
    uint64_t end; /* no record is taken that begins at this byte or later */
    uint64_t first;
    int64_t line;      /* of the record returned last */
    int64_t next_line; /* of data[begin] */
    int64_t count;
    const char *fault; /* of the file, see lode_rows_fault; NULL: none so far */
    int64_t fault_line;
};

static char *text_of(const struct lode_rows *rows)
{
    return rows->window.data + rows->window.begin;
}

static size_t size_of(const struct lode_rows *rows)
{
    return rows->window.end - rows->window.begin;
}

static lode_status file_fault(struct lode_rows *rows, int64_t line, const char *fault)
{
    rows->fault = fault;
    rows->fault_line = line;
    return lode_fail(LODE_E_INPUT, "%s: line %" PRId64 ": %s", lode_input_path(rows->input), line,
                     fault);
}

static lode_status too_long(struct lode_rows *rows)
{
    static_assert(LODE_ROW_LIMIT == 16777216, "the text below says the limit");
    return file_fault(rows, rows->next_line, "record is longer than 16777216 bytes");
}

/* Has the range no further record? */
static bool at_end(const struct lode_rows *rows)
{
    return rows->window.offset + rows->window.begin >= rows->end;
}

/* The line on which the byte at `offset` of the record in hand lies. */
static int64_t line_at(const struct lode_rows *rows, size_t offset)
{
    int64_t line = rows->next_line;
    const char *text = text_of(rows);
    for (size_t i = 0; i < offset; i++) line += text[i] == '\n';
    return line;
}

static void use(struct lode_rows *rows, size_t size, int64_t n_lines)
{
    rows->window.begin += size;
    rows->next_line += n_lines;
}

static const char *text_fault(const char *text, size_t size)
{
    if (memchr(text, '\0', size) != NULL) return "NUL byte";
    return lode_text_is_utf8(text, size) ? NULL : "invalid UTF-8";
}

/* The same for a field of a record that begins at `record`. Readers differ about a CR that neither
 * quotes nor an LF make clear (a line end, data, an error), so it is refused. */
static const char *field_fault(const char *record, const struct lode_field *field)
{
    const bool is_quoted = field->text > record && field->text[-1] == '"';
    if (!is_quoted && memchr(field->text, '\r', field->size) != NULL)
        return "CR without LF outside quotes";
    return text_fault(field->text, field->size);
}

/* CSV: the record at the front of the window, however much must be read for it. *record.n_fields 0:
 * a blank line. *more false: the end. The record is not used up yet. */
static lode_status csv_record(struct lode_rows *rows, struct lode_field *fields, int64_t capacity,
                              struct lode_csv_record *record, bool *more)
{
    for (;;) {
        const size_t size = size_of(rows);
        const bool last = rows->window.last;
        size_t open_quote = size;
        *more = size > 0;
        if (size > 0 &&
            lode_csv_split(text_of(rows), size, last, fields, capacity, record, &open_quote)) {
            return record->size > LODE_ROW_LIMIT ? too_long(rows) : LODE_OK;
        }
        if (open_quote < size && (last || size > LODE_ROW_LIMIT)) {
            return file_fault(rows, line_at(rows, open_quote),
                              last ? "quote is never closed"
                                   : "quote is never closed within the 16 MiB that a record may "
                                     "have");
        }
        if (size > LODE_ROW_LIMIT) return too_long(rows);
        if (last) return LODE_OK;
        lode_try(lode_window_fill(&rows->window));
    }
}

static lode_status too_many_columns(const struct lode_rows *rows, int64_t count)
{
    return lode_fail(LODE_E_INPUT, "%s: line %" PRId64 ": %" PRId64 " columns; at most %d",
                     lode_input_path(rows->input), rows->next_line, count, COLUMNS_MAX);
}

/* Makes the fields of the header the columns. */
static lode_status name_columns(struct lode_rows *rows, const struct lode_field *fields,
                                int64_t count)
{
    const char *path = lode_input_path(rows->input);
    const int64_t line = rows->next_line;
    for (int64_t i = 0; i < count; i++) {
        const char *fault = field_fault(text_of(rows), &fields[i]);
        bool is_new = false;
        if (fault != NULL)
            return lode_fail(LODE_E_INPUT,
                             "%s: line %" PRId64 ": %s in the name of column %" PRId64, path, line,
                             fault, i + 1);
        if (fields[i].size == 0)
            return lode_fail(LODE_E_INPUT, "%s: line %" PRId64 ": column %" PRId64 " has no name",
                             path, line, i + 1);
        lode_try(lode_columns_add(&rows->columns, fields[i].text, fields[i].size, &is_new));
        if (!is_new)
            return lode_fail(LODE_E_INPUT, "%s: line %" PRId64 ": column '%.*s' is there twice",
                             path, line, (int)fields[i].size, fields[i].text);
    }
    return LODE_OK;
}

static lode_status read_header(struct lode_rows *rows)
{
    struct lode_csv_record record = {0};
    bool more = false;
    for (;;) {
        lode_try(csv_record(rows, NULL, 0, &record, &more));
        if (!more)
            return lode_fail(LODE_E_INPUT, "%s: no header: there are only blank lines",
                             lode_input_path(rows->input));
        if (record.n_fields > 0) break;
        use(rows, record.size, record.n_lines);
    }
    if (record.fault != NULL)
        return lode_fail(LODE_E_INPUT, "%s: line %" PRId64 ": %s in the header",
                         lode_input_path(rows->input), rows->next_line, record.fault);
    if (record.n_fields > COLUMNS_MAX) return too_many_columns(rows, record.n_fields);

    const int64_t count = record.n_fields;
    struct lode_field *fields = calloc((size_t)count, sizeof *fields);
    if (fields == NULL) return lode_fail(LODE_E_MEMORY, "no memory for %" PRId64 " columns", count);
    lode_status status = csv_record(rows, fields, count, &record, &more);
    if (record.has_doubled) lode_csv_unquote(text_of(rows), fields, count);
    if (status == LODE_OK) status = name_columns(rows, fields, count);
    free(fields);
    use(rows, record.size, record.n_lines);
    return status;
}

static bool is_blank(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (strchr(" \t\r", text[i]) == NULL || text[i] == '\0') return false;
    return true;
}

/* JSON Lines: the line that begins `offset` bytes into the window; *size without its LF. *more
 * false: it does not end within the window, or there is none. */
static void find_line(const struct lode_rows *rows, size_t offset, size_t *size, bool *more)
{
    const size_t left = size_of(rows) - offset;
    const char *text = text_of(rows) + offset;
    const char *end = memchr(text, '\n', left);
    *size = end != NULL ? (size_t)(end - text) : left;
    *more = end != NULL || (rows->window.last && left > 0);
}

/* Learns the columns from the lines that end within the sample, and from the first in any case. */
static lode_status learn_columns(struct lode_rows *rows)
{
    while (!rows->window.last && size_of(rows) < JSON_SAMPLE)
        lode_try(lode_window_fill(&rows->window));

    bool first = true;
    size_t offset = 0;
    for (;;) {
        size_t size = 0;
        bool more = false;
        find_line(rows, offset, &size, &more);
        if (!more && first && !rows->window.last) {
            if (size_of(rows) > LODE_ROW_LIMIT) return too_long(rows);
            lode_try(lode_window_fill(&rows->window));
            continue;
        }
        if (!more || (!first && offset + size > JSON_SAMPLE)) break;
        const char *line = text_of(rows) + offset;
        if (!is_blank(line, size)) {
            first = false;
            if (text_fault(line, size) == NULL)
                lode_try(lode_json_rows_learn(rows->json, line, size));
        }
        offset += size + 1;
        if (offset > size_of(rows)) break; /* the last line had no LF */
    }
    if (rows->columns.count > COLUMNS_MAX) return too_many_columns(rows, rows->columns.count);
    if (rows->columns.count > 0) return LODE_OK;
    return lode_fail(LODE_E_INPUT, "%s: no JSON object with a plain value in the first %d bytes",
                     lode_input_path(rows->input), JSON_SAMPLE);
}

/* The first byte from *offset on that is no white space, and its offset; '\0' at the end. */
static lode_status peek(struct lode_rows *rows, size_t *offset, char *byte)
{
    for (;;) {
        for (; *offset < size_of(rows); (*offset)++) {
            *byte = text_of(rows)[*offset];
            if (!is_blank(byte, 1) && *byte != '\n') return LODE_OK;
        }
        *byte = '\0';
        if (rows->window.last) return LODE_OK;
        if (size_of(rows) > LODE_ROW_LIMIT) return too_long(rows);
        lode_try(lode_window_fill(&rows->window));
    }
}

/* From byte begin - 1 of a range to behind the first line end, which is not looked for beyond the
 * range: a record that takes all of it begins in an earlier one. */
static lode_status skip_to_line(struct lode_rows *rows)
{
    for (;;) {
        const size_t size = size_of(rows);
        const char *line_end = size > 0 ? memchr(text_of(rows), '\n', size) : NULL;
        use(rows, line_end != NULL ? (size_t)(line_end - text_of(rows)) + 1 : size, 0);
        if (line_end != NULL || at_end(rows) || rows->window.last) return LODE_OK;
        lode_try(lode_window_fill(&rows->window));
    }
}

static lode_status start_range(struct lode_rows *rows, const struct lode_rows_range *range)
{
    const uint64_t from = range->is_exact ? range->begin : range->begin - 1;
    for (int c = 0; c < range->n_columns; c++) {
        bool is_new = false;
        lode_try(lode_columns_add(&rows->columns, range->columns[c], strlen(range->columns[c]),
                                  &is_new));
    }
    if (range->is_json) lode_try(lode_json_rows_create(&rows->columns, &rows->json));
    lode_try(lode_input_seek(rows->input, from));
    rows->window.offset = from;
    if (!range->is_exact) lode_try(skip_to_line(rows));
    return LODE_OK;
}

static lode_status start(struct lode_rows *rows)
{
    static const char mark[] = {'\xef', '\xbb', '\xbf'}; /* byte order mark */
    while (!rows->window.last && size_of(rows) < sizeof mark)
        lode_try(lode_window_fill(&rows->window));
    if (size_of(rows) == 0)
        return lode_fail(LODE_E_INPUT, "%s: empty file", lode_input_path(rows->input));
    if (size_of(rows) >= sizeof mark && memcmp(text_of(rows), mark, sizeof mark) == 0)
        use(rows, sizeof mark, 0);

    size_t offset = 0;
    char first = '\0';
    lode_try(peek(rows, &offset, &first));
    if (first == '{') {
        lode_try(lode_json_rows_create(&rows->columns, &rows->json));
        return learn_columns(rows);
    }
    if (first == '[') {
        char second = '\0';
        offset++;
        lode_try(peek(rows, &offset, &second));
        if (second == '{')
            return lode_fail(LODE_E_INPUT,
                             "%s: a JSON array; JSON Lines have one object a line, "
                             "without '[' and ','",
                             lode_input_path(rows->input));
    }
    return read_header(rows);
}

lode_status lode_rows_open_range_input(struct lode_input *input,
                                       const struct lode_rows_range *range, struct lode_rows **rows)
{
    lode_status status = LODE_OK;
    struct lode_rows *made = calloc(1, sizeof *made);
    if (made == NULL) {
        lode_input_close(input);
        return lode_fail(LODE_E_MEMORY, "no memory to read rows");
    }
    made->input = input;
    made->next_line = 1;
    made->end = range->end;
    lode_columns_init(&made->columns);
    lode_try_done(lode_window_init(&made->window, input, lode_input_block(input), WINDOW_LIMIT));
    if (range->begin == 0)
        lode_try_done(start(made));
    else
        lode_try_done(start_range(made, range));
    made->first = range->begin > 0 ? lode_rows_position(made) : 0;
    *rows = made;
    made = NULL;
done:
    lode_rows_close(made);
    return status;
}

lode_status lode_rows_open_range(const char *path, const struct lode_rows_range *range,
                                 struct lode_rows **rows)
{
    struct lode_input *input = NULL;
    lode_try(lode_input_open(path, LODE_INPUT_BLOCK, &input));
    return lode_rows_open_range_input(input, range, rows);
}

static const struct lode_rows_range whole = {.begin = 0, .end = UINT64_MAX};

lode_status lode_rows_open_input(struct lode_input *input, struct lode_rows **rows)
{
    return lode_rows_open_range_input(input, &whole, rows);
}

lode_status lode_rows_open(const char *path, struct lode_rows **rows)
{
    return lode_rows_open_range(path, &whole, rows);
}

void lode_rows_close(struct lode_rows *rows)
{
    if (rows == NULL) return;
    lode_json_rows_destroy(rows->json);
    lode_columns_clear(&rows->columns);
    lode_window_clear(&rows->window);
    lode_input_close(rows->input);
    free(rows);
}

const char *const *lode_rows_columns(const struct lode_rows *rows, int *count)
{
    *count = rows->columns.count;
    return (const char *const *)rows->columns.names;
}

/* The first fault of the fields of a record, which is `size` bytes with its separators. Those are
 * ASCII: the fields are UTF-8 when the whole is, which is one look instead of many. */
static const char *fields_fault(const char *record, size_t size, const struct lode_field *fields,
                                int count)
{
    const bool is_crlf = size >= 2 && record[size - 2] == '\r' && record[size - 1] == '\n';
    const bool has_cr = memchr(record, '\r', is_crlf ? size - 2 : size) != NULL;
    const char *fault = NULL;
    if (!has_cr && lode_text_is_utf8(record, size)) return NULL;
    for (int c = 0; fault == NULL && c < count; c++) fault = field_fault(record, &fields[c]);
    return fault;
}

/* The record at the front of the window by the index; false, and nothing has changed, when it is
 * for csv_record. */
static inline bool next_indexed(struct lode_rows *rows, struct lode_field *fields,
                                const char **fault)
{
    struct lode_csv_index *index = &rows->index;
    const int count = rows->columns.count;
    const uint64_t position = rows->window.offset + rows->window.begin;
    const char *text = text_of(rows);
    struct lode_csv_record record;
    enum lode_csv_taken taken = LODE_CSV_CUT;
    if (position < index->begin + index->size)
        taken = lode_csv_index_take(index, position, text, fields, count, &record);
    if (taken == LODE_CSV_CUT && (position != index->begin || index->size == 0)) {
        lode_csv_index_fill(index, position, text, size_of(rows));
        taken = lode_csv_index_take(index, position, text, fields, count, &record);
    }
    if (taken != LODE_CSV_TAKEN) return false;
    rows->line = rows->next_line;
    rows->count++;
    use(rows, record.size, record.n_lines);
    *fault = index->is_plain ? NULL : fields_fault(text, record.size, fields, count);
    return true;
}

int64_t lode_rows_take(struct lode_rows *rows, struct lode_field *fields, int64_t most)
{
    struct lode_csv_index *index = &rows->index;
    const uint64_t position = rows->window.offset + rows->window.begin;
    size_t size = 0;
    if (rows->json != NULL || at_end(rows) || position >= index->begin + index->size) return 0;
    const int64_t n = lode_csv_index_take_many(index, position, text_of(rows), rows->end - position,
                                               fields, rows->columns.count, most, &size);
    if (n == 0) return 0;
    rows->line = rows->next_line + n - 1;
    rows->count += n;
    use(rows, size, n);
    return n;
}

static lode_status next_csv(struct lode_rows *rows, struct lode_field *fields, const char **fault,
                            bool *more)
{
    const int count = rows->columns.count;
    struct lode_csv_record record;
    *more = !at_end(rows);
    if (!*more || next_indexed(rows, fields, fault)) return LODE_OK;
    for (;;) {
        *more = false;
        if (at_end(rows)) return LODE_OK;
        lode_try(csv_record(rows, fields, count, &record, more));
        if (!*more) return LODE_OK;
        if (record.n_fields > 0) break;
        use(rows, record.size, record.n_lines);
    }
    /* Before unquoting, which may move an odd byte to where all was found plain earlier. */
    const bool plain = lode_window_is_plain(&rows->window, rows->window.begin + record.size);
    char *text = text_of(rows);
    rows->line = rows->next_line;
    rows->count++;
    use(rows, record.size, record.n_lines);

    *fault = record.fault;
    if (*fault == NULL && record.n_fields != count) *fault = "wrong number of fields";
    if (!plain && *fault == NULL) *fault = fields_fault(text, record.size, fields, count);
    if (record.has_doubled && *fault == NULL) lode_csv_unquote(text, fields, count);
    return LODE_OK;
}

static lode_status next_json(struct lode_rows *rows, struct lode_field *fields, const char **fault,
                             bool *more)
{
    size_t size = 0;
    const char *line = NULL;
    for (;;) {
        *more = false;
        if (at_end(rows)) return LODE_OK;
        find_line(rows, 0, &size, more);
        if (size > LODE_ROW_LIMIT) return too_long(rows);
        if (!*more && rows->window.last) return LODE_OK;
        if (!*more) {
            lode_try(lode_window_fill(&rows->window));
            continue;
        }
        line = text_of(rows);
        if (!is_blank(line, size)) break;
        use(rows, size + (size < size_of(rows)), 1);
    }
    const bool plain = lode_window_is_plain(&rows->window, rows->window.begin + size);
    rows->line = rows->next_line;
    rows->count++;
    use(rows, size + (size < size_of(rows)), 1);

    *fault = plain ? NULL : text_fault(line, size);
    return *fault != NULL ? LODE_OK : lode_json_rows_split(rows->json, line, size, fields, fault);
}

lode_status lode_rows_next(struct lode_rows *rows, struct lode_field *fields, const char **fault,
                           bool *more)
{
    return rows->json != NULL ? next_json(rows, fields, fault, more)
                              : next_csv(rows, fields, fault, more);
}

int64_t lode_rows_line(const struct lode_rows *rows)
{
    return rows->line;
}

int64_t lode_rows_count(const struct lode_rows *rows)
{
    return rows->count;
}

uint64_t lode_rows_first(const struct lode_rows *rows)
{
    return rows->first;
}

uint64_t lode_rows_position(const struct lode_rows *rows)
{
    return rows->window.offset + rows->window.begin;
}

int64_t lode_rows_lines(const struct lode_rows *rows)
{
    return rows->next_line - 1;
}

bool lode_rows_is_json(const struct lode_rows *rows)
{
    return rows->json != NULL;
}

bool lode_rows_is_packed(const struct lode_rows *rows)
{
    return lode_input_is_packed(rows->input);
}

const char *lode_rows_fault(const struct lode_rows *rows, int64_t *line)
{
    *line = rows->fault_line;
    return rows->fault;
}
