/* Records: see the header. */
#include "jobs/stage/counters/records.h"

#include "common/hash.h"
#include "jobs/stage/counters/grow.h"
#include "jobs/stage/counters/record.h"
#include "lode/table.h"

#include <math.h>
#include <string.h>

enum { CODE_DIGITS = 8, SIZE_DIGITS = 4 };

/* A counter of a component. */
struct pair {
    uint32_t component, place;
};

/* A series so far. */
struct seen {
    int64_t n_rows, first_line, last_time;
};

struct records {
    struct lode_task *task;
    const struct counters_plan *plan;
    const struct counters_file *file;
    struct shuffle_out *out;
    int n_values; /* of a row */
    struct records_counts counts;

    struct lode_words *components;
    uint32_t *n_places; /* [room] of each component, of long rows */
    int64_t places_room, n_components;
    struct lode_words *pairs; /* "COMPONENT'S CODE, 8 digits" "COUNTER" */
    struct pair *list;        /* [room] of each pair */
    int64_t list_room, n_pairs;
    struct lode_words *series; /* of machines: "CODE" "SIZE" "MACHINE" "COUNTER" */
    struct seen *seen;         /* [room] of each series */
    int64_t seen_room, n_series;

    uint8_t key[RECORD_KEY_LIMIT];
    uint8_t *value; /* room for a row */
};

lode_status records_create(struct lode_task *task, const struct counters_plan *plan,
                           const struct counters_file *file, struct shuffle_out *out,
                           struct records **records)
{
    struct records *r = NULL;
    lode_try(lode_take_zero(task->arena, 1, &r));
    r->task = task;
    r->plan = plan;
    r->file = file;
    r->out = out;
    r->n_values = counters_values(file);
    lode_try(lode_words_create(task->arena, &r->components));
    lode_try(lode_words_create(task->arena, &r->pairs));
    lode_try(lode_words_create(task->arena, &r->series));
    const size_t room = sizeof(struct record_which) + (size_t)r->n_values * sizeof(double);
    lode_try(
        lode_take(task->arena, room < RECORD_LONG_BYTES ? RECORD_LONG_BYTES : room, &r->value));
    *records = r;
    return LODE_OK;
}

struct records_counts records_counts(const struct records *records)
{
    return records->counts;
}

/* --- whose row it is --- */

/* Lower hexadecimal digits: words of a dictionary hold no NUL. */
static char *put_digits(char *to, uint32_t number, int digits)
{
    for (int i = digits - 1; i >= 0; i--, number >>= 4) to[i] = "0123456789abcdef"[number & 15];
    return to + digits;
}

static char *put_text(char *to, struct lode_field text)
{
    if (text.size > 0) memcpy(to, text.text, text.size);
    return to + text.size;
}

static lode_status find_component(struct records *r, struct lode_field name, uint32_t *code)
{
    lode_try(lode_words_add(r->components, name.text, name.size, code));
    if ((int64_t)*code < r->n_components) return LODE_OK;
    lode_try(counters_grow(r->task->arena, &r->n_places, &r->places_room, r->n_components));
    r->n_places[r->n_components++] = 0;
    return LODE_OK;
}

static lode_status find_pair(struct records *r, uint32_t component, struct lode_field counter,
                             uint32_t *pair)
{
    char text[CODE_DIGITS + STAGE_WORD_LIMIT];
    const char *end = put_text(put_digits(text, component, CODE_DIGITS), counter);
    lode_try(lode_words_add(r->pairs, text, (size_t)(end - text), pair));
    if ((int64_t)*pair < r->n_pairs) return LODE_OK;
    lode_try(counters_grow(r->task->arena, &r->list, &r->list_room, r->n_pairs));
    r->list[r->n_pairs++] = (struct pair){component, r->n_places[component]++};
    return LODE_OK;
}

/* Of one machine a series is a pair, or (wide) a component: their codes are its own. */
static lode_status find_code(struct records *r, struct records_series *series, uint32_t component,
                             uint32_t pair)
{
    char text[CODE_DIGITS + SIZE_DIGITS + COUNTERS_COMPONENT_LIMIT + STAGE_WORD_LIMIT];
    series->code = counters_is_long(r->file) ? pair : component;
    if (r->plan->machine[0]) {
        char *to = put_digits(text, component, CODE_DIGITS);
        to = put_digits(to, (uint32_t)series->machine.size, SIZE_DIGITS);
        to = put_text(put_text(to, series->machine), series->counter);
        lode_try(lode_words_add(r->series, text, (size_t)(to - text), &series->code));
    }
    if ((int64_t)series->code < r->n_series) return LODE_OK;
    lode_try(counters_grow(r->task->arena, &r->seen, &r->seen_room, r->n_series));
    r->seen[r->n_series++] = (struct seen){.last_time = INT64_MIN};
    return LODE_OK;
}

lode_status records_find(struct records *r, struct records_series *series)
{
    uint32_t component = 0, pair = 0;
    lode_try(find_component(r, series->component, &component));
    if (counters_is_long(r->file)) {
        lode_try(find_pair(r, component, series->counter, &pair));
        series->place = r->list[pair].place;
    }
    lode_try(find_code(r, series, component, pair));
    const uint64_t hash = lode_hash(series->component.text, series->component.size);
    series->bucket = (int64_t)(hash % (uint64_t)r->plan->n_partitions);
    series->n_rows = r->seen[series->code].n_rows;
    series->first_line = r->seen[series->code].first_line;
    return LODE_OK;
}

/* --- rows --- */

static void count(struct records *r, const struct records_series *series, int64_t time,
                  int64_t line, const double *values, int n_values)
{
    struct seen *seen = &r->seen[series->code];
    r->counts.n_used++;
    r->counts.n_unordered += time < seen->last_time;
    for (int i = 0; i < n_values; i++) r->counts.n_missing += isnan(values[i]) != 0;
    if (seen->n_rows++ == 0) seen->first_line = line;
    seen->last_time = time;
}

lode_status records_put(struct records *r, const struct records_series *series, int64_t time,
                        int64_t line, const double *values)
{
    const bool is_long = counters_is_long(r->file);
    const struct record_which which = {(uint32_t)r->task->index, is_long, line};
    const size_t n = is_long ? 1 : (size_t)r->n_values;
    uint8_t *at = r->value + sizeof which;
    memcpy(r->value, &which, sizeof which);
    if (is_long) {
        memcpy(at, &series->place, sizeof series->place);
        at += sizeof series->place;
    }
    memcpy(at, values, n * sizeof *values);
    at += n * sizeof *values;
    count(r, series, time, line, values, (int)n);
    const size_t head = record_head_key(series->component.text, series->component.size, r->key);
    const size_t key_size =
        record_row_key(r->key, head, time, series->machine.text, series->machine.size);
    const struct shuffle_record record = {r->key, key_size, r->value, (size_t)(at - r->value), -1};
    return shuffle_put(r->out, series->bucket, &record);
}

/* --- heads --- */

static lode_status append_name(struct lode_bytes *names, const char *name)
{
    return lode_bytes_append(names, name, strlen(name) + 1);
}

/* The names of a component's places: the columns, or those pairs that are its own. */
static lode_status list_names(const struct records *r, const int64_t *first, const uint32_t *order,
                              int64_t component, struct lode_bytes *names)
{
    const struct record_which which = {(uint32_t)r->task->index, counters_is_long(r->file), 0};
    int64_t n_pairs = 0;
    char *const *pairs = lode_words_list(r->pairs, &n_pairs);
    names->size = 0;
    lode_try(lode_bytes_append(names, &which, sizeof which));
    for (int c = 0; c < r->file->n_columns; c++)
        if (counters_is_value(r->file, c)) lode_try(append_name(names, r->file->columns[c]));
    for (int64_t i = first[component]; i < first[component + 1]; i++)
        lode_try(append_name(names, pairs[order[i]] + CODE_DIGITS));
    return LODE_OK;
}

/* Pairs by component, in order of their places: pair order[first[c]...] are those of c. */
static lode_status order_pairs(const struct records *r, int64_t **first, uint32_t **order)
{
    const int64_t n = r->n_components;
    lode_try(lode_take_zero(r->task->arena, n + 1, first));
    lode_try(lode_take(r->task->arena, r->n_pairs, order));
    for (int64_t c = 0; c < n; c++) (*first)[c + 1] = (*first)[c] + r->n_places[c];
    for (int64_t i = 0; i < r->n_pairs; i++)
        (*order)[(*first)[r->list[i].component] + r->list[i].place] = (uint32_t)i;
    return LODE_OK;
}

static lode_status put_head(struct records *r, const char *component,
                            const struct lode_bytes *names)
{
    const size_t size = strlen(component);
    const uint64_t hash = lode_hash(component, size);
    const struct shuffle_record record = {r->key, record_head_key(component, size, r->key),
                                          names->data, names->size, -1};
    return shuffle_put(r->out, (int64_t)(hash % (uint64_t)r->plan->n_partitions), &record);
}

lode_status records_finish(struct records *r)
{
    struct lode_bytes names = {0};
    lode_status status = LODE_OK;
    int64_t n = 0, *first = NULL;
    uint32_t *order = NULL;
    char *const *components = lode_words_list(r->components, &n);
    lode_try(order_pairs(r, &first, &order));
    for (int64_t c = 0; c < n; c++) {
        lode_try_done(list_names(r, first, order, c, &names));
        lode_try_done(put_head(r, components[c], &names));
    }
done:
    lode_bytes_clear(&names);
    return status;
}
