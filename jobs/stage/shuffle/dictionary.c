/* Dictionary: words and maps as pieces of run files. */
#include "jobs/stage/shuffle/dictionary.h"

#include <string.h>

enum { MAP_PIECE = 1 << 14 }; /* codes put at once */

struct word_head { /* in front of each word in a bucket */
    uint32_t column;
    uint32_t size;
};

/* Keys of pieces that are to be read in the order in which they were put. */
static void number_piece(uint32_t column, uint32_t number, uint32_t key[2])
{
    key[0] = __builtin_bswap32(column);
    key[1] = __builtin_bswap32(number);
}

lode_status dictionary_put_words(struct run_writer *run, int64_t bucket, uint32_t column,
                                 char *const *words, int64_t count)
{
    uint8_t piece[sizeof(struct word_head) + STAGE_WORD_LIMIT];
    for (int64_t i = 0; i < count; i++) {
        const struct word_head head = {column, (uint32_t)strlen(words[i])};
        uint32_t key[2];
        if (head.size > STAGE_WORD_LIMIT)
            return lode_fail(LODE_E_BUG, "a word of %u bytes in a dictionary", head.size);
        number_piece(column, (uint32_t)i, key);
        memcpy(piece, &head, sizeof head);
        memcpy(piece + sizeof head, words[i], head.size);
        const struct shuffle_record record = {(const uint8_t *)key, sizeof key, piece,
                                              sizeof head + head.size, -1};
        lode_try(run_writer_put(run, bucket, &record));
    }
    return LODE_OK;
}

static lode_status next_word(const uint8_t **at, const uint8_t *end, int64_t n_columns,
                             struct word_head *head)
{
    const size_t left = (size_t)(end - *at);
    if (left >= sizeof *head) memcpy(head, *at, sizeof *head);
    if (left < sizeof *head || left - sizeof *head < head->size || head->column >= n_columns)
        return lode_fail(LODE_E_INPUT, "the dictionaries of a run file end %zu bytes early", left);
    *at += sizeof *head + head->size;
    return LODE_OK;
}

lode_status dictionary_get_words(const uint8_t *data, size_t size, int64_t n_columns,
                                 struct lode_arena *arena, struct lode_dictionary *lists)
{
    const uint8_t *const end = data + size;
    struct word_head head;
    memset(lists, 0, (size_t)n_columns * sizeof *lists);
    for (const uint8_t *at = data; at < end;) {
        lode_try(next_word(&at, end, n_columns, &head));
        lists[head.column].count++;
    }
    for (int64_t c = 0; c < n_columns; c++) {
        lode_try(lode_take(arena, lists[c].count, &lists[c].words));
        lists[c].count = 0;
    }
    for (const uint8_t *at = data; at < end;) {
        lode_try(next_word(&at, end, n_columns, &head));
        struct lode_dictionary *list = &lists[head.column];
        const char *text = (const char *)at - head.size;
        lode_try(lode_arena_text(arena, text, head.size, &list->words[list->count]));
        list->count++;
    }
    return LODE_OK;
}

static lode_status put_codes(struct run_writer *run, int64_t bucket, uint32_t column,
                             const uint32_t *codes, int64_t count)
{
    uint32_t key[2];
    for (int64_t i = 0; i < count; i += MAP_PIECE) {
        const int64_t n = count - i < MAP_PIECE ? count - i : MAP_PIECE;
        number_piece(column, (uint32_t)(i / MAP_PIECE), key);
        const struct shuffle_record record = {(const uint8_t *)key, sizeof key,
                                              (const uint8_t *)(codes + i),
                                              (size_t)n * sizeof *codes, -1};
        lode_try(run_writer_put(run, bucket, &record));
    }
    return LODE_OK;
}

lode_status dictionary_put_maps(struct run_writer *run, int64_t bucket, int64_t n_columns,
                                const struct lode_dictionary *lists, uint32_t *const *maps)
{
    for (int64_t c = 0; c < n_columns; c++) { /* counts: in front of column 0, one piece each */
        const uint32_t count = (uint32_t)lists[c].count;
        uint32_t key[2];
        number_piece(0, (uint32_t)c, key);
        const struct shuffle_record record = {(const uint8_t *)key, sizeof key,
                                              (const uint8_t *)&count, sizeof count, -1};
        lode_try(run_writer_put(run, bucket, &record));
    }
    for (int64_t c = 0; c < n_columns; c++)
        lode_try(put_codes(run, bucket, (uint32_t)c + 1, maps[c], lists[c].count));
    return LODE_OK;
}

lode_status code_map_read(const struct stage_plan *plan, const char *directory,
                          const struct stage_run *run, struct lode_arena *arena,
                          struct code_map *map)
{
    memset(map, 0, sizeof *map);
    if (run->codes_of < 0) return LODE_OK;
    const int64_t n_columns = 1 + plan->n_attributes;
    uint8_t *data = NULL;
    size_t size = 0;
    const struct shuffle_site site = {.arena = arena, .directory = directory};
    const struct run_file codes_file = {plan->codes.name, plan->codes.size_bytes};
    lode_try(run_read_values(&site, &codes_file, plan->n_ranges, run->codes_of, &data, &size));
    const uint32_t *codes = (const uint32_t *)(const void *)data; /* the arena aligns to 64 */
    uint64_t wanted = (uint64_t)n_columns;
    const uint64_t there = size / sizeof *codes;
    for (int64_t c = 0; c < n_columns && wanted <= there; c++) wanted += codes[c];
    if (wanted > there)
        return lode_fail(LODE_E_INPUT, "%s: maps of codes are cut short", plan->codes.name);
    lode_try(lode_take(arena, n_columns, &map->maps));
    const uint32_t *next = codes + n_columns;
    for (int64_t c = 0; c < n_columns; c++) {
        map->maps[c] = next;
        next += codes[c];
    }
    map->counts = codes;
    map->n_columns = n_columns;
    return LODE_OK;
}

lode_status code_map_names(const struct code_map *map, uint32_t *names, int64_t n)
{
    if (map->n_columns == 0) return LODE_OK;
    for (int64_t i = 0; i < n; i++) {
        if (names[i] >= map->counts[0])
            return lode_fail(LODE_E_INPUT, "event name %u of %u in a run file", names[i],
                             map->counts[0]);
        names[i] = map->maps[0][names[i]];
    }
    return LODE_OK;
}

lode_status code_map_apply(const struct code_map *map, const struct stage_plan *plan,
                           struct record *record)
{
    if (map->n_columns == 0) return LODE_OK;
    if (record->kind == RECORD_EVENT) lode_try(code_map_names(map, &record->name, 1));
    int64_t kept = 0;
    for (int64_t i = 0; i < record->n_cells; i++) {
        struct record_cell cell = record->cells[i];
        if (cell.column >= plan->n_kpis) {
            const int64_t attribute = cell.column - plan->n_kpis;
            if (attribute >= plan->n_attributes)
                return lode_fail(LODE_E_INPUT, "attribute %lld of %lld in a run file",
                                 (long long)attribute, (long long)plan->n_attributes);
            if (plan->attributes[attribute].dropped) continue;
            if (cell.code >= map->counts[1 + attribute])
                return lode_fail(LODE_E_INPUT, "code %u of attribute '%s' in a run file", cell.code,
                                 plan->attributes[attribute].name);
            cell.code = map->maps[1 + attribute][cell.code];
        }
        record->cells[kept++] = cell;
    }
    record->n_cells = kept;
    return LODE_OK;
}
