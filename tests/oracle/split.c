/* Split: prints the fields of a CSV file as lode's splitter finds them: 0x1f behind each field,
 * 0x1e behind each record, "!" and the reason for a faulty one. Nothing but the splitter is at
 * work: no header, no limits, no UTF-8. With --libcsv as libcsv finds them; with --rows as staging
 * does, which takes many records at once from an index of separators, and needs a header. */
#include <csv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/input/csv.h"
#include "common/input/rows.h"

enum { FILE_LIMIT = 1 << 30, FIELDS_MAX = 1 << 16, FIELD_END = 0x1f, RECORD_END = 0x1e };

static void put_field(void *text, size_t size, void *context)
{
    (void)context;
    fwrite(text, 1, size, stdout);
    putchar(FIELD_END);
}

static void put_record(int end, void *context)
{
    (void)end;
    (void)context;
    putchar(RECORD_END);
}

/* libcsv trims blanks around fields unless told that nothing is a blank. */
static int is_never(unsigned char byte)
{
    (void)byte;
    return 0;
}

static int split_by_libcsv(const char *text, size_t size)
{
    struct csv_parser parser;
    if (csv_init(&parser, 0) != 0) return 1;
    csv_set_space_func(&parser, is_never);
    const bool done = csv_parse(&parser, text, size, put_field, put_record, NULL) == size &&
                      csv_fini(&parser, put_field, put_record, NULL) == 0;
    csv_free(&parser);
    return done ? 0 : 1;
}

static int split_by_lode(char *text, size_t size)
{
    static struct lode_field fields[FIELDS_MAX];
    size_t at = 0;
    while (at < size) {
        struct lode_csv_record record;
        size_t open_quote;
        if (!lode_csv_split(text + at, size - at, true, fields, FIELDS_MAX, &record, &open_quote) ||
            record.n_fields > FIELDS_MAX) {
            fprintf(stderr, "byte %zu: a quote is never closed, or too many fields\n", at);
            return 1;
        }
        if (record.fault) printf("!%s", record.fault);
        if (record.has_doubled && !record.fault)
            lode_csv_unquote(text + at, fields, record.n_fields);
        for (int64_t i = 0; i < record.n_fields && !record.fault; i++)
            put_field((void *)fields[i].text, fields[i].size, NULL);
        if (record.n_fields > 0) putchar(RECORD_END); /* a blank line is none */
        at += record.size;
    }
    return 0;
}

static lode_status print_rows(struct lode_rows *rows)
{
    static struct lode_field fields[FIELDS_MAX];
    int count = 0;
    const char *const *names = lode_rows_columns(rows, &count);
    for (int i = 0; i < count; i++) put_field((void *)names[i], strlen(names[i]), NULL);
    put_record(0, NULL);
    for (;;) {
        const char *fault = NULL;
        bool more = false;
        lode_try(lode_rows_next(rows, fields, &fault, &more));
        if (!more) return LODE_OK;
        if (fault) printf("!%s", fault);
        for (int i = 0; i < count && !fault; i++)
            put_field((void *)fields[i].text, fields[i].size, NULL);
        put_record(0, NULL);
    }
}

static int split_by_rows(const char *path)
{
    struct lode_rows *rows = NULL;
    lode_status status = lode_rows_open(path, &rows);
    if (status == LODE_OK) {
        status = print_rows(rows);
        lode_rows_close(rows);
    }
    if (status != LODE_OK) fprintf(stderr, "%s\n", lode_error_text());
    return status == LODE_OK ? 0 : 3;
}

int main(int argc, char **argv)
{
    static const char mark[] = "\xef\xbb\xbf"; /* byte order mark */
    const bool by_libcsv = argc == 3 && strcmp(argv[1], "--libcsv") == 0;
    struct lode_bytes bytes = {0};
    if (argc == 3 && strcmp(argv[1], "--rows") == 0) return split_by_rows(argv[2]);
    if (argc != 2 && !by_libcsv) {
        fprintf(stderr, "use: lode_split [--libcsv | --rows] FILE\n");
        return 2;
    }
    if (lode_file_read(argv[argc - 1], FILE_LIMIT, &bytes) != LODE_OK ||
        lode_bytes_append(&bytes, "\n\0\0\0\0\0\0\0", LODE_CSV_SLACK) != LODE_OK) {
        fprintf(stderr, "%s\n", lode_error_text());
        return 3;
    }
    char *text = (char *)bytes.data;
    size_t size = bytes.size - LODE_CSV_SLACK;
    if (size >= 3 && memcmp(text, mark, 3) == 0) {
        text += 3;
        size -= 3;
    }
    const int status = by_libcsv ? split_by_libcsv(text, size) : split_by_lode(text, size);
    lode_bytes_clear(&bytes);
    return status;
}
