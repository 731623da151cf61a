/* Task log: see the header. */
#include "coordinator/look/task_log.h"

#include "common/input/rows.h"
#include "common/memory.h"
#include "common/text.h"
#include "coordinator/dispatch/members.h"
#include "coordinator/ledger.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum column {
    STAGE,
    LEAF,
    TASK,
    ATTEMPT,
    OUTCOME,
    WORKER,
    PLACE,
    HOST,
    PID,
    START_MS,
    DURATION_MS,
    ERROR,
    READ_BYTES, /* from here on a log may lack them */
    WRITTEN_BYTES,
    SHUFFLED_BYTES,
    N_COLUMNS
};

static const char *const column_names[N_COLUMNS] = {
    [STAGE] = "stage",
    [LEAF] = "leaf",
    [TASK] = "task",
    [ATTEMPT] = "attempt",
    [OUTCOME] = "outcome",
    [WORKER] = "worker",
    [PLACE] = "place",
    [HOST] = "host",
    [PID] = "pid",
    [START_MS] = "start_ms",
    [DURATION_MS] = "duration_ms",
    [ERROR] = "error",
    [READ_BYTES] = "read_bytes",
    [WRITTEN_BYTES] = "written_bytes",
    [SHUFFLED_BYTES] = "shuffled_bytes",
};

struct reader {
    struct lode_rows *rows;
    int n_fields;
    int at[N_COLUMNS];
    struct lode_field *fields; /* [n_fields] */
    struct lode_bytes texts;   /* of the line at hand */
};

static bool find_columns(struct reader *reader)
{
    const char *const *names = lode_rows_columns(reader->rows, &reader->n_fields);
    for (int c = 0; c < N_COLUMNS; c++) {
        reader->at[c] = -1;
        for (int i = 0; i < reader->n_fields; i++)
            if (strcmp(names[i], column_names[c]) == 0) reader->at[c] = i;
        if (reader->at[c] < 0 && c < READ_BYTES) return false;
    }
    return true;
}

static bool read_number(const struct reader *reader, enum column column, int64_t least,
                        int64_t most, int64_t *value)
{
    if (reader->at[column] < 0) {
        *value = least;
        return true;
    }
    const struct lode_field *field = &reader->fields[reader->at[column]];
    return lode_text_to_i64(field->text, field->size, value) && *value >= least && *value <= most;
}

static bool read_decimal(const struct reader *reader, enum column column, double *value)
{
    const struct lode_field *field = &reader->fields[reader->at[column]];
    return lode_text_to_f64(field->text, field->size, value);
}

/* The texts of the line, each with its zero, one after the other. */
static lode_status read_texts(struct reader *reader, struct task_line *line)
{
    static const enum column columns[] = {LEAF, OUTCOME, PLACE, HOST, ERROR};
    const char **const texts[] = {&line->leaf, &line->outcome, &line->place, &line->host,
                                  &line->error};
    size_t at = 0;
    reader->texts.size = 0;
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        const struct lode_field *field = &reader->fields[reader->at[columns[i]]];
        if (field->size > 0) lode_try(lode_bytes_append(&reader->texts, field->text, field->size));
        lode_try(lode_bytes_append(&reader->texts, "", 1));
    }
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        *texts[i] = (const char *)reader->texts.data + at;
        at += reader->fields[reader->at[columns[i]]].size + 1;
    }
    return LODE_OK;
}

static bool read_numbers(const struct reader *reader, struct task_line *line)
{
    const bool well = read_number(reader, STAGE, 1, LEDGER_STAGES_MAX, &line->stage) &&
                      read_number(reader, TASK, 0, INT64_MAX, &line->task) &&
                      read_number(reader, ATTEMPT, 0, INT64_MAX, &line->attempt) &&
                      read_number(reader, WORKER, -1, MEMBERS_MAX, &line->worker) &&
                      read_number(reader, PID, 0, INT_MAX, &line->pid) &&
                      read_number(reader, READ_BYTES, 0, INT64_MAX, &line->read_bytes) &&
                      read_number(reader, WRITTEN_BYTES, 0, INT64_MAX, &line->written_bytes) &&
                      read_number(reader, SHUFFLED_BYTES, 0, INT64_MAX, &line->shuffled_bytes) &&
                      read_decimal(reader, START_MS, &line->start_ms) &&
                      read_decimal(reader, DURATION_MS, &line->duration_ms);
    if (!well) return false;
    if (line->start_ms < 0) { /* the clock's zero: it waited at its worker, or was on its way */
        line->start_ms = (double)NAN;
        line->duration_ms = 0;
    }
    return true;
}

static lode_status read_lines(struct reader *reader, task_log_fn take, void *context)
{
    for (;;) {
        const char *fault = NULL;
        struct task_line line = {0};
        bool more = false;
        /* what cannot be read is the end: the log of a run that was killed may be cut anywhere */
        if (lode_rows_next(reader->rows, reader->fields, &fault, &more)) break;
        if (!more) return LODE_OK;
        if (fault || !read_numbers(reader, &line)) continue;
        lode_try(read_texts(reader, &line));
        lode_try(take(context, &line));
    }
    lode_error_clear();
    return LODE_OK;
}

lode_status task_log_read(const char *run, task_log_fn take, void *context)
{
    char path[PATH_MAX];
    lode_status status = LODE_OK;
    struct reader reader = {0};
    snprintf(path, sizeof path, "%s/log/tasks.csv", run);
    if (lode_rows_open(path, &reader.rows)) {
        lode_error_clear();
        return LODE_OK;
    }
    if (find_columns(&reader)) {
        reader.fields = calloc((size_t)reader.n_fields, sizeof *reader.fields);
        status = reader.fields ? read_lines(&reader, take, context)
                               : lode_fail(LODE_E_MEMORY, "no memory for a line of %s", path);
    }
    free(reader.fields);
    lode_bytes_clear(&reader.texts);
    lode_rows_close(reader.rows);
    return status ? lode_note(status, "reading %s", path) : LODE_OK;
}
