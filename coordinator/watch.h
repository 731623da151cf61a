/* Watch: what the parent of mpirun does next. Pure: what happened in, what to do out; no process,
 * clock or file inside.
 *
 * The first INT or TERM, and every USR1, asks the run to finish what it has begun (drain); a second
 * INT or TERM ends it now. mpirun turns INT and TERM into TERM for its ranks and kills them a
 * second later, so a drain travels as USR1, which it passes on as it is.
 */
#ifndef LODE_COORDINATOR_WATCH_H
#define LODE_COORDINATOR_WATCH_H

#include "coordinator/verdict.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    WATCH_HOLD_US = 30000000,  /* a drain waits that long for rank 0 to be up */
    WATCH_LINGER_US = 5000000, /* mpirun may live that long after the verdict */
    WATCH_GRACE_US = 5000000,  /* from TERM to KILL */
    WATCH_HURRY_US = 3000000   /* the same, when the user said "now" */
};

/* Start with all zero. */
struct watch {
    int drains;         /* asked for and passed on so far */
    int64_t since_us;   /* of the first drain that is held back; 0: none is */
    int64_t ended_us;   /* when the verdict was first seen; 0: not yet */
    int64_t kill_us;    /* when TERM has had its time; 0: no TERM yet */
    bool is_killed;     /* KILL was sent */
    bool is_leaderless; /* rank 0 died without a verdict */
};

struct watch_news {
    int64_t now_us; /* > 0 */
    int stops;      /* INT and TERM so far */
    int warnings;   /* USR1 so far */
    enum verdict_state state;
    bool is_orphaned; /* see verdict_is_orphaned */
};

enum watch_action {
    WATCH_WAIT,
    WATCH_DRAIN, /* USR1 to mpirun alone: its ranks get it from there */
    WATCH_TERM,  /* to mpirun's process group */
    WATCH_KILL   /* the same, and to rank 0, which outlives a killed mpirun */
};

/* The next thing to do while mpirun runs. */
enum watch_action watch_step(struct watch *watch, const struct watch_news *news);

#endif
