/* Progress: what the person at the terminal, or the batch log, sees of a run. Standard error only.
 *
 * On a terminal one live line per stage with rate and time left; elsewhere one plain line per 5 %
 * or minute, and one at the end of each stage.
 */
#ifndef LODE_COORDINATOR_PROGRESS_H
#define LODE_COORDINATOR_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool quiet, is_terminal;
    const char *title;
    int64_t total, start_us, shown_us, shown_percent;
};

void progress_init(struct progress *progress, bool quiet);
void progress_begin(struct progress *progress, const char *title, int64_t total, int64_t now_us);
/* Shows the state if it is time to. */
void progress_update(struct progress *progress, int64_t done, int workers, int64_t now_us);
void progress_end(struct progress *progress, int64_t done, int workers, int64_t now_us);

#endif
