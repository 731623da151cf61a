/* Parse: an input file is read as rows (parse.c, the leaf) or as an answer of query_range
 * (answer.c); both read fields alike (parse_field.c). */
#ifndef LODE_JOBS_STAGE_COUNTERS_PARSE_H
#define LODE_JOBS_STAGE_COUNTERS_PARSE_H

#include "jobs/stage/counters/records.h"
#include "jobs/stage/moment.h"
#include "jobs/stage/shuffle/rejects.h"

struct parser {
    struct lode_task *task;
    struct counters_plan plan;
    struct counters_file file;
    struct moment_rule moment;
    struct shuffle_out out;
    struct records *records;
    struct rejects *rejects;
    int64_t n_rows; /* read */
    /* rows */
    struct lode_rows *rows;
    struct lode_field *fields; /* [columns] */
    double *values;            /* [counters_values] */
};

enum { PARSE_PROGRESS_ROWS = 4096 };

/* NULL, or why the row is to be rejected. Empty and NaN: no sample. */
const char *parse_number(const struct parser *parser, struct lode_field field, double *value);

/* Cuts the machine off the component's name, where that is to be done. */
void parse_machine(const struct parser *parser, struct lode_field *component,
                   struct lode_field *machine);

/* All samples of the answer; adds them to n_rows. */
LODE_CHECKED lode_status parse_answer(struct parser *parser);

#endif
