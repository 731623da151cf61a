/* Parse: the leaf that reads one input file. Each row is checked and becomes a record in the bucket
 * of its component; rows with a fault become rejects. What the places of a row's values mean is
 * said at the end, once for each component (record.h).
 */
#include "common/hash.h"
#include "common/input/rows.h"
#include "common/text.h"
#include "common/wire/pack.h"
#include "common/zone.h"
#include "jobs/shuffle/shuffle.h"
#include "jobs/stage/counters/grow.h"
#include "jobs/stage/counters/plan.h"
#include "jobs/stage/counters/record.h"
#include "jobs/stage/moment.h"
#include "jobs/stage/shuffle/rejects.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { PROGRESS_ROWS = 4096, PAIR_CODE_DIGITS = 8 };

/* A counter of a component, in long form. */
struct pair {
    uint32_t component, place;
};

struct parser {
    struct lode_task *task;
    struct counters_plan plan;
    struct counters_file file;
    struct moment_rule moment;
    struct lode_rows *rows;
    struct lode_field *fields;
    struct shuffle_out out;
    struct rejects *rejects;
    int64_t n_used;

    struct lode_words *components;
    struct lode_words *pairs; /* "COMPONENT'S CODE, 8 digits" "COUNTER" */
    struct pair *list;        /* [room] of each pair */
    uint32_t *n_places;       /* [room] of each component, in long form */
    int64_t list_room, places_room;

    uint8_t key[RECORD_KEY_LIMIT];
    uint8_t *value; /* room for a row */
};

/* A slot of 10^8 such samples still has a finite sum. */
static const double slot_limit = 1e300;

/* NULL, or why the row is to be rejected. Empty and NaN: no sample. */
static const char *read_number(const struct parser *p, struct lode_field field, double *value)
{
    const char *text = field.text;
    size_t size = field.size;
    *value = (double)NAN;
    if (size == 0) return NULL;
    if (lode_text_to_f64(text, size, value))
        return p->plan.slot_ms > 0 && fabs(*value) > slot_limit ? "too large for a mean" : NULL;
    if (*text == '-' || *text == '+') text++, size--;
    if (size == 3 && strncasecmp(text, "nan", 3) == 0) {
        *value = (double)NAN;
        return NULL;
    }
    const bool is_infinite = (size == 3 && strncasecmp(text, "inf", 3) == 0) ||
                             (size == 8 && strncasecmp(text, "infinity", 8) == 0);
    return is_infinite ? "an infinite number" : "text in a number";
}

static const char *read_component(const struct parser *p, struct lode_field *component)
{
    const struct counters_file *file = &p->file;
    if (file->component < 0) {
        *component = (struct lode_field){file->component_name, strlen(file->component_name)};
        return NULL;
    }
    *component = p->fields[file->component];
    if (component->size == 0) return "empty component";
    if (component->size > COUNTERS_COMPONENT_LIMIT) return "component longer than 255 bytes";
    return NULL;
}

static const char *read_time(const struct parser *p, int64_t *time)
{
    const struct lode_field field = p->fields[p->file.time];
    if (field.size == 0) return "row without time";
    return moment_read(&p->moment, field.text, field.size, time);
}

/* The values of a wide row, behind `at`. */
static const char *read_values(const struct parser *p, uint8_t *at)
{
    for (int c = 0; c < p->file.n_columns; c++) {
        double value = (double)NAN;
        if (!counters_is_value(&p->file, c)) continue;
        const char *reject = read_number(p, p->fields[c], &value);
        if (reject) return reject;
        memcpy(at, &value, sizeof value);
        at += sizeof value;
    }
    return NULL;
}

static const char *check_counter(const struct parser *p, double *value)
{
    const struct lode_field counter = p->fields[p->file.counter];
    if (counter.size == 0) return "empty counter name";
    if (counter.size > STAGE_WORD_LIMIT) return "counter name longer than 1024 bytes";
    return read_number(p, p->fields[p->file.value], value);
}

/* The place of the row's counter among those of its component. */
static lode_status find_place(struct parser *p, uint32_t component, uint32_t *place)
{
    char text[PAIR_CODE_DIGITS + 1 + STAGE_WORD_LIMIT];
    const struct lode_field counter = p->fields[p->file.counter];
    int64_t n_pairs = 0;
    uint32_t code = 0;
    snprintf(text, sizeof text, "%08x", component);
    memcpy(text + PAIR_CODE_DIGITS, counter.text, counter.size);
    (void)lode_words_list(p->pairs, &n_pairs);
    lode_try(lode_words_add(p->pairs, text, PAIR_CODE_DIGITS + counter.size, &code));
    if ((int64_t)code == n_pairs) {
        lode_try(counters_grow(p->task->arena, &p->list, &p->list_room, n_pairs));
        p->list[code] = (struct pair){component, p->n_places[component]++};
    }
    *place = p->list[code].place;
    return LODE_OK;
}

static lode_status number_component(struct parser *p, struct lode_field component, uint32_t *code)
{
    int64_t n = 0;
    (void)lode_words_list(p->components, &n);
    lode_try(lode_words_add(p->components, component.text, component.size, code));
    if ((int64_t)*code < n) return LODE_OK;
    lode_try(counters_grow(p->task->arena, &p->n_places, &p->places_room, n));
    p->n_places[n] = 0;
    return LODE_OK;
}

static lode_status put(struct parser *p, struct lode_field component, size_t key_size,
                       const uint8_t *value, size_t value_size)
{
    const uint64_t hash = lode_hash(component.text, component.size);
    const struct shuffle_record record = {p->key, key_size, value, value_size, -1};
    return shuffle_put(&p->out, (int64_t)(hash % (uint64_t)p->plan.n_partitions), &record);
}

/* *reject says why not, else the row is on its way. */
static lode_status use_row(struct parser *p, const char **reject)
{
    const bool is_long = counters_is_long(&p->file);
    const struct record_which which = {(uint32_t)p->task->index, is_long, lode_rows_line(p->rows)};
    uint8_t *at = p->value + sizeof which;
    struct lode_field component = {0};
    int64_t time = 0;
    double value = (double)NAN;
    uint32_t code = 0, place = 0;
    size_t size = sizeof which + (size_t)(p->file.n_columns) * sizeof value;
    *reject = read_component(p, &component);
    if (!*reject) *reject = read_time(p, &time);
    if (!*reject) *reject = is_long ? check_counter(p, &value) : read_values(p, at);
    if (*reject) return LODE_OK;
    lode_try(number_component(p, component, &code));
    memcpy(p->value, &which, sizeof which);
    if (is_long) {
        lode_try(find_place(p, code, &place));
        memcpy(at, &place, sizeof place);
        memcpy(at + sizeof place, &value, sizeof value);
        size = RECORD_LONG_BYTES;
    } else {
        size -= (p->file.component >= 0 ? 2 : 1) * sizeof value;
    }
    const size_t head = record_head_key(component.text, component.size, p->key);
    p->n_used++;
    return put(p, component, record_row_key(p->key, head, time), p->value, size);
}

static lode_status read_rows(struct parser *p)
{
    for (int64_t row = 1;; row++) {
        const char *reject = NULL;
        bool more = false;
        lode_try(lode_rows_next(p->rows, p->fields, &reject, &more));
        if (!more) return LODE_OK;
        if (!reject) lode_try(use_row(p, &reject));
        if (reject)
            lode_try(rejects_add(p->rejects, p->task->index, lode_rows_line(p->rows), reject));
        if (row % PROGRESS_ROWS == 0) lode_try(lode_task_advance(p->task, PROGRESS_ROWS));
    }
}

static lode_status append_name(struct lode_bytes *names, const char *name)
{
    return lode_bytes_append(names, name, strlen(name) + 1);
}

/* The names of a component's places: the columns, or those pairs that are its own. */
static lode_status list_names(struct parser *p, const int64_t *first, const uint32_t *order,
                              int64_t component, struct lode_bytes *names)
{
    const struct record_which which = {(uint32_t)p->task->index, counters_is_long(&p->file), 0};
    int64_t n_pairs = 0;
    char *const *pairs = lode_words_list(p->pairs, &n_pairs);
    names->size = 0;
    lode_try(lode_bytes_append(names, &which, sizeof which));
    for (int c = 0; c < p->file.n_columns; c++)
        if (counters_is_value(&p->file, c)) lode_try(append_name(names, p->file.columns[c]));
    for (int64_t i = first[component]; i < first[component + 1]; i++)
        lode_try(append_name(names, pairs[order[i]] + PAIR_CODE_DIGITS));
    return LODE_OK;
}

/* Pairs by component, in order of their places: pair order[first[c]...] are those of c. */
static lode_status order_pairs(struct parser *p, int64_t n_components, int64_t **first,
                               uint32_t **order)
{
    int64_t n_pairs = 0;
    (void)lode_words_list(p->pairs, &n_pairs);
    lode_try(lode_take_zero(p->task->arena, n_components + 1, first));
    lode_try(lode_take(p->task->arena, n_pairs, order));
    for (int64_t c = 0; c < n_components; c++) (*first)[c + 1] = (*first)[c] + p->n_places[c];
    for (int64_t i = 0; i < n_pairs; i++)
        (*order)[(*first)[p->list[i].component] + p->list[i].place] = (uint32_t)i;
    return LODE_OK;
}

static lode_status put_heads(struct parser *p)
{
    struct lode_bytes names = {0};
    lode_status status = LODE_OK;
    int64_t n = 0, *first = NULL;
    uint32_t *order = NULL;
    char *const *components = lode_words_list(p->components, &n);
    lode_try(order_pairs(p, n, &first, &order));
    for (int64_t c = 0; c < n; c++) {
        const struct lode_field component = {components[c], strlen(components[c])};
        const size_t key_size = record_head_key(component.text, component.size, p->key);
        lode_try_done(list_names(p, first, order, c, &names));
        lode_try_done(put(p, component, key_size, names.data, names.size));
    }
done:
    lode_bytes_clear(&names);
    return status;
}

static lode_status check_unchanged(const struct parser *p)
{
    const struct counters_file *file = &p->file;
    struct stat status;
    int n_columns = 0;
    if (stat(file->path, &status) != 0)
        return lode_fail(LODE_E_INPUT, "%s: %s", file->path, strerror(errno));
    const char *const *columns = lode_rows_columns(p->rows, &n_columns);
    bool same = (uint64_t)status.st_size == file->size_bytes &&
                stage_mtime_ns(&status) == file->mtime_ns && n_columns == file->n_columns;
    for (int c = 0; same && c < n_columns; c++) same = strcmp(columns[c], file->columns[c]) == 0;
    if (same) return LODE_OK;
    return lode_fail(LODE_E_INPUT,
                     "%s: changed while it was being staged; stage a copy of it, or when nothing "
                     "writes to it",
                     file->path);
}

static lode_status parse_file(struct parser *p)
{
    struct lode_task *task = p->task;
    char name[256];
    lode_try(lode_rows_open(p->file.path, &p->rows));
    lode_try(check_unchanged(p));
    snprintf(name, sizeof name, "parse-%05lld-%s.rejects", (long long)task->index, task->attempt);
    lode_try(rejects_create(task->work_directory, name, task->arena, &p->rejects));
    lode_try(read_rows(p));
    lode_try(put_heads(p));
    lode_try(check_unchanged(p));
    lode_try(lode_pack_i64(task->output, lode_rows_count(p->rows)));
    lode_try(lode_pack_i64(task->output, p->n_used));
    struct rejects *rejects = p->rejects;
    p->rejects = NULL;
    lode_try(rejects_commit(rejects, task->output));
    return shuffle_out_commit(&p->out);
}

static lode_status prepare(struct parser *p)
{
    struct lode_task *task = p->task;
    enum { MEMORY_MOST = 8 << 20 }; /* stays in the processor's cache while it is sorted */
    const size_t half = shuffle_memory(task->arena, 2);
    const struct shuffle_out_options options = {.memory_bytes =
                                                    half < MEMORY_MOST ? half : MEMORY_MOST};
    lode_try(shuffle_out_open(task, &options, &p->out));
    lode_try(counters_plan_unpack(p->out.params, p->out.params_size, task->arena, &p->plan));
    lode_try(counters_file_unpack(task->input, task->input_size, task->arena, &p->file));
    p->moment =
        (struct moment_rule){.unit = p->plan.time_unit, .in_seconds = p->file.time_in_seconds};
    lode_try(lode_zone_make(p->plan.zone.name, p->plan.zone.rules, p->plan.zone.rules_size,
                            task->arena, &p->moment.zone));
    lode_try(lode_words_create(task->arena, &p->components));
    lode_try(lode_words_create(task->arena, &p->pairs));
    lode_try(lode_take_zero(task->arena, p->file.n_columns, &p->fields));
    const size_t room = sizeof(struct record_which) + (size_t)p->file.n_columns * sizeof(double);
    return lode_take(task->arena, room < RECORD_LONG_BYTES ? RECORD_LONG_BYTES : room, &p->value);
}

lode_status counters_parse_leaf(struct lode_task *task)
{
    struct parser *p = NULL;
    lode_try(lode_take_zero(task->arena, 1, &p));
    p->task = task;
    lode_status status = prepare(p);
    if (!status) status = parse_file(p);
    shuffle_out_discard(&p->out);
    rejects_discard(p->rejects);
    lode_rows_close(p->rows);
    return status;
}
