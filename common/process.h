/* Process: whether a process that a file names still lives. A pid alone says little: another boot,
 * another container of the same host name, or a later process may have it. */
#ifndef LODE_COMMON_PROCESS_H
#define LODE_COMMON_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LODE_MACHINE_SIZE = 128 };

/* The boot and the space of process ids in which pids of this process count: "BOOT/pid:[N]",
 * without blanks. */
void lode_process_machine(char machine[LODE_MACHINE_SIZE]);
/* When the process began, in clock ticks since the boot; -1: there is none (or it has ended and is
 * not waited for yet). */
int64_t lode_process_start(int64_t pid);
/* Whether the process that had this pid and start (not -1) may still be there: it is, or the system
 * does not show processes of others (/proc with hidepid) and somebody has that pid. */
bool lode_process_may_live(int64_t pid, int64_t start);

#endif
