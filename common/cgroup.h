/* Control groups: what the kernel lets this process have of memory and cores, v1 and v2.
 *
 * Containers, batch systems and systemd set limits on groups of processes. A group is a folder; its
 * limits, and those of all folders above it, hold together: the least counts. The pure functions
 * read the kernel's texts; the others read the files of this process.
 */
#ifndef LODE_COMMON_CGROUP_H
#define LODE_COMMON_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

enum { LODE_CGROUP_PATH_SIZE = 4096 };

/* Where the limits of a controller are told. */
struct lode_cgroup {
    bool is_unified;                    /* v2 */
    char mount[LODE_CGROUP_PATH_SIZE];  /* the outermost folder that can be seen */
    char folder[LODE_CGROUP_PATH_SIZE]; /* this process's own: `mount`, or below it */
};

/* Pure. own: the text of /proc/self/cgroup; mounts: that of /proc/self/mountinfo; controller:
 * "memory", "cpu". The controller's v1 hierarchy where it has one, else the unified one. A group
 * that lies outside of what is mounted (namespaces) is taken for the mount itself, which is above
 * it or the same. False: there is none to see; *group is untouched. Cost: one pass over both. */
bool lode_cgroup_find(const char *own, const char *mounts, const char *controller,
                      struct lode_cgroup *group);
/* Pure: memory.max, memory.high, memory.limit_in_bytes. 0: no limit ("max", the huge number of v1),
 * or no number. */
uint64_t lode_cgroup_bytes(const char *text);
/* Pure: cpu.max ("200000 100000"), or quota and period of v1 with a blank between them, as whole
 * cores, rounded up. 0: no limit. */
int64_t lode_cgroup_quota(const char *text);
/* Pure: the count after "oom_kill" in memory.events or memory.oom_control; -1: it is not told. */
int64_t lode_cgroup_killed(const char *text);

/* Of this process: the least memory limit in bytes, the least quota of cores; 0: no limit. */
uint64_t lode_cgroup_memory(void);
int64_t lode_cgroup_cores(void);
/* How many processes of this process's group, or where groups do not count of the machine, the
 * kernel has ended for want of memory so far; -1: it does not tell. */
int64_t lode_cgroup_oom_kills(void);

#endif
