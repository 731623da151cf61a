/* Hostile bytes as a file of rows: whatever they are, the reader stays inside its window and ends,
 * and where the window cuts the text changes nothing: tiny blocks and one large block give the same
 * records, faults and lines, or the same refusal. (A broken gzip or zstd stream is refused by both,
 * but a large block sees the break before the records in front of it are given out.)
 *
 * The first byte of the input is the size of the tiny block. The rest is the file; beginning with
 * their magic bytes it may be JSON Lines, gzip or zstd too. */
#include <stdlib.h>
#include <string.h>

#include "common/input/input.h"
#include "common/input/rows.h"
#include "common/memory.h"
#include "common/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int fact)
{
    if (!fact) abort();
}

/* Everything that the reader says about the text, as one run of bytes. False: it was refused. */
static bool read_rows(struct lode_rows *rows, struct lode_bytes *said)
{
    int count = 0;
    const char *const *names = lode_rows_columns(rows, &count);
    check(count > 0);
    struct lode_field *fields = calloc((size_t)count, sizeof *fields);
    check(fields != NULL);
    for (int i = 0; i < count; i++) {
        check(names[i][0] != '\0');
        check(lode_bytes_printf(said, "[%s]", names[i]) == LODE_OK);
    }
    lode_status status = LODE_OK;
    for (;;) {
        const char *fault = NULL;
        bool more = false;
        status = lode_rows_next(rows, fields, &fault, &more);
        if (status != LODE_OK || !more) break;
        check(lode_bytes_printf(said, "\n%lld %s", (long long)lode_rows_line(rows),
                                fault != NULL ? fault : "") == LODE_OK);
        for (int i = 0; fault == NULL && i < count; i++) {
            check(lode_text_is_utf8(fields[i].text, fields[i].size));
            check(lode_bytes_printf(said, "[%zu]", fields[i].size) == LODE_OK);
            check(lode_bytes_append(said, fields[i].text, fields[i].size) == LODE_OK);
        }
    }
    free(fields);
    return status == LODE_OK;
}

static bool read_text(const uint8_t *text, size_t size, size_t block, struct lode_bytes *said)
{
    struct lode_input *input = NULL;
    struct lode_rows *rows = NULL;
    lode_status status = lode_input_open_memory("in", text, size, block, &input);
    if (status == LODE_OK) status = lode_rows_open_input(input, &rows);
    check(status == LODE_OK || status == LODE_E_INPUT);
    const bool accepted = status == LODE_OK && read_rows(rows, said);
    if (!accepted) check(lode_bytes_printf(said, "%s", lode_error_text()) == LODE_OK);
    lode_rows_close(rows);
    return accepted;
}

static bool may_be_packed(uint8_t first)
{
    return first == 0x1f || first == 0x28 || (first & 0xf0) == 0x50; /* gzip, zstd, skippable */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) return 0;
    struct lode_bytes whole = {0};
    struct lode_bytes pieces = {0};
    const bool accepted = read_text(data + 1, size - 1, 1 << 16, &whole);
    check(read_text(data + 1, size - 1, 1 + data[0] % 32, &pieces) == accepted);
    if (accepted || !may_be_packed(data[1])) {
        check(whole.size == pieces.size);
        check(whole.size == 0 || memcmp(whole.data, pieces.data, whole.size) == 0);
    }
    lode_bytes_clear(&whole);
    lode_bytes_clear(&pieces);
    return 0;
}
