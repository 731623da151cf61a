/* Components: see the header. */
#include "jobs/stage/counters/components.h"

#include "jobs/stage/counters/grow.h"
#include "jobs/stage/counters/machine.h"
#include "jobs/stage/counters/record.h"
#include "lode/table.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the places of a file's rows mean for the component under way. */
struct source {
    uint32_t file;
    int64_t first, n; /* of maps */
};

struct column {
    const char *name;
    uint32_t code;
};

struct components {
    struct lode_arena *arena;
    struct blocks *blocks;
    struct rejects *rejects;
    int64_t slot_ms;
    int fan; /* columns of a counter: 1, or one a statistic */
    components_staged_fn find_staged;
    void *context;
    struct lode_words *names; /* of counters, of all components */
    int64_t n_rows;

    /* the component under way */
    char name[COUNTERS_COMPONENT_LIMIT + 1];
    bool is_open;  /* there is one */
    bool has_rows; /* columns are known */
    bool is_dated; /* first_ms is */
    bool is_begun; /* blocks.h knows it */
    bool is_staged;
    struct components_staged staged;
    struct source *sources;
    int64_t n_sources, sources_room;
    int64_t *maps; /* codes of names, then columns */
    int64_t n_maps, maps_room;
    struct column *columns;
    const char **column_names;
    enum machine_statistic *statistics; /* [n_columns] */
    int64_t n_columns, columns_room, names_room, statistics_room;
    int64_t *column_of; /* of a code */
    int64_t codes_room;

    /* the time under way, of one machine */
    bool has_time;
    uint8_t machine[COUNTERS_COMPONENT_LIMIT];
    size_t machine_size;
    int64_t time, first_ms, last_ms;
    double *values;   /* [n_columns] */
    int64_t *seen_in; /* [n_columns] row count at which the column had a value last */
    int64_t begun_at; /* row count at which the time began */
    int64_t cells_room, seen_room;

    /* the slot under way */
    int64_t slot, staged_slot;   /* -1: none */
    bool is_touched;             /* it has samples of this generation */
    bool continues;              /* so had the first one, which was begun by an earlier one */
    struct lode_open_slot *open; /* [n_columns] */
    double *means;               /* [n_columns] */
    int64_t open_room, means_room;
};

lode_status components_create(struct lode_arena *arena, struct blocks *blocks,
                              struct rejects *rejects, int64_t slot_ms, bool is_aggregated,
                              components_staged_fn staged, void *context,
                              struct components **components)
{
    struct components *c = NULL;
    lode_try(lode_take_zero(arena, 1, &c));
    c->arena = arena;
    c->blocks = blocks;
    c->rejects = rejects;
    c->slot_ms = slot_ms;
    c->fan = is_aggregated ? MACHINE_STATISTICS : 1;
    c->find_staged = staged;
    c->context = context;
    lode_try(lode_words_create(arena, &c->names));
    *components = c;
    return LODE_OK;
}

int64_t components_rows(const struct components *components)
{
    return components->n_rows;
}

/* --- which columns a component has --- */

static lode_status add_code(struct components *c, const char *name, size_t size)
{
    uint32_t code = 0;
    lode_try(lode_words_add(c->names, name, size, &code));
    lode_try(counters_grow(c->arena, &c->maps, &c->maps_room, c->n_maps));
    c->maps[c->n_maps++] = code;
    return LODE_OK;
}

/* The columns of a counter. */
static lode_status add_counter(struct components *c, const char *name, size_t size)
{
    char text[STAGE_WORD_LIMIT + sizeof ".mean"];
    if (c->fan == 1) return add_code(c, name, size);
    if (size > STAGE_WORD_LIMIT)
        return lode_fail(LODE_E_INPUT, "a name of '%s' is longer than %d bytes", c->name,
                         STAGE_WORD_LIMIT);
    memcpy(text, name, size);
    for (int i = 0; i < c->fan; i++) {
        const char *ending = machine_ending((enum machine_statistic)i);
        snprintf(text + size, sizeof text - size, "%s", ending);
        lode_try(add_code(c, text, strlen(text)));
    }
    return LODE_OK;
}

static lode_status add_head(struct components *c, const struct record_which *which,
                            const uint8_t *names, size_t size)
{
    if (c->has_rows) return lode_fail(LODE_E_INPUT, "names of '%s' behind its rows", c->name);
    lode_try(counters_grow(c->arena, &c->sources, &c->sources_room, c->n_sources));
    struct source *source = &c->sources[c->n_sources++];
    *source = (struct source){.file = which->file, .first = c->n_maps};
    while (size > 0) {
        const uint8_t *end = memchr(names, 0, size);
        if (!end) return lode_fail(LODE_E_INPUT, "a name of '%s' without an end", c->name);
        const size_t length = (size_t)(end - names);
        lode_try(add_counter(c, (const char *)names, length));
        names += length + 1;
        size -= length + 1;
    }
    source->n = c->n_maps - source->first;
    return LODE_OK;
}

static int compare_columns(const void *left, const void *right)
{
    return strcmp(((const struct column *)left)->name, ((const struct column *)right)->name);
}

/* Counters that are staged and may get more samples in their last slot belong to the block, too. */
static lode_status add_staged(struct components *c)
{
    c->is_staged = false;
    if (!c->find_staged) return LODE_OK;
    lode_try(c->find_staged(c->context, c->name, &c->is_staged, &c->staged));
    for (int64_t i = 0; c->is_staged && c->slot_ms > 0 && i < c->staged.n_counters; i++)
        lode_try(add_code(c, c->staged.counters[i], strlen(c->staged.counters[i])));
    return LODE_OK;
}

/* Each code of the maps once, in order of the names. */
static lode_status collect_columns(struct components *c)
{
    int64_t n_codes = 0, n = 0;
    char *const *names = lode_words_list(c->names, &n_codes);
    lode_try(counters_grow_by(c->arena, &c->columns, &c->columns_room, 0, c->n_maps));
    lode_try(counters_grow_by(c->arena, &c->column_names, &c->names_room, 0, c->n_maps));
    lode_try(counters_grow_by(c->arena, &c->statistics, &c->statistics_room, 0, c->n_maps));
    lode_try(counters_grow_by(c->arena, &c->column_of, &c->codes_room, 0, n_codes));
    for (int64_t i = 0; i < n_codes; i++) c->column_of[i] = -1;
    for (int64_t i = 0; i < c->n_maps; i++) {
        const int64_t code = c->maps[i];
        if (c->column_of[code] >= 0) continue;
        c->column_of[code] = 0;
        c->columns[n++] = (struct column){names[code], (uint32_t)code};
    }
    qsort(c->columns, (size_t)n, sizeof *c->columns, compare_columns);
    for (int64_t i = 0; i < n; i++) {
        c->column_of[c->columns[i].code] = i;
        c->column_names[i] = c->columns[i].name;
        c->statistics[i] = c->fan > 1 ? machine_statistic_of(c->columns[i].name) : MACHINE_MEAN;
    }
    for (int64_t i = 0; i < c->n_maps; i++) c->maps[i] = c->column_of[c->maps[i]];
    c->n_columns = n;
    return LODE_OK;
}

/* The first row of the component: all its heads were there. */
static lode_status begin_rows(struct components *c)
{
    const int64_t n_maps = c->n_maps;
    lode_try(add_staged(c));
    lode_try(collect_columns(c));
    const int64_t n = c->n_columns;
    lode_try(counters_grow_by(c->arena, &c->values, &c->cells_room, 0, n));
    lode_try(counters_grow_by(c->arena, &c->seen_in, &c->seen_room, 0, n));
    if (c->slot_ms > 0) {
        lode_try(counters_grow_by(c->arena, &c->open, &c->open_room, 0, n));
        lode_try(counters_grow_by(c->arena, &c->means, &c->means_room, 0, n));
        memset(c->open, 0, (size_t)n * sizeof *c->open);
    }
    memset(c->seen_in, 0, (size_t)n * sizeof *c->seen_in);
    c->has_rows = true;
    c->is_dated = c->continues = false;
    c->slot = c->staged_slot = -1;
    if (!c->is_staged) return LODE_OK;
    c->first_ms = c->staged.first_ms;
    if (c->slot_ms == 0) return LODE_OK;
    c->slot = c->staged_slot = (c->staged.last_ms - c->first_ms) / c->slot_ms;
    for (int64_t i = 0; i < c->staged.n_counters; i++)
        c->open[c->maps[n_maps + i]] = c->staged.open[i];
    return LODE_OK;
}

/* --- times and slots --- */

static lode_status put_row(struct components *c, int64_t time, const double *values)
{
    if (!c->is_begun) lode_try(blocks_begin(c->blocks, c->name, c->column_names, c->n_columns));
    c->is_begun = true;
    return blocks_row(c->blocks, time, values);
}

/* The slot under way as a row; one that only repeats what is staged is none. */
static lode_status put_slot(struct components *c)
{
    if (!c->is_touched) return LODE_OK;
    for (int64_t i = 0; i < c->n_columns; i++) {
        const struct lode_open_slot *open = &c->open[i];
        c->means[i] = open->count > 0 ? open->sum : (double)NAN;
        if (c->statistics[i] == MACHINE_MEAN) c->means[i] /= (double)open->count;
    }
    c->is_touched = false;
    return put_row(c, c->first_ms + c->slot * c->slot_ms, c->means);
}

/* A sample into what its slot adds up to. */
static void add_sample(struct lode_open_slot *open, enum machine_statistic statistic, double value)
{
    const bool is_first = open->count++ == 0;
    if (statistic == MACHINE_SUM || statistic == MACHINE_MEAN)
        open->sum += value;
    else if (is_first || (statistic == MACHINE_MIN ? value < open->sum : value > open->sum))
        open->sum = value;
}

/* In order of time, so that a sum has the same bits when it was begun by an earlier generation. */
static lode_status add_to_slot(struct components *c)
{
    const int64_t slot = (c->time - c->first_ms) / c->slot_ms;
    if (slot != c->slot) {
        lode_try(put_slot(c));
        memset(c->open, 0, (size_t)c->n_columns * sizeof *c->open);
    }
    if (slot == c->staged_slot) c->continues = true;
    c->slot = slot;
    c->is_touched = true;
    for (int64_t i = 0; i < c->n_columns; i++) {
        if (!isnan(c->values[i])) add_sample(&c->open[i], c->statistics[i], c->values[i]);
    }
    return LODE_OK;
}

/* All rows of the time under way are there. */
static lode_status end_time(struct components *c)
{
    if (!c->has_time) return LODE_OK;
    c->has_time = false;
    c->last_ms = c->time;
    return c->slot_ms > 0 ? add_to_slot(c) : put_row(c, c->time, c->values);
}

static lode_status end_component(struct components *c)
{
    if (!c->is_open) return LODE_OK;
    c->is_open = false;
    lode_try(end_time(c));
    if (c->slot_ms > 0) lode_try(put_slot(c));
    if (!c->is_begun) return LODE_OK; /* no row was good */
    const struct blocks_end end = {.first_ms = c->first_ms,
                                   .last_ms = c->last_ms,
                                   .slot_ms = c->slot_ms,
                                   .continues = c->continues,
                                   .open = c->open};
    return blocks_finish(c->blocks, &end);
}

static void begin_component(struct components *c, const uint8_t *name, size_t size)
{
    memcpy(c->name, name, size);
    c->name[size] = '\0';
    c->is_open = true;
    c->has_rows = c->is_begun = c->is_touched = c->has_time = false;
    c->n_sources = c->n_maps = 0;
}

static void begin_time(struct components *c, const struct record_key *key)
{
    if (!c->is_staged && !c->is_dated) c->first_ms = key->time;
    c->is_dated = true;
    c->has_time = true;
    c->time = key->time;
    c->machine_size = key->machine_size;
    if (key->machine_size > 0) memcpy(c->machine, key->machine, key->machine_size);
    c->begun_at = c->n_rows;
    for (int64_t i = 0; i < c->n_columns; i++) c->values[i] = (double)NAN;
}

/* --- rows --- */

static bool is_of_time(const struct components *c, const struct record_key *key)
{
    return key->time == c->time && key->machine_size == c->machine_size &&
           memcmp(key->machine, c->machine, c->machine_size) == 0;
}

static const struct source *find_source(const struct components *c, uint32_t file)
{
    int64_t low = 0, high = c->n_sources; /* ascending: ties of keys are in order of files */
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (c->sources[middle].file < file)
            low = middle + 1;
        else
            high = middle;
    }
    return low < c->n_sources && c->sources[low].file == file ? &c->sources[low] : NULL;
}

static lode_status fail_record(const struct components *c)
{
    return lode_fail(LODE_E_INPUT, "bytes that are no record of component '%s'", c->name);
}

/* The columns of a row, `fan` a value, and where its n values are: one a place, or (long) a single
 * one. */
static lode_status read_row(const struct components *c, const struct record_which *which,
                            const uint8_t *at, size_t size, const int64_t **columns, int64_t *n,
                            const uint8_t **values)
{
    const struct source *source = find_source(c, which->file);
    uint32_t place = 0;
    if (!source) return fail_record(c);
    *columns = c->maps + source->first;
    *n = source->n / c->fan;
    *values = at;
    if (!which->is_long) return size == (size_t)*n * sizeof(double) ? LODE_OK : fail_record(c);
    if (size != sizeof place + sizeof(double)) return fail_record(c);
    memcpy(&place, at, sizeof place);
    if (place >= *n) return fail_record(c);
    *columns += (int64_t)place * c->fan;
    *n = 1;
    *values = at + sizeof place;
    return LODE_OK;
}

static lode_status add_row(struct components *c, const struct record_key *key,
                           const struct record_which *which, const uint8_t *at, size_t size)
{
    const int64_t *columns = NULL;
    const uint8_t *values = NULL;
    bool is_known = false;
    int64_t n = 0;
    if (!c->has_rows) lode_try(begin_rows(c));
    c->n_rows++;
    if (c->is_staged && key->time <= c->staged.last_ms)
        return rejects_add(c->rejects, which->file, which->line,
                           "not after the last time that is staged");
    lode_try(read_row(c, which, at, size, &columns, &n, &values));
    if (c->has_time && !is_of_time(c, key)) lode_try(end_time(c));
    if (!c->has_time) begin_time(c, key);
    for (int64_t i = 0; i < n; i++) is_known |= c->seen_in[columns[i * c->fan]] == c->begun_at;
    if (is_known) return rejects_add(c->rejects, which->file, which->line, "duplicate time");
    for (int64_t i = 0; i < n * c->fan; i++) {
        c->seen_in[columns[i]] = c->begun_at;
        memcpy(&c->values[columns[i]], values + (size_t)(i / c->fan) * sizeof(double),
               sizeof(double));
    }
    return LODE_OK;
}

lode_status components_add(struct components *c, const struct shuffle_record *record)
{
    struct record_which which;
    struct record_key key;
    if (!record_read_key(record->key, record->key_size, &key) || record->value_size < sizeof which)
        return lode_fail(LODE_E_INPUT, "bytes that are no record of a counter");
    memcpy(&which, record->value, sizeof which);
    const bool is_next = !c->is_open || strlen(c->name) != key.name_size ||
                         memcmp(c->name, record->key, key.name_size) != 0;
    if (is_next) {
        lode_try(end_component(c));
        begin_component(c, record->key, key.name_size);
    }
    const uint8_t *at = record->value + sizeof which;
    const size_t size = record->value_size - sizeof which;
    return key.is_head ? add_head(c, &which, at, size) : add_row(c, &key, &which, at, size);
}

lode_status components_finish(struct components *components)
{
    return end_component(components);
}
