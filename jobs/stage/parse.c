/* Parse: the leaf that reads one range of an input file (ranges.h). Each row is checked and becomes
 * a record in the bucket of its user; rows with a fault become rejects. Words are numbered per
 * range, see dictionary.h.
 *
 * The range may have been begun within quotes. So a fault of the file that ends the reading is a
 * result like others: the coordinator knows whether it is one.
 *
 * With a join (see join.c) events without a user go to a bucket of their session instead, and every
 * session also sends its user there.
 */
#include "common/input/rows.h"
#include "common/text.h"
#include "common/wire/pack.h"
#include "jobs/shuffle/runs.h"
#include "jobs/stage/mapping.h"
#include "jobs/stage/moment.h"
#include "jobs/stage/plan.h"
#include "jobs/stage/ranges.h"
#include "jobs/stage/run_records.h"
#include "jobs/stage/shuffle/dictionary.h"
#include "jobs/stage/shuffle/records.h"
#include "jobs/stage/shuffle/rejects.h"
#include "jobs/stage/stage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { PROGRESS_ROWS = 4096, BLOCK_ROWS = 64, BLOCK_FIELDS = 4096 };

struct parser {
    struct lode_task *task;
    struct stage_plan plan;
    const struct stage_file *file;
    struct stage_range range;
    int64_t number; /* of the range */
    struct moment_rule moment;
    struct lode_rows *rows;
    struct lode_field *block; /* [BLOCK_ROWS or 1][columns] */
    int64_t block_rows;
    const struct lode_field *fields; /* of the row in hand */
    int64_t line;
    struct run_writer *run;
    struct rejects *rejects;
    struct lode_words **words; /* [1 + n_attributes] event names, then attributes */
    bool *too_many;            /* [n_attributes] */
    bool *is_binary;           /* [n_kpis] */
    struct record record;
    uint8_t key[RECORD_KEY_LIMIT];
    uint8_t *value;                 /* room for a record, or a user's id */
    struct record_id user, session; /* of the row; user.size 0: the session */
};

/* Value of a KPI's cell; false where it is text. */
static bool read_number(const char *text, size_t size, double *value)
{
    static const struct {
        const char *text;
        double value;
    } words[] = {{"true", 1.0},  {"false", 0.0}, {"True", 1.0},
                 {"False", 0.0}, {"TRUE", 1.0},  {"FALSE", 0.0}};
    if (size == 1 && (text[0] == '0' || text[0] == '1')) {
        *value = text[0] - '0';
        return true;
    }
    const bool is_letter = size > 0 && strchr("tfTF", text[0]) != NULL;
    for (size_t i = 0; is_letter && i < sizeof words / sizeof *words; i++)
        if (strlen(words[i].text) == size && memcmp(words[i].text, text, size) == 0) {
            *value = words[i].value;
            return true;
        }
    return lode_text_to_f64(text, size, value);
}

/* The checks below return NULL or why the row is rejected. */

static const char *read_ids(struct parser *p)
{
    const struct stage_file *file = p->file;
    p->user = (struct record_id){"", 0};
    p->session = (struct record_id){"", 0};
    if (file->session >= 0) {
        const struct lode_field field = p->fields[file->session];
        if (field.size == 0) return "empty session id";
        if (field.size > STAGE_ID_LIMIT) return "session id longer than 255 bytes";
        p->session = (struct record_id){field.text, field.size};
    }
    if (file->user >= 0) {
        const struct lode_field field = p->fields[file->user];
        if (field.size == 0) return "empty user id";
        if (field.size > STAGE_ID_LIMIT) return "user id longer than 255 bytes";
        p->user = (struct record_id){field.text, field.size};
    }
    return NULL;
}

static const char *read_time(struct parser *p)
{
    const bool is_event = p->file->role == STAGE_EVENTS;
    p->record.has_time = false;
    if (p->file->time < 0) return NULL; /* sessions: their first event will say */
    const struct lode_field field = p->fields[p->file->time];
    if (field.size == 0) return is_event ? "event without time" : NULL;
    p->record.has_time = true;
    return moment_read(&p->moment, field.text, field.size, &p->record.time);
}

static const char *read_event(struct parser *p)
{
    if (p->file->role != STAGE_EVENTS) return NULL;
    const struct lode_field field = p->fields[p->file->event];
    if (field.size == 0) return "empty event name";
    if (field.size > STAGE_WORD_LIMIT) return "event name longer than 1024 bytes";
    return NULL;
}

static const char *read_values(struct parser *p)
{
    struct record *record = &p->record;
    record->n_cells = 0;
    for (int64_t k = 0; k < p->plan.n_kpis; k++) {
        const int at = p->file->kpi_at[k];
        if (at < 0 || p->fields[at].size == 0) continue;
        struct record_cell *cell = &record->cells[record->n_cells++];
        *cell = (struct record_cell){.column = (uint32_t)k};
        if (!read_number(p->fields[at].text, p->fields[at].size, &cell->value))
            return "text in a number";
    }
    for (int64_t a = 0; a < p->plan.n_attributes; a++) {
        const int at = p->file->attribute_at[a];
        if (at >= 0 && p->fields[at].size > STAGE_WORD_LIMIT)
            return "attribute longer than 1024 bytes";
    }
    return NULL;
}

static const char *check_row(struct parser *p)
{
    const char *reject = read_ids(p);
    if (!reject) reject = read_time(p);
    if (!reject) reject = read_event(p);
    if (!reject) reject = read_values(p);
    return reject;
}

/* Words are numbered only once the row is known to be good. */
static lode_status number_words(struct parser *p)
{
    struct record *record = &p->record;
    for (int64_t c = 0; c < record->n_cells; c++) {
        const double value = record->cells[c].value;
        if (value != 0.0 && value != 1.0) p->is_binary[record->cells[c].column] = false;
    }
    for (int64_t a = 0; a < p->plan.n_attributes; a++) {
        const int at = p->file->attribute_at[a];
        if (at < 0 || p->fields[at].size == 0 || p->too_many[a]) continue;
        struct record_cell *cell = &record->cells[record->n_cells++];
        *cell = (struct record_cell){.column = (uint32_t)(p->plan.n_kpis + a)};
        lode_try(
            lode_words_add(p->words[1 + a], p->fields[at].text, p->fields[at].size, &cell->code));
        p->too_many[a] = cell->code >= STAGE_ATTRIBUTE_WORDS_LIMIT;
    }
    record->name = 0;
    if (p->file->role != STAGE_EVENTS) return LODE_OK;
    const struct lode_field field = p->fields[p->file->event];
    return lode_words_add(p->words[0], field.text, field.size, &record->name);
}

/* For the join: the session says its user, in front of its events. */
static lode_status put_user(struct parser *p)
{
    const size_t size = record_encode_user(p->user, p->value);
    const uint8_t *key = (const uint8_t *)p->session.text;
    const struct shuffle_record record = {key, p->session.size, p->value, size, -1};
    return run_writer_put(p->run,
                          p->plan.n_partitions +
                              stage_partition_of(&p->plan, p->session.text, p->session.size),
                          &record);
}

/* The key says the bucket, but not for users of sessions (put_user), which no file of events has:
 * events of a session that came a short while ago need not ask for it. */
static lode_status put_row(struct parser *p, const struct shuffle_record *record)
{
    if (p->file->role == STAGE_EVENTS && run_writer_put_again(p->run, record)) return LODE_OK;
    const struct record_id place = p->user.size > 0 ? p->user : p->session;
    int64_t bucket = stage_partition_of(&p->plan, place.text, place.size);
    if (p->file->needs_user) bucket += p->plan.n_partitions; /* a bucket by session */
    return run_writer_put(p->run, bucket, record);
}

static lode_status use_row(struct parser *p)
{
    struct record *record = &p->record;
    const bool is_event = p->file->role == STAGE_EVENTS;
    const bool after = is_event && p->plan.sessions_given;
    lode_try(number_words(p));
    record->kind = is_event ? RECORD_EVENT : RECORD_SESSION;
    record->has_line = p->plan.sessions_given;
    record->line = p->line;
    struct shuffle_record put = {.value = p->value, .source = -1};
    put.key = record_key(p->user, p->session, after, p->key, &put.key_size);
    put.value_size = record_encode(record, p->plan.n_kpis, p->value);
    lode_try(put_row(p, &put));
    return p->plan.join && !is_event ? put_user(p) : LODE_OK;
}

/* `reject`: what is wrong with the row as a record; or NULL. */
static lode_status take_row(struct parser *p, const struct lode_field *fields, int64_t line,
                            const char *reject)
{
    p->fields = fields;
    p->line = line;
    if (!reject) reject = check_row(p);
    return reject ? rejects_add(p->rejects, p->number, line, reject) : use_row(p);
}

static lode_status read_rows(struct parser *p)
{
    for (int64_t n_new = 0;;) {
        const char *reject = NULL;
        bool more = false;
        int64_t n = lode_rows_take(p->rows, p->block, p->block_rows);
        if (n == 0) {
            lode_try(lode_rows_next(p->rows, p->block, &reject, &more));
            if (!more) return LODE_OK;
            n = 1;
        }
        const int64_t first_line = lode_rows_line(p->rows) - n + 1;
        for (int64_t i = 0; i < n; i++)
            lode_try(take_row(p, p->block + i * p->file->n_columns, first_line + i, reject));
        n_new += n;
        if (n_new < PROGRESS_ROWS) continue;
        lode_try(lode_task_advance(p->task, n_new));
        n_new = 0;
    }
}

/* Ranges are read at different times, and must be of one and the same file. */
static lode_status check_unchanged(const struct parser *p)
{
    const struct stage_file *file = p->file;
    struct stat status;
    if (stat(file->path, &status) != 0)
        return lode_fail(LODE_E_INPUT, "%s: %s", file->path, strerror(errno));
    if ((uint64_t)status.st_size == file->size_bytes && stage_mtime_ns(&status) == file->mtime_ns)
        return LODE_OK;
    return lode_fail(LODE_E_INPUT,
                     "%s: changed while it was being staged (%llu bytes at first, %lld now); stage "
                     "a copy of it, or when nothing writes to it",
                     file->path, (unsigned long long)file->size_bytes, (long long)status.st_size);
}

/* The first range of a file reads its header again. */
static lode_status check_columns(const struct parser *p)
{
    const struct stage_file *file = p->file;
    int n_columns = 0;
    const char *const *columns = lode_rows_columns(p->rows, &n_columns);
    bool same = n_columns == file->n_columns;
    for (int c = 0; same && c < n_columns; c++) same = strcmp(columns[c], file->columns[c]) == 0;
    if (same) return LODE_OK;
    return lode_fail(LODE_E_INPUT, "%s: its columns changed while it was being staged", file->path);
}

static lode_status open_rows(struct parser *p)
{
    const struct stage_file *file = p->file;
    const struct lode_rows_range range = {.begin = p->range.start,
                                          .end = p->range.end,
                                          .is_exact = p->range.is_exact,
                                          .is_json = file->is_json,
                                          .n_columns = file->n_columns,
                                          .columns = file->columns};
    lode_try(check_unchanged(p));
    lode_try(lode_rows_open_range(file->path, &range, &p->rows));
    lode_try(check_columns(p));
    p->block_rows = file->n_columns * BLOCK_ROWS <= BLOCK_FIELDS ? BLOCK_ROWS : 1;
    return lode_take_zero(p->task->arena, file->n_columns * p->block_rows, &p->block);
}

/* Reads to the end of the range, or to a fault of the file, and notes what came of it. */
static lode_status read_range(struct parser *p)
{
    struct stage_range *range = &p->range;
    const lode_status status = read_rows(p);
    range->fault = lode_rows_fault(p->rows, &range->fault_line);
    if (status != LODE_OK && range->fault == NULL) return status;
    if (status != LODE_OK) lode_error_clear(); /* it goes into the result */
    range->first = lode_rows_first(p->rows);
    range->next = lode_rows_position(p->rows);
    range->n_lines = lode_rows_lines(p->rows);
    return check_unchanged(p);
}

static lode_status prepare(struct parser *p)
{
    struct lode_arena *arena = p->task->arena;
    const struct stage_plan *plan = &p->plan;
    const struct stage_file *file = &plan->files[p->range.file];
    const struct stage_zone *zone = &plan->zones[file->zone];
    p->file = file;
    p->moment = (struct moment_rule){.unit = file->time_unit, .in_seconds = file->time_in_seconds};
    lode_try(lode_zone_make(zone->name, zone->rules, zone->rules_size, arena, &p->moment.zone));
    p->record.file = p->number;
    lode_try(lode_take(arena, plan->n_kpis + plan->n_attributes, &p->record.cells));
    lode_try(lode_take(arena, record_room(plan->n_kpis + plan->n_attributes), &p->value));
    lode_try(lode_take_zero(arena, plan->n_attributes, &p->too_many));
    lode_try(lode_take(arena, plan->n_kpis, &p->is_binary));
    for (int64_t k = 0; k < plan->n_kpis; k++) p->is_binary[k] = true;
    lode_try(lode_take(arena, 1 + plan->n_attributes, &p->words));
    for (int64_t c = 0; c < 1 + plan->n_attributes; c++)
        lode_try(lode_words_create(arena, &p->words[c]));
    return LODE_OK;
}

static lode_status put_words(struct parser *p)
{
    for (int64_t c = 0; c < 1 + p->plan.n_attributes; c++) {
        int64_t count = 0;
        char *const *words = lode_words_list(p->words[c], &count);
        if (c > 0 && p->too_many[c - 1]) continue;
        lode_try(
            dictionary_put_words(p->run, stage_words_bucket(&p->plan), (uint32_t)c, words, count));
    }
    return LODE_OK;
}

/* What read.c reads. */
static lode_status pack_result(struct parser *p, const char *run_name, uint64_t run_bytes)
{
    struct lode_bytes *out = p->task->output;
    lode_try(range_pack_reading(&p->range, out));
    lode_try(lode_pack_i64(out, lode_rows_count(p->rows)));
    lode_try(lode_pack_text(out, run_name, strlen(run_name)));
    lode_try(lode_pack_u64(out, run_bytes));
    for (int64_t k = 0; k < p->plan.n_kpis; k++) lode_try(lode_pack_u64(out, p->is_binary[k]));
    for (int64_t a = 0; a < p->plan.n_attributes; a++) lode_try(lode_pack_u64(out, p->too_many[a]));
    return LODE_OK;
}

static lode_status parse_range(struct parser *p)
{
    struct lode_task *task = p->task;
    char name[256];
    uint64_t run_bytes = 0;
    lode_try(open_rows(p));
    snprintf(name, sizeof name, "parse-%05lld-%s.rejects", (long long)p->number, task->attempt);
    lode_try(rejects_create(task->work_directory, name, task->arena, &p->rejects));
    snprintf(name, sizeof name, "parse-%05lld-%s.run", (long long)p->number, task->attempt);
    const struct shuffle_site site = shuffle_site_of(task);
    const struct run_options options = run_records_options(task, &p->plan);
    lode_try(run_writer_open(&site, name, &options, &p->run));
    lode_try(read_range(p));
    lode_try(put_words(p));
    struct run_writer *run = p->run;
    p->run = NULL; /* the commit ends it, whatever comes of it */
    lode_try(run_writer_commit(run, &run_bytes));
    lode_try(pack_result(p, name, run_bytes));
    struct rejects *rejects = p->rejects;
    p->rejects = NULL;
    return rejects_commit(rejects, task->output);
}

lode_status stage_parse_leaf(struct lode_task *task)
{
    struct parser *p = NULL;
    lode_try(lode_take_zero(task->arena, 1, &p));
    p->task = task;
    lode_try(stage_plan_unpack(task->params, task->params_size, task->arena, &p->plan));
    lode_try(range_unpack(task->input, task->input_size, &p->range, &p->number));
    if (p->range.file >= p->plan.n_files)
        return lode_fail(LODE_E_BUG, "parse task %lld: file %lld of %lld", (long long)task->index,
                         (long long)p->range.file, (long long)p->plan.n_files);
    lode_try(prepare(p));
    const lode_status status = parse_range(p);
    run_writer_discard(p->run);
    rejects_discard(p->rejects);
    lode_rows_close(p->rows);
    return status;
}
