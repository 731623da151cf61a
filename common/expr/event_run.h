/* Event run: one pass of an event program over the events of sessions. */
#ifndef LODE_COMMON_EXPR_EVENT_RUN_H
#define LODE_COMMON_EXPR_EVENT_RUN_H

#include "common/expr/event_program.h"

struct event_run;

/* What a pass needs beside the program; from the arena. LODE_E_MEMORY. */
LODE_CHECKED lode_status event_run_make(const struct event_program *program,
                                        const struct expr_columns *columns,
                                        struct lode_arena *arena, struct event_run **run);

/* Where a pass puts what it finds. */
struct event_output {
    double *values; /* value of column c: values[c * stride + session - first session] */
    int64_t stride;
    int64_t *const *tallies; /* [tops] or NULL */
    const int64_t *n_tallies;
    /* Told of each event that adds to a count, and of the last event of each occurrence of a
     * pattern that is counted: the column, and the row of the event. Or NULL. */
    void (*occurred)(void *context, int32_t column, int64_t event);
    void *context;
};

/* Sessions [first, first + n). Columns must hold the values of a session without events
 * (0; of times, least and most NaN); tallies are added to. A mean is left as sum and, one column
 * on, count. */
void event_run_pass(struct event_run *run, int64_t first, int64_t n,
                    const struct event_output *output);

#endif
