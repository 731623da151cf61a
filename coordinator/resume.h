/* Resume: the journal of a run that begins, and of one that goes on: who may go on with what. */
#ifndef LODE_COORDINATOR_RESUME_H
#define LODE_COORDINATOR_RESUME_H

#include "coordinator/journal/journal.h"
#include "jobs/job.h"
#include "jobs/plugin.h"

/* What decides the bytes of a run's results. */
struct run_identity {
    const struct lode_job *job;
    const struct plugin *plugin; /* that the job is in; NULL: it is one of lode's own */
    const struct lode_params *params;
    struct lode_store *store;
    bool allow_partial;
};

/* A new run: its directory exists, and gets its journal. */
LODE_CHECKED lode_status resume_begin(const char *directory, const struct run_identity *identity,
                                      struct lode_arena *arena, struct journal **journal);

/* Whether there is a run in `directory` to go on with. What is left of one that was killed before
 * it had begun is removed; LODE_E_USAGE: what is there is something else. */
LODE_CHECKED lode_status resume_is_begun(const char *directory, bool *begun);
/* Whether the run has ended well. What is then left of its journal and stages/ is removed. */
LODE_CHECKED lode_status resume_is_done(const char *directory, bool *done);
/* What a person calls a run's job and store. */
struct resume_words {
    const char *job, *library, *store; /* library: "" for a job of lode's own; paths are absolute */
};
/* Whether `job` (a name, or the path of a library) and `store`, both or one NULL, are those of the
 * run; LODE_E_USAGE names the one that is not. */
LODE_CHECKED lode_status resume_check_words(const struct resume_words *was, const char *job,
                                            const char *store);
/* The same of a run that is done. */
LODE_CHECKED lode_status resume_check_done(const char *directory, const char *job,
                                           const char *store);
/* The journal of a run that did not, to be read. LODE_E_USAGE: there is no such run, it has none,
 * its coordinator lives, it was begun by another version. LODE_E_INPUT: damaged. */
LODE_CHECKED lode_status resume_find(const char *directory, struct journal **journal);
/* Sets all parameters to what the run was begun with. */
LODE_CHECKED lode_status resume_params(const struct journal *journal, struct lode_params *params);
/* Goes on with it: checks that the identity is the one it was begun with (LODE_E_USAGE names the
 * parameter, LODE_E_INPUT the file that differs), becomes its coordinator, removes what killed
 * writers have left. */
LODE_CHECKED lode_status resume_go_on(const char *directory, const struct run_identity *identity,
                                      struct lode_arena *arena, struct journal *journal);

#endif
