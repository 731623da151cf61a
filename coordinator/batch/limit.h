/* Limit: Slurm's notation of a time limit, and how long before it a run should be warned. */
#ifndef LODE_COORDINATOR_LIMIT_H
#define LODE_COORDINATOR_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

enum { LIMIT_LEAD_S = 120 };

/* "MINUTES", "MINUTES:SECONDS", "HOURS:MINUTES:SECONDS", "DAYS-HOURS", "DAYS-HOURS:MINUTES" or
 * "DAYS-HOURS:MINUTES:SECONDS" into seconds; "UNLIMITED" and "INFINITE" give 0, a limit of 0 is
 * none. False leaves *seconds alone. */
bool limit_parse(const char *text, int64_t *seconds);

/* Seconds before the end at which USR1 should come: 120, or a fifth of a limit below ten minutes. A
 * limit of 0 is none. */
int64_t limit_lead(int64_t limit_s);

#endif
