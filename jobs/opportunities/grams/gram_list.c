/* Gram list: frames of lists and blocks; the entries are read and written by gram_list.h, inline.
 *
 * A head is reserved when a list or a block begins and filled in when it ends. The blocks' first
 * keys let the merge cut many lists into key ranges of bounded size without decoding them.
 */
#include "jobs/opportunities/grams/gram_list.h"

#include <math.h>

#include "common/text.h"

/* Of a class in one list: more than any store has. */
#define MOST_OCCURRENCES ((uint64_t)1 << 60)

static void put_u32(uint8_t *at, uint32_t value)
{
    value = htole32(value);
    memcpy(at, &value, sizeof value);
}

static void put_u64(uint8_t *at, uint64_t value)
{
    value = htole64(value);
    memcpy(at, &value, sizeof value);
}

static uint32_t get_u32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return le32toh(value);
}

static uint64_t get_u64(const uint8_t *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return le64toh(value);
}

/* Bytes of a list before its blocks. */
static size_t list_head(int n_classes)
{
    return 24 + 8 * (size_t)n_classes;
}

static lode_status refuse_space(const struct gram_space *space)
{
    char tokens[32];
    const double bits =
        ceil(log2((double)space->n_cohorts) + space->k * log2((double)space->n_tokens));
    return lode_fail(LODE_E_USAGE,
                     "patterns of k=%d over %s tokens%s need %.0f bits, %d can be counted: use a "
                     "smaller k, or fewer tokens with map",
                     space->k, lode_text_grouped(space->n_tokens, tokens),
                     space->n_cohorts > 1 ? " and the cohorts of an attribute" : "", bits,
                     GRAM_KEY_BITS);
}

lode_status gram_space_keys(const struct gram_space *space, uint64_t *n_keys)
{
    const uint64_t most = (uint64_t)1 << GRAM_KEY_BITS;
    uint64_t keys = (uint64_t)space->n_cohorts;
    for (int i = 0; i < space->k; i++)
        if (__builtin_mul_overflow(keys, (uint64_t)space->n_tokens, &keys) || keys > most)
            return refuse_space(space);
    *n_keys = keys;
    return LODE_OK;
}

lode_status gram_writer_begin(struct gram_writer *writer, const struct gram_space *space,
                              struct lode_bytes *out)
{
    const size_t head = list_head(space->n_classes);
    lode_try(lode_bytes_reserve(out, head + GRAM_PAD));
    *writer = (struct gram_writer){.out = out,
                                   .head = out->size,
                                   .radix = gram_radix(space->n_classes),
                                   .k = space->k,
                                   .n_classes = space->n_classes};
    out->size += head;
    return LODE_OK;
}

lode_status gram_writer_room(struct gram_writer *writer, int64_t n_entries)
{
    const size_t entry = 10 + 5 * (size_t)writer->n_classes;
    const size_t blocks = (size_t)n_entries / GRAM_BLOCK + 2;
    return lode_bytes_reserve(writer->out,
                              (size_t)n_entries * entry + blocks * GRAM_BLOCK_HEAD + GRAM_PAD);
}

static void close_block(struct gram_writer *writer)
{
    if (writer->n_block == 0) return;
    uint8_t *head = writer->out->data + writer->block;
    put_u32(head + 8, writer->n_block);
    put_u32(head + 12, (uint32_t)(writer->out->size - writer->block - GRAM_BLOCK_HEAD));
    writer->n_entries += writer->n_block;
    writer->n_block = 0;
}

void gram_writer_block(struct gram_writer *writer, uint64_t key)
{
    close_block(writer);
    writer->block = writer->out->size;
    put_u64(writer->out->data + writer->block, key);
    writer->out->size += GRAM_BLOCK_HEAD;
    writer->next = key;
}

lode_status gram_writer_end(struct gram_writer *writer, const uint64_t *occurrences)
{
    struct lode_bytes *out = writer->out;
    close_block(writer);
    uint8_t *head = out->data + writer->head;
    put_u32(head, (uint32_t)writer->k);
    put_u32(head + 4, (uint32_t)writer->n_classes);
    put_u64(head + 8, writer->n_entries);
    put_u64(head + 16, out->size - writer->head - list_head(writer->n_classes));
    for (int c = 0; c < writer->n_classes; c++)
        put_u64(head + 24 + (size_t)8 * (size_t)c, occurrences[c]);
    lode_try(lode_bytes_reserve(out, GRAM_PAD));
    memset(out->data + out->size, 0, GRAM_PAD);
    out->size += GRAM_PAD;
    return LODE_OK;
}

/* Walks the heads of the blocks. */
static lode_status check_blocks(struct gram_list *list, uint64_t n_keys)
{
    uint64_t least = 0; /* first key that the next block may begin with */
    int64_t n_entries = 0;
    for (const uint8_t *at = list->blocks; at < list->blocks_end; list->n_blocks++) {
        if (list->blocks_end - at < GRAM_BLOCK_HEAD)
            return lode_fail(LODE_E_MESSAGE, "a gram list ends inside the head of block %lld",
                             (long long)list->n_blocks);
        const uint64_t first = get_u64(at);
        const uint32_t entries = get_u32(at + 8), size = get_u32(at + 12);
        at += GRAM_BLOCK_HEAD;
        if (entries < 1 || entries > GRAM_BLOCK || size > list->blocks_end - at ||
            size < 2 * entries)
            return lode_fail(LODE_E_MESSAGE,
                             "block %lld of a gram list says %u entries in %u bytes",
                             (long long)list->n_blocks, entries, size);
        if (first < least || first >= n_keys || entries > n_keys - first)
            return lode_fail(LODE_E_MESSAGE,
                             "block %lld of a gram list begins with key %llu, allowed are %llu to "
                             "%llu",
                             (long long)list->n_blocks, (unsigned long long)first,
                             (unsigned long long)least, (unsigned long long)n_keys);
        least = first + entries;
        n_entries += entries;
        at += size;
    }
    if (n_entries != list->n_entries)
        return lode_fail(LODE_E_MESSAGE, "a gram list says %lld entries, its blocks hold %lld",
                         (long long)list->n_entries, (long long)n_entries);
    return LODE_OK;
}

lode_status gram_list_open(const struct gram_space *space, const uint8_t *data, size_t size,
                           struct gram_list *list, size_t *used)
{
    const size_t head = list_head(space->n_classes);
    uint64_t n_keys;
    lode_try(gram_space_keys(space, &n_keys));
    if (size < head + GRAM_PAD)
        return lode_fail(LODE_E_MESSAGE, "a gram list of %zu bytes, %zu are the least", size,
                         head + GRAM_PAD);
    if (get_u32(data) != (uint32_t)space->k || get_u32(data + 4) != (uint32_t)space->n_classes)
        return lode_fail(LODE_E_MESSAGE,
                         "a gram list of k=%u with %u classes, expected k=%d with %d",
                         get_u32(data), get_u32(data + 4), space->k, space->n_classes);
    const uint64_t blocks_size = get_u64(data + 16);
    if (blocks_size > size - head - GRAM_PAD)
        return lode_fail(LODE_E_MESSAGE, "a gram list says %llu bytes of blocks, %zu are left",
                         (unsigned long long)blocks_size, size - head - GRAM_PAD);
    struct gram_list made = {.blocks = data + head,
                             .blocks_end = data + head + blocks_size,
                             .n_entries = (int64_t)(get_u64(data + 8) & INT64_MAX)};
    for (int c = 0; c < space->n_classes; c++) {
        const uint64_t occurrences = get_u64(data + 24 + (size_t)8 * (size_t)c);
        if (occurrences > MOST_OCCURRENCES)
            return lode_fail(LODE_E_MESSAGE, "a gram list of %llu positions",
                             (unsigned long long)occurrences);
        made.occurrences[c] = (int64_t)occurrences;
    }
    lode_try(check_blocks(&made, n_keys));
    *list = made;
    *used = head + (size_t)blocks_size + GRAM_PAD;
    return LODE_OK;
}

void gram_codes_init(struct gram_codes *codes, int n_classes)
{
    const uint32_t radix = gram_radix(n_classes);
    for (uint32_t code = 0; code < 256; code++) {
        uint32_t rest = code;
        for (int c = n_classes - 1; c > 0; c--) {
            codes->digits[code][c] = (uint8_t)(rest % radix);
            rest /= radix;
        }
        codes->digits[code][0] = (uint8_t)rest; /* whole: no code but 0 stands for zeros only */
        for (int c = n_classes; c < GRAM_MAX_CLASSES; c++) codes->digits[code][c] = 0;
    }
}

void gram_cursor_begin(struct gram_cursor *cursor, const struct gram_list *list, uint64_t n_keys,
                       const struct gram_codes *codes)
{
    *cursor = (struct gram_cursor){.codes = codes,
                                   .at = list->blocks,
                                   .block_end = list->blocks,
                                   .blocks_end = list->blocks_end,
                                   .n_keys = n_keys};
}

bool gram_cursor_block(struct gram_cursor *cursor)
{
    if (cursor->is_bad || cursor->block_end == cursor->blocks_end) return false;
    const uint8_t *head = cursor->block_end; /* gram_list_open has checked all heads */
    cursor->next = get_u64(head);
    cursor->left = get_u32(head + 8);
    cursor->at = head + GRAM_BLOCK_HEAD;
    cursor->block_end = cursor->at + get_u32(head + 12);
    cursor->limit =
        cursor->block_end < cursor->blocks_end ? get_u64(cursor->block_end) : cursor->n_keys;
    return true;
}

lode_status gram_cursor_check(const struct gram_cursor *cursor)
{
    if (!cursor->is_bad) return LODE_OK;
    return lode_fail(LODE_E_MESSAGE,
                     "an entry of a gram list after key %llu is cut short, out of order or empty",
                     (unsigned long long)cursor->next);
}
