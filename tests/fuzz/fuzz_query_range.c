/* Hostile bytes as an answer of Prometheus: what is read, and the reason why not, do not depend on
 * where the blocks cut the text; labels are in order and without NUL; memory stays bounded. */
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "common/input/query_range.h"
#include "common/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int fact)
{
    if (!fact) abort();
}

static void mix(uint64_t *digest, const char *text)
{
    *digest = *digest * 31 + lode_hash(text, strlen(text));
}

static lode_status hear_series(void *context, const struct lode_query_series *series)
{
    check(series->n_labels <= LODE_QUERY_LABELS_LIMIT && series->number > 0);
    for (int i = 0; i < series->n_labels; i++) {
        const struct lode_label *label = &series->labels[i];
        check(i == 0 || strcmp(label[-1].name, label->name) < 0);
        check(lode_text_is_utf8(label->name, strlen(label->name)));
        check(lode_text_is_utf8(label->value, strlen(label->value)));
        mix(context, label->name);
        mix(context, label->value);
    }
    return LODE_OK;
}

static lode_status hear_sample(void *context, const struct lode_query_sample *sample)
{
    check(strlen(sample->time) <= LODE_QUERY_NUMBER_LIMIT);
    check(strlen(sample->value) <= LODE_QUERY_NUMBER_LIMIT);
    mix(context, sample->time);
    mix(context, sample->value);
    return LODE_OK;
}

static lode_status read_blocks(const uint8_t *data, size_t size, size_t block, uint64_t *digest)
{
    const struct lode_query_taker taker = {hear_series, hear_sample, digest};
    struct lode_input *input = NULL;
    *digest = 0;
    lode_status status = lode_input_open_memory("fuzz", data, size, block, &input);
    if (status) return status;
    status = lode_query_range_read_input(input, &taker);
    lode_input_close(input);
    return status;
}

/* The reason behind "PATH: byte N": within a token that is no JSON, N may be any byte read so far.
 */
static const char *reason_of(const char *text)
{
    const char *byte = strstr(text, ": byte ");
    const char *end = byte ? strchr(byte + 2, ':') : NULL;
    return end ? end : text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t whole = 0, cut = 0;
    char reason[4096];
    const lode_status status = read_blocks(data, size, 1 << 16, &whole);
    strncpy(reason, status ? reason_of(lode_error_text()) : "", sizeof reason - 1);
    reason[sizeof reason - 1] = '\0';
    /* gzip and zstd tell faults of the packing by where they were read to */
    const int is_packed = size > 3 && (data[0] == 0x1f || data[0] == 0x28);
    check(read_blocks(data, size, 3, &cut) == status);
    check(whole == cut);
    if (status && !is_packed) check(strcmp(reason, reason_of(lode_error_text())) == 0);
    return 0;
}
