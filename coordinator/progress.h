/* Progress: what the person at the terminal, or the batch log, sees of a run. Standard error only.
 *
 * On a terminal one live line per stage with rate and time left; elsewhere one plain line per 5 %
 * or minute, and one at the end of each stage. Tasks count by their costs: long ones are started
 * first, so that counting tasks would promise an end that is far too late. Results that an earlier
 * run left (a resumed run) count as done, not into the rate: they took no time.
 */
#ifndef LODE_COORDINATOR_PROGRESS_H
#define LODE_COORDINATOR_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROGRESS_LINE_SIZE = 256 };

struct progress {
    bool quiet, is_terminal;
    /* of the stage */
    const char *title;
    const int64_t *costs;   /* [n_tasks], borrowed until progress_end; NULL: all alike */
    const char *cost_units; /* "bytes", "events"; NULL: the rate is told in tasks */
    int64_t n_tasks, n_done, n_replayed;
    double cost, cost_done, cost_replayed; /* in costs; in tasks where there are none */
    int64_t start_us, shown_us, shown_percent;
};

void progress_init(struct progress *progress, bool quiet);
/* `costs` below 0 count as 0; when all are 0, as if there were none. */
void progress_begin(struct progress *progress, const char *title, int64_t n_tasks,
                    const int64_t *costs, const char *cost_units, int64_t now_us);
/* A task is done, now or (replayed) by an earlier run. */
void progress_task(struct progress *progress, int64_t task, bool replayed);
/* Shows the state if it is time to. */
void progress_update(struct progress *progress, int workers, int64_t now_us);
void progress_end(struct progress *progress, int workers, int64_t now_us);

/* The pure part, for tests: whether a line is due, and its text (>= PROGRESS_LINE_SIZE bytes). */
bool progress_is_due(const struct progress *progress, int64_t now_us);
void progress_line(const struct progress *progress, int workers, int64_t now_us, bool is_last,
                   char *line);
/* Seconds until the stage is done at the rate so far; NaN as long as there is none. */
double progress_seconds_left(const struct progress *progress, int64_t now_us);

#endif
