/* Gram ranges: decodes and encodes again, for a block may lie across a border. */
#include "jobs/opportunities/grams/gram_ranges.h"

uint64_t gram_range_end(uint64_t n_keys, int64_t n_ranges, int64_t range)
{
    const unsigned __int128 scaled = (unsigned __int128)n_keys * (uint64_t)(range + 1);
    return (uint64_t)(scaled / (uint64_t)n_ranges);
}

/* A list on its way into pieces. */
struct cutting {
    const struct gram_space *space;
    struct gram_codes codes;
    struct gram_cursor cursor;
    struct lode_bytes piece;
};

/* Encodes the entries below `end` into the piece; *n_entries of them. */
static lode_status fill_piece(struct cutting *cut, uint64_t end, const uint64_t *occurrences,
                              int64_t *n_entries)
{
    const int n_classes = cut->space->n_classes;
    uint32_t counts[GRAM_MAX_CLASSES];
    struct gram_writer writer;
    uint64_t key = 0;
    cut->piece.size = 0;
    *n_entries = 0;
    lode_try(gram_writer_begin(&writer, cut->space, &cut->piece));
    while (gram_cursor_next(&cut->cursor, end, &key, counts, n_classes)) {
        if ((*n_entries)++ % GRAM_BLOCK == 0) lode_try(gram_writer_room(&writer, GRAM_BLOCK));
        gram_writer_put(&writer, key, counts, n_classes);
    }
    return gram_writer_end(&writer, occurrences);
}

lode_status gram_list_cut(const struct gram_space *space, const uint8_t *data, size_t size,
                          int64_t n_ranges, gram_piece_fn put, void *context)
{
    lode_status status = LODE_OK;
    struct cutting cut = {.space = space};
    struct gram_list list;
    uint64_t n_keys = 0, occurrences[GRAM_MAX_CLASSES] = {0};
    size_t used = 0;
    lode_try(gram_space_keys(space, &n_keys));
    lode_try(gram_list_open(space, data, size, &list, &used));
    for (int c = 0; c < space->n_classes; c++) occurrences[c] = (uint64_t)list.occurrences[c];
    gram_codes_init(&cut.codes, space->n_classes);
    gram_cursor_begin(&cut.cursor, &list, n_keys, &cut.codes);
    for (int64_t range = 0; range < n_ranges; range++) {
        const uint64_t none[GRAM_MAX_CLASSES] = {0};
        int64_t n_entries = 0;
        lode_try_done(fill_piece(&cut, gram_range_end(n_keys, n_ranges, range),
                                 range == 0 ? occurrences : none, &n_entries));
        if (range == 0 || n_entries > 0)
            lode_try_done(put(context, range, cut.piece.data, cut.piece.size));
    }
    status = gram_cursor_check(&cut.cursor);
done:
    lode_bytes_clear(&cut.piece);
    return status;
}
