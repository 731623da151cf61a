/* Signals: what a process that runs a job, or waits for one that does, has been asked to do.
 *
 * INT and TERM are counted (the first means "in good order", the second "now"), USR1 is a batch
 * system's warning that time is up. The handler only counts; who waits looks at the counts.
 */
#ifndef LODE_COORDINATOR_SIGNALS_H
#define LODE_COORDINATOR_SIGNALS_H

#include <stdbool.h>

struct signals_seen {
    int stops;     /* INT and TERM so far */
    int last_stop; /* number of the latest of them; 0: none */
    int warnings;  /* USR1 so far */
};

/* From here on INT, TERM and USR1 are counted instead of ending the process. An exec undoes it. */
void signals_catch(void);
struct signals_seen signals_seen(void);

/* What they mean to a coordinator. Started by a person: the first INT or TERM and a batch system's
 * USR1 mean "finish what runs", the second INT or TERM "now". Under mpirun TERM comes a second
 * before KILL (ENGINE-FACTS.md section 2), so it means "now". */
struct signals_wish {
    bool drain;
    int stop; /* number of the signal that says "now"; 0: none */
};
struct signals_wish signals_wish(bool under_mpirun);

#endif
