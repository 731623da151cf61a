/* Shop: what a visitor of the generated web shop is and does. Knows nothing of KPIs, so behaviour
 * drawn from here is independent of them.
 */
#ifndef LODE_JOBS_GEN_SHOP_H
#define LODE_JOBS_GEN_SHOP_H

#include "common/stats/random.h"

enum { SHOP_EVENTS = 40 };

/* Attributes that a user keeps. Static text. */
struct shop_user {
    const char *device, *os, *os_version, *country;
};
struct shop_user shop_user_draw(struct lode_random *random);

/* The app's version in one session. */
const char *shop_version_draw(struct lode_random *random);

/* Markov chain of events: one of a few successors, or (1 of 16) any event at all. */
int shop_first_event(struct lode_random *random);
int shop_next_event(struct lode_random *random, int event);
const char *shop_event_name(int event);

#endif
