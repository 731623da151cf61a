/* Prepare: what is to be counted from which store of events, before anything is. */
#ifndef LODE_JOBS_STAGE_COUNTERS_RATES_PREPARE_H
#define LODE_JOBS_STAGE_COUNTERS_RATES_PREPARE_H

#include "jobs/stage/counters/counting.h"

/* Fills c->events, c->rates, c->options.rates (what the store to be is to keep) and the parts of
 * c->plan that are of rates. LODE_E_USAGE: options that do not go together, an expression that is
 * none; LODE_E_INPUT: the input is no store of events, or not the one whose rates the store that is
 * appended to has, or has not grown since. */
LODE_CHECKED lode_status rates_prepare(struct counting *c);

#endif
