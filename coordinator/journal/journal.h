/* Journal: the run's memory across kill -9: journal/ in the run directory, a segment per epoch.
 *
 * A result counts once its entry is on disk: put entries, commit, then merge. A run that goes on
 * reads what earlier epochs have left (open), is checked against what the person asks for, becomes
 * the owner by making the next segment (take), and appends to that one alone. Its header says which
 * earlier segments count and up to where: a coordinator that was paused and wakes up writes to what
 * nobody reads. Layout: docs/formats.md; frames, entries and the reading of a segment are pure and
 * beside this file.
 *
 * Not thread-safe; the lock is renewed by a thread of its own.
 */
#ifndef LODE_COORDINATOR_JOURNAL_H
#define LODE_COORDINATOR_JOURNAL_H

#include "coordinator/journal/entry.h"
#include "coordinator/journal/header.h"
#include "coordinator/journal/history.h"

struct journal;

/* Of a new run: makes the folder. The caller then takes it. */
LODE_CHECKED lode_status journal_create(const char *run_directory, struct journal **journal);
/* Of a run that was begun: reads it, changes nothing. LODE_E_USAGE: there is none, or its
 * coordinator lives. LODE_E_INPUT: damaged, with file and offset. */
LODE_CHECKED lode_status journal_open(const char *run_directory, struct journal **journal);
/* Lets go of the run. Takes NULL. */
void journal_close(struct journal *journal);
/* Removes the folder of a closed journal. */
LODE_CHECKED lode_status journal_remove(const char *run_directory);
bool journal_exists(const char *run_directory);
/* Whether nothing was ever written into it, or there is none. Errors as of journal_open. */
LODE_CHECKED lode_status journal_is_empty(const char *run_directory, bool *empty);

/* What the run was begun with; NULL: it is new. */
const struct header *journal_header(const struct journal *journal);
const struct history *journal_history(const struct journal *journal);
/* Becomes the run's coordinator and writes the header (its epoch and earlier segments are filled
 * in). LODE_E_USAGE: another one was faster. */
LODE_CHECKED lode_status journal_take(struct journal *journal, struct header *header);
/* Of the segment this process writes to; 1 for a new run. */
uint64_t journal_epoch(const struct journal *journal);

/* Bytes of that segment that are on disk. */
uint64_t journal_size(const struct journal *journal);
/* Is there anything that a run which goes on need not compute again? */
bool journal_has_results(const struct journal *journal);

/* An entry of the next commit; the journal is taken. */
LODE_CHECKED lode_status journal_put(struct journal *journal, const struct entry *entry);
/* Bytes that wait for it. */
size_t journal_waiting(const struct journal *journal);
/* Everything put is on disk. LODE_E_DISK: it is not, and nothing can be put any more.
 * LODE_E_CLUSTER: another coordinator has the run (see journal_is_lost). */
LODE_CHECKED lode_status journal_commit(struct journal *journal);
/* Another coordinator owns the run, or has ended it: nothing of it may be touched any more. Asks
 * the file system; journal_check says it as LODE_E_CLUSTER, with the other's name. */
bool journal_is_lost(const struct journal *journal);
LODE_CHECKED lode_status journal_check(const struct journal *journal);

/* The bytes that the history says are there: a result, or why a task was given up. */
LODE_CHECKED lode_status journal_read(const struct journal *journal,
                                      const struct history_task *task, struct lode_bytes *bytes);

#endif
